import { type Disk, StorageLostError } from './disk.ts';
import type { Entries } from './entries.ts';
import type { Place } from './frames.ts';
import { idbDisk } from './idb-disk.ts';
import { conflictKey, rejectedKey } from './keys.ts';
import { Ledger, type LedgerOptions } from './ledger.ts';
import { memoryDisk } from './memory-disk.ts';
import type { OutboxEntry } from './outbox.ts';
import { LiveQueries } from './query/live.ts';
import type { Tabs } from './tabs.ts';
import { openEntries } from './tree.ts';
import { type Migrate, upgrade } from './upgrade.ts';

export type Storage = 'indexeddb' | 'memory' | (() => Promise<Disk>);

export interface LocalOptions extends LedgerOptions {
  readonly name: string;
  readonly storage: Storage;
  readonly migrate?: Migrate | undefined;
  uuid(): string;
}

/** What a client has on its side. */
export interface Local {
  readonly entries: Entries;
  readonly ledger: Ledger;
  readonly queries: LiveQueries;
  /** Whether it is only in memory. */
  readonly memory: boolean;
  close(): Promise<void>;
}

/**
 * Opens a store, and makes it ready for the schema. Where the last one went away because the site's data is cleared, the
 * next may go with it: then it is opened again.
 */
export function openLocal(options: LocalOptions, tabs: Tabs<never>, tries = 5): Promise<Local> {
  return openOnce(options, tabs).catch((error) => {
    if (tries > 1 && isLost(error)) return openLocal(options, tabs, tries - 1);
    throw error;
  });
}

async function openOnce(options: LocalOptions, tabs: Tabs<never>): Promise<Local> {
  const [disk, memory] = await openDisk(options);
  let behind: () => boolean | undefined = () => false;
  const entries = await openEntries(disk, { folds: () => !behind() });
  const ledger = await Ledger.open(entries, options);
  behind = () => (ledger.meta.get('place') as Place | undefined)?.behind;
  await ledger.change(true, (tx) => {
    if (tx.meta('client') === undefined) tx.setMeta('client', options.uuid());
  });
  await tabs.alone(() => upgrade(ledger, options.migrate));
  const queries = new LiveQueries(entries, options.schema);
  const close = async () => {
    queries.close();
    await ledger.close();
    await entries.close();
    disk.close();
  };
  return { entries, ledger, queries, memory, close };
}

/** Where there is no IndexedDB, as in some private windows, the store is in memory. */
async function openDisk({ storage, name }: LocalOptions): Promise<[disk: Disk, memory: boolean]> {
  if (typeof storage === 'function') return [await storage(), false];
  if (storage === 'memory' || !globalThis.indexedDB) return [memoryDisk(), true];
  return [await idbDisk(name), false];
}

/** Tells whether a store went away under those who use it. */
export const isLost = (error: unknown): boolean => error instanceof StorageLostError;

/** Puts what was waiting into a store that was begun anew, in so far as another tab has not done so. */
export async function salvage(from: Ledger, to: Ledger): Promise<void> {
  await to.change(true, async (tx) => {
    if (tx.meta('number') !== undefined) return;
    tx.setMeta('number', from.meta.get('number'));
    for (const rejected of from.rejected.values()) tx.put(rejectedKey(rejected.number), rejected);
    for (const c of from.conflicts.values()) tx.put(conflictKey(c.model, c.key, c.field), c);
    for (const entry of from.queue() as OutboxEntry[]) {
      const record = await tx.readOne(entry.model, entry.key);
      record.waiting = [...record.waiting, entry];
    }
  });
}
