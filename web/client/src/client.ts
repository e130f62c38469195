import { freezeNext } from './answers.ts';
import { apiKey, type Credentials } from './auth/credentials.ts';
import type { Collection, Writer } from './collection.ts';
import { acceptConflict, type Conflict, type Resolve, restoreConflict } from './conflicts.ts';
import { type Environment, platform } from './environment.ts';
import { codeOf, FreshetError } from './errors.ts';
import { wireFilter } from './filters.ts';
import { follow } from './follow.ts';
import type { Scope } from './frames.ts';
import type { Ledger } from './ledger.ts';
import { isLost, type Local, openLocal, type Storage, salvage } from './local.ts';
import { byNumber, type OutboxEntry } from './outbox.ts';
import { rethrow } from './query/live.ts';
import type { Query } from './query/plan.ts';
import { dismissRejected, type Rejected, retryRejected } from './rejected.ts';
import type { Row } from './row.ts';
import { rowKey } from './rows.ts';
import type { Collections, Fields, Json, ModelSchema, Schema } from './schema.ts';
import { type Connected, connected, Observable, type Status, statusOf } from './status.ts';
import { Sync } from './sync.ts';
import { type Notice, Tabs } from './tabs.ts';
import type { Transaction } from './transaction.ts';
import { post, type Remote } from './transport.ts';
import type { Migrate } from './upgrade.ts';
import type { Operation as Request } from './wire.ts';
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

export interface ClientOptions<C extends Collections> {
  /** The address of the API, like https://example.com/graphql. */
  readonly endpoint: string;
  /** Who the client is; an API key may be given as it is. */
  readonly auth: Credentials | string;
  readonly schema: Schema<C>;
  /** The models that are kept here, by their names; default: all that the user may see. */
  readonly models?: readonly string[];
  /** What of them is kept here: filters by the names of the models. */
  readonly filter?: { readonly [model: string]: Json };
  /** Default: IndexedDB where there is one. */
  readonly storage?: Storage;
  /** Tells stores apart; default: the endpoint. Each user has one of their own besides. */
  readonly name?: string;
  /** What becomes of conflicts, by the names of the models; default: they are listed for somebody to decide. */
  readonly resolve?: { readonly [model: string]: Resolve };
  /** What to do about a store that was written with another schema. */
  readonly migrate?: Migrate;
  readonly environment?: Environment;
}

/** A list that changes. */
export interface List<T> {
  /** Gives the list as it is; the same array until it changes. */
  list(): readonly T[];
  /** Calls back with the list whenever it changes. Gives the function that ends it. */
  subscribe(listener: (list: readonly T[]) => void): () => void;
}

/** The parts of a client beside its collections. */
export interface Core<C extends Collections> {
  readonly status: Pick<Observable<Status>, 'get' | 'subscribe'>;
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
  const engine = new Engine(options as unknown as ClientOptions<Collections>);
  const client: Record<string, unknown> = {
    status: engine.status,
    conflicts: {
      ...engine.list((ledger) => [...ledger.conflicts.values()].sort((a, b) => a.at - b.at)),
      accept: (conflict: Conflict) => engine.change((tx) => acceptConflict(tx, conflict)),
      restore: (conflict: Conflict) => engine.change((tx) => restoreConflict(tx, conflict)),
    },
    rejected: {
      ...engine.list((ledger) => [...ledger.rejected.values()].sort(byNumber)),
      dismiss: (rejected: Rejected) => engine.change((tx) => void dismissRejected(tx, rejected)),
      retry: (rejected: Rejected) => engine.change((tx) => retryRejected(tx, rejected)),
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
    start: () => engine.start(),
    stop: () => engine.stop(),
    close: () => engine.close(),
  };
  for (const [name, model] of Object.entries(options.schema.collections)) {
    if (name in client) throw new FreshetError('invalid', `a collection cannot have the name ${name}`);
    client[name] = collection(engine, model);
  }
  return client as Client<C>;
}

type Failed = (error: unknown) => void;

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

/** An observation that lasts although the store is begun anew under it. */
interface Observation {
  readonly begin: (local: Local) => void;
  stop?: () => void;
}

/** What is behind a client: its store, and the sync of it. */
class Engine {
  readonly status: Observable<Status>;
  readonly uuid: () => string;
  readonly #options: ClientOptions<Collections>;
  readonly #environment: Environment;
  readonly #credentials: Credentials;
  readonly #scope: Scope;
  readonly #observations = new Set<Observation>();
  readonly #stops: (() => void)[] = [];
  #opening: Promise<Local>;
  #local: Local | undefined;
  #tabs: Tabs<Connected> | undefined;
  #user: string | undefined;
  #sync: Sync | undefined;
  #started = false;
  #closed = false;
  #connected: Connected = { connection: 'stopped', error: undefined };
  #storage: Status['storage'] = { persisted: undefined, lost: false };

