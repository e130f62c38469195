import type { Fields } from './schema.ts';

/** What is stored of a record, under `rowKey`. */
export interface Row {
  /** The record as the app sees it; null where it is gone for the app but writes of it still wait. */
  readonly view: Fields | null;
  /** The version of the server's record; 0 where the server has none that the user may see. */
  readonly version: number;
  /** The server's record, only while writes of it wait; null where it has none. Without it, view is the server's. */
  readonly server?: Fields | null;
  /** The reconciliation in which the row was seen last; see Meta. Absent: 0. */
  readonly mark?: number;
}
