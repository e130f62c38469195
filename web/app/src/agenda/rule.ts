import { type Options, RRule } from 'rrule';
import { type Local, toInstant, toLocal } from './zones.ts';

const days = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'];
const day = 86_400_000;

/** The parts of a rule (RFC 5545, 3.3.10) by their names: FREQ, BYDAY. */
export type Parts = Readonly<Record<string, string>>;

export function partsOf(rule: string): Parts {
  const text = rule.replace(/^RRULE:/i, '').toUpperCase();
  return Object.fromEntries(
    text
      .split(';')
      .filter(Boolean)
      .map((part) => {
        const [name = '', value = ''] = part.split('=');
        return [name, value];
      }),
  );
}

export const ruleOf = (parts: Parts): string =>
  Object.entries(parts)
    .map(([name, value]) => `${name}=${value}`)
    .join(';');

/** Gives the rule that can be counted; undefined where the text is none. */
function countable(rule: string, start: Local, zone: string | undefined): RRule | undefined {
  const { DTSTART: _, TZID: __, UNTIL, ...parts } = partsOf(rule);
  if (!parts.FREQ) return undefined;
  try {
    const options: Partial<Options> = RRule.parseString(ruleOf(parts));
    return new RRule({
      ...options,
      dtstart: new Date(start),
      ...(UNTIL && { until: new Date(untilOf(UNTIL, zone)) }),
    });
  } catch {
    return undefined;
  }
}

export const isRule = (rule: string): boolean => countable(rule, 0, undefined) !== undefined;

/** An end that is a date is that of the whole day; one in UTC is told in the zone of the series. */
function untilOf(text: string, zone: string | undefined): Local {
  const [, y, m, d, time, hh, mm, ss, utc] =
    text.match(/^(\d{4})(\d\d)(\d\d)(T(\d\d)(\d\d)(\d\d)(Z?))?$/) ?? [];
  const date = Date.UTC(Number(y), Number(m) - 1, Number(d));
  if (Number.isNaN(date)) throw new RangeError(`UNTIL is ${text}`);
  if (!time || !zone) return date + day - 1000;
  const at = date + (Number(hh) * 3600 + Number(mm) * 60 + Number(ss)) * 1000;
  return utc ? toLocal(at, zone) : at;
}

/**
 * Gives when a series begins within [from, to): the first time, whatever the rule says of it, and all that the rule
 * tells. A text that is no rule is one of what happens once. Without a zone it is one of whole days.
 */
export function times(rule: string, start: Local, zone: string | undefined, from: Local, to: Local): Local[] {
  const begin = start + leap(rule, from - start);
  const told = countable(rule, begin, zone)?.between(new Date(from - 1000), new Date(to), true) ?? [];
  const all = new Set([start, ...told.map((at) => at.getTime() + (start % 1000))]);
  return [...all].filter((at) => at >= from && at < to).sort((a, b) => a - b);
}

/** Gives how much of a time before the first that is wanted can be left out: whole rounds of days or weeks. */
function leap(rule: string, before: number): number {
  const { FREQ, INTERVAL = '1', COUNT } = partsOf(rule);
  const round = Number(INTERVAL) * (FREQ === 'DAILY' ? day : FREQ === 'WEEKLY' ? 7 * day : 0);
  return COUNT || !(round > 0) ? 0 : Math.max(Math.floor(before / round) - 1, 0) * round;
}

/** Ends a rule before a time, in place of the end that it had. */
export function endingBefore(rule: string, local: Local, zone: string | undefined): string {
  const { COUNT: _, UNTIL: __, ...parts } = partsOf(rule);
  const last = zone ? toInstant(local, zone) - 1000 : local - day;
  const text = new Date(last).toISOString().replace(/[-:]|\.\d+/g, '');
  return ruleOf({ ...parts, UNTIL: zone ? text : text.slice(0, 8) });
}

/** Gives the rule of what is left of a series from one of its times on: a COUNT without those that were before. */
export function remaining(rule: string, start: Local, zone: string | undefined, local: Local): string {
  const { COUNT, ...parts } = partsOf(rule);
  if (!COUNT) return rule;
  const before = countable(rule, start, zone)?.between(new Date(start - 1000), new Date(local - 1000), true);
  return ruleOf({ ...parts, COUNT: String(Math.max(Number(COUNT) - (before?.length ?? 0), 1)) });
}

/**
 * Gives the rule of a series whose times are moved by some days; undefined where it tells of days or months in a way
 * that cannot be moved along.
 */
export function shifted(rule: string, by: number, zone: string | undefined): string | undefined {
  const { BYDAY, UNTIL, ...parts } = partsOf(rule);
  const whole = Math.round(by / day);
  const fixed = Object.keys(parts).some((name) => name.startsWith('BY'));
  const weekly = parts.FREQ === 'WEEKLY' && (!BYDAY || BYDAY.split(',').every((name) => days.includes(name)));
  if (whole !== 0 && (fixed || (BYDAY && !weekly))) return undefined;
  const moved = BYDAY?.split(',').map((name) =>
    whole === 0 ? name : days[(((days.indexOf(name) + whole) % 7) + 7) % 7],
  );
  return ruleOf({
    ...parts,
    ...(moved && { BYDAY: moved.join(',') }),
    ...(UNTIL && { UNTIL: movedUntil(UNTIL, by, zone) }),
  });
}

function movedUntil(text: string, by: number, zone: string | undefined): string {
  const stamp = (at: number) => new Date(at).toISOString().replace(/[-:]|\.\d+/g, '');
  if (text.length === 8 || !zone)
    return stamp(untilOf(text.slice(0, 8), undefined) + Math.floor(by / day) * day).slice(0, 8);
  return stamp(toInstant(untilOf(text, zone) + by, zone));
}
