import { FreshetError } from '@freshet/client';
import { type AppClient, useClient } from '@freshet/react';
import { type FormEvent, useState } from 'react';
import type { Task } from '../../generated/schema.ts';
import { offers } from '../../server/offers.ts';
import { findByEmail, ownName, useNames } from '../../server/people.ts';
import { texts } from '../../texts.ts';
import { Button, IconButton } from '../../ui/button.tsx';
import { inputLook } from '../../ui/field.tsx';
import { CloseIcon } from '../../ui/icons.tsx';
import { Avatar } from '../../ui/person.tsx';
import { toast, undoable } from '../../ui/toasts.tsx';

const t = texts.share;

/** Who else sees a task, and how somebody is added. */
export function Share({ task }: { task: Task }) {
  const client = useClient();
  const me = ownName();
  const sharedWith = (task.sharedWith ?? []).filter((name) => name !== null);
  const all = [...(task.owner ? [task.owner] : []), ...sharedWith];
  const nameOf = useNames(all);
  const set = (make: (names: readonly string[]) => readonly string[]) =>
    client.tasks.update(task.id, (now) => ({
      sharedWith: make((now.sharedWith ?? []).filter((name) => name !== null)),
    }));
  const add = (username: string) => set((names) => (names.includes(username) ? names : [...names, username]));
  const removeName = async (username: string) => {
    await set((names) => names.filter((name) => name !== username));
    undoable(t.removed(nameOf(username)), () => void add(username));
  };
  return (
    <section aria-labelledby="share-title">
      <h2 id="share-title" className="mb-1.5 font-medium">
        {t.title}
      </h2>
      {sharedWith.length === 0 && <p className="mb-3 text-sm text-soft">{t.nobody}</p>}
      {sharedWith.length > 0 && (
        <ul className="mb-3 divide-y divide-line">
          {all.map((username) => (
            <li key={username} className="flex h-12 items-center gap-3">
              <Avatar id={username} name={nameOf(username)} />
              <span className="min-w-0 flex-1 truncate">
                {nameOf(username)}
                {username === me && <span className="text-soft"> ({t.you})</span>}
              </span>
              {username === task.owner ? (
                <span className="pr-2.5 text-sm text-soft">{t.owner}</span>
              ) : (
                task.owner === me && (
                  <IconButton label={t.remove(nameOf(username))} onClick={() => void removeName(username)}>
                    <CloseIcon className="size-4" />
                  </IconButton>
                )
              )}
            </li>
          ))}
        </ul>
      )}
      <AddPerson among={all} onAdd={add} />
    </section>
  );
}

function AddPerson({
  among,
  onAdd,
}: {
  among: readonly string[];
  onAdd: (username: string) => Promise<unknown>;
}) {
  const client = useClient();
  const [email, setEmail] = useState('');
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);

  async function add(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (!email.trim() || busy) return;
    setBusy(true);
    const found = await problemWith(client, email.trim(), among, onAdd);
    setProblem(found);
    if (!found) setEmail('');
    setBusy(false);
  }

  return (
    <form onSubmit={add} noValidate>
      <div className="flex gap-2">
        <input
          type="email"
          value={email}
          aria-label={t.field}
          placeholder={t.field}
          autoComplete="off"
          aria-invalid={problem ? true : undefined}
          aria-describedby="share-problem"
          onChange={(event) => {
            setEmail(event.target.value);
            setProblem(undefined);
          }}
          className={`${inputLook} h-10`}
        />
        <Button type="submit" aria-disabled={busy}>
          {t.add}
        </Button>
      </div>
      <p id="share-problem" role="status" className="mt-1.5 text-sm text-danger empty:mt-0">
        {problem}
      </p>
    </form>
  );
}

/** Finds somebody and shares with them; gives why not, where it does not work. */
async function problemWith(
  client: AppClient,
  email: string,
  among: readonly string[],
  onAdd: (username: string) => Promise<unknown>,
): Promise<string | undefined> {
  try {
    if (!(await offers(client, 'Query.userByEmail'))) return t.missing;
    const person = await findByEmail(client, email);
    if (!person) return t.unknown;
    if (person.username === ownName()) return t.self;
    if (among.includes(person.username)) return t.already;
    await onAdd(person.username);
    toast({ text: t.added(person.name ?? email) });
    return undefined;
  } catch (error) {
    const code = error instanceof FreshetError ? error.code : '';
    if (code === 'unavailable') return client.status.get().connection === 'live' ? t.often : t.offline;
    if (code === 'forbidden') return t.missing;
    return code === 'invalid' ? texts.problems.email : texts.problems.other;
  }
}
