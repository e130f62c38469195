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

  /** How far this tab knows the history; a number that only grows, also where nothing came that concerns a reader. */
  readonly head: number;

  /**
   * Applies a batch, all or nothing, if none came after `head`: where the batch was made from what was read, that is the
   * head before the reading; by default it is the head when this is called. False tells that another batch, of this tab
   * or another one, was faster: nothing was changed, the listeners were told of it, and what the batch was made from has
   * to be read again.
   */
  commit(batch: Batch, head?: number): Promise<boolean>;

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
