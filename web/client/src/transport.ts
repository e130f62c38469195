import type { Push } from './answers.ts';
import type { Credentials } from './auth/credentials.ts';
import type { Environment } from './environment.ts';
import { FreshetError } from './errors.ts';
import type { Scope } from './frames.ts';
import type { Fields } from './schema.ts';
import {
  type Answer,
  type ChangeFrame,
  type ChangesVariables,
  changesQuery,
  pushMutation,
  readAnswer,
  readFrame,
  readPush,
  type WriteResult,
} from './wire.ts';

/** Where the server is, and as whom. */
export interface Remote {
  /** The address of the API, like https://example.com/graphql. */
  readonly endpoint: string;
  readonly credentials: Credentials;
  /** Whose store it is. Nothing is sent or asked for in the name of another. */
  readonly user: string | undefined;
  readonly environment: Environment;
  /** The headers that it was asked with last; undefined where there were none to be had. */
  sent?: Readonly<Record<string, string>> | undefined;
}

/** Gives the headers that prove who asks. */
export async function headersOf(remote: Remote, signal: AbortSignal): Promise<Record<string, string>> {
  const { credentials, user } = remote;
  remote.sent = undefined;
  const headers = await credentials.headers(signal);
  remote.sent = headers;
  if (credentials.user !== user) throw new FreshetError('unauthenticated', 'somebody else has signed in');
  return headers;
}

export const changesVariables = (
  after: string | undefined,
  { models, filter }: Scope,
  limit: number,
): ChangesVariables => ({
  after,
  models: models ?? undefined,
  filter: Object.keys(filter).length > 0 ? filter : undefined,
  limit,
});

/** Gives a page of what came after a cursor. */
export async function fetchChanges(
  remote: Remote,
  after: string | undefined,
  scope: Scope,
  limit: number,
  signal: AbortSignal,
): Promise<ChangeFrame> {
  return readFrame(await post(remote, changesQuery, changesVariables(after, scope, limit), signal));
}

/** Sends a push, and gives an answer to each of its writes. */
export async function sendPush(
  remote: Remote,
  push: Push,
  signal: AbortSignal,
): Promise<readonly WriteResult[]> {
  const { client, writes, atomic } = push;
  const { results } = readPush(await post(remote, pushMutation, { client, writes, atomic }, signal));
  const answered = new Set(results.map((answer) => answer.counter));
  if (writes.every((write) => answered.has(write.counter))) return results;
  throw new FreshetError('internal', 'the server did not answer every write');
}

/** How long a request may take, in milliseconds. */
const patience = 60_000;

/** Makes a request. Errors: FreshetError, and those of the network. */
export async function post(
  remote: Remote,
  query: string,
  variables: object,
  signal: AbortSignal,
): Promise<Fields | null> {
  const { endpoint, environment } = remote;
  const limited = new AbortController();
  const abort = () => limited.abort(signal.reason);
  const timer = environment.setTimeout(() => limited.abort(), patience);
  signal.addEventListener('abort', abort);
  try {
    signal.throwIfAborted();
    const headers = await headersOf(remote, limited.signal);
    const response = await environment.fetch(endpoint, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
      signal: limited.signal,
    });
    return dataOf(readAnswer(response.status, await response.text()));
  } finally {
    environment.clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}

/** Gives the data of an answer; the error of one that has none is thrown. */
export function dataOf({ data, errors: [error] }: Answer): Fields | null {
  if (error) throw new FreshetError(error.code, error.message);
  return data;
}
