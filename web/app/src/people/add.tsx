import { useClient } from '@freshet/react';
import { useId, useState } from 'react';
import type { Person } from '../server/people.ts';
import { Button } from '../ui/button.tsx';
import { inputLook } from '../ui/field.tsx';
import { find } from './find.ts';

export interface AddPersonProps {
  label: string;
  button: string;
  /** Said beneath the field while there is no problem. */
  hint?: string;
  /** The user names of those who are there. */
  among: readonly string[];
  onAdd: (person: Person) => unknown;
}

/** A field that finds somebody by their e-mail. It stands in other forms, so it is none itself. */
export function AddPerson({ label, button, hint, among, onAdd }: AddPersonProps) {
  const id = useId();
  const client = useClient();
  const [email, setEmail] = useState('');
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);

  async function add(): Promise<void> {
    if (!email.trim() || busy) return;
    setBusy(true);
    const found = await find(client, email.trim(), among);
    setBusy(false);
    if ('problem' in found) return setProblem(found.problem);
    onAdd(found.person);
    setEmail('');
  }

  return (
    <>
      <div className="flex gap-2">
        <input
          type="email"
          value={email}
          aria-label={label}
          placeholder={label}
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
          {button}
        </Button>
      </div>
      <p
        id={id}
        role="status"
        className={`mt-1.5 text-sm empty:mt-0 ${problem ? 'text-danger' : 'text-soft'}`}
      >
        {problem ?? hint}
      </p>
    </>
  );
}
