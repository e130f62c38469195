import { createClient } from '@freshet/client';
import { createSession, type Session } from '@freshet/client/accounts';
import type { AppClient } from '@freshet/react';
import { useSyncExternalStore } from 'react';
import { schema } from './generated/schema.ts';
import type { Ids } from './server/discovery.ts';

declare module '@freshet/react' {
  interface Register {
    schema: typeof schema;
  }
}

const endpoint = new URL('/graphql', location.origin).href;

/** The account of whoever uses the app, in all tabs. */
export let session: Session;

/** What is kept here of the one who is signed in; undefined while nobody is. */
let client: AppClient | undefined;
let user: string | undefined;
const listeners = new Set<() => void>();

function follow(): void {
  if (session.user === user) return;
  user = session.user;
  client?.close().catch(() => {});
  client = user === undefined ? undefined : createClient({ endpoint, auth: session, schema });
  client?.start();
  for (const listener of [...listeners]) listener();
}

/** Opens it, before anything else is done. */
export function openWorkspace(ids: Ids): void {
  session = createSession({ endpoint, ...ids });
  session.subscribe(follow);
  follow();
}

export function useWorkspace(): AppClient | undefined {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    () => client,
  );
}
