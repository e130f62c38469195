import type { Batch, Entries } from '../entries.ts';
import type { Row } from '../row.ts';
import { readKey, readRowKey } from '../rows.ts';
import type { Fields, ModelSchema } from '../schema.ts';
import { planQuery, type Query } from './plan.ts';
import { type Observer, Result, type RowChanges } from './result.ts';
import type { Objects } from './where.ts';

type Failed = (error: unknown) => void;

/**
 * Queries whose results follow the entries. A result is a frozen array of frozen records; while nothing in it changes
 * it is the same array, and a record that did not change is the same object. Observers of the same query share one.
 */
export class LiveQueries {
  readonly #entries: Entries;
  readonly #schema: Objects;
  /** By model and query. */
  readonly #results = new Map<string, Map<string, Result>>();
  readonly #unlisten: () => void;

  constructor(entries: Entries, schema: Objects) {
    this.#entries = entries;
    this.#schema = schema;
    this.#unlisten = entries.listen((batch) => this.#heard(batch));
  }

  /**
   * Calls back with the records of a query, soon and whenever they change, until the function is called that it gives.
   * Throws a QueryError for a query that does not fit the schema. After `failed` it tries again with the next change.
   */
  observe<R extends object = Fields>(
    model: ModelSchema,
    query: Query<R>,
    callback: (records: readonly R[]) => void,
    failed: Failed = rethrow,
  ): () => void {
    const results = this.#results.get(model.model) ?? new Map<string, Result>();
    this.#results.set(model.model, results);
    const name = JSON.stringify([query.where, query.orderBy, query.limit]);
    const result = results.get(name) ?? new Result(this.#entries, planQuery(query, model, this.#schema));
    results.set(name, result);
    const observer: Observer = {
      next: guarded((records) => callback(records as readonly R[])),
      error: guarded(failed),
    };
    result.observers.add(observer);
    queueMicrotask(() => result.settle());
    return () => {
      if (result.observers.delete(observer) && !result.observers.size) results.delete(name);
    };
  }

  /** Calls back likewise with the record of a key; undefined while there is none. */
  observeRecord<R extends object = Fields>(
    model: ModelSchema,
    key: string,
    callback: (record: R | undefined) => void,
    failed?: Failed,
  ): () => void {
    const where = readKey(model, key) as Query<R>['where'];
    return this.observe<R>(model, { where }, ([record]) => callback(record), failed);
  }

  /** Gives the records of a query as they are now. */
  query<R extends object = Fields>(model: ModelSchema, query: Query<R>): Promise<readonly R[]> {
    return new Promise((resolve, reject) => {
      const stop = this.observe<R>(
        model,
        query,
        (records) => {
          stop();
          resolve(records);
        },
        (error) => {
          stop();
          reject(error);
        },
      );
    });
  }

  /** Ends all that is observed. */
  close(): void {
    this.#unlisten();
    for (const results of this.#results.values())
      for (const result of results.values()) result.observers.clear();
    this.#results.clear();
  }

  #heard(batch: Batch | undefined): void {
    const changes = batch && rowChanges(batch);
    for (const [model, results] of this.#results) {
      const ofModel = changes?.get(model);
      if (changes && !ofModel) continue;
      for (const result of results.values()) result.change(ofModel);
    }
  }
}

function rowChanges(batch: Batch): Map<string, RowChanges> {
  const models = new Map<string, Map<string, Row | undefined>>();
  const add = (entry: string, row: Row | undefined) => {
    const [model, key] = readRowKey(entry) ?? [];
    if (model === undefined || key === undefined) return;
    const rows = models.get(model) ?? new Map<string, Row | undefined>();
    models.set(model, rows.set(key, row));
  };
  for (const entry of batch.delete) add(entry, undefined);
  for (const [entry, row] of batch.put) add(entry, row as Row);
  return models;
}

/** Keeps the fault of one observer from the others. */
function guarded<T>(callback: (value: T) => void): (value: T) => void {
  return (value) => {
    try {
      callback(value);
    } catch (error) {
      rethrow(error);
    }
  };
}

function rethrow(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
