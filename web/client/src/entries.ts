/**
 * An ordered map that lasts: what is above a disk and below records. Keys are text, ordered by their UTF-16 units;
 * values are what JSON can carry. Values are shared, not copied: who gives or gets one does not change it any more. All
 * who have the disk open see one history of batches, and each reads it as of one moment, up to the batch it was told of
 * last. Methods reject as those of the disk do; a commit that rejected may still be found in the history.
 */
export interface Entries {
  /** Gives the values of some keys; undefined for one that is not there. */
  get(keys: readonly string[]): Promise<unknown[]>;

  /** Gives the entries from `from` (inclusive) to `to` (exclusive), in order or from the end, at most `limit` of them. */
  scan(range: EntryRange): Promise<Entry[]>;

  /**
   * Applies a batch, all or nothing. False tells that another tab was faster: nothing was changed, its batches have been
   * told to the listeners, and what the batch was made from has to be read again. Batches of this tab are applied one
   * after the other; that none is made from what another is about to change is up to who makes them.
   */
  commit(batch: Batch): Promise<boolean>;

  /** Looks for the batches of other tabs and tells them to the listeners. */
  refresh(): Promise<void>;

  /**
   * Calls back with every batch after it was applied, in the order of the history, whoever committed it; with undefined
   * where the history could not be followed, so that anything may have changed. Gives the function that ends it.
   */
  listen(listener: (batch: Batch | undefined) => void): () => void;

  /** Finishes what is under way and ends the use. The disk stays open: it belongs to who opened it. */
  close(): Promise<void>;
}

export type Entry = readonly [key: string, value: unknown];

export interface EntryRange {
  readonly from: string;
  readonly to: string;
  readonly reverse?: boolean;
  readonly limit?: number;
}

/** Deletes come first; of several puts of one key the last one counts. */
export interface Batch {
  readonly put: readonly Entry[];
  readonly delete: readonly string[];
  /** See DiskChange. */
  readonly durable: boolean;
}
