import { conflictKey, rejectedKey } from './keys.ts';
import { byNumber, type OutboxEntry } from './outbox.ts';
import type { Transaction } from './transaction.ts';
import type { ErrorCode } from './wire.ts';

/** A write that the server refused. Its effect was undone here; nobody but the app decides what becomes of it. */
export interface Rejected {
  readonly number: number;
  readonly write: OutboxEntry;
  readonly code: ErrorCode;
  readonly message: string;
  /** When it was refused, in milliseconds. */
  readonly at: number;
  /** The write because of which it was: itself, another of its group, or the create of its record. */
  readonly cause: number;
}

export type Reason = Pick<Rejected, 'code' | 'message'>;

/**
 * Takes a refused write out of the queue, with those that rest on it: later writes of a record that was not created,
 * and the others of their groups.
 */
export async function reject(tx: Transaction, refused: OutboxEntry, reason: Reason): Promise<void> {
  const left = [refused];
  const done = new Set<number>();
  for (let write = left.shift(); write; write = left.shift()) {
    if (done.has(write.number)) continue;
    done.add(write.number);
    const record = await tx.readOne(write.model, write.key);
    const own = write;
    if (own.op === 'CREATE') left.push(...record.waiting.filter((w) => w.number > own.number));
    record.waiting = record.waiting.filter((w) => w.number !== own.number);
    if (own.group !== undefined) left.push(...tx.ledger.queue().filter((w) => w.group === own.group));
    const rejected = {
      number: own.number,
      write: own,
      ...reason,
      at: tx.ledger.options.now(),
      cause: refused.number,
    };
    tx.put(rejectedKey(own.number), rejected);
  }
}

/** Forgets a refused write, with those that were refused because of the same one. */
export function dismissRejected(tx: Transaction, { cause }: Rejected): Rejected[] {
  const { rejected, conflicts } = tx.ledger;
  const together = [...rejected.values()].filter((r) => r.cause === cause).sort(byNumber);
  for (const { number } of together) {
    tx.delete(rejectedKey(number));
    for (const c of conflicts.values())
      if (c.rejected === number) tx.delete(conflictKey(c.model, c.key, c.field));
  }
  return together;
}

/** Makes the write once more, with those that were refused because of the same one, on the records as they are now. */
export async function retryRejected(tx: Transaction, rejected: Rejected): Promise<void> {
  const groups = new Map<number, number>();
  for (const { write } of dismissRejected(tx, rejected)) {
    const record = await tx.readOne(write.model, write.key);
    const { group } = write;
    if (group !== undefined && !groups.has(group)) groups.set(group, tx.nextNumber());
    tx.enqueue(record, { ...write, group: group && groups.get(group) });
  }
}