  constructor(options: ClientOptions<Collections>) {
    this.#options = options;
    this.#environment = options.environment ?? platform();
    this.#credentials = typeof options.auth === 'string' ? apiKey(options.auth) : options.auth;
    this.#scope = {
      models: options.models ?? null,
      filter: Object.fromEntries(
        Object.entries(options.filter ?? {}).map(([model, f]) => [model, wireFilter(f)]),
      ),
    };
    this.uuid = () => this.#environment.uuid();
    this.status = new Observable(statusOf(undefined, this.#scope, this.#connected, this.#storage));
    this.#stops.push(
      this.#environment.listen?.(() => this.#refresh()) ?? (() => {}),
      this.#credentials.subscribe?.(() => this.#follow()) ?? (() => {}),
    );
    this.#opening = this.#open();
    this.#opening.catch(() => {}); // whoever uses it is told
  }

  /** Gives the store, once it is open. */
  local(): Promise<Local> {
    return this.#opening;
  }

  /** Makes a change that is on the disk when it resolves. */
  async change<T>(work: (tx: Transaction) => Promise<T> | T): Promise<T> {
    const local = await this.#opening;
    const write = async (tx: Transaction) => {
      const result = await work(tx);
      if (this.#sync?.sends) freezeNext(tx);
      return result;
    };
    try {
      return await local.ledger.change(true, write);
    } catch (error) {
      if (!isLost(error) || this.#closed) throw error;
      return (await this.#reopen(local)).ledger.change(true, write);
    }
  }

  async get(model: ModelSchema, key: string): Promise<Fields | undefined> {
    const { entries } = await this.#opening;
    const [row] = (await entries.get([rowKey(model.model, key)])) as [Row | undefined];
    return row?.view ?? undefined;
  }

  remote(): Remote {
    const { endpoint } = this.#options;
    return { endpoint, credentials: this.#credentials, user: this.#user, environment: this.#environment };
  }

  async request({ query, variables = {} }: Request, signal: AbortSignal): Promise<Fields | null> {
    await this.#opening; // then it is known who asks
    try {
      return await post(this.remote(), query, variables, signal);
    } catch (error) {
      signal.throwIfAborted();
      throw error instanceof FreshetError ? error : new FreshetError(codeOf(error), String(error));
    }
  }

  /** Begins something on the store, now and whenever it is another. What it throws goes to `failed`. */
  observe(begin: (local: Local) => () => void, failed: Failed = rethrow): () => void {
    const observation: Observation = {
      begin: (local) => {
        try {
          observation.stop = begin(local);
        } catch (error) {
          failed(error);
        }
      },
    };
    this.#observations.add(observation);
    if (this.#local) observation.begin(this.#local);
    else this.#opening.catch((error) => this.#observations.has(observation) && failed(error));
    return () => {
      this.#observations.delete(observation);
      observation.stop?.();
    };
  }

  list<T>(items: (ledger: Ledger) => readonly T[]): List<T> {
    let last: readonly T[] = [];
    const list = () => {
      const now = this.#local ? items(this.#local.ledger) : [];
      if (now.length !== last.length || now.some((item, i) => item !== last[i])) last = now;
      return last;
    };
    const subscribe = (listener: (list: readonly T[]) => void) => {
      let told = list();
      const tell = () => {
        if (told === list()) return;
        told = list();
        listener(told);
      };
      return this.observe(({ ledger }) => {
        tell();
        return ledger.listen(tell);
      });
    };
    return { list, subscribe };
  }

  start(): void {
    this.#started = true;
    if (this.#local) this.#beginSync(this.#local);
  }

  stop(): void {
    this.#started = false;
    this.#sync?.stop();
    this.#sync = undefined;
  }

  async close(): Promise<void> {
    this.stop();
    this.#closed = true;
    for (const stop of this.#stops.splice(0)) stop();
    for (const { stop } of this.#observations) stop?.();
    await (await this.#opening).close();
    this.#tabs?.close();
  }

  async #open(): Promise<Local> {
    const { schema, storage = 'indexeddb', migrate, endpoint } = this.#options;
    // Some credentials know whose they are once they were used.
    await this.#credentials.headers(new AbortController().signal).catch(() => {});
    const user = this.#credentials.user;
    const name = `freshet/${this.#options.name ?? endpoint}/${user ?? ''}`;
    this.#user = user;
    this.#tabs?.close();
    const tabs = new Tabs<Connected>(this.#environment, name, (notice) => this.#heard(notice));
    this.#tabs = tabs;
    const local = await openLocal(
      {
        schema,
        storage,
        migrate,
        name,
        owner: this.#credentials.name ?? user,
        now: () => this.#environment.now(),
        uuid: this.uuid,
        committed: () => tabs.tell({ type: 'moved' }),
      },
      tabs,
    );
    this.#local = local;
    local.ledger.listen((lost) => {
      if (lost && local.ledger.meta.get('client') === undefined) void this.#reopen(local);
      this.#show();
    });
    for (const { begin } of this.#observations) begin(local);
    if (this.#started) this.#beginSync(local);
    void this.#persist(local);
    this.#show();
    this.#follow();
    return local;
  }

  /** Begins the store anew after it went away, with what waits to be sent. */
  #reopen(lost: Local): Promise<Local> {
    if (lost !== this.#local || this.#closed) return this.#opening;
    this.#leave(lost);
    this.#storage = { ...this.#storage, lost: true };
    this.#opening = this.#open().then(async (local) => {
      await salvage(lost.ledger, local.ledger);
      return local;
    });
    return this.#opening;
  }

  /** Turns to the store of whoever has signed in. What another wrote waits in theirs. */
  #follow(): void {
    const local = this.#local;
    if (!local || this.#closed || this.#credentials.user === this.#user) return;
    this.#leave(local);
    this.#opening = this.#open();
    this.#opening.catch(() => {});
  }

  #leave(local: Local): void {
    this.#local = undefined;
    this.#sync?.stop();
    this.#sync = undefined;
    for (const { stop } of this.#observations) stop?.();
    local.close().catch(() => {});
  }

  #beginSync({ ledger }: Local): void {
    this.#sync ??= new Sync({
      ...this.remote(),
      ledger,
      scope: this.#scope,
      ...(this.#options.resolve && { resolve: this.#options.resolve }),
      lead: (signal, begin) => this.#tabs?.lead(signal, begin),
      changed: (state, error) => this.#changed(connected(state, error), error),
    });
    this.#sync.start();
    this.#tabs?.tell({ type: 'hello' });
  }

  #changed(now: Connected, error: unknown): void {
    if (isLost(error) && this.#local) void this.#reopen(this.#local).catch(() => {});
    this.#connected = now;
    if (this.#leads()) this.#tabs?.tell({ type: 'status', status: now });
    this.#show();
  }

  #leads(): boolean {
    const link = this.#sync?.state.link;
    return link !== undefined && link !== 'stopped' && link !== 'follower';
  }

  #heard(notice: Notice<Connected>): void {
    if (notice.type === 'moved') this.#refresh();
    else if (notice.type === 'hello' && this.#leads())
      this.#tabs?.tell({ type: 'status', status: this.#connected });
    else if (notice.type === 'status' && !this.#leads() && this.#sync) {
      this.#connected = notice.status;
      this.#show();
    }
  }

  #refresh(): void {
    const local = this.#local;
    local?.entries.refresh().catch((error) => {
      if (isLost(error)) this.#reopen(local).catch(() => {});
    });
  }

  async #persist({ ledger, memory }: Local): Promise<void> {
    const { persist } = this.#environment;
    if (!persist || memory) return;
    const asked = ledger.meta.get('asked') !== undefined;
    const persisted = await persist(!asked).catch(() => false);
    if (!asked) await ledger.change(false, (tx) => tx.setMeta('asked', true)).catch(() => {});
    this.#storage = { ...this.#storage, persisted };
    this.#show();
  }

  #show(): void {
    const status = statusOf(this.#local?.ledger, this.#scope, this.#connected, this.#storage);
    if (JSON.stringify(status) !== JSON.stringify(this.status.get())) this.status.set(status);
  }
}
