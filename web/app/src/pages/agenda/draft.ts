import type { Time } from '../../agenda/changes.ts';
import { type Occurrence, span } from '../../agenda/occurrences.ts';
import { isRule } from '../../agenda/rule.ts';
import { formOf, type Local, ofForm, ownZone, toInstant, toLocal } from '../../agenda/zones.ts';
import type { Event, EventPatch } from '../../generated/schema.ts';
import { texts } from './texts.ts';

const day = 86_400_000;

/** An event as the form has it. Times are local ones in its zone, and the last day of whole days is the last. */
export interface Draft {
  readonly title: string;
  readonly allDay: boolean;
  readonly start: string;
  readonly end: string;
  readonly zone: string;
  readonly rule: string;
  readonly location: string;
  readonly notes: string;
  readonly calendar: string;
  readonly attendees: readonly string[];
}

const empty = { title: '', rule: '', location: '', notes: '', attendees: [] as readonly string[] };

/** Gives the draft of a new event. */
export function draftAt(time: Time, calendar: string): Draft {
  return { ...empty, ...formTimes(time, ownZone()), zone: ownZone(), calendar };
}

export function draftOf({ event, start, end }: Occurrence): Draft {
  const zone = span(event).zone ?? ownZone();
  return {
    title: event.title,
    ...formTimes({ start, end, allDay: !!event.allDay }, zone),
    zone,
    rule: event.rrule ?? '',
    location: event.location ?? '',
    notes: event.notes ?? '',
    calendar: event.calendar ?? '',
    attendees: (event.attendees ?? []).filter((name) => name !== null),
  };
}

function formTimes({ start, end, allDay }: Time, zone: string) {
  if (!allDay) return { allDay, start: formOf(toLocal(start, zone)), end: formOf(toLocal(end, zone)) };
  return { allDay, start: formOf(start), end: formOf(end - day) };
}

/** Switches between whole days and hours; what was an hour becomes its day, and a day the hour from 9 o'clock. */
export function withAllDay(draft: Draft, allDay: boolean): Draft {
  if (allDay) return { ...draft, allDay };
  const date = draft.start.slice(0, 10);
  return { ...draft, allDay, start: `${date}T09:00`, end: `${date}T10:00` };
}

/** Moves the start, and the end along with it. */
export function withStart(draft: Draft, start: string): Draft {
  const by: Local = ofForm(start) - ofForm(draft.start);
  return Number.isNaN(by) ? { ...draft, start } : { ...draft, start, end: formOf(ofForm(draft.end) + by) };
}

export function timeOf({ allDay, start, end, zone }: Draft): Time {
  if (allDay) return { allDay, start: ofForm(start.slice(0, 10)), end: ofForm(end.slice(0, 10)) + day };
  return { allDay, start: toInstant(ofForm(start), zone), end: toInstant(ofForm(end), zone) };
}

/** Gives what is wrong with a draft; undefined: nothing. */
export function problemOf(draft: Draft): string | undefined {
  const t = texts.event;
  if (!draft.title.trim()) return t.needsTitle;
  if (!isZone(draft.zone)) return t.badZone;
  const { start, end } = timeOf(draft);
  if (!(end >= start)) return t.badTime;
  if (draft.rule && !isRule(draft.rule)) return t.badRule;
  return undefined;
}

function isZone(zone: string): boolean {
  try {
    return Intl.DateTimeFormat(undefined, { timeZone: zone }) !== undefined;
  } catch {
    return false;
  }
}

/** Gives the fields of a draft beside its times. */
export function fieldsOf(draft: Draft) {
  const { title, zone, rule, location, notes, calendar, attendees } = draft;
  return {
    title: title.trim(),
    zone,
    rrule: rule || null,
    location: location.trim() || null,
    notes: notes.trim() || null,
    calendar: calendar || null,
    attendees: attendees.length > 0 ? attendees : null,
  };
}

/** Gives those fields that were changed. */
export function patchOf(draft: Draft, before: Draft, event: Event): EventPatch {
  const [now, then] = [fieldsOf(draft), fieldsOf(before)];
  const names = (Object.keys(now) as (keyof typeof now)[]).filter(
    (name) => JSON.stringify(now[name]) !== JSON.stringify(then[name]),
  );
  const changed = Object.fromEntries(names.map((name) => [name, now[name]]));
  return event.zone || draft.allDay ? changed : { ...changed, zone: draft.zone };
}
