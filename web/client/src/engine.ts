import { freezeNext } from './answers.ts';
import { apiKey, type Credentials } from './auth/credentials.ts';
import type { Resolve } from './conflicts.ts';
import { type Environment, platform } from './environment.ts';
import { codeOf, FreshetError } from './errors.ts';
import { wireFilter } from './filters.ts';
import type { Scope } from './frames.ts';
import type { Ledger } from './ledger.ts';
import { listeners } from './listeners.ts';
import { isLost, type Local, openLocal, type Storage, salvage } from './local.ts';
import { rethrow } from './query/live.ts';
import { equal } from './query/values.ts';
import type { Row } from './row.ts';
import { rowKey } from './rows.ts';
import type { Collections, Fields, Json, ModelSchema, Schema } from './schema.ts';
import { type Connected, connected, type Status, statusOf } from './status.ts';
import { Sync } from './sync.ts';
import { type Notice, openTabs, type Tabs } from './tabs.ts';
import type { Transaction } from './transaction.ts';
import { post, type Remote } from './transport.ts';
import type { Migrate } from './upgrade.ts';
import type { Operation } from './wire.ts';

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

export type Failed = (error: unknown) => void;

/** A list that changes. */
export interface List<T> {
  /** Gives the list as it is; the same array until it changes. */
  list(): readonly T[];
  /** Calls back with the list whenever it changes. Gives the function that ends it. */
  subscribe(listener: (list: readonly T[]) => void): () => void;
}

/** A value that changes. */
export interface Observable<T> {
  get(): T;
  /** Calls back with each new value. Gives the function that ends it. */
  subscribe(listener: (value: T) => void): () => void;
}

/** What is behind a client: its store, and the sync of it. */
export interface Engine {
  readonly status: Observable<Status>;
  uuid(): string;
  /** Gives the store, once it is open. */
  local(): Promise<Local>;
  /** Makes a change that is on the disk when it resolves. */
  change<T>(work: (tx: Transaction) => Promise<T> | T): Promise<T>;
  get(model: ModelSchema, key: string): Promise<Fields | undefined>;
  remote(): Remote;
  request(operation: Operation, signal: AbortSignal): Promise<Fields | null>;
  /** Begins something on the store, now and whenever it is another. What it throws goes to `failed`. */
  observe(begin: (local: Local) => () => void, failed?: Failed): () => void;
  list<T>(items: (ledger: Ledger) => readonly T[]): List<T>;
  start(): void;
  stop(): void;
  close(): Promise<void>;
}

/** An observation that lasts although the store is begun anew under it. */
interface Observation {
  readonly begin: (local: Local) => void;
  stop?: () => void;
}

