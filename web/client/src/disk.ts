/**
 * Where a client keeps what it knows: texts and numbers under text keys. Any number of tabs and workers may have the
 * same disk open; `commit` is how they agree on who came first. Every method rejects with StorageLostError once the disk
 * is gone.
 */
export interface Disk {
  /** Gives the values of some keys as they are at one moment; undefined for one that is not there. */
  get(keys: readonly string[]): Promise<unknown[]>;

  /** Gives the entries whose keys come after a key and before another one, which is greater, ordered by UTF-16 units. */
  list(after: string, before: string): Promise<[key: string, value: unknown][]>;

  /**
   * Changes some values, all or none, if the head is still `expected`, and moves the head on. A disk that nobody has
   * written to has the head 0. False tells that somebody else was faster and nothing was changed. Rejects with
   * StorageFullError where there is no room; nothing was changed then either.
   */
  commit(expected: number, change: DiskChange): Promise<boolean>;

  /** Ends the use of the disk. What was committed stays. */
  close(): void;
}

/** What one commit changes. */
export interface DiskChange {
  readonly head: number;
  readonly put: readonly (readonly [key: string, value: string | number])[];
  readonly delete: readonly string[];
  /**
   * True: on the disk before the promise resolves, with all commits before it. False: a power cut may take the commit
   * back, as a whole, together with those after it.
   */
  readonly durable: boolean;
}

/** The key under which `get` gives the head. It is not for `put`. */
export const headKey = 'head';

/** The disk was closed, deleted, evicted or damaged: what is still there can only be seen by opening it anew. */
export class StorageLostError extends Error {
  override readonly name = 'StorageLostError';
}

/** The disk has no room for a commit. */
export class StorageFullError extends Error {
  override readonly name = 'StorageFullError';
}
