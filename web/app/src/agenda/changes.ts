import type { Event, EventCreate, EventPatch } from '../generated/schema.ts';
import { at, markOf, type Occurrence, span } from './occurrences.ts';
import { endingBefore, shifted } from './rule.ts';
import { type Local, toLocal, zoneOr } from './zones.ts';

/** One write. Those of a list belong together. */
export type Change =
  | { readonly op: 'create'; readonly fields: EventCreate & { readonly id: string } }
  | { readonly op: 'update'; readonly id: string; readonly patch: EventPatch }
  | { readonly op: 'delete'; readonly id: string };

/** When something is to happen, in ms; of whole days 00:00 UTC of the dates, the end that of the day after the last. */
export interface Time {
  readonly start: number;
  readonly end: number;
  readonly allDay: boolean;
}

const text = (time: number) => new Date(time).toISOString();
const times = ({ start, end, allDay }: Time) => ({ start: text(start), end: text(end), allDay });
const exdatesOf = (event: Event) => (event.exdates ?? []).filter((date) => date !== null);
const ownFields = ({ rrule: _, exdates: _e, ...fields }: EventPatch) => fields;
const isReplacementOf = (series: Event) => (event: Event) => event.series === series.id;

/** Changes one occurrence: of a series it becomes an event of its own, by the id that is given. */
export function changeOne(
  { event, original }: Occurrence,
  time: Time,
  patch: EventPatch,
  id: string,
): Change[] {
  if (!original) return [{ op: 'update', id: event.id, patch: { ...patch, ...times(time) } }];
  const { title, zone = null, location = null, notes = null, calendar = null, attendees = null } = event;
  const own = { title, zone, location, notes, calendar, attendees };
  return [
    {
      op: 'create',
      fields: { ...own, ...ownFields(patch), ...times(time), id, series: event.id, occurrence: original },
    },
  ];
}

export const moveOne = (occurrence: Occurrence, time: Time, id: string): Change[] =>
  changeOne(occurrence, time, {}, id);

/**
 * Changes a series as this occurrence was changed: all of them are moved on the clock by as much. Undefined: its rule
 * tells of other days, which cannot be moved along. `events` are all there are, to find what takes the place of some.
 */
export function changeAll(
  occurrence: Occurrence,
  time: Time,
  patch: EventPatch,
  events: readonly Event[],
): Change[] | undefined {
  const { event } = occurrence;
  if (!occurrence.original) return changeOne(occurrence, time, patch, '');
  const before = span(event);
  const zone = time.allDay ? undefined : zoneOr(patch.zone ?? event.zone);
  const local = (instant: number, in_: string | undefined): Local => (in_ ? toLocal(instant, in_) : instant);
  const by = local(time.start, zone) - local(occurrence.start, before.zone);
  const rule = patch.rrule === undefined ? shifted(event.rrule ?? '', by, before.zone) : patch.rrule;
  if (rule === undefined) return undefined;
  const start = at(before.start + by, zone);
  const moved = { start: text(start), end: text(start + (time.end - time.start)), allDay: time.allDay };
  const shift = (date: string) => text(at(local(markOf(event, date), before.zone) + by, zone));
  const stays = by === 0 && time.allDay === !!event.allDay;
  const exdates = exdatesOf(event);
  const update: Change = {
    op: 'update',
    id: event.id,
    patch: {
      ...patch,
      ...moved,
      rrule: rule,
      ...(!stays && exdates.length > 0 && { exdates: exdates.map(shift) }),
    },
  };
  if (stays) return [update];
  const replaced = events.filter(isReplacementOf(event));
  return [
    update,
    ...replaced.map(
      ({ id, occurrence: date }): Change => ({ op: 'update', id, patch: { occurrence: shift(date!) } }),
    ),
  ];
}

export const moveAll = (occurrence: Occurrence, time: Time, events: readonly Event[]): Change[] | undefined =>
  changeAll(occurrence, time, {}, events);

/** Takes one occurrence away. Of an event in the place of one, that one does not come back. */
export function deleteOne({ event, original }: Occurrence, events: readonly Event[]): Change[] {
  const series = original ? event : events.find(({ id }) => id === event.series);
  const date = original ?? event.occurrence;
  const gone: Change[] = original ? [] : [{ op: 'delete', id: event.id }];
  if (series && date)
    gone.push({ op: 'update', id: series.id, patch: { exdates: [...exdatesOf(series), date] } });
  return gone;
}

export const deleteAll = ({ event }: Occurrence, events: readonly Event[]): Change[] =>
  [event, ...events.filter(isReplacementOf(event))].map(({ id }) => ({ op: 'delete', id }));

/** Takes an occurrence of a series away and all that follow. */
export function deleteFollowing(occurrence: Occurrence, events: readonly Event[]): Change[] {
  const { event, original } = occurrence;
  const { start, zone } = span(event);
  if (!original || at(start, zone) >= occurrence.start) return deleteAll(occurrence, events);
  const local = zone ? toLocal(occurrence.start, zone) : occurrence.start;
  const later = events
    .filter(isReplacementOf(event))
    .filter(({ occurrence: date }) => date && markOf(event, date) >= occurrence.start);
  return [
    { op: 'update', id: event.id, patch: { rrule: endingBefore(event.rrule ?? '', local, zone) } },
    ...later.map(({ id }): Change => ({ op: 'delete', id })),
  ];
}

/** Gives the changes that take others back, from the records as they were before. */
export function inverse(changes: readonly Change[], before: readonly Event[]): Change[] {
  return changes.toReversed().map((change): Change => {
    if (change.op === 'create') return { op: 'delete', id: change.fields.id };
    const was = before.find(({ id }) => id === change.id);
    if (!was) throw new Error(`the event ${change.id} was not there before`);
    if (change.op === 'delete') return { op: 'create', fields: fieldsOf(was) };
    const names = Object.keys(change.patch) as (keyof EventPatch)[];
    return {
      op: 'update',
      id: change.id,
      patch: Object.fromEntries(names.map((name) => [name, was[name] ?? null])),
    };
  });
}

function fieldsOf({
  createdAt: _,
  updatedAt: _u,
  _version,
  _deleted,
  _lastChangedAt,
  ...fields
}: Event): EventCreate & { id: string } {
  return fields;
}
