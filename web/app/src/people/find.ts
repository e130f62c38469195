import { FreshetError } from '@freshet/client';
import type { AppClient } from '@freshet/react';
import { offers } from '../server/offers.ts';
import { findByEmail, ownName, type Person } from '../server/people.ts';
import { texts } from '../texts.ts';

const t = texts.people;

/** Somebody who is not among those there are, or why there is nobody to be added. */
export type Found = { readonly person: Person } | { readonly problem: string };

/** Finds somebody by their address. */
export async function find(client: AppClient, email: string, among: readonly string[]): Promise<Found> {
  try {
    if (!(await offers(client, 'Query.userByEmail'))) return { problem: t.missing };
    const person = await findByEmail(client, email);
    if (!person) return { problem: t.unknown };
    if (person.username === ownName()) return { problem: t.self };
    return among.includes(person.username) ? { problem: t.already } : { person };
  } catch (error) {
    return { problem: problemOf(error, client.status.get().connection === 'live') };
  }
}

function problemOf(error: unknown, isLive: boolean): string {
  if (!(error instanceof FreshetError)) return t.offline;
  switch (error.code) {
    case 'unavailable':
      return isLive ? t.often : t.offline;
    case 'forbidden':
      return t.missing;
    case 'invalid':
      return texts.problems.email;
    default:
      return texts.problems.other;
  }
}
