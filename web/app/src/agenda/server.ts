import { session } from '../workspace.ts';

/** What a door refused, or that it could not be reached. */
export class ServerError extends Error {
  constructor(
    /** A code of the protocol, or network. */
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** Where a calendar that is published is read. */
export interface Published {
  /** Addresses; whoever has one can read the calendar. */
  readonly page: string;
  readonly feed: string;
}

export interface Imported {
  readonly created: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly refused: number;
  readonly ignored: number;
  readonly refusals: readonly { readonly uid: string; readonly title: string; readonly reason: string }[];
}

/** Asks one of the doors beside GraphQL. Errors: ServerError, AuthError. */
async function ask<T>(method: string, path: string, body?: string): Promise<T> {
  const headers = await session.headers();
  const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'text/calendar' };
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers: { ...headers, ...type },
      ...(body !== undefined && { body }),
    });
  } catch (error) {
    throw new ServerError('network', String(error));
  }
  const answer = await response.json().catch(() => undefined);
  if (response.ok && answer) return answer;
  const error = answer?.errors?.[0];
  throw new ServerError(
    error?.errorInfo?.code ?? 'internal',
    error?.message ?? `the server answered ${response.status}`,
  );
}

const keyOf = (calendar: string) => `/calendar/${encodeURIComponent(calendar)}/key`;
const absolute = (path: string) => new URL(path, location.origin).href;

/** Gives since when a calendar is published; undefined: it is not. */
export async function publishedSince(calendar: string): Promise<string | undefined> {
  const { published, since } = await ask<{ published: boolean; since?: string }>('GET', keyOf(calendar));
  return published ? (since ?? '') : undefined;
}

/** Publishes a calendar. Links that were given before are good no more. */
export async function publish(calendar: string): Promise<Published> {
  const { page, feed } = await ask<Published>('POST', keyOf(calendar));
  return { page: absolute(page), feed: absolute(feed) };
}

export const unpublish = (calendar: string): Promise<unknown> => ask('DELETE', keyOf(calendar));

/** Writes the events of a text in iCalendar's form. `zone` is for times that name none. */
export const importEvents = (text: string, calendar: string, zone: string): Promise<Imported> =>
  ask('POST', `/agenda/import?${new URLSearchParams({ ...(calendar && { calendar }), zone })}`, text);
