import type { Query } from './query/plan.ts';
import type { Where } from './query/where.ts';
import type { Collections } from './schema.ts';

export interface ConditionOption<R> {
  /** What the server's record has to match; where it does not, the write is refused. */
  readonly condition?: Where<R>;
}

export type Patch<T extends Collections[string]> = T['patch'] | ((record: T['record']) => T['patch']);

/** The records of a model. Reads show the writes that wait; writes are safe on the disk when they resolve. */
export interface Collection<T extends Collections[string]> {
  /** Makes a record. It gets an id where none is given. */
  create(fields: T['create']): Promise<T['record']>;
  /**
   * Changes fields of a record; null takes one away. Where a value is made from the one before, as when something is
   * added to a list, give a function: nothing comes between what it reads and what is written.
   */
  update(key: T['key'], patch: Patch<T>, options?: ConditionOption<T['record']>): Promise<T['record']>;
  delete(key: T['key'], options?: ConditionOption<T['record']>): Promise<void>;
  get(key: T['key']): Promise<T['record'] | undefined>;
  query(query?: Query<T['record']>): Promise<readonly T['record'][]>;
  /** Calls back with the records of a query, soon and whenever they change. Gives the function that ends it. */
  observe(
    query: Query<T['record']>,
    callback: (records: readonly T['record'][]) => void,
    failed?: (error: unknown) => void,
  ): () => void;
  /** Calls back likewise with one record; undefined while there is none. */
  observeRecord(
    key: T['key'],
    callback: (record: T['record'] | undefined) => void,
    failed?: (error: unknown) => void,
  ): () => void;
}

/** A collection in a transaction: its writes are made when the transaction ends, all or none. */
export interface Writer<T extends Collections[string]> {
  /** Gives the fields, with the id that the record gets. */
  create(fields: T['create']): T['create'] & Pick<T['record'], keyof T['record'] & 'id'>;
  update(key: T['key'], patch: Patch<T>, options?: ConditionOption<T['record']>): void;
  delete(key: T['key'], options?: ConditionOption<T['record']>): void;
}
