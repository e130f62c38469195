import type { Batch, Entries } from '../entries.ts';
import type { Row } from '../row.ts';
import { changesOf, readRowKey } from '../rows.ts';
import type { Fields, ModelSchema } from '../schema.ts';
import { type Plan, planKey, planQuery, type Query } from './plan.ts';
import { type Observer, type Result, type RowChanges, resultOf } from './result.ts';
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
    const plan = () => planQuery(query, model, this.#schema);
    const name = [model.model, query.where, query.orderBy, query.limit];
    return this.#observe(name, plan, (records) => callback(records as readonly R[]), failed);
  }

  /** Calls back likewise with the record of a key; undefined while there is none. */
  observeRecord<R extends object = Fields>(
    model: ModelSchema,
    key: string,
    callback: (record: R | undefined) => void,
    failed: Failed = rethrow,
  ): () => void {
    const plan = () => planKey(key, model, this.#schema);
    return this.#observe([model.model, key], plan, ([record]) => callback(record as R | undefined), failed);
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

  #observe(
    of: readonly unknown[],
    plan: () => Plan,
    callback: (records: readonly Fields[]) => void,
    error: Failed,
  ): () => void {
    const name = JSON.stringify(of);
    const result = this.#results.get(name) ?? resultOf(this.#entries, plan());
    this.#results.set(name, result);
    const next = (records: readonly Fields[]) => {
      try {
        callback(records);
      } catch (fault) {
        rethrow(fault); // the others are told all the same
      }
    };
    const observer: Observer = { next, error };
    result.observers.add(observer);
    queueMicrotask(() => result.settle());
    return () => {
      if (result.observers.delete(observer) && !result.observers.size) this.#results.delete(name);
    };
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

/** What is done about an error that nobody takes. */
export function rethrow(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