/** Opens the store at once, and syncs after `start`. */
export function startEngine(options: ClientOptions<Collections>): Engine {
  const { endpoint, auth, schema, storage = 'indexeddb', migrate, resolve, models = null } = options;
  const environment = options.environment ?? platform();
  const credentials = typeof auth === 'string' ? apiKey(auth) : auth;
  const filters = Object.entries(options.filter ?? {}).map(([model, where]) => [model, wireFilter(where)]);
  const scope: Scope = { models, filter: Object.fromEntries(filters) };
  const observations = new Set<Observation>();
  const { subscribe, tell } = listeners<Status>();
  let local: Local | undefined;
  let tabs: Tabs<Connected> | undefined;
  let sync: Sync | undefined;
  let user: string | undefined;
  let started = false;
  let closed = false;
  let connection: Connected = { connection: 'stopped', error: undefined };
  let kept: Status['storage'] = { persisted: undefined, lost: false };
  let status = statusOf(undefined, scope, connection, kept);
  const stops = [environment.listen?.(refresh), credentials.subscribe?.(follow)];
  let opening = open();
  opening.catch(() => {}); // whoever uses it is told

  const uuid = () => environment.uuid();

  const remote = (): Remote => ({ endpoint, credentials, user, environment });

  async function change<T>(work: (tx: Transaction) => Promise<T> | T): Promise<T> {
    const store = await opening;
    const write = async (tx: Transaction) => {
      const result = await work(tx);
      if (sync?.sends) freezeNext(tx);
      return result;
    };
    try {
      return await store.ledger.change(true, write);
    } catch (error) {
      if (!isLost(error) || closed) throw error;
      return (await reopen(store)).ledger.change(true, write);
    }
  }

  async function get(model: ModelSchema, key: string): Promise<Fields | undefined> {
    const { entries } = await opening;
    const [row] = (await entries.get([rowKey(model.model, key)])) as [Row | undefined];
    return row?.view ?? undefined;
  }

  async function request({ query, variables }: Operation, signal: AbortSignal): Promise<Fields | null> {
    await opening; // then it is known who asks
    try {
      return await post(remote(), query, variables, signal);
    } catch (error) {
      signal.throwIfAborted();
      throw error instanceof FreshetError ? error : new FreshetError(codeOf(error), String(error));
    }
  }

  function observe(begin: (local: Local) => () => void, failed: Failed = rethrow): () => void {
    const observation: Observation = {
      begin(local) {
        try {
          observation.stop = begin(local);
        } catch (error) {
          failed(error);
        }
      },
    };
    observations.add(observation);
    if (local) observation.begin(local);
    else opening.catch((error) => observations.has(observation) && failed(error));
    return () => {
      observations.delete(observation);
      observation.stop?.();
    };
  }

  function list<T>(items: (ledger: Ledger) => readonly T[]): List<T> {
    let last: readonly T[] = [];
    const list = () => {
      const now = local ? items(local.ledger) : [];
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
      return observe(({ ledger }) => {
        tell();
        return ledger.listen(tell);
      });
    };
    return { list, subscribe };
  }

  function start(): void {
    started = true;
    if (local) beginSync(local);
  }

  function stop(): void {
    started = false;
    endSync();
  }

  async function close(): Promise<void> {
    stop();
    closed = true;
    for (const stop of stops.splice(0)) stop?.();
    for (const { stop } of observations) stop?.();
    await (await opening).close();
    tabs?.close();
  }

  async function open(): Promise<Local> {
    // Some credentials know whose they are once they were used.
    await credentials.headers(new AbortController().signal).catch(() => {});
    user = credentials.user;
    const name = `freshet/${options.name ?? endpoint}/${user ?? ''}`;
    tabs?.close();
    const others = openTabs(environment, name, heard);
    tabs = others;
    const opened = await openLocal(
      {
        schema,
        storage,
        migrate,
        name,
        owner: credentials.name ?? user,
        now: () => environment.now(),
        uuid,
        committed: () => others.tell({ type: 'moved' }),
      },
      others,
    );
    local = opened;
    opened.ledger.listen((lost) => {
      if (lost && opened.ledger.meta.get('client') === undefined) void reopen(opened);
      show();
    });
    for (const { begin } of observations) begin(opened);
    if (started) beginSync(opened);
    void persist(opened);
    show();
    follow();
    return opened;
  }

  /** Begins the store anew after it went away, with what waits to be sent. */
  function reopen(lost: Local): Promise<Local> {
    if (lost !== local || closed) return opening;
    leave(lost);
    kept = { ...kept, lost: true };
    opening = open().then(async (opened) => {
      await salvage(lost.ledger, opened.ledger);
      return opened;
    });
    return opening;
  }

  /** Turns to the store of whoever has signed in. What another wrote waits in theirs. */
  function follow(): void {
    if (!local || closed || credentials.user === user) return;
    leave(local);
    opening = open();
    opening.catch(() => {});
  }

  function leave(store: Local): void {
    local = undefined;
    endSync();
    for (const { stop } of observations) stop?.();
    store.close().catch(() => {});
  }

  function beginSync({ ledger }: Local): void {
    sync ??= new Sync({
      ...remote(),
      ledger,
      scope,
      resolve,
      lead: (signal, begin) => tabs?.lead(signal, begin),
      changed(state, error) {
        if (isLost(error) && local) void reopen(local).catch(() => {});
        // A follower has nothing to say of it but at first: then it is told by who syncs.
        if (state.link !== 'follower' || connection.connection === 'stopped')
          connection = connected(state, error);
        if (leads()) tellStatus();
        show();
      },
    });
    sync.start();
    tabs?.tell({ type: 'hello' });
  }

  function endSync(): void {
    sync?.stop();
    sync = undefined;
  }

  function leads(): boolean {
    const link = sync?.state.link;
    return link !== undefined && link !== 'stopped' && link !== 'follower';
  }

  const tellStatus = () => tabs?.tell({ type: 'status', status: connection });

  function heard(notice: Notice<Connected>): void {
    if (notice.type === 'moved') refresh();
    else if (notice.type === 'hello' && leads()) tellStatus();
    else if (notice.type === 'status' && !leads() && sync) {
      connection = notice.status;
      show();
    }
  }

  function refresh(): void {
    const store = local;
    store?.entries.refresh().catch((error) => {
      if (isLost(error)) reopen(store).catch(() => {});
    });
  }

  async function persist({ ledger, memory }: Local): Promise<void> {
    if (!environment.persist || memory) return;
    const asked = ledger.meta.get('asked') !== undefined;
    const persisted = await environment.persist(!asked).catch(() => false);
    if (!asked) await ledger.change(false, (tx) => tx.setMeta('asked', true)).catch(() => {});
    kept = { ...kept, persisted };
    show();
  }

  function show(): void {
    const now = statusOf(local?.ledger, scope, connection, kept);
    if (equal(now, status)) return;
    status = now;
    tell(status);
  }

  return {
    status: { get: () => status, subscribe },
    uuid,
    local: () => opening,
    change,
    get,
    remote,
    request,
    observe,
    list,
    start,
    stop,
    close,
  };
}
