import { type FormEvent, useId, useState } from 'react';
import type { Calendar } from '../../generated/schema.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Field, inputLook, Problem } from '../../ui/field.tsx';
import { type Draft, problemOf } from './draft.ts';
import { People } from './people.tsx';
import { Repeat } from './repeat.tsx';
import { texts } from './texts.ts';
import { Times } from './times.tsx';

const t = texts.event;

export interface EditorProps {
  title: string;
  save: string;
  draft: Draft;
  owner: string | null | undefined;
  calendars: readonly Calendar[];
  readOnly?: boolean;
  /** An event in the place of one of a series does not repeat itself. */
  repeats?: boolean;
  onSave: (draft: Draft) => void;
  onDelete?: (() => void) | undefined;
  onClose: () => void;
}

/** The form of one event. */
export function Editor({
  title,
  save,
  draft: before,
  owner,
  calendars,
  readOnly,
  repeats = true,
  onSave,
  onDelete,
  onClose,
}: EditorProps) {
  const [draft, setDraft] = useState(before);
  const [problem, setProblem] = useState<string>();
  const set = (change: Partial<Draft>) => setDraft({ ...draft, ...change });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const wrong = problemOf(draft);
    setProblem(wrong);
    if (!wrong) onSave(draft);
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={submit} noValidate>
        <fieldset disabled={readOnly} className="space-y-4">
          {readOnly && <p className="text-soft">{t.readOnly}</p>}
          <Field
            label={t.title}
            value={draft.title}
            maxLength={1000}
            autoComplete="off"
            autoFocus={!readOnly && !draft.title}
            onChange={(event) => set({ title: event.target.value })}
          />
          <Times draft={draft} onChange={setDraft} />
          {repeats && <Repeat rule={draft.rule} onChange={(rule) => set({ rule })} />}
          <div className="grid gap-3 sm:grid-cols-2">
            <Field
              label={t.location}
              value={draft.location}
              autoComplete="off"
              onChange={(event) => set({ location: event.target.value })}
            />
            <CalendarField
              value={draft.calendar}
              calendars={calendars}
              onChange={(calendar) => set({ calendar })}
            />
          </div>
          <Notes value={draft.notes} onChange={(notes) => set({ notes })} />
          <People
            label={texts.people.attendees}
            hint={texts.people.attendeesHint}
            owner={owner}
            role={texts.people.organiser}
            names={draft.attendees}
            onChange={readOnly ? undefined : (attendees) => set({ attendees })}
          />
        </fieldset>
        <div className="sticky bottom-0 -mx-5 mt-5 -mb-5 border-t border-line bg-raised px-5 py-3 md:-mx-6 md:-mb-6 md:px-6">
          <Problem>{problem}</Problem>
          <div className={`flex flex-wrap items-center gap-2 ${problem ? 'mt-3' : ''}`}>
            {onDelete && (
              <Button look="quiet" className="-ml-4 text-danger" onClick={onDelete}>
                {t.remove}
              </Button>
            )}
            {!readOnly && (
              <Button type="submit" look="primary" className="ml-auto">
                {save}
              </Button>
            )}
          </div>
        </div>
      </form>
    </Dialog>
  );
}

export function CalendarField({
  label = t.calendar,
  value,
  calendars,
  onChange,
}: {
  label?: string;
  value: string;
  calendars: readonly Calendar[];
  onChange: (id: string) => void;
}) {
  const id = useId();
  return (
    <div>
      <label htmlFor={id} className="mb-1.5 block font-medium">
        {label}
      </label>
      <select
        id={id}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        className={`${inputLook} h-11`}
      >
        <option value="">{t.noCalendar}</option>
        {calendars.map((calendar) => (
          <option key={calendar.id} value={calendar.id}>
            {calendar.name}
          </option>
        ))}
        {value && !calendars.some((calendar) => calendar.id === value) && (
          <option value={value}>{value}</option>
        )}
      </select>
    </div>
  );
}

function Notes({ value, onChange }: { value: string; onChange: (notes: string) => void }) {
  const id = useId();
  return (
    <div>
      <label htmlFor={id} className="mb-1.5 block font-medium">
        {t.notes}
      </label>
      <textarea
        id={id}
        rows={2}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        className="field-sizing-content max-h-60 min-h-18 w-full rounded-lg border border-edge bg-panel px-3 py-2 text-base md:text-[.9375rem]"
      />
    </div>
  );
}
