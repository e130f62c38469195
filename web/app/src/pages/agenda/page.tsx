import { useQuery } from '@freshet/react';
import { useCalendarController } from '@fullcalendar/react';
import { useMemo, useRef, useState } from 'react';
import type { Time } from '../../agenda/changes.ts';
import { chooseCountry, chosenCountry } from '../../agenda/holidays.ts';
import { type Occurrence, occurrences } from '../../agenda/occurrences.ts';
import type { Event } from '../../generated/schema.ts';
import { ownName } from '../../server/people.ts';
import { IconButton } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { AgendaIcon } from '../../ui/icons.tsx';
import { Calendars } from './calendars.tsx';
import { type Draft, draftAt, draftOf } from './draft.ts';
import { useEditing } from './edit.ts';
import { Editor } from './editor.tsx';
import Grid, { type Range } from './grid.tsx';
import { useHidden } from './hidden.ts';
import { useAgendaKeys } from './keys.ts';
import { shown, shownHoliday } from './shown.ts';
import { texts } from './texts.ts';
import { useTodayInSight } from './today.ts';
import { Toolbar, type View } from './toolbar.tsx';
import { useHolidays } from './useholidays.ts';
import { AskWhich } from './which.tsx';

const hour = 3_600_000;
const isPhone = () => matchMedia('(max-width: 767px)').matches;
const none: readonly never[] = [];

/** The agenda: all events of one's own and those shared, and what is done with them. */
export default function AgendaPage() {
  const controller = useCalendarController();
  const grid = useRef<HTMLDivElement>(null);
  const [view, setView] = useState<View>(() => (isPhone() ? 'listMonth' : 'timeGridWeek'));
  const [range, setRange] = useState<Range>();
  const [open, setOpen] = useState<Occurrence | Draft>();
  const [aside, setAside] = useState(false);
  const [hidden, show] = useHidden();
  const [country, setCountry] = useState(chosenCountry);
  const events = useQuery('events') ?? none;
  const calendars = useQuery('calendars', { orderBy: 'name' }) ?? none;
  const holidays = useHolidays(country, range);
  const editing = useEditing(events);
  const me = ownName();

  const inputs = useMemo(() => {
    if (!range) return [];
    const visible = events.filter(
      ({ calendar }) => !hidden.has(calendars.some(({ id }) => id === calendar) ? calendar! : ''),
    );
    const all = occurrencesOf(visible, events, range);
    const byId = new Map(calendars.map((calendar) => [calendar.id, calendar]));
    return [
      ...holidays.map(shownHoliday),
      ...all.map((one) => shown(one, byId.get(one.event.calendar ?? ''), mayChange(one.event, me))),
    ];
  }, [events, calendars, hidden, holidays, range, me]);

  const create = (time: Time) => setOpen(draftAt(time, ''));
  const changeView = (next: View) => {
    setView(next);
    controller.changeView(next);
  };
  const fresh = () => create(nextHour());
  useAgendaKeys(grid, controller, changeView, { n: fresh, c: fresh });
  useTodayInSight(grid, `${view} ${range?.from}`, inputs.length > 0);

  const beside = (
    <Calendars
      calendars={calendars}
      hidden={hidden}
      country={country}
      onShow={show}
      onCountry={(code) => {
        chooseCountry(code);
        setCountry(code);
      }}
    />
  );
  return (
    <div className="grid h-full lg:grid-cols-[minmax(0,1fr)_15.5rem]">
      <section className="flex min-h-0 min-w-0 flex-col gap-3 px-3 pt-4 pb-3 md:px-6 md:pt-6 md:pb-6">
        <Toolbar
          controller={controller}
          title={range?.title ?? ''}
          view={view}
          onView={changeView}
          onNew={fresh}
        >
          <IconButton label={texts.calendars.title} className="lg:hidden" onClick={() => setAside(true)}>
            <AgendaIcon />
          </IconButton>
        </Toolbar>
        <div ref={grid} className="min-h-0 flex-1 overflow-hidden rounded-xl border border-line">
          <Grid
            controller={controller}
            view={view}
            events={inputs}
            onRange={setRange}
            onOpen={setOpen}
            onCreate={create}
            onMove={editing.move}
          />
        </div>
      </section>
      <aside
        aria-label={texts.calendars.title}
        className="hidden min-h-0 overflow-y-auto border-l border-line px-5 py-6 lg:block"
      >
        {beside}
      </aside>
      {aside && (
        <Dialog title={texts.calendars.title} onClose={() => setAside(false)}>
          {beside}
        </Dialog>
      )}
      {open && 'event' in open && (
        <Editor
          title={texts.event.edit}
          save={texts.event.save}
          draft={draftOf(open)}
          owner={open.event.owner}
          calendars={calendars}
          readOnly={!mayChange(open.event, me)}
          repeats={!open.event.series}
          onSave={(draft) => {
            setOpen(undefined);
            editing.save(open, draft);
          }}
          onDelete={
            open.event.owner === me
              ? () => {
                  setOpen(undefined);
                  editing.remove(open);
                }
              : undefined
          }
          onClose={() => setOpen(undefined)}
        />
      )}
      {open && !('event' in open) && (
        <Editor
          title={texts.event.create}
          save={texts.event.create_}
          draft={open}
          owner={me}
          calendars={calendars}
          onSave={(draft) => {
            setOpen(undefined);
            editing.create(draft);
          }}
          onClose={() => setOpen(undefined)}
        />
      )}
      {editing.question && (
        <AskWhich
          title={editing.question.title}
          options={editing.question.options}
          onChoose={editing.question.choose}
          onClose={editing.question.cancel}
        />
      )}
    </div>
  );
}

/** What takes the place of an occurrence does so also where it is not shown itself. */
function occurrencesOf(visible: readonly Event[], all: readonly Event[], { from, to }: Range): Occurrence[] {
  const ids = new Set(visible.map(({ id }) => id));
  return occurrences(all, from - dayOf, to + dayOf).filter(({ event }) => ids.has(event.id));
}

const dayOf = 86_400_000; // whole days are dates in UTC, which begin earlier or later here

const mayChange = ({ owner, attendees }: Event, me: string | undefined): boolean =>
  me !== undefined && (owner === me || (attendees ?? []).includes(me));

function nextHour(): Time {
  const start = Math.ceil(Date.now() / hour) * hour;
  return { start, end: start + hour, allDay: false };
}
