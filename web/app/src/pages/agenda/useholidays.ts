import { useEffect, useMemo, useState } from 'react';
import { type Holiday, holidays } from '../../agenda/holidays.ts';
import type { Range } from './grid.tsx';

/** Gives the holidays of a country in the years that are shown. */
export function useHolidays(country: string, range: Range | undefined): readonly Holiday[] {
  const [known, setKnown] = useState<Readonly<Record<string, readonly Holiday[]>>>({});
  const years = range ? `${new Date(range.from).getFullYear()} ${new Date(range.to - 1).getFullYear()}` : '';
  useEffect(() => {
    if (!country || !years) return;
    let wanted = true;
    for (const year of new Set(years.split(' '))) {
      holidays(country, Number(year)).then((found) => {
        if (wanted) setKnown((before) => ({ ...before, [`${country} ${year}`]: found }));
      });
    }
    return () => {
      wanted = false;
    };
  }, [country, years]);
  return useMemo(() => {
    const all = [...new Set(years.split(' '))].flatMap((year) => known[`${country} ${year}`] ?? []);
    return all.filter(({ global }) => global);
  }, [known, country, years]);
}
