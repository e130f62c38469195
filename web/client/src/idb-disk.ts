import { type Disk, type DiskChange, headKey, StorageFullError, StorageLostError } from './disk.ts';

const store = 'disk';

/** Opens the IndexedDB database of a name as a disk, and makes it where there is none. */
export async function idbDisk(name: string): Promise<Disk> {
  const db = await opened(name);
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

    list: (after, before) =>
      transact('readonly', false, (disk) => {
        const range = IDBKeyRange.bound(after, before, true, true);
        const keys = disk.getAllKeys(range);
        const values = disk.getAll(range);
        return () => keys.result.map((key, at) => [key as string, values.result[at]]);
      }),

    commit: (expected, change) =>
      transact('readwrite', change.durable, (disk) => {
        const head = disk.get(headKey);
        const free = () => (head.result ?? 0) === expected;
        head.onsuccess = () => free() && write(disk, change);
        return free;
      }),

    close: () => db.close(),
  };
}

function opened(name: string): Promise<IDBDatabase> {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(store);
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

/** What the platform throws, in the terms of a disk. */
function typed(error: unknown): Error {
  const { name, message } = (error ?? {}) as Error;
  return new (name === 'QuotaExceededError' ? StorageFullError : StorageLostError)(message, { cause: error });
}
