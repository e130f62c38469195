import type { Collection } from '@freshet/client';
import type { Session } from '@freshet/client/accounts';
import { createContext, type ReactNode, useContext, useMemo } from 'react';
import type { AppClient, CollectionName, Registered } from './register.ts';

interface Provided {
  readonly client?: AppClient | undefined;
  readonly session?: Session | undefined;
}

const Context = createContext<Provided>({});

export interface FreshetProviderProps extends Provided {
  /** What the hooks read and write. To start and to close it is the app's. */
  readonly client?: AppClient | undefined;
  /** The account, for useSession. */
  readonly session?: Session | undefined;
  readonly children?: ReactNode;
}

/** Gives a client and a session to all hooks below it. */
export function FreshetProvider({ client, session, children }: FreshetProviderProps) {
  const provided = useMemo(() => ({ client, session }), [client, session]);
  return <Context value={provided}>{children}</Context>;
}

function useProvided<K extends keyof Provided>(what: K): NonNullable<Provided[K]> {
  const found = useContext(Context)[what];
  if (!found) throw new Error(`no ${what}: the component has to be below a FreshetProvider that has one`);
  return found;
}

/** Gives the client. */
export const useClient = (): AppClient => useProvided('client');

export const useProvidedSession = (): Session => useProvided('session');

/** Gives a collection of the client's. */
export function useCollection<N extends CollectionName>(name: N): Collection<Registered[N]> {
  const found = useClient()[name];
  if (!found) throw new Error(`the client has no collection ${name}`);
  return found as unknown as Collection<Registered[N]>;
}
