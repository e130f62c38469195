import type { Ledger } from './ledger.ts';
import { readRowKey, rowKey } from './rows.ts';
import type { RecordState, Transaction } from './transaction.ts';

/**
 * Records as answers showed them, which the log has not sent yet: their versions by the keys of their rows. What the log
 * leaves out although it goes on beyond the answer is not for this client: its user may not see it any more, or it is
 * outside of what is kept here.
 */
export type Unseen = { readonly [row: string]: number };

type Ref = { readonly model: string; readonly key: string; readonly version: number };

export const unseenOf = (ledger: Ledger): Unseen => (ledger.meta.get('unseen') as Unseen | undefined) ?? {};

const unseenIn = (tx: Transaction): Unseen => tx.meta<Unseen>('unseen') ?? {};

/** Notes that an answer brought the record as it is now. */
export function noteUnseen(tx: Transaction, { schema: { model }, key, version }: RecordState): void {
  tx.setMeta('unseen', { ...unseenIn(tx), [rowKey(model, key)]: version });
}

/** Forgets records that the log has sent, as the answers showed them or later. */
export function seen(tx: Transaction, changes: readonly Ref[]): void {
  const unseen = unseenIn(tx);
  const later = changes.filter(({ model, key, version }) => version >= unseen[rowKey(model, key)]!);
  forget(
    tx,
    later.map(({ model, key }) => rowKey(model, key)),
  );
}

/** Takes away what was unseen before the log was asked, and still is now that it was read to its end. */
export async function dropUnseen(tx: Transaction, before: Unseen): Promise<void> {
  const now = unseenIn(tx);
  const rows = Object.keys(before).filter((row) => now[row] === before[row]);
  const refs = rows.map((row) => readRowKey(row)!);
  await tx.read(refs);
  for (const ref of refs) {
    const record = tx.record(...ref);
    record.server = null;
    record.version = 0;
  }
  forget(tx, rows);
}

function forget(tx: Transaction, rows: readonly string[]): void {
  if (rows.length === 0) return;
  const unseen: Record<string, number> = { ...unseenIn(tx) };
  for (const row of rows) delete unseen[row];
  tx.setMeta('unseen', unseen);
}
