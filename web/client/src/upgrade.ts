import { within } from './keys.ts';
import type { Ledger } from './ledger.ts';
import type { OutboxEntry } from './outbox.ts';
import type { Row } from './row.ts';
import { readRowKey } from './rows.ts';
import type { Fields } from './schema.ts';
import type { Transaction } from './transaction.ts';

/** What an app does about a change of its schema that is more than new fields and models. */
export interface Migration {
  /** The version that the store was written with. */
  readonly from: string;
  /** Gives what becomes of each stored record of a model. */
  records(model: string, map: (record: Fields) => Fields): void;
  /** Gives what becomes of each write that waits. Writes that were sent already are not asked about. */
  outbox(map: (write: OutboxEntry) => OutboxEntry): void;
}

export type Migrate = (migration: Migration) => void;

/** How far an upgrade to a version has come: up to which row; undefined while the old indexes are taken away. */
interface Progress {
  readonly to: string;
  readonly from?: string;
}

const page = 2000;

/**
 * Brings a store that was written with another schema to this one: the indexes are made anew from the rows. It goes on
 * where it was broken off, and takes nothing away but indexes.
 */
export async function upgrade(ledger: Ledger, migrate?: Migrate): Promise<void> {
  const { version } = ledger.options.schema;
  const from = ledger.meta.get('schema');
  if (from === version) return;
  const records = new Map<string, (record: Fields) => Fields>();
  let outbox = (write: OutboxEntry): OutboxEntry => write;
  if (from !== undefined) {
    migrate?.({
      from: String(from),
      records: (model, map) => void records.set(model, map),
      outbox: (map) => {
        outbox = map;
      },
    });
    await clearIndexes(ledger);
    await ledger.change(true, (tx) => migrateOutbox(tx, version, outbox));
    while (await ledger.change(false, (tx) => rebuildPage(tx, version, records)));
  }
  await ledger.change(true, (tx) => {
    tx.setMeta('schema', version);
    tx.setMeta('upgrade', undefined);
  });
}

async function clearIndexes(ledger: Ledger): Promise<void> {
  const progress = ledger.meta.get('upgrade') as Progress | undefined;
  if (progress?.to === ledger.options.schema.version) return;
  for (let left = page; left === page; ) {
    left = await ledger.change(false, async (tx) => {
      const found = await ledger.entries.scan({ ...within('i'), limit: page });
      for (const [key] of found) tx.delete(key);
      return found.length;
    });
  }
}

async function migrateOutbox(
  tx: Transaction,
  to: string,
  map: (write: OutboxEntry) => OutboxEntry,
): Promise<void> {
  if (tx.meta<Progress>('upgrade')?.to === to) return;
  tx.setMeta('upgrade', { to, from: within('r').from } satisfies Progress);
  for (const write of tx.ledger.queue()) {
    const record = await tx.readOne(write.model, write.key);
    record.waiting = record.waiting.map((w) =>
      w.number === write.number && !w.sent ? { ...map(w), number: w.number, model: w.model, key: w.key } : w,
    );
  }
}

/** Indexes a page of rows. True: there are more. */
async function rebuildPage(
  tx: Transaction,
  to: string,
  maps: Map<string, (record: Fields) => Fields>,
): Promise<boolean> {
  const { from } = tx.meta<Progress>('upgrade')!;
  const rows = await tx.ledger.entries.scan({ from: from!, to: within('r').to, limit: page });
  for (const [entry, row] of rows) {
    const [model, key] = readRowKey(entry)!;
    tx.reindex(model, key, row as Row, maps.get(model));
  }
  const last = rows.at(-1);
  if (last) tx.setMeta('upgrade', { to, from: `${last[0]}\0` } satisfies Progress);
  return rows.length === page;
}
