import { ownName, useNames } from '../server/people.ts';
import { texts } from '../texts.ts';
import { IconButton } from '../ui/button.tsx';
import { CloseIcon } from '../ui/icons.tsx';
import { Avatar } from '../ui/person.tsx';

export interface PeopleListProps {
  /** Whose it is; shown first, and never taken out. */
  owner: string | null | undefined;
  names: readonly string[];
  /** What the owner is called: owner, organiser. */
  role: string;
  remove: (name: string) => string;
  /** Takes somebody out, by their user name, and how they are shown. Undefined: they can only be read. */
  onRemove?: ((username: string, name: string) => void) | undefined;
}

/** The owner of something and others who may see it; nothing where there are no others. */
export function PeopleList({ owner, names, role, remove, onRemove }: PeopleListProps) {
  const all = [...(owner ? [owner] : []), ...names];
  const nameOf = useNames(all);
  if (names.length === 0) return null;
  return (
    <ul className="mb-3 divide-y divide-line">
      {all.map((username) => (
        <li key={username} className="flex h-12 items-center gap-3">
          <Avatar id={username} name={nameOf(username)} />
          <span className="min-w-0 flex-1 truncate">
            {nameOf(username)}
            {username === ownName() && <span className="text-soft"> ({texts.people.you})</span>}
          </span>
          {username === owner ? (
            <span className="pr-2.5 text-sm text-soft">{role}</span>
          ) : (
            onRemove && (
              <IconButton
                label={remove(nameOf(username))}
                onClick={() => onRemove(username, nameOf(username))}
              >
                <CloseIcon className="size-4" />
              </IconButton>
            )
          )}
        </li>
      ))}
    </ul>
  );
}
