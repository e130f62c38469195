import { deleteDB, type IDBPDatabase, type IDBPTransaction, openDB } from 'idb';
import { type Disk, type DiskChange, headKey, StorageFullError, StorageLostError } from './disk.ts';

const store = 'disk';

type Transaction<M extends 'readonly' | 'readwrite'> = IDBPTransaction<unknown, [typeof store], M>;

/** Opens the IndexedDB database of a name as a disk, and makes it where there is none. */
export async function idbDisk(name: string): Promise<Disk> {
  const db: IDBPDatabase = await openDB(name, 1, {
    upgrade: (db) => void db.createObjectStore(store),
    // Someone deletes or upgrades the database: whoever held on to it would block them.
    blocking: () => db.close(),
  }).catch((error) => {
    throw typed(error);
  });

  async function transact<M extends 'readonly' | 'readwrite', T>(
    mode: M,
    work: (tx: Transaction<M>) => Promise<T>,
    durable = false,
  ): Promise<T> {
    let tx: Transaction<M> | undefined;
    try {
      tx = db.transaction(store, mode, { durability: durable ? 'strict' : 'relaxed' });
      // Both at once: Chromium may abort a transaction without ever answering its requests.
      return (await Promise.all([work(tx), tx.done]))[0];
    } catch (error) {
      // Requests that an abort cuts off tell of the abort, and the transaction of its cause.
      throw typed(tx?.error ?? error);
    }
  }

  return {
    get: (keys) => transact('readonly', (tx) => Promise.all(keys.map((key) => tx.store.get(key)))),

    async list(prefix, after = '') {
      const range = keyRange(prefix, after);
      if (!range) return [];
      return transact('readonly', async ({ store }) => {
        const [keys, values] = await Promise.all([store.getAllKeys(range), store.getAll(range)]);
        return keys.map((key, at) => [key as string, values[at]]);
      });
    },

    commit: (expected, change) =>
      transact(
        'readwrite',
        async (tx) => {
          const free = ((await tx.store.get(headKey)) ?? 0) === expected;
          if (free) await write(tx, change);
          return free;
        },
        change.durable,
      ),

    close: () => db.close(),

    /** Empties the database first: its deletion has to wait for all who have it open, and one may be a frozen tab. */
    async destroy() {
      await transact('readwrite', (tx) => tx.store.clear(), true);
      db.close();
      await new Promise<void>((resolve, reject) => {
        deleteDB(name, { blocked: () => resolve() }).then(resolve, reject);
      });
    },
  };
}

async function write(tx: Transaction<'readwrite'>, change: DiskChange): Promise<void> {
  const requests: Promise<unknown>[] = [];
  try {
    for (const key of change.delete) requests.push(tx.store.delete(key));
    for (const [key, value] of change.put) requests.push(tx.store.put(value, key));
    requests.push(tx.store.put(change.head, headKey));
    tx.commit();
  } catch (error) {
    // A value that cannot be cloned: without the abort, what was put before it would be committed.
    tx.abort();
    for (const request of requests) request.catch(() => {});
    throw error;
  }
  await Promise.all(requests);
}

/** The keys that begin with a prefix and come after a key; undefined where there can be none. */
function keyRange(prefix: string, after: string): IDBKeyRange | undefined {
  const last = prefix.length - 1;
  const end = prefix.slice(0, last) + String.fromCharCode(prefix.charCodeAt(last) + 1);
  if (after >= end) return undefined;
  return after < prefix
    ? IDBKeyRange.bound(prefix, end, false, true)
    : IDBKeyRange.bound(after, end, true, true);
}

/** What the platform throws, in the terms of a disk: a value that cannot be kept is the fault of who gave it. */
function typed(error: unknown): unknown {
  const { name, message } = error as Error;
  if (name === 'DataCloneError') return error;
  return new (name === 'QuotaExceededError' ? StorageFullError : StorageLostError)(message, { cause: error });
}
