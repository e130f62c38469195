import { FreshetError } from '@freshet/client';
import { type AppClient, useClient } from '@freshet/react';
import { useId, useState } from 'react';
import { offers } from '../../server/offers.ts';
import { findByEmail, ownName, useNames } from '../../server/people.ts';
import { texts as all } from '../../texts.ts';
import { Button, IconButton } from '../../ui/button.tsx';
import { inputLook } from '../../ui/field.tsx';
import { CloseIcon } from '../../ui/icons.tsx';
import { Avatar } from '../../ui/person.tsx';
import { texts } from './texts.ts';

const t = texts.people;

export interface PeopleProps {
  label: string;
  hint: string;
  /** Whose it is; shown first. */
  owner: string | null | undefined;
  names: readonly string[];
  /** Undefined: they can only be read. */
  onChange?: ((names: readonly string[]) => void) | undefined;
}

/** People by their addresses, beside the owner. */
export function People({ label, hint, owner, names, onChange }: PeopleProps) {
  const id = useId();
  const nameOf = useNames([...(owner ? [owner] : []), ...names]);
  return (
    <section aria-labelledby={id}>
      <h3 id={id} className="mb-1.5 font-medium">
        {label}
      </h3>
      {names.length > 0 && (
        <ul className="mb-2 divide-y divide-line">
          {[...(owner ? [owner] : []), ...names].map((name) => (
            <li key={name} className="flex h-11 items-center gap-3">
              <Avatar id={name} name={nameOf(name)} small />
              <span className="min-w-0 flex-1 truncate">
                {nameOf(name)}
                {name === ownName() && <span className="text-soft"> ({all.share.you})</span>}
              </span>
              {name === owner ? (
                <span className="text-sm text-soft">{t.organiser}</span>
              ) : (
                onChange && (
                  <IconButton
                    label={t.remove(nameOf(name))}
                    onClick={() => onChange(names.filter((other) => other !== name))}
                  >
                    <CloseIcon className="size-4" />
                  </IconButton>
                )
              )}
            </li>
          ))}
        </ul>
      )}
      {onChange && <Add among={names} hint={hint} onAdd={(name) => onChange([...names, name])} />}
    </section>
  );
}

/** It stands in other forms, so it is none itself. */
function Add({
  among,
  hint,
  onAdd,
}: {
  among: readonly string[];
  hint: string;
  onAdd: (name: string) => void;
}) {
  const id = useId();
  const [email, setEmail] = useState('');
  const [problem, setProblem] = useState<string>();
  const client = useClient();
  const [busy, setBusy] = useState(false);

  async function add(): Promise<void> {
    if (!email.trim() || busy) return;
    setBusy(true);
    const found = await find(client, email.trim(), among);
    setBusy(false);
    setProblem(found.problem);
    if (!found.name) return;
    onAdd(found.name);
    setEmail('');
  }

  return (
    <>
      <div className="flex gap-2">
        <input
          type="email"
          value={email}
          aria-label={t.field}
          placeholder={t.field}
          autoComplete="off"
          aria-invalid={problem ? true : undefined}
          aria-describedby={id}
          onChange={(event) => {
            setEmail(event.target.value);
            setProblem(undefined);
          }}
          onKeyDown={(event) => {
            if (event.key !== 'Enter') return;
            event.preventDefault();
            void add();
          }}
          className={`${inputLook} h-10`}
        />
        <Button aria-disabled={busy} onClick={() => void add()}>
          {t.add}
        </Button>
      </div>
      <p id={id} role="status" className={`mt-1.5 text-sm ${problem ? 'text-danger' : 'text-soft'}`}>
        {problem ?? hint}
      </p>
    </>
  );
}

async function find(
  client: AppClient,
  email: string,
  among: readonly string[],
): Promise<{ name?: string; problem?: string }> {
  try {
    if (!(await offers(client, 'Query.userByEmail'))) return { problem: t.missing };
    const person = await findByEmail(client, email);
    if (!person) return { problem: t.unknown };
    if (person.username === ownName()) return { problem: t.self };
    if (among.includes(person.username)) return { problem: t.already };
    return { name: person.username };
  } catch (error) {
    const code = error instanceof FreshetError ? error.code : 'network';
    const known: Record<string, string> = {
      network: t.offline,
      forbidden: t.missing,
      unavailable: t.often,
      invalid: all.problems.email,
    };
    return { problem: known[code] ?? all.problems.other };
  }
}
