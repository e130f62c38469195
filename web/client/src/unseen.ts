import type { Ledger } from './ledger.ts';
import type { RecordState, Transaction } from './transaction.ts';

/**
 * Records as answers showed them, which the log has not sent yet: by model, key and version. What the log leaves out
 * although it goes on beyond the answer is not for this client: its user may not see it any more, or it is outside of
 * what is kept here.
 */
export type Unseen = { readonly [model: string]: { readonly [key: string]: number } };

type Ref = { readonly model: string; readonly key: string; readonly version: number };

export const unseenOf = (ledger: Ledger): Unseen => (ledger.meta.get('unseen') as Unseen | undefined) ?? {};

export const isUnseen = (ledger: Ledger): boolean =>
  Object.values(unseenOf(ledger)).some((keys) => Object.keys(keys).length > 0);

/** Notes that an answer brought the record as it is now. */
export function noteUnseen(tx: Transaction, { schema: { model }, key, version }: RecordState): void {
  const unseen = tx.meta<Unseen>('unseen');
  tx.setMeta('unseen', { ...unseen, [model]: { ...unseen?.[model], [key]: version } });
}

/** Forgets records that the log has sent, as the answers showed them or later. */
export function seen(tx: Transaction, refs: Iterable<Ref>): void {
  let unseen = tx.meta<Unseen>('unseen') ?? {};
  const before = unseen;
  for (const { model, key, version } of refs) {
    const { [key]: noted, ...others } = unseen[model] ?? {};
    if (noted === undefined || version < noted) continue;
    unseen = { ...unseen, [model]: others };
  }
  if (unseen !== before) tx.setMeta('unseen', unseen);
}

/** Takes away what was unseen before the log was asked, and still is now that it was read to its end. */
export async function dropUnseen(tx: Transaction, before: Unseen): Promise<void> {
  const now = tx.meta<Unseen>('unseen') ?? {};
  const refs = Object.entries(before).flatMap(([model, keys]) =>
    Object.entries(keys)
      .filter(([key, version]) => now[model]?.[key] === version)
      .map(([key, version]) => ({ model, key, version })),
  );
  await tx.read(refs.map(({ model, key }) => [model, key] as const));
  for (const { model, key } of refs) {
    const record = tx.record(model, key);
    record.server = null;
    record.version = 0;
  }
  seen(tx, refs);
}
