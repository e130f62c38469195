import { useId } from 'react';
import { AddPerson } from '../../people/add.tsx';
import { PeopleList } from '../../people/list.tsx';
import { texts } from './texts.ts';

const t = texts.people;

export interface PeopleProps {
  label: string;
  hint: string;
  /** Whose it is; shown first. */
  owner: string | null | undefined;
  /** What they are called. */
  role: string;
  names: readonly string[];
  /** Undefined: they can only be read. */
  onChange?: ((names: readonly string[]) => void) | undefined;
}

/** People by their addresses, beside the owner. */
export function People({ label, hint, owner, role, names, onChange }: PeopleProps) {
  const id = useId();
  return (
    <section aria-labelledby={id}>
      <h3 id={id} className="mb-1.5 font-medium">
        {label}
      </h3>
      <PeopleList
        owner={owner}
        names={names}
        role={role}
        remove={t.remove}
        onRemove={onChange && ((username) => onChange(names.filter((name) => name !== username)))}
      />
      {onChange && (
        <AddPerson
          label={t.field}
          button={t.add}
          hint={hint}
          among={names}
          onAdd={({ username }) => onChange([...names, username])}
        />
      )}
    </section>
  );
}
