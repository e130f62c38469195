import { useClient } from '@freshet/react';
import type { Task } from '../../generated/schema.ts';
import { AddPerson } from '../../people/add.tsx';
import { PeopleList } from '../../people/list.tsx';
import { ownName, type Person } from '../../server/people.ts';
import { texts } from '../../texts.ts';
import { toast, undoable } from '../../ui/toasts.tsx';

const t = texts.share;

/** Who else sees a task, and how somebody is added. */
export function Share({ task }: { task: Task }) {
  const client = useClient();
  const sharedWith = (task.sharedWith ?? []).filter((name) => name !== null);
  const set = (make: (names: readonly string[]) => readonly string[]) =>
    client.tasks.update(task.id, (now) => ({
      sharedWith: make((now.sharedWith ?? []).filter((name) => name !== null)),
    }));
  const add = (username: string) => set((names) => (names.includes(username) ? names : [...names, username]));
  const share = async ({ username, name }: Person) => {
    await add(username);
    toast({ text: t.added(name ?? username) });
  };
  const remove = async (username: string, name: string) => {
    await set((names) => names.filter((other) => other !== username));
    undoable(t.removed(name), () => void add(username));
  };
  return (
    <section aria-labelledby="share-title">
      <h2 id="share-title" className="mb-1.5 font-medium">
        {t.title}
      </h2>
      {sharedWith.length === 0 && <p className="mb-3 text-sm text-soft">{t.nobody}</p>}
      <PeopleList
        owner={task.owner}
        names={sharedWith}
        role={t.owner}
        remove={t.remove}
        onRemove={task.owner === ownName() ? (username, name) => void remove(username, name) : undefined}
      />
      <AddPerson
        label={t.field}
        button={t.add}
        among={[...(task.owner ? [task.owner] : []), ...sharedWith]}
        onAdd={share}
      />
    </section>
  );
}
