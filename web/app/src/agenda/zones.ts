/**
 * Times on a clock on the wall, in ms as if it hung in UTC. What repeats is counted in these, so that 9 o'clock stays
 * 9 o'clock when the clocks are changed.
 */
export type Local = number;

const day = 86_400_000;
const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formats.set(zone, format);
  }
  return format;
}

const quarter = 900_000; // ms; since 1973 clocks were changed at full quarters of an hour in UTC only
const known = new Map<string, number>();

/** Gives how much clocks in a zone are ahead of UTC at an instant, in ms. */
export function offsetAt(instant: number, zone: string): number {
  if (instant < Date.UTC(1973, 0)) return lookedUp(instant, zone);
  const at = Math.floor(instant / quarter) * quarter;
  const key = `${at} ${zone}`;
  let offset = known.get(key);
  if (offset === undefined) {
    if (known.size > 20_000) known.clear();
    offset = lookedUp(at, zone);
    known.set(key, offset);
  }
  return offset;
}

function lookedUp(instant: number, zone: string): number {
  const whole = Math.floor(instant / 1000) * 1000;
  const part: Record<string, number> = {};
  for (const { type, value } of formatOf(zone).formatToParts(whole)) part[type] = Number(value);
  const { year = 0, month = 0, day: date = 0, hour = 0, minute = 0, second = 0 } = part;
  return Date.UTC(year, month - 1, date, hour, minute, second) - whole;
}

export const toLocal = (instant: number, zone: string): Local => instant + offsetAt(instant, zone);

/**
 * Gives when clocks in a zone show a time. One that they show twice is the first; one that they skip is counted on from
 * before the gap, so that 2:30 becomes 3:30 (RFC 5545, 3.3.5).
 */
export function toInstant(local: Local, zone: string): number {
  const before = offsetAt(local - day, zone);
  const after = offsetAt(local + day, zone);
  const fits = [before, after].find((offset) => offsetAt(local - offset, zone) === offset);
  return local - (fits ?? before);
}

/** The zone of who looks at it. */
export const ownZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Gives the zone if it is one that is known here, and otherwise that of who looks at it. */
export function zoneOr(zone: string | null | undefined): string {
  if (!zone) return ownZone();
  try {
    formatOf(zone);
    return zone;
  } catch {
    return ownZone();
  }
}

/** Gives a local time as forms take it: 2026-03-29T09:00. */
export const formOf = (local: Local): string => new Date(local).toISOString().slice(0, 16);

/** Gives the local time of what a form holds; NaN where it is none. */
export const ofForm = (text: string): Local => Date.parse(`${text.length === 10 ? `${text}T00:00` : text}Z`);
