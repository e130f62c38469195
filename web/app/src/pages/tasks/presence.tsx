import { type AppClient, useClient } from '@freshet/react';
import { useEffect, useState } from 'react';
import type { Task } from '../../generated/schema.ts';
import { offers } from '../../server/offers.ts';
import { ownName, useNames } from '../../server/people.ts';
import { texts } from '../../texts.ts';
import { Avatar } from '../../ui/person.tsx';

interface Heard {
  readonly onPresence: { readonly user: string | null; readonly state: string | null };
}

const beat = 15_000; // ms between two signs of life
const silence = 40_000; // ms after which somebody counts as gone

/** Who comes says hello, those who are there answer that they are here, and who leaves is gone. */
type Sign = 'hello' | 'here' | 'gone';

/** Where a sign does not get through, nobody sees one. */
const say = (client: AppClient, taskId: string, state: Sign) =>
  void client.graphql(setPresence, { taskId, state }).catch(() => {});

const setPresence =
  'mutation ($taskId: ID!, $state: String) { setPresence(taskId: $taskId, state: $state) { taskId user state at } }';
const onPresence = 'subscription ($taskId: ID!) { onPresence(taskId: $taskId) { taskId user state at } }';

/** Shows oneself to who else has a task open, and hears of them. Gives the function that ends it. */
function meet(client: AppClient, taskId: string, change: (users: readonly string[]) => void): () => void {
  const me = ownName();
  const seen = new Map<string, number>();
  let heard = false; // oneself: from then on answers are heard, too
  let wait = 500;
  let timer: ReturnType<typeof setTimeout>;
  const tell = () => change([...seen.keys()].sort());
  const hear = ({ onPresence: { user, state } }: Heard) => {
    if (user === me) heard = true;
    if (!user || user === me) return;
    if (state === 'hello') say(client, taskId, 'here');
    if (state === 'gone') seen.delete(user);
    else seen.set(user, Date.now());
    tell();
  };
  const live = () => {
    say(client, taskId, heard ? 'here' : 'hello');
    for (const [user, at] of seen) if (Date.now() - at > silence) seen.delete(user);
    tell();
    wait = heard ? beat : Math.min(2 * wait, beat);
    timer = setTimeout(live, wait);
  };
  const end = client.subscribe<Heard>(onPresence, { taskId }, hear, () => {});
  live();
  return () => {
    clearTimeout(timer);
    end();
    say(client, taskId, 'gone');
  };
}

/** Who else has a task open. Nothing of it is stored anywhere. */
function usePresence(taskId: string, enabled: boolean): readonly string[] {
  const client = useClient();
  const [users, setUsers] = useState<readonly string[]>([]);
  useEffect(() => {
    if (!enabled) return;
    let stop: (() => void) | undefined;
    let ended = false;
    offers(client, 'Subscription.onPresence').then(
      (offered) => {
        if (offered && !ended) stop = meet(client, taskId, setUsers);
      },
      () => {}, // without a connection nobody is seen
    );
    return () => {
      ended = true;
      stop?.();
      setUsers([]);
    };
  }, [client, taskId, enabled]);
  return users;
}

/** The people who have the same task open. */
export function Present({ task }: { task: Task }) {
  const isShared = (task.sharedWith?.length ?? 0) > 0;
  const users = usePresence(task.id, isShared);
  const nameOf = useNames(users);
  const names = new Intl.ListFormat().format(users.map(nameOf));
  const words = users.length === 0 ? '' : (users.length === 1 ? texts.task.here : texts.task.hereMany)(names);
  return (
    <div role="status" title={words} className="flex h-10 items-center gap-2">
      {users.slice(0, 4).map((user) => (
        <Avatar key={user} id={user} name={nameOf(user)} small />
      ))}
      <span className="min-w-0 truncate text-sm text-soft">{words}</span>
    </div>
  );
}
