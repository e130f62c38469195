import { createClient } from '@freshet/client';
import { type AppClient, FreshetProvider, useQuery, useStatus } from '@freshet/react';
import { useCalendarController } from '@fullcalendar/react';
import { useEffect, useMemo, useRef, useState } from 'react';
import { type Occurrence, occurrences } from '../../agenda/occurrences.ts';
import { published } from '../../agenda/published.ts';
import { schema } from '../../generated/schema.ts';
import { usePlace } from '../../router/router.tsx';
import { Brand } from '../../shell/brand.tsx';
import { PageTitle } from '../../shell/page.tsx';
import { Empty } from '../../ui/empty.tsx';
import { AgendaIcon } from '../../ui/icons.tsx';
import Grid, { type Range } from '../agenda/grid.tsx';
import { useAgendaKeys } from '../agenda/keys.ts';
import { shown } from '../agenda/shown.ts';
import { texts } from '../agenda/texts.ts';
import { useTodayInSight } from '../agenda/today.ts';
import { Toolbar, type View } from '../agenda/toolbar.tsx';
import { Details } from './details.tsx';

const t = texts.page;
const day = 86_400_000;
const none: readonly never[] = [];

/** A calendar that is published: by the key behind the #, without an account, to be read. */
export default function CalendarPage({ id = '' }: { id?: string }) {
  const { fragment: key } = usePlace();
  const [client, setClient] = useState<AppClient>();
  useEffect(() => {
    if (!key) return;
    const made = createClient({
      endpoint: new URL('/graphql', location.origin).href,
      auth: key,
      schema,
      models: ['Calendar', 'Event'],
      storage: 'memory',
      name: `calendar ${id} ${key}`,
    });
    made.start();
    setClient(made);
    return () => {
      setClient(undefined);
      void made.close();
    };
  }, [id, key]);
  if (!key) return <Gone />;
  return (
    client && (
      <FreshetProvider client={client}>
        <Shown id={id} />
      </FreshetProvider>
    )
  );
}

function Shown({ id }: { id: string }) {
  const controller = useCalendarController();
  const grid = useRef<HTMLDivElement>(null);
  const [view, setView] = useState<View>(() =>
    matchMedia('(max-width: 767px)').matches ? 'listMonth' : 'dayGridMonth',
  );
  const [range, setRange] = useState<Range>();
  const [open, setOpen] = useState<Occurrence>();
  const { connection, firstSync } = useStatus();
  const calendars = useQuery('calendars', { where: { id } });
  const events = useQuery('events', { where: { calendar: id } }) ?? none;
  const calendar = calendars?.[0];
  const name = calendar?.name ?? t.untitled;
  const inputs = useMemo(() => {
    if (!range || !calendar) return [];
    const all = occurrences(published(calendar, events), range.from - day, range.to + day);
    return all.map((one) => shown(one, calendar, false));
  }, [events, calendar, range]);
  const changeView = (next: View) => {
    setView(next);
    controller.changeView(next);
  };
  useAgendaKeys(grid, controller, changeView);
  useTodayInSight(grid, `${view} ${range?.from}`, inputs.length > 0);
  if (connection === 'unauthenticated' || (firstSync.done && calendars && !calendar)) return <Gone />;
  return (
    <main className="flex h-dvh flex-col gap-4 px-3 pt-4 pb-3 md:px-8 md:pt-6 md:pb-6">
      <header className="flex flex-wrap items-baseline justify-between gap-x-6 gap-y-1">
        <p className="text-lg font-semibold">{name}</p>
        <p role="status" className="text-sm text-soft">
          {connection === 'offline' ? t.offline : t.live}
        </p>
      </header>
      <Toolbar
        controller={controller}
        title={range?.title ?? ''}
        name={name}
        view={view}
        onView={changeView}
      />
      <div ref={grid} className="min-h-0 flex-1 overflow-hidden rounded-xl border border-line">
        <Grid controller={controller} view={view} events={inputs} onRange={setRange} onOpen={setOpen} />
      </div>
      {open && <Details occurrence={open} onClose={() => setOpen(undefined)} />}
    </main>
  );
}

function Gone() {
  return (
    <main className="px-4 py-6">
      <Brand />
      <PageTitle className="sr-only">{t.untitled}</PageTitle>
      <Empty icon={<AgendaIcon className="size-7" />} title={t.gone}>
        <p>{t.goneText}</p>
      </Empty>
    </main>
  );
}
