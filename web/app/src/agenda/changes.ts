import type { Event, EventCreate, EventPatch } from '../generated/schema.ts';
import { at, markOf, type Occurrence, span } from './occurrences.ts';
import { endingBefore, remaining, shifted } from './rule.ts';
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
const deletion = ({ id }: Event): Change => ({ op: 'delete', id });
const isOwnedAs = (series: Event) => (event: Event) => event.owner === series.owner;
const isReplacementOf = (series: Event) => (event: Event) => event.series === series.id;

/** A record that is made in the place of another's occurrences. */
export interface Made {
  readonly id: string;
  /** Who makes it, and is its owner. */
  readonly owner: string | undefined;
}

/** Changes one occurrence: of a series it becomes an event of its own. */
export function changeOne(
  { event, original }: Occurrence,
  time: Time,
  patch: EventPatch,
  made: Made,
): Change[] {
  if (!original) return [{ op: 'update', id: event.id, patch: { ...patch, ...times(time) } }];
  const fields = { ...taken(event, ownFields(patch), made), ...times(time), id: made.id };
  return [{ op: 'create', fields: { ...fields, series: event.id, occurrence: original } }];
}

/** Gives what an event is made of that takes the place of another's; who has that one takes part in it. */
function taken(event: Event, patch: EventPatch, { owner }: Made) {
  const { title, zone = null, location = null, notes = null, calendar = null } = event;
  const fields = { title, zone, location, notes, calendar, attendees: event.attendees ?? null, ...patch };
  const others = (fields.attendees ?? []).filter((name) => name !== null && name !== owner);
  if (event.owner && event.owner !== owner && !others.includes(event.owner)) others.unshift(event.owner);
  return { ...fields, attendees: others.length > 0 ? others : null };
}

/** How a series is moved as one of its occurrences is. */
interface Shift {
  /** By how much, on the clock. */
  readonly by: Local;
  readonly zone: string | undefined;
  /** Whether all times stay as they are. */
  readonly stays: boolean;
  /** Gives what `exdates` or `occurrence` hold, moved along. */
  date(text: string): string;
}

function shiftOf({ event, start }: Occurrence, time: Time, patch: EventPatch): Shift {
  const before = span(event).zone;
  const zone = time.allDay ? undefined : zoneOr(patch.zone ?? event.zone);
  const local = (instant: number, in_: string | undefined): Local => (in_ ? toLocal(instant, in_) : instant);
  const by = local(time.start, zone) - local(start, before);
  return {
    by,
    zone,
    stays: by === 0 && time.allDay === !!event.allDay,
    date: (date) => text(at(local(markOf(event, date), before) + by, zone)),
  };
}

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
  const { event, original } = occurrence;
  if (!original) return [{ op: 'update', id: event.id, patch: { ...patch, ...times(time) } }];
  const before = span(event);
  const { by, zone, stays, date } = shiftOf(occurrence, time, patch);
  const rrule = patch.rrule === undefined ? shifted(event.rrule ?? '', by, before.zone) : patch.rrule;
  if (rrule === undefined) return undefined;
  const start = at(before.start + by, zone);
  const moved = times({ ...time, start, end: start + (time.end - time.start) });
  const exdates = exdatesOf(event);
  const update: Change = {
    op: 'update',
    id: event.id,
    patch: { ...patch, ...moved, rrule, ...(!stays && exdates.length > 0 && { exdates: exdates.map(date) }) },
  };
  if (stays) return [update];
  const replaced = events.filter(isReplacementOf(event));
  return [
    update,
    ...replaced.map(
      ({ id, occurrence }): Change => ({ op: 'update', id, patch: { occurrence: date(occurrence!) } }),
    ),
  ];
}

/**
 * Changes an occurrence of a series and all that follow: the series ends before it, and another one begins with it, which
 * takes over what was said of later occurrences. Undefined: as of `changeAll`.
 */
export function changeFollowing(
  occurrence: Occurrence,
  time: Time,
  patch: EventPatch,
  events: readonly Event[],
  made: Made,
): Change[] | undefined {
  const { event } = occurrence;
  if (isFirst(occurrence)) return changeAll(occurrence, time, patch, events);
  const { start, zone } = span(event);
  const { by, date } = shiftOf(occurrence, time, patch);
  const rest = remaining(event.rrule ?? '', start, zone, localOf(occurrence));
  const rrule = patch.rrule === undefined ? shifted(rest, by, zone) : patch.rrule;
  if (rrule === undefined) return undefined;
  const isLater = (mark: string) => markOf(event, mark) >= occurrence.start;
  const [earlier, later] = [
    exdatesOf(event).filter((mark) => !isLater(mark)),
    exdatesOf(event).filter(isLater),
  ];
  return [
    {
      op: 'update',
      id: event.id,
      patch: { ...ending(occurrence), ...(later.length > 0 && { exdates: earlier }) },
    },
    {
      op: 'create',
      fields: {
        ...taken(event, patch, made),
        ...times(time),
        id: made.id,
        rrule,
        ...(later.length > 0 && { exdates: later.map(date) }),
      },
    },
    ...laterReplacements(occurrence, events).map(
      ({ id, occurrence: mark }): Change => ({
        op: 'update',
        id,
        patch: { series: made.id, occurrence: date(mark!) },
      }),
    ),
  ];
}

/** Tells whether none of a series is before an occurrence, so that those that follow are all of them. */
export function isFirst({ event, original, start }: Occurrence): boolean {
  const first = span(event);
  return !original || at(first.start, first.zone) >= start;
}

function localOf({ event, start }: Occurrence): Local {
  const { zone } = span(event);
  return zone ? toLocal(start, zone) : start;
}

/** Ends a series before an occurrence. */
const ending = (occurrence: Occurrence): EventPatch => ({
  rrule: endingBefore(occurrence.event.rrule ?? '', localOf(occurrence), span(occurrence.event).zone),
});

/** Gives what takes the place of an occurrence and of those that follow. */
const laterReplacements = ({ event, start }: Occurrence, events: readonly Event[]): readonly Event[] =>
  events
    .filter(isReplacementOf(event))
    .filter(({ occurrence: mark }) => mark && markOf(event, mark) >= start);

/** Takes one occurrence away. Of an event in the place of one, that one does not come back. */
export function deleteOne({ event, original }: Occurrence, events: readonly Event[]): Change[] {
  const series = original ? event : events.find(({ id }) => id === event.series);
  const date = original ?? event.occurrence;
  const gone: Change[] = original ? [] : [{ op: 'delete', id: event.id }];
  if (series && date)
    gone.push({ op: 'update', id: series.id, patch: { exdates: [...exdatesOf(series), date] } });
  return gone;
}

/** Takes a series away. What others have put in the place of an occurrence is theirs, and stays. */
export const deleteAll = ({ event }: Occurrence, events: readonly Event[]): Change[] =>
  [event, ...events.filter(isReplacementOf(event)).filter(isOwnedAs(event))].map(deletion);

/** Takes an occurrence of a series away and all that follow, but those that are others'. */
export function deleteFollowing(occurrence: Occurrence, events: readonly Event[]): Change[] {
  if (isFirst(occurrence)) return deleteAll(occurrence, events);
  return [
    { op: 'update', id: occurrence.event.id, patch: ending(occurrence) },
    ...laterReplacements(occurrence, events).filter(isOwnedAs(occurrence.event)).map(deletion),
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
