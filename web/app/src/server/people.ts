import { type AppClient, useClient } from '@freshet/react';
import { useEffect, useMemo, useSyncExternalStore } from 'react';
import { session } from '../workspace.ts';
import { offers } from './offers.ts';

/** Somebody with an account: the user name is what records hold. */
export interface Person {
  readonly username: string;
  readonly name: string | null;
}

const key = 'freshet people';

let names: Readonly<Record<string, string>> = load();
const asked = new Set<string>();
const listeners = new Set<() => void>();

function load(): Record<string, string> {
  try {
    return JSON.parse(localStorage.getItem(key) ?? '{}');
  } catch {
    return {};
  }
}

function remember(people: readonly (Person | null)[]): void {
  names = { ...names, ...Object.fromEntries(people.flatMap((p) => (p?.name ? [[p.username, p.name]] : []))) };
  localStorage.setItem(key, JSON.stringify(names));
  for (const listener of [...listeners]) listener();
}

/** Forgets who is who, with whom it was known. */
export function forgetPeople(): void {
  names = {};
  asked.clear();
  localStorage.removeItem(key);
}

/** Finds who has an address; undefined: nobody. */
export async function findByEmail(client: AppClient, email: string): Promise<Person | undefined> {
  const { userByEmail } = await client.graphql<{ userByEmail: Person | null }>(byEmail, { email });
  if (!userByEmail) return undefined;
  const known = { ...userByEmail, name: userByEmail.name ?? email };
  remember([known]);
  return known;
}

const byEmail = 'query ($email: AWSEmail!) { userByEmail(email: $email) { username name } }';

async function look(client: AppClient, usernames: readonly string[]): Promise<void> {
  if (!(await offers(client, 'Query.people'))) return;
  remember((await client.graphql<{ people: (Person | null)[] }>(byNames, { usernames })).people);
}

const byNames = 'query ($usernames: [String!]!) { people(usernames: $usernames) { username name } }';

/** Gives how people are shown, by their user names; asked of the server once, and kept for when there is no network. */
export function useNames(usernames: readonly string[]): (username: string) => string {
  const client = useClient();
  const known = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    () => names,
  );
  const missing = usernames
    .filter((name) => !asked.has(name))
    .slice(0, 100)
    .join('\n');
  useEffect(() => {
    if (!missing) return;
    const wanted = missing.split('\n');
    for (const name of wanted) asked.add(name);
    look(client, wanted).catch(() => {
      for (const name of wanted) asked.delete(name);
    });
  }, [client, missing]);
  return useMemo(
    () => (username) => known[username] ?? (isId(username) ? shortened(username) : username),
    [known],
  );
}

const isId = (username: string) => /^[0-9a-f-]{36}$/.test(username);
const shortened = (id: string) => `${id.slice(0, 8)}…`;

/** The user name of who is signed in, as records hold it. */
export const ownName = (): string | undefined => session.profile?.username;
