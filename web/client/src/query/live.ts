import type { Batch, Entries } from '../entries.ts';
import type { Row } from '../row.ts';
import { changesOf, readKey, readRowKey } from '../rows.ts';
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
  readonly #results = new Map<string, Result>();
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
    const name = JSON.stringify([model.model, query.where, query.orderBy, query.limit]);
    const result =
      this.#results.get(name) ?? new Result(this.#entries, planQuery(query, model, this.#schema));
    this.#results.set(name, result);
    const observer: Observer = {
      next: guarded((records) => callback(records as readonly R[])),
      error: failed,
    };
    result.observers.add(observer);
    queueMicrotask(() => result.settle());
    return () => {
      if (result.observers.delete(observer) && !result.observers.size) this.#results.delete(name);
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
    let stop: (() => void) | undefined;
    const first = new Promise<readonly R[]>((resolve, reject) => {
      stop = this.observe<R>(model, query, resolve, reject);
    });
    return first.finally(() => stop?.());
  }

  /** Ends all that is observed. */
  close(): void {
    this.#unlisten();
    for (const result of this.#results.values()) result.observers.clear();
    this.#results.clear();
  }

  #heard(batch: Batch | undefined): void {
    const changes = batch && rowChanges(batch);
    for (const result of this.#results.values()) {
      const ofModel = changes?.get(result.model);
      if (!changes || ofModel) result.change(ofModel);
    }
  }
}

function rowChanges(batch: Batch): Map<string, RowChanges> {
  const models = new Map<string, Map<string, Row | undefined>>();
  for (const [entry, row] of changesOf(batch)) {
    const [model, key] = readRowKey(entry) ?? [];
    if (model === undefined || key === undefined) continue;
    const rows = models.get(model) ?? new Map<string, Row | undefined>();
    models.set(model, rows.set(key, row as Row | undefined));
  }
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

/** What is done about an error that nobody takes. */
export function rethrow(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
