import type { EventInput } from '@fullcalendar/react';
import type { Holiday } from '../../agenda/holidays.ts';
import type { Occurrence } from '../../agenda/occurrences.ts';
import type { Calendar } from '../../generated/schema.ts';
import { texts } from './texts.ts';

const day = 86_400_000;
const dateOf = (time: number) => new Date(time).toISOString().slice(0, 10);

/** Gives an occurrence in the form of the grid. */
export function shown(occurrence: Occurrence, calendar: Calendar | undefined, editable: boolean): EventInput {
  const { id, event, start, end } = occurrence;
  const color = colourOf(calendar?.color);
  return {
    id,
    title: event.title || texts.event.untitled,
    allDay: !!event.allDay,
    start: event.allDay ? dateOf(start) : new Date(start).toISOString(),
    end: event.allDay ? dateOf(end) : new Date(end).toISOString(),
    editable,
    ...(color && { color, contrastColor: contrast(color) }),
    extendedProps: { occurrence },
  };
}

export const shownHoliday = (holiday: Holiday): EventInput => ({
  id: `holiday ${holiday.date} ${holiday.name}`,
  title: holiday.localName,
  allDay: true,
  start: holiday.date,
  end: dateOf(Date.parse(holiday.date) + day),
  editable: false,
  interactive: false,
  class: 'holiday',
  color: 'var(--sunken)',
  contrastColor: 'var(--soft)',
});

/** Gives a colour that records hold, if it is one. */
export const colourOf = (text: string | null | undefined): string | undefined =>
  text && /^#[0-9a-f]{6}$/i.test(text) ? text : undefined;

/** Gives black or white, whichever is read better on a colour (WCAG 2.2, relative luminance). */
export function contrast(colour: string): string {
  const [r = 0, g = 0, b = 0] = [1, 3, 5]
    .map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? '#000000' : '#ffffff';
}
