import type { Calendar, Event } from '../generated/schema.ts';

type Shown = Pick<Event, 'id' | 'owner' | 'series' | 'occurrence' | '_lastChangedAt'>;

/**
 * Gives what of the events that name a calendar it shows to those who have its link, as its feed does: those of its
 * owner and of whom it is shared with, as anybody may name any calendar in an event of theirs. Of several in the place of
 * one occurrence it is the one that was written last.
 */
export function published<E extends Shown>(
  { owner, sharedWith }: Pick<Calendar, 'owner' | 'sharedWith'>,
  events: readonly E[],
): E[] {
  const authors = new Set([owner, ...(sharedWith ?? [])]);
  const places = new Map<string, E>();
  for (const event of events) {
    if (!event.owner || !authors.has(event.owner)) continue;
    const place = event.series ? `${event.series} ${event.occurrence}` : event.id;
    const other = places.get(place);
    if (!other || event._lastChangedAt > other._lastChangedAt) places.set(place, event);
  }
  return [...places.values()];
}
