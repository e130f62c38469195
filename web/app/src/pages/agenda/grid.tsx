import FullCalendar, { type CalendarController, type EventApi, type EventInput } from '@fullcalendar/react';
import dayGrid from '@fullcalendar/react/daygrid';
import interaction from '@fullcalendar/react/interaction';
import list from '@fullcalendar/react/list';
import theme from '@fullcalendar/react/themes/classic';
import timeGrid from '@fullcalendar/react/timegrid';
import { useMemo } from 'react';
import type { Time } from '../../agenda/changes.ts';
import type { Occurrence } from '../../agenda/occurrences.ts';
import './grid.css';
import { look } from './look.ts';
import { texts } from './texts.ts';

export interface GridProps {
  controller: CalendarController;
  view: string;
  events: EventInput[];
  onRange: (range: Range) => void;
  onOpen: (occurrence: Occurrence) => void;
  /** Without these two nothing can be changed. */
  onCreate?: (time: Time) => void;
  onMove?: (occurrence: Occurrence, time: Time, revert: () => void) => void;
}

/** What is shown, in ms, and how it is called. */
export interface Range {
  readonly from: number;
  readonly to: number;
  readonly title: string;
}

const plugins = [theme, dayGrid, timeGrid, list, interaction];

/** The grid of a month, a week or a day, and the list. */
export default function Grid({ controller, view, events, onRange, onOpen, onCreate, onMove }: GridProps) {
  const moved = ({ event, revert }: { event: EventApi; revert: () => void }) =>
    onMove?.(occurrenceOf(event), timeOf(event), revert);
  const source = useMemo(() => [...events], [events]);
  return (
    <FullCalendar
      plugins={plugins}
      borderless
      controller={controller}
      initialView={view}
      {...look}
      headerToolbar={false}
      height="100%"
      locale={navigator.language}
      firstDay={firstDay()}
      events={source}
      editable={!!onMove}
      eventResizableFromStart
      selectable={!!onCreate}
      selectMirror
      unselectAuto
      nowIndicator
      eventInteractive
      dayMaxEvents
      forceEventDuration
      defaultTimedEventDuration="01:00"
      scrollTime="07:30"
      allDayText={texts.allDay}
      noEventsText={onCreate ? `${texts.noEvents} ${texts.hint}` : texts.noEvents}
      slotEventOverlap={false}
      datesSet={({ start, end, view: { title } }) =>
        onRange({ from: start.getTime(), to: end.getTime(), title })
      }
      viewDidMount={({ el }) => letHoursTakeFocus(el)}
      eventDidMount={({ el, event }) => {
        if (event.extendedProps.occurrence) el.dataset.occurrence = event.id;
      }}
      eventClick={({ event }) => event.extendedProps.occurrence && onOpen(occurrenceOf(event))}
      select={(selected) => {
        onCreate?.(timeOf(selected));
      }}
      eventDrop={moved}
      eventResize={moved}
    />
  );
}

/**
 * Lets the hours of days be scrolled by keys, also where no event in them takes the focus. What does so within a table has
 * to be of a table, so they become the group of rows that they were in.
 */
function letHoursTakeFocus(view: HTMLElement): void {
  const hours = [...view.querySelectorAll<HTMLElement>('[role=rowgroup] div')].find(
    (part) => getComputedStyle(part).overflowY === 'auto',
  );
  if (!hours) return;
  hours.closest('[role=rowgroup]')?.setAttribute('role', 'presentation');
  hours.role = 'rowgroup';
  hours.tabIndex = 0;
}

const occurrenceOf = (event: EventApi): Occurrence => event.extendedProps.occurrence;

/** The grid holds dates as midnight here. */
function timeOf({ start, end, allDay }: { start: Date | null; end: Date | null; allDay: boolean }): Time {
  const of = (at: Date) => (allDay ? Date.UTC(at.getFullYear(), at.getMonth(), at.getDate()) : at.getTime());
  const begin = of(start!);
  return { start: begin, end: end ? of(end) : begin + (allDay ? 86_400_000 : 3_600_000), allDay };
}

/** Where weeks begin on another day than Monday, browsers know, as far as they tell. */
function firstDay(): number {
  const locale = new Intl.Locale(navigator.language) as Intl.Locale & {
    getWeekInfo?: () => { firstDay: number };
    weekInfo?: { firstDay: number };
  };
  return ((locale.getWeekInfo?.() ?? locale.weekInfo)?.firstDay ?? 1) % 7;
}
