import { deleteDB, type IDBPDatabase, type IDBPTransaction, openDB } from 'idb';
import { type Disk, type DiskChange, headKey, StorageFullError, StorageLostError } from './disk.ts';

const store = 'disk';

/** Opens the IndexedDB database of a name as a disk, and makes it where there is none. */
export async function idbDisk(name: string): Promise<Disk> {
  try {
    const db: IDBPDatabase = await openDB(name, 1, {
      upgrade: (db) => void db.createObjectStore(store),
      // Someone deletes or upgrades the database: whoever held on to it would block them.
      blocking: () => db.close(),
    });
    return new IdbDisk(db);
  } catch (error) {
    throw typed(error);
  }
}

class IdbDisk implements Disk {
  readonly #db: IDBPDatabase;

  constructor(db: IDBPDatabase) {
    this.#db = db;
  }

  async get(keys: readonly string[]): Promise<unknown[]> {
    return this.#read((store) => Promise.all(keys.map((key) => store.get(key))));
  }

  async list(prefix: string, after = ''): Promise<[string, unknown][]> {
    const range = keyRange(prefix, after);
    if (!range) return [];
    return this.#read(async (store) => {
      const [keys, values] = await Promise.all([store.getAllKeys(range), store.getAll(range)]);
      return keys.map((key, at) => [key as string, values[at]]);
    });
  }

  commit(expected: number, change: DiskChange): Promise<boolean> {
    const durability = change.durable ? 'strict' : 'relaxed';
    return this.#transact('readwrite', durability, async (tx) => {
      const head = (await tx.store.get(headKey)) ?? 0;
      if (head === expected) await write(tx, change);
      return head === expected;
    });
  }

  close(): void {
    this.#db.close();
  }

  /** Empties the database first: its deletion has to wait for all who have it open, and one may be a frozen tab. */
  async destroy(): Promise<void> {
    await this.#transact('readwrite', 'strict', (tx) => tx.store.clear());
    this.#db.close();
    await new Promise<void>((resolve, reject) => {
      deleteDB(this.#db.name, { blocked: () => resolve() }).then(resolve, reject);
    });
  }

  #read<T>(read: (store: ReadStore) => Promise<T>): Promise<T> {
    return this.#transact('readonly', 'default', (tx) => read(tx.store));
  }

  async #transact<M extends 'readonly' | 'readwrite', T>(
    mode: M,
    durability: IDBTransactionDurability,
    work: (tx: Transaction<M>) => Promise<T>,
  ): Promise<T> {
    let tx: Transaction<M> | undefined;
    try {
      tx = this.#db.transaction(store, mode, { durability });
      // Both at once: Chromium may abort a transaction without ever answering its requests.
      return (await Promise.all([work(tx), tx.done]))[0];
    } catch (error) {
      // Requests that an abort cuts off tell of the abort, and the transaction of its cause.
      throw typed(tx?.error ?? error);
    }
  }
}

type Transaction<M extends 'readonly' | 'readwrite'> = IDBPTransaction<unknown, [typeof store], M>;
type ReadStore = Transaction<'readonly'>['store'];

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

const lost = ['InvalidStateError', 'AbortError', 'UnknownError', 'NotFoundError'];

function typed(error: unknown): unknown {
  const { name } = error as Error;
  if (name === 'QuotaExceededError') return new StorageFullError(error);
  return lost.includes(name) ? new StorageLostError(error) : error;
}
