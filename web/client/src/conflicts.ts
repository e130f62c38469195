import { conflictKey, rejectedKey } from './keys.ts';
import type { Clash } from './merge.ts';
import type { Fields, Json } from './schema.ts';
import type { RecordState, Transaction } from './transaction.ts';

/** A field of a write of yours that the record did not take, because somebody else had changed it too. */
export interface Conflict extends Clash {
  /** The model and the key of the record. */
  readonly model: string;
  readonly key: string;
  /** When it was found, in milliseconds. */
  readonly at: number;
  /** The write among the rejected ones that it is of; absent where the rest of the write was taken. */
  readonly rejected?: number;
}

/**
 * What is to become of a conflict: `yours` is written again on the record as it is now, `theirs` stays, or other fields
 * are written. Undefined leaves it to be decided by somebody.
 */
export type Resolve = (conflict: Conflict) => 'yours' | 'theirs' | { readonly fields: Fields } | undefined;

/** Notes a conflict, or does at once what the app decided about such ones. True: it is done with. */
export function raise(tx: Transaction, record: RecordState, conflict: Conflict, resolve?: Resolve): boolean {
  const decision = decide(conflict, resolve);
  if (decision === undefined) {
    tx.put(conflictKey(conflict.model, conflict.key, conflict.field), conflict);
    return false;
  }
  if (decision === 'yours') restore(tx, record, conflict);
  else if (decision !== 'theirs') update(tx, record, decision.fields);
  return true;
}

function decide(conflict: Conflict, resolve: Resolve | undefined): ReturnType<Resolve> {
  try {
    return resolve?.(conflict);
  } catch {
    return undefined; // somebody has to decide
  }
}

/** Writes what a conflict did not take, on the record as it is now. */
function restore(tx: Transaction, record: RecordState, { field, yours }: Conflict): void {
  const [name, ...path] = field.split('.');
  update(tx, record, { [name!]: replaced(tx.view(record)?.[name!], path, yours) });
}

function update(tx: Transaction, record: RecordState, fields: Fields): void {
  if (tx.view(record)) tx.enqueue(record, { op: 'UPDATE', fields });
}

function replaced(whole: Json | undefined, [name, ...path]: string[], value: Json): Json {
  if (name === undefined) return value;
  const members = (whole ?? {}) as { readonly [name: string]: Json };
  return { ...members, [name]: replaced(members[name], path, value) };
}

/** Writes `yours` again, on the record as it is now. */
export async function restoreConflict(tx: Transaction, conflict: Conflict): Promise<void> {
  restore(tx, await tx.readOne(conflict.model, conflict.key), conflict);
  acceptConflict(tx, conflict);
}

/** Leaves the record as it is: the conflict goes, and with the last one of a rejected write that write. */
export function acceptConflict(tx: Transaction, { model, key, field, rejected }: Conflict): void {
  tx.delete(conflictKey(model, key, field));
  if (rejected === undefined) return;
  const others = [...tx.ledger.conflicts.values()].filter(
    (c) => c.rejected === rejected && c.field !== field,
  );
  if (others.length === 0) tx.delete(rejectedKey(rejected));
}
