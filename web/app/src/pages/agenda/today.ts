import { type RefObject, useEffect, useRef } from 'react';

/** Brings today to the top of the list, once for each time that the list comes to show it. */
export function useTodayInSight(grid: RefObject<HTMLElement | null>, shown: string, isThere: boolean): void {
  const done = useRef('');
  useEffect(() => {
    if (!isThere || done.current === shown) return;
    done.current = shown;
    if (!shown.startsWith('list')) return;
    const frame = requestAnimationFrame(() => {
      const days = [...(grid.current?.querySelectorAll<HTMLElement>('[data-date]') ?? [])];
      const today = new Date().toLocaleDateString('sv'); // Swedish dates are those of ISO 8601
      if ((days[0]?.dataset.date ?? today) < today)
        days.find(({ dataset }) => dataset.date! >= today)?.scrollIntoView({ block: 'start' });
    });
    return () => cancelAnimationFrame(frame);
  }, [grid, shown, isThere]);
}
