/**
 * An ordered map that lasts: what is above a disk and below records. Keys are text, ordered by their UTF-16 units;
 * values are what structured clone can carry. All who have the disk open see one history of batches.
 */
export interface Entries {
  /** Gives the values of some keys; undefined for one that is not there. */
  get(keys: readonly string[]): Promise<unknown[]>;

  /** Gives the entries from `from` (inclusive) to `to` (exclusive), in order or from the end, at most `limit` of them. */
  scan(range: EntryRange): Promise<[key: string, value: unknown][]>;

  /**
   * Applies a batch, all or nothing. False tells that another tab was faster: nothing was changed, its batches have been
   * told to the listeners, and what the batch was made from has to be read again.
   */
  commit(batch: Batch): Promise<boolean>;

  /** Looks for the batches of other tabs and tells them to the listeners. */
  refresh(): Promise<void>;

  /**
   * Calls back with every batch after it was applied, in the order of the history, whoever committed it; with undefined
   * where the history could not be followed, so that anything may have changed. Gives the function that ends it.
   */
  listen(listener: (batch: Batch | undefined) => void): () => void;

  /** Finishes what is under way and ends the use. */
  close(): Promise<void>;
}

export interface EntryRange {
  readonly from: string;
  readonly to: string;
  readonly reverse?: boolean;
  readonly limit?: number;
}

export interface Batch {
  readonly put: readonly (readonly [key: string, value: unknown])[];
  readonly delete: readonly string[];
  /** See DiskChange. */
  readonly durable: boolean;
}
