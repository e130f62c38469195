/**
 * Where a client keeps what it knows: values under text keys. Any number of tabs and workers may have the same disk
 * open; `commit` is how they agree on who came first.
 */
export interface Disk {
  /** Gives the values of some keys as they are at one moment; undefined for one that is not there. */
  get(keys: readonly string[]): Promise<unknown[]>;

  /** Gives the entries whose keys begin with a prefix and come after a key, in the order of their UTF-16 units. */
  list(prefix: string, after?: string): Promise<[key: string, value: unknown][]>;

  /**
   * Changes some values, all or none, if the head is still `expected`, and moves the head on. A disk that nobody has
   * written to has the head 0. False tells that somebody else was faster and nothing was changed.
   */
  commit(expected: number, change: DiskChange): Promise<boolean>;

  /** Ends the use of the disk. What was committed stays. */
  close(): void;

  /** Deletes everything. Others who have the disk open find it empty. */
  destroy(): Promise<void>;
}

/** What one commit changes. */
export interface DiskChange {
  readonly head: number;
  readonly put: readonly (readonly [key: string, value: unknown])[];
  readonly delete: readonly string[];
  /** True: on the disk before the promise resolves. False: a power cut may take the commit back, as a whole. */
  readonly durable: boolean;
}

/** The key under which `get` gives the head. It is not for `put`. */
export const headKey = 'head';
