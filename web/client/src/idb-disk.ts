import { type Disk, type DiskChange, headKey, StorageFullError, StorageLostError } from './disk.ts';
import { afterPrefix } from './keys.ts';

const store = 'disk';

/** Opens the IndexedDB database of a name as a disk, and makes it where there is none. */
export async function idbDisk(name: string): Promise<Disk> {
  const opening = indexedDB.open(name, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(store);
  const db = await answerTo(opening);
  // Someone deletes or upgrades the database: whoever held on to it would block them.
  db.onversionchange = () => db.close();

  /** Makes requests in one transaction. What came of them is read when it is complete. */
  const transact = <T>(
    mode: IDBTransactionMode,
    durable: boolean,
    work: (disk: IDBObjectStore) => () => T,
  ): Promise<T> =>
    new Promise((resolve, reject) => {
      const fail = (error: unknown) => reject(typed(error));
      try {
        const tx = db.transaction(store, mode, { durability: durable ? 'strict' : 'relaxed' });
        const result = work(tx.objectStore(store));
        tx.oncomplete = () => resolve(result());
        // Requests that an abort cuts off tell of the abort, and the transaction of its cause. One that was begun while
        // Chromium cleared the site's data neither completes nor aborts: only its requests tell, so it needs some.
        tx.onerror = ({ target }) => fail(tx.error ?? (target as IDBRequest).error);
        tx.onabort = () => fail(tx.error);
      } catch (error) {
        fail(error);
      }
    });

  return {
    async get(keys) {
      if (keys.length === 0) return [];
      return transact('readonly', false, (disk) => {
        const found = keys.map((key) => disk.get(key));
        return () => found.map(({ result }) => result);
      });
    },

    async list(prefix, after = '') {
      const range = keyRange(prefix, after);
      if (!range) return [];
      return transact('readonly', false, (disk) => {
        const keys = disk.getAllKeys(range);
        const values = disk.getAll(range);
        return () => keys.result.map((key, at) => [key as string, values.result[at]]);
      });
    },

    commit: (expected, change) =>
      transact('readwrite', change.durable, (disk) => {
        const head = disk.get(headKey);
        const free = () => (head.result ?? 0) === expected;
        head.onsuccess = () => free() && write(disk, change);
        return free;
      }),

    close: () => db.close(),

    /** Empties the database first: its deletion has to wait for all who have it open, and one may be a frozen tab. */
    async destroy() {
      await transact('readwrite', true, (disk) => {
        disk.clear();
        return () => {};
      });
      db.close();
      const deletion = indexedDB.deleteDatabase(name);
      const blocked = new Promise((resolve) => {
        deletion.onblocked = resolve;
      });
      await Promise.race([answerTo(deletion), blocked]);
    },
  };
}

function answerTo<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(typed(request.error));
  });
}

function write(disk: IDBObjectStore, change: DiskChange): void {
  for (const key of change.delete) disk.delete(key);
  for (const [key, value] of change.put) disk.put(value, key);
  disk.put(change.head, headKey);
  disk.transaction.commit();
}

/** The keys that begin with a prefix and come after a key; undefined where there can be none. */
function keyRange(prefix: string, after: string): IDBKeyRange | undefined {
  const end = afterPrefix(prefix);
  if (after >= end) return undefined;
  return after < prefix
    ? IDBKeyRange.bound(prefix, end, false, true)
    : IDBKeyRange.bound(after, end, true, true);
}

/** What the platform throws, in the terms of a disk. */
function typed(error: unknown): Error {
  const { name, message } = (error ?? {}) as Error;
  return new (name === 'QuotaExceededError' ? StorageFullError : StorageLostError)(message, { cause: error });
}
