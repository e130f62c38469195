import { type ChangeEvent, useRef, useState } from 'react';
import { type Imported, importEvents, ServerError } from '../../agenda/server.ts';
import { ownZone } from '../../agenda/zones.ts';
import type { Calendar } from '../../generated/schema.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Problem } from '../../ui/field.tsx';
import { CalendarField } from './editor.tsx';
import { texts } from './texts.ts';

const t = texts.import;

/** Events from a file of another calendar. */
export function Import({ calendars }: { calendars: readonly Calendar[] }) {
  const [text, setText] = useState<string>();
  const field = useRef<HTMLInputElement>(null);
  const read = async ({ currentTarget }: ChangeEvent<HTMLInputElement>) => {
    const file = currentTarget.files?.[0];
    currentTarget.value = ''; // so that the same file can be chosen again
    if (file) setText(await file.text());
  };
  return (
    <section>
      <h2 className="text-sm font-semibold text-soft">{t.title}</h2>
      <p className="mt-1 mb-2 text-sm text-soft">{t.hint}</p>
      <input
        ref={field}
        type="file"
        accept=".ics,text/calendar"
        aria-label={t.choose}
        className="hidden"
        onChange={(event) => void read(event)}
      />
      <Button small onClick={() => field.current?.click()}>
        {t.choose}
      </Button>
      {text !== undefined && <Into text={text} calendars={calendars} onClose={() => setText(undefined)} />}
    </section>
  );
}

function Into({
  text,
  calendars,
  onClose,
}: {
  text: string;
  calendars: readonly Calendar[];
  onClose: () => void;
}) {
  const [calendar, setCalendar] = useState('');
  const [busy, setBusy] = useState(false);
  const [done, setDone] = useState<Imported>();
  const [problem, setProblem] = useState<string>();
  const take = async () => {
    setBusy(true);
    try {
      setDone(await importEvents(text, calendar, ownZone()));
    } catch (error) {
      setProblem(reasonOf(error));
    }
    setBusy(false);
  };
  return (
    <Dialog title={done ? t.done : t.title} onClose={onClose}>
      {done ? (
        <Result done={done} />
      ) : (
        <div className="space-y-4">
          <CalendarField label={t.into} value={calendar} calendars={calendars} onChange={setCalendar} />
          <Problem>{problem}</Problem>
          <Button look="primary" aria-disabled={busy} onClick={() => busy || void take()}>
            {t.title}
          </Button>
        </div>
      )}
    </Dialog>
  );
}

function Result({ done: { created, updated, unchanged, refused, refusals } }: { done: Imported }) {
  return (
    <div role="status" className="space-y-3">
      <p>{t.counts(created, updated, unchanged)}</p>
      {refused > 0 && (
        <>
          <p>{t.refused(refused)}</p>
          <ul className="divide-y divide-line border-y border-line text-sm">
            {refusals.map(({ uid, title, reason }) => (
              <li key={`${uid} ${reason}`} className="py-2">
                <span className="font-medium">{title || uid}</span>
                <span className="block text-soft first-letter:uppercase">{reason}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}

function reasonOf(error: unknown): string {
  if (!(error instanceof ServerError)) return texts.publish.failed;
  if (error.code === 'network') return texts.publish.network;
  return error.code === 'too_large' ? t.large : error.message;
}
