import { type Fields, isFields, type Json } from './schema.ts';

/** What is on the wire: docs/protocol.md, as types. What comes in is checked here once and believed from then on. */

const changesOf = (kind: string) =>
  `${kind}($after: String, $models: [String!], $filter: JSON, $limit: Int) { changes(after: $after, models: $models, filter: $filter, limit: $limit) { cursor upToDate reset changes { model op key version at record } } }`;

export const changesQuery = changesOf('query');
export const changesSubscription = changesOf('subscription');
export const pushMutation =
  'mutation($client: ID!, $writes: [WriteInput!]!, $atomic: Boolean) { push(client: $client, writes: $writes, atomic: $atomic) { results { counter status model key version record recordVersion recordAt conflicts { field yours theirs base } error { code message } } } }';

export interface Operation {
  readonly query: string;
  readonly variables: object;
}

export interface ChangesVariables {
  readonly after?: string | undefined;
  readonly models?: readonly string[] | undefined;
  readonly filter?: Json | undefined;
  readonly limit?: number;
}

export interface PushVariables {
  readonly client: string;
  readonly writes: readonly WriteInput[];
  readonly atomic?: boolean;
}

export interface WriteInput {
  readonly counter: number;
  readonly model: string;
  readonly op: 'CREATE' | 'UPDATE' | 'DELETE';
  readonly key: string;
  readonly fields?: Fields | undefined;
  readonly base?: number | undefined;
  readonly condition?: Json | undefined;
}

/** Tells whether a value is of a type. */
type Guard<T> = (value: unknown) => value is T;

const text = (v: unknown): v is string => typeof v === 'string';
const flag = (v: unknown): v is boolean => typeof v === 'boolean';
const whole = (v: unknown): v is number => Number.isSafeInteger(v);
const nothing = (v: unknown): v is null => v === null;
const anything = (v: unknown): v is Json => v !== undefined;
const is =
  <const T extends string>(...words: T[]): Guard<T> =>
  (v): v is T =>
    words.includes(v as T);
const either =
  <A, B>(a: Guard<A>, b: Guard<B>): Guard<A | B> =>
  (v): v is A | B =>
    a(v) || b(v);
const maybe = <A>(a: Guard<A>): Guard<A | null | undefined> =>
  either(a, (v) => v === null || v === undefined);
const list =
  <A>(of: Guard<A>): Guard<readonly A[]> =>
  (v): v is A[] =>
    Array.isArray(v) && v.every(of);
/** Members that are not named are passed over: later servers may have more. */
const shape =
  <T extends object>(members: { [name in keyof T]-?: Guard<T[name]> }): Guard<T> =>
  (v): v is T => {
    if (!isFields(v)) return false;
    for (const name in members) if (!members[name](v[name])) return false;
    return true;
  };

/** A change of what the client may see. The key is the id, or a JSON array where it is composite. */
export type Change = Put | Remove;
interface Changed {
  readonly model: string;
  readonly key: string;
  readonly version: number;
  /** When it was committed, in milliseconds. */
  readonly at: number;
}
export interface Put extends Changed {
  readonly op: 'PUT';
  readonly record: Fields;
}
export interface Remove extends Changed {
  readonly op: 'REMOVE';
  readonly record: null;
}
const changed = { model: text, key: text, version: whole, at: whole };
const put = shape<Put>({ ...changed, op: is('PUT'), record: isFields });
const remove = shape<Remove>({ ...changed, op: is('REMOVE'), record: nothing });

export interface ChangeFrame {
  readonly cursor: string;
  readonly upToDate: boolean;
  readonly reset: boolean;
  readonly changes: readonly Change[];
}
const frame = shape<ChangeFrame>({
  cursor: text,
  upToDate: flag,
  reset: flag,
  changes: list(either(put, remove)),
});

export type ErrorCode = (typeof codes)[number];
const codes = [
  'invalid',
  'unauthenticated',
  'forbidden',
  'not_found',
  'conflict',
  'gone',
  'too_large',
  'unavailable',
  'internal',
] as const;
const code = is(...codes);

/** A field whose value a merge did not take. */
export interface WriteConflict {
  readonly field: string;
  readonly yours: Json;
  readonly theirs: Json;
  readonly base: Json;
}
const conflict = shape<WriteConflict>({ field: text, yours: anything, theirs: anything, base: anything });

