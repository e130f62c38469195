import { useId } from 'react';
import { inputLook } from '../../ui/field.tsx';
import { type Draft, timeOf, withAllDay, withStart } from './draft.ts';
import { texts } from './texts.ts';

const t = texts.event;
const zones = Intl.supportedValuesOf('timeZone');
const here = new Intl.DateTimeFormat(undefined, {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  hour: 'numeric',
  minute: '2-digit',
});

/** When an event is: days, or hours in a zone. */
export function Times({ draft, onChange }: { draft: Draft; onChange: (draft: Draft) => void }) {
  const id = useId();
  const type = draft.allDay ? 'date' : 'datetime-local';
  const shown = (text: string) => (draft.allDay ? text.slice(0, 10) : text);
  const elsewhere =
    !draft.allDay && draft.zone !== Intl.DateTimeFormat().resolvedOptions().timeZone
      ? hereOf(draft)
      : undefined;
  return (
    <div className="space-y-3">
      <label className="flex w-fit items-center gap-3">
        <input
          type="checkbox"
          className="size-4 accent-accent"
          checked={draft.allDay}
          onChange={(event) => onChange(withAllDay(draft, event.target.checked))}
        />
        {t.allDay}
      </label>
      <div className="grid gap-3 sm:grid-cols-2">
        <div>
          <label htmlFor={`${id}-start`} className="mb-1.5 block font-medium">
            {t.starts}
          </label>
          <input
            id={`${id}-start`}
            type={type}
            required
            value={shown(draft.start)}
            onChange={(event) => onChange(withStart(draft, full(event.target.value)))}
            className={`${inputLook} h-11`}
          />
        </div>
        <div>
          <label htmlFor={`${id}-end`} className="mb-1.5 block font-medium">
            {t.ends}
          </label>
          <input
            id={`${id}-end`}
            type={type}
            required
            value={shown(draft.end)}
            min={shown(draft.start)}
            onChange={(event) => onChange({ ...draft, end: full(event.target.value) })}
            className={`${inputLook} h-11`}
          />
        </div>
      </div>
      {!draft.allDay && (
        <div>
          <label htmlFor={`${id}-zone`} className="mb-1.5 block font-medium">
            {t.zone}
          </label>
          <input
            id={`${id}-zone`}
            list={`${id}-zones`}
            value={draft.zone}
            spellCheck={false}
            onChange={(event) => onChange({ ...draft, zone: event.target.value.trim() })}
            className={`${inputLook} h-11`}
          />
          <datalist id={`${id}-zones`}>
            {zones.map((zone) => (
              <option key={zone} value={zone} />
            ))}
          </datalist>
          {elsewhere && <p className="mt-1.5 text-sm text-soft">{t.inZone(elsewhere)}</p>}
        </div>
      )}
    </div>
  );
}

const full = (text: string) => (text.length === 10 ? `${text}T00:00` : text);

function hereOf(draft: Draft): string | undefined {
  try {
    const { start, end } = timeOf(draft);
    return here.formatRange(start, end);
  } catch {
    return undefined;
  }
}
