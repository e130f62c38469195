import type { Scope } from './frames.ts';
import type { Ledger } from './ledger.ts';
import type { State } from './machine.ts';

export interface Status {
  readonly connection: 'stopped' | 'connecting' | 'syncing' | 'live' | 'offline' | 'unauthenticated';
  /** How many writes wait, and how many were refused and not decided about. */
  readonly pending: number;
  readonly rejected: number;
  readonly conflicts: number;
  /** When the client had everything last, in milliseconds. */
  readonly lastSynced: number | undefined;
  readonly firstSync: { readonly done: boolean; readonly received: number };
  /** Whether the store stays when the disk gets full; `lost`: it went away, and was begun anew. */
  readonly storage: { readonly persisted: boolean | undefined; readonly lost: boolean };
  /** Why the last attempt to reach the server failed. */
  readonly error: string | undefined;
}

/** How the tab that syncs is doing. */
export type Connected = Pick<Status, 'connection' | 'error'>;

export function connected({ link, push }: State, error: unknown): Connected {
  const message = error === undefined ? undefined : error instanceof Error ? error.message : String(error);
  return { connection: push === 'auth' ? 'unauthenticated' : connections[link], error: message };
}

const connections: { readonly [link in State['link']]: Status['connection'] } = {
  stopped: 'stopped',
  follower: 'connecting',
  catchUp: 'syncing',
  connect: 'connecting',
  live: 'live',
  backoff: 'offline',
  auth: 'unauthenticated',
};

export function statusOf(
  ledger: Ledger | undefined,
  scope: Scope,
  connection: Connected,
  storage: Status['storage'],
): Status {
  const place = ledger?.place(scope);
  return {
    ...connection,
    pending: ledger?.outbox.size ?? 0,
    rejected: ledger?.rejected.size ?? 0,
    conflicts: ledger?.conflicts.size ?? 0,
    lastSynced: place?.at,
    firstSync: { done: place?.done ?? false, received: place?.received ?? 0 },
    storage,
  };
}
