import type { Event } from '../generated/schema.ts';
import { times } from './rule.ts';
import { type Local, toInstant, toLocal, zoneOr } from './zones.ts';

const day = 86_400_000;

/** What an event has to do with the times at which it happens. */
export type Planned = Pick<
  Event,
  'id' | 'start' | 'end' | 'allDay' | 'zone' | 'rrule' | 'exdates' | 'series' | 'occurrence'
>;

/** One time that an event happens. */
export interface Occurrence<E extends Planned = Event> {
  /** Tells it from all others, also when its time is changed. */
  readonly id: string;
  /** The record that tells of it; of an event that repeats, the series. */
  readonly event: E;
  /** Where the event repeats: when this one begins by the series, as `exdates` and `occurrence` hold it. */
  readonly original?: string;
  /** In ms. Of whole days it is 00:00 of the date in UTC, and the end is that of the day after the last. */
  readonly start: number;
  readonly end: number;
}

/** Gives an event's first time on the clock of its zone; of whole days the dates, as they are written. */
export function span(event: Planned): {
  readonly start: Local;
  readonly end: Local;
  readonly zone: string | undefined;
} {
  if (event.allDay) {
    const start = dateOf(event.start);
    const last = /T00:00(:00(\.0+)?)?(Z|[+-]|$)/.test(event.end)
      ? dateOf(event.end)
      : dateOf(event.end) + day;
    return { start, end: Math.max(last, start + day), zone: undefined };
  }
  const zone = zoneOr(event.zone);
  const start = toLocal(Date.parse(event.start), zone);
  return { start, end: start + Math.max(Date.parse(event.end) - Date.parse(event.start), 0), zone };
}

const dateOf = (text: string): Local => Date.parse(text.slice(0, 10));

/** What an occurrence is known by: its date, or the instant. */
export const markOf = (event: Pick<Planned, 'allDay'>, text: string): number =>
  event.allDay ? dateOf(text) : Date.parse(text);

export const at = (local: Local, zone: string | undefined): number => (zone ? toInstant(local, zone) : local);

/** Gives all that happens within [from, to), in its order. */
export function occurrences<E extends Planned>(
  events: readonly E[],
  from: number,
  to: number,
): Occurrence<E>[] {
  const replaced = replacements(events);
  return events
    .flatMap((event) => of(event, replaced.get(event.id), from, to))
    .sort((a, b) => a.start - b.start || a.end - b.end || (a.id < b.id ? -1 : 1));
}

function replacements(events: readonly Planned[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const { series, occurrence } of events) {
    if (!series || !occurrence) continue;
    const marks = found.get(series);
    if (marks) marks.push(occurrence);
    else found.set(series, [occurrence]);
  }
  return found;
}

function of<E extends Planned>(
  event: E,
  replaced: readonly string[] = [],
  from: number,
  to: number,
): Occurrence<E>[] {
  if ((!event.rrule || event.series) && !event.allDay)
    return once(event, Date.parse(event.start), Date.parse(event.end), from, to);
  const { start, end, zone } = span(event);
  if (!event.rrule || event.series) return once(event, start, end, from, to);
  const duration = end - start;
  const left = new Set(
    [...(event.exdates ?? []), ...replaced].flatMap((text) => (text ? [markOf(event, text)] : [])),
  );
  return times(event.rrule, start, zone, from - duration - day, to + day)
    .map((local) => at(local, zone))
    .filter((begin) => isWithin(begin, begin + duration, from, to) && !left.has(begin))
    .map((begin) => {
      const original = new Date(begin).toISOString();
      return { id: `${event.id} ${original}`, event, original, start: begin, end: begin + duration };
    });
}

function once<E extends Planned>(
  event: E,
  start: number,
  end: number,
  from: number,
  to: number,
): Occurrence<E>[] {
  const last = Math.max(start, end);
  return isWithin(start, last, from, to) ? [{ id: event.id, event, start, end: last }] : [];
}

const isWithin = (start: number, end: number, from: number, to: number) =>
  start < to && (end > from || start >= from);
