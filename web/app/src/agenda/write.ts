import type { AppClient } from '@freshet/react';
import type { Event } from '../generated/schema.ts';
import { undoable } from '../ui/toasts.tsx';
import { type Change, inverse } from './changes.ts';

/** Makes changes together, and tells of it with the way back. `events` are all as they were before. */
export async function write(
  client: AppClient,
  changes: readonly Change[],
  events: readonly Event[],
  told: string,
): Promise<void> {
  const back = inverse(changes, events);
  await make(client, changes);
  undoable(told, () => void make(client, back));
}

const make = (client: AppClient, changes: readonly Change[]): Promise<void> =>
  client.transact(({ events }) => {
    for (const change of changes) {
      if (change.op === 'create') events.create(change.fields);
      else if (change.op === 'update') events.update(change.id, change.patch);
      else events.delete(change.id);
    }
  });