export type WriteResult = Taken | Refused | Skipped;
interface Answered {
  readonly counter: number;
  readonly model: string;
  readonly key: string | null;
}
/** A record as the answer shows it: null where it was deleted or may not be seen. */
interface Shown {
  readonly record: Fields | null;
  /** Its version, which may be later than the write's; null where the caller may not see it. */
  readonly recordVersion: number | null;
  /** When that was committed, in milliseconds. */
  readonly recordAt: number | null;
}
export interface Taken extends Answered, Shown {
  readonly status: 'APPLIED' | 'MERGED';
  readonly version: number;
  readonly conflicts: readonly WriteConflict[];
}
export interface Refused extends Answered, Shown {
  readonly status: 'REFUSED';
  readonly version: number | null;
  readonly error: { readonly code: ErrorCode; readonly message: string };
}
/** Another write of the same atomic push was refused. */
export interface Skipped extends Answered {
  readonly status: 'SKIPPED';
}
const answered = { counter: whole, model: text, key: either(text, nothing) };
const number = either(whole, nothing);
const shown = { record: either(isFields, nothing), recordVersion: number, recordAt: number };
const taken = shape<Taken>({
  ...answered,
  status: is('APPLIED', 'MERGED'),
  ...shown,
  version: whole,
  conflicts: list(conflict),
});
const refused = shape<Refused>({
  ...answered,
  status: is('REFUSED'),
  ...shown,
  version: number,
  error: shape({ code, message: text }),
});
const skipped = shape<Skipped>({ ...answered, status: is('SKIPPED') });

export interface PushResult {
  readonly results: readonly WriteResult[];
}
const pushed = shape<PushResult>({ results: list(either(taken, either(refused, skipped))) });

/** An error of a request, or of a field of one. */
export interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
}
const told = shape<{ message: string; errorInfo?: Fields | null }>({
  message: text,
  errorInfo: maybe(isFields),
});

/**
 * What a status means without a code of this server's. Most come of something before the server, which has decided
 * nothing: then the same may be sent again.
 */
const codeOf = (status: number): ErrorCode => codesOfStatuses[status] ?? 'unavailable';
const codesOfStatuses: { readonly [status: number]: ErrorCode } = {
  401: 'unauthenticated',
  403: 'forbidden',
  413: 'too_large',
};

/** What came for an operation: errors may stand beside data. */
export interface Answer {
  readonly data: Fields | null;
  readonly errors: readonly WireError[];
}

/** Reads a response; what is no JSON of this server's becomes an error by its status. */
export function readAnswer(status: number, body: string): Answer {
  let said: unknown;
  try {
    said = JSON.parse(body);
  } catch {}
  if (!isFields(said) || (said.data === undefined && said.errors === undefined)) {
    return { data: null, errors: [{ code: codeOf(status), message: `HTTP ${status}` }] };
  }
  return responseOf(said, status);
}

function responseOf(said: { readonly [name: string]: unknown }, status: number): Answer {
  const errors = believe(maybe(list(told)), said.errors, 'errors') ?? [];
  return {
    data: believe(maybe(isFields), said.data, 'data') ?? null,
    errors: errors.map(({ message, errorInfo }) => ({
      code: code(errorInfo?.code) ? errorInfo.code : codeOf(status),
      message,
    })),
  };
}

/** The frame in the data of a response to `changes`. */
export const readFrame = (data: Fields | null): ChangeFrame => believe(frame, data?.changes, 'changes');

/** The results in the data of a response to `push`. */
export const readPush = (data: Fields | null): PushResult => believe(pushed, data?.push, 'push');

function believe<T>(guard: Guard<T>, value: unknown, what: string): T {
  if (!guard(value)) throw new TypeError(`Freshet: malformed ${what}`);
  return value;
}

export type ClientMessage =
  | { readonly type: 'connection_init'; readonly payload: Readonly<Record<string, string>> }
  | { readonly type: 'subscribe'; readonly id: string; readonly payload: Operation }
  | { readonly type: 'complete'; readonly id: string }
  | { readonly type: 'ping' | 'pong'; readonly payload?: Json };

/** A message of a socket with one subscription. What came for that is with `next` and `error`. */
export interface ServerMessage {
  readonly type: Json | undefined;
  readonly answer?: Answer;
}

/** Reads a message of a socket. Types of later servers are for nobody. */
export function readMessage(said: string): ServerMessage {
  const { type, payload } = believe(isFields, JSON.parse(said), 'message');
  if (type === 'next') return { type, answer: responseOf(believe(isFields, payload, 'payload'), 200) };
  if (type === 'error') return { type, answer: responseOf({ errors: payload }, 200) };
  return { type };
}

/** What the end of a socket means: where the credentials are not at fault, it is worth another try. */
export const codeOfClose = (code: number): ErrorCode => (code === 4403 ? 'unauthenticated' : 'unavailable');
