import { useClient } from '@freshet/react';
import { type FormEvent, useState } from 'react';
import type { Calendar } from '../../generated/schema.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Field } from '../../ui/field.tsx';
import { undoable } from '../../ui/toasts.tsx';
import { People } from './people.tsx';
import { Publish } from './publish.tsx';
import { texts } from './texts.ts';

const t = texts.calendars;

/** One calendar of one's own, or a new one. */
export function CalendarDialog({
  calendar,
  onClose,
}: {
  calendar: Calendar | undefined;
  onClose: () => void;
}) {
  const client = useClient();
  const [name, setName] = useState(calendar?.name ?? '');
  const [color, setColor] = useState(calendar?.color ?? Object.keys(t.colours)[0]!);
  const [sharedWith, setSharedWith] = useState<readonly string[]>(
    (calendar?.sharedWith ?? []).filter((name) => name !== null),
  );
  const [problem, setProblem] = useState<string>();

  function save(event: FormEvent): void {
    event.preventDefault();
    if (!name.trim()) {
      setProblem(t.needsName);
      return;
    }
    const fields = { name: name.trim(), color, sharedWith: sharedWith.length > 0 ? sharedWith : null };
    void (calendar ? client.calendars.update(calendar.id, fields) : client.calendars.create(fields));
    onClose();
  }

  function remove({ id, name, color = null, owner = null, sharedWith = null }: Calendar): void {
    void client.calendars.delete(id);
    undoable(t.removed, () => void client.calendars.create({ id, name, color, owner, sharedWith }));
    onClose();
  }

  return (
    <Dialog title={calendar ? t.edit : t.add} onClose={onClose}>
      <form onSubmit={save} noValidate className="space-y-5">
        <Field
          label={t.name}
          value={name}
          error={problem}
          maxLength={200}
          autoComplete="off"
          autoFocus={!calendar}
          onChange={(event) => setName(event.target.value)}
        />
        <Colours value={color} onChange={setColor} />
        <People
          label={texts.people.sharedWith}
          hint={texts.people.sharedHint}
          owner={calendar?.owner}
          role={texts.people.owner}
          names={sharedWith}
          onChange={setSharedWith}
        />
        <div className="flex justify-end">
          <Button type="submit" look="primary">
            {calendar ? texts.event.save : t.create}
          </Button>
        </div>
      </form>
      {calendar && (
        <div className="mt-6 space-y-6 border-t border-line pt-5">
          <Publish calendar={calendar.id} />
          <div className="flex flex-wrap items-center justify-between gap-3 border-t border-line pt-5">
            <p className="text-sm text-soft">{t.removeHint}</p>
            <Button look="quiet" className="-mr-4 text-danger" onClick={() => remove(calendar)}>
              {t.remove}
            </Button>
          </div>
        </div>
      )}
    </Dialog>
  );
}

function Colours({ value, onChange }: { value: string; onChange: (colour: string) => void }) {
  return (
    <fieldset>
      <legend className="mb-1.5 font-medium">{t.colour}</legend>
      <div className="flex flex-wrap justify-between gap-y-2 sm:justify-start sm:gap-x-2">
        {Object.entries(t.colours).map(([colour, name]) => (
          <label
            key={colour}
            title={name}
            className="grid size-9 place-items-center rounded-full has-checked:outline-2 has-checked:outline-offset-1 has-checked:outline-edge has-focus-visible:outline-accent"
          >
            <input
              type="radio"
              name="colour"
              className="sr-only"
              aria-label={name}
              checked={value === colour}
              onChange={() => onChange(colour)}
            />
            <span aria-hidden="true" className="size-7 rounded-full" style={{ backgroundColor: colour }} />
          </label>
        ))}
      </div>
    </fieldset>
  );
}
