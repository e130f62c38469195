/**
 * When a task is due. A day without a time ends with its last minute, where the user is: so it is stored as 23:59 of that
 * day, and such a time is not shown.
 */
const endOfDay = '23:59';

const two = (n: number) => String(n).padStart(2, '0');

/** Gives the date and the time of a due date as fields of a form take them. */
export function partsOf(due: string | null | undefined): { readonly date: string; readonly time: string } {
  const at = due ? new Date(due) : undefined;
  if (!at || Number.isNaN(at.getTime())) return { date: '', time: '' };
  const time = `${two(at.getHours())}:${two(at.getMinutes())}`;
  return {
    date: `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`,
    time: time === endOfDay ? '' : time,
  };
}

/** Gives the due date of a date and a time, which may be empty; null where there is no date. */
export function dueOf(date: string, time: string): string | null {
  const at = new Date(`${date}T${time || endOfDay}`);
  return Number.isNaN(at.getTime()) ? null : at.toISOString();
}

/** Gives the date in some days, as a form takes it. */
export function inDays(days: number, now = new Date()): string {
  const day = new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, 12);
  return partsOf(day.toISOString()).date;
}

/** The days from today to next Monday. */
export const toMonday = (now = new Date()): number => (8 - now.getDay()) % 7 || 7;

const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: 'long' });
const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const dayOfYear = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', year: 'numeric' });
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' });

/** Tells a due date in the fewest words: today, Friday, 3 Mar. */
export function dueText(due: string, now: number): string {
  const at = new Date(due);
  const days = daysBetween(now, at.getTime());
  const date =
    Math.abs(days) <= 1
      ? capital(relative.format(days, 'day'))
      : days > 0 && days < 7
        ? weekday.format(at)
        : (at.getFullYear() === new Date(now).getFullYear() ? day : dayOfYear).format(at);
  return partsOf(due).time ? `${date}, ${clock.format(at)}` : date;
}

export type Urgency = 'overdue' | 'today' | 'later';

export function urgencyOf(due: string, now: number): Urgency {
  const at = new Date(due).getTime();
  if (at < now) return 'overdue';
  return daysBetween(now, at) === 0 ? 'today' : 'later';
}

function daysBetween(from: number, to: number): number {
  const [a, b] = [new Date(from), new Date(to)];
  return Math.round(
    (Date.UTC(b.getFullYear(), b.getMonth(), b.getDate()) -
      Date.UTC(a.getFullYear(), a.getMonth(), a.getDate())) /
      86_400_000,
  );
}

const capital = (text: string) => text.charAt(0).toLocaleUpperCase() + text.slice(1);
