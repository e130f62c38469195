import { type FormEvent, useEffect, useState } from 'react';
import { ServerError } from '../../agenda/server.ts';
import { createSigned, type IdentityPool, identityPool } from '../../agenda/signed.ts';
import { Link } from '../../router/router.tsx';
import { ownName } from '../../server/people.ts';
import { Page } from '../../shell/page.tsx';
import { Button } from '../../ui/button.tsx';
import { Empty } from '../../ui/empty.tsx';
import { Field, Problem } from '../../ui/field.tsx';
import { AgendaIcon, CheckIcon } from '../../ui/icons.tsx';
import { type Draft, draftAt, fieldsOf, problemOf, timeOf } from './draft.ts';
import { texts } from './texts.ts';
import { Times } from './times.tsx';

const t = texts.signed;
const hour = 3_600_000;

/** A page that creates an event by a signed request. */
export default function NewEventPage() {
  const [pool, setPool] = useState<IdentityPool | null>();
  const [problem, setProblem] = useState<string>();
  useEffect(() => {
    identityPool().then(
      (found) => setPool(found ?? null),
      () => setProblem(texts.publish.network),
    );
  }, []);
  return (
    <Page title={t.title} lead={t.lead}>
      {pool && <Form pool={pool} />}
      {pool === null && (
        <Empty icon={<AgendaIcon className="size-7" />} title={t.none}>
          <p>{t.noneText}</p>
        </Empty>
      )}
      <Problem>{problem}</Problem>
    </Page>
  );
}

function freshDraft(): Draft {
  const start = Math.ceil(Date.now() / hour) * hour;
  return draftAt({ start, end: start + hour, allDay: false }, '');
}

function Form({ pool }: { pool: IdentityPool }) {
  const [draft, setDraft] = useState(freshDraft);
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  const [done, setDone] = useState(false);

  async function create(event: FormEvent): Promise<void> {
    event.preventDefault();
    const wrong = problemOf(draft);
    setProblem(wrong);
    if (wrong || busy) return;
    setBusy(true);
    try {
      const { start, end, allDay } = timeOf(draft);
      const { title, zone, location } = fieldsOf(draft);
      const times = { start: new Date(start).toISOString(), end: new Date(end).toISOString(), allDay };
      await createSigned(pool, { title, zone, location, ...times, owner: ownName() ?? null });
      setDone(true);
    } catch (error) {
      setProblem(reasonOf(error));
    }
    setBusy(false);
  }

  if (done) {
    return (
      <Empty icon={<CheckIcon className="size-7" />} title={t.done}>
        <div className="flex justify-center gap-2">
          <Button
            onClick={() => {
              setDraft(freshDraft());
              setDone(false);
            }}
          >
            {t.another}
          </Button>
          <Link
            to="/agenda"
            className="inline-flex h-10 items-center rounded-lg bg-accent px-4 font-medium text-on-accent"
          >
            {t.toAgenda}
          </Link>
        </div>
      </Empty>
    );
  }
  return (
    <form onSubmit={create} noValidate className="space-y-4">
      <Field
        label={texts.event.title}
        value={draft.title}
        autoComplete="off"
        onChange={(event) => setDraft({ ...draft, title: event.target.value })}
      />
      <Times draft={draft} onChange={setDraft} />
      <Field
        label={texts.event.location}
        value={draft.location}
        autoComplete="off"
        onChange={(event) => setDraft({ ...draft, location: event.target.value })}
      />
      <Problem>{problem}</Problem>
      <Button type="submit" look="primary" aria-disabled={busy}>
        {t.create}
      </Button>
    </form>
  );
}

function reasonOf(error: unknown): string {
  if (!(error instanceof ServerError)) return texts.publish.network;
  return error.code === 'forbidden' ? t.forbidden : error.message;
}
