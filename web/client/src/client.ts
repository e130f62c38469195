import type { Collection, Writer } from './collection.ts';
import { acceptConflict, type Conflict, restoreConflict } from './conflicts.ts';
import {
  type ClientOptions,
  type Engine,
  type Failed,
  type List,
  type Observable,
  startEngine,
} from './engine.ts';
import { FreshetError } from './errors.ts';
import { follow } from './follow.ts';
import { byNumber, type OutboxEntry } from './outbox.ts';
import { rethrow } from './query/live.ts';
import type { Query } from './query/plan.ts';
import { dismissRejected, type Rejected, retryRejected } from './rejected.ts';
import type { Collections, Fields, ModelSchema, Schema } from './schema.ts';
import type { Status } from './status.ts';
import {
  create,
  keyOf,
  type Operation,
  type Patch,
  remove,
  update,
  type Write,
  type WriteOptions,
} from './writes.ts';

/** The parts of a client beside its collections. */
export interface Core<C extends Collections> {
  readonly status: Observable<Status>;
  /** Fields of yours that records did not take. */
  readonly conflicts: List<Conflict> & {
    /** Leaves the record as it is. */
    accept(conflict: Conflict): Promise<void>;
    /** Writes `yours` again, on the record as it is now. */
    restore(conflict: Conflict): Promise<void>;
  };
  /** Writes that the server refused, and whose effect was undone here. */
  readonly rejected: List<Rejected> & {
    dismiss(rejected: Rejected): Promise<void>;
    /** Makes the write once more, on the record as it is now. */
    retry(rejected: Rejected): Promise<void>;
  };
  readonly outbox: {
    /** Gives the writes that wait, in their order. */
    export(): Promise<readonly OutboxEntry[]>;
  };
  /** Makes the writes of `work` together: here at once, and on the server all of them or none. */
  transact(
    work: (tx: { readonly [name in keyof C]: Writer<C[name]> }) => void | Promise<void>,
  ): Promise<void>;
  /**
   * Makes a request with the client's credentials, past the store. Errors: FreshetError; the signal's where that ended
   * it.
   */
  graphql<T = Fields>(document: string, variables?: object, signal?: AbortSignal): Promise<T>;
  /**
   * Subscribes to what the server sends, past the store, as to what is published and not stored. It is kept over breaks
   * of the connection; what is sent meanwhile is missed. Gives the function that ends it.
   */
  subscribe<T = Fields>(
    document: string,
    variables: object | undefined,
    next: (data: T) => void,
    failed?: (error: unknown) => void,
  ): () => void;
  /** Begins to sync. Without it the client works on what it has. */
  start(): void;
  stop(): void;
  /** Finishes what is under way and ends the use. */
  close(): Promise<void>;
}

export type Client<C extends Collections> = Core<C> & { readonly [name in keyof C]: Collection<C[name]> };

const largestGroup = 100; // what the server takes in one push

/** Makes a client. It opens its store at once, and syncs after `start`. */
export function createClient<C extends Collections>(options: ClientOptions<C>): Client<C> {
  const engine = startEngine(options as unknown as ClientOptions<Collections>);
  const { status, change, start, stop, close } = engine;
  const client: Record<string, unknown> = {
    status,
    conflicts: {
      ...engine.list((ledger) => [...ledger.conflicts.values()].sort((a, b) => a.at - b.at)),
      accept: (conflict: Conflict) => change((tx) => acceptConflict(tx, conflict)),
      restore: (conflict: Conflict) => change((tx) => restoreConflict(tx, conflict)),
    },
    rejected: {
      ...engine.list((ledger) => [...ledger.rejected.values()].sort(byNumber)),
      dismiss: (rejected: Rejected) => change((tx) => void dismissRejected(tx, rejected)),
      retry: (rejected: Rejected) => change((tx) => retryRejected(tx, rejected)),
    },
    outbox: { export: async () => (await engine.local()).ledger.queue() },
    transact: (work: (tx: never) => void | Promise<void>) => transact(engine, options.schema, work),
    graphql: (query: string, variables: object = {}, signal = new AbortController().signal) =>
      engine.request({ query, variables }, signal),
    subscribe: (
      query: string,
      variables: object = {},
      next: (data: Fields | null) => void,
      failed: Failed = rethrow,
    ) => engine.observe(() => follow(engine.remote(), { query, variables }, next, failed), failed),
    start,
    stop,
    close,
  };
  for (const [name, model] of Object.entries(options.schema.collections)) {
    if (name in client) throw new FreshetError('invalid', `a collection cannot have the name ${name}`);
    client[name] = collection(engine, model);
  }
  return client as Client<C>;
}

function collection(engine: Engine, model: ModelSchema) {
  return {
    ...writes(engine, model, async (checked) => engine.change(checked().run)),
    get: (key: unknown) => engine.get(model, keyOf(model, key)),
    query: async (query: Query<object> = {}) =>
      (await engine.local()).queries.query(model, query as Query<Fields>),
    observe: (query: Query<object>, callback: (records: readonly object[]) => void, failed?: Failed) =>
      engine.observe(
        ({ queries }) => queries.observe(model, query as Query<Fields>, callback, failed),
        failed,
      ),
    observeRecord: (key: unknown, callback: (record: object | undefined) => void, failed?: Failed) =>
      engine.observe(
        ({ queries }) => queries.observeRecord(model, keyOf(model, key), callback, failed),
        failed,
      ),
  };
}

/** The writes of a model; `make` has them checked, and makes them. */
function writes<T>(engine: Engine, model: ModelSchema, make: (checked: () => Write) => T) {
  return {
    create: (fields: Fields) => make(() => create(model, fields, engine.uuid)),
    update: (key: unknown, patch: Patch, options?: WriteOptions) =>
      make(() => update(model, keyOf(model, key), patch, options)),
    delete: (key: unknown, options?: WriteOptions) => make(() => remove(model, keyOf(model, key), options)),
  };
}

async function transact(
  engine: Engine,
  schema: Schema,
  work: (tx: never) => void | Promise<void>,
): Promise<void> {
  const operations: Operation[] = [];
  const writers = Object.entries(schema.collections).map(([name, model]) => [
    name,
    writes(engine, model, (checked) => {
      const { run, fields } = checked();
      operations.push(run);
      return fields;
    }),
  ]);
  await work(Object.fromEntries(writers) as never);
  if (operations.length > largestGroup) {
    throw new FreshetError(
      'too_large',
      `a transaction has ${largestGroup} writes at most, not ${operations.length}`,
    );
  }
  await engine.change(async (tx) => {
    const group = operations.length > 1 ? tx.nextNumber() : undefined;
    for (const operation of operations) await operation(tx, group);
  });
}
