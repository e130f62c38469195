import { useEffect, useState } from 'react';

const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

const steps: readonly [limit: number, unit: Intl.RelativeTimeFormatUnit, size: number][] = [
  [45, 'second', 1],
  [45 * 60, 'minute', 60],
  [22 * 3600, 'hour', 3600],
  [7 * 86400, 'day', 86400],
];

/** Tells how long ago a time is, and from a week on, when it was. */
export function ago(at: number, now: number): string {
  const seconds = (at - now) / 1000;
  for (const [limit, unit, size] of steps) {
    if (Math.abs(seconds) < limit)
      return relative.format(unit === 'second' ? 0 : Math.round(seconds / size), unit);
  }
  return exact.format(at);
}

/** A time, as long ago as it is. */
export function When({ at }: { at: number }) {
  const now = useNow(30_000);
  return (
    <time dateTime={new Date(at).toISOString()} title={exact.format(at)}>
      {ago(at, now)}
    </time>
  );
}

/** The time in ms, looked at again every so often. */
export function useNow(every: number): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), every);
    return () => clearInterval(timer);
  }, [every]);
  return now;
}
