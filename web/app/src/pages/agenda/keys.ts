import type { CalendarController } from '@fullcalendar/react';
import { type RefObject, useEffect } from 'react';
import { type Shortcuts, useShortcuts } from '../../shell/shortcuts.ts';
import type { View } from './toolbar.tsx';

/**
 * The keys of a grid: through the time, from event to event, and from view to view; and `more`. The arrows are there also
 * where single keys are switched off: they are those of a grid, and no letters.
 */
export function useAgendaKeys(
  grid: RefObject<HTMLElement | null>,
  controller: CalendarController,
  changeView: (view: View) => void,
  more: Shortcuts = {},
): void {
  useShortcuts({
    t: () => controller.today(),
    m: () => changeView('dayGridMonth'),
    w: () => changeView('timeGridWeek'),
    d: () => changeView('timeGridDay'),
    l: () => changeView('listMonth'),
    j: () => step(grid.current, 1),
    k: () => step(grid.current, -1),
    ...more,
  });
  useArrows(grid, controller);
}

function useArrows(grid: RefObject<HTMLElement | null>, controller: CalendarController): void {
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey) return;
      if (!isFree(event.target, grid.current)) return;
      if (event.key === 'ArrowLeft') controller.prev();
      else if (event.key === 'ArrowRight') controller.next();
      else if (event.key === 'ArrowDown' && !isScrolled(event.target)) step(grid.current, 1);
      else if (event.key === 'ArrowUp' && !isScrolled(event.target)) step(grid.current, -1);
      else return;
      event.preventDefault();
    };
    document.addEventListener('keydown', pressed);
    return () => document.removeEventListener('keydown', pressed);
  }, [grid, controller]);
}

/** The arrows are those of whoever has the focus, like the choice of a view. */
const isFree = (target: EventTarget | null, grid: HTMLElement | null): boolean =>
  !document.querySelector('dialog[open], [role=menu]') &&
  target instanceof HTMLElement &&
  (target === document.body || /^(H1|MAIN)$/.test(target.tagName) || !!grid?.contains(target));

/** The hours of days, which up and down scroll where they have the focus themselves. */
const isScrolled = (target: EventTarget | null) =>
  target instanceof HTMLElement && target.matches('[role=rowgroup]');

function step(grid: HTMLElement | null, by: number): void {
  const all = [...(grid?.querySelectorAll<HTMLElement>('[data-occurrence]') ?? [])].map((element) =>
    element.matches('[tabindex], a[href], button')
      ? element
      : (element.querySelector<HTMLElement>('[tabindex]') ?? element),
  );
  const at = all.indexOf(document.activeElement as HTMLElement);
  const next = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : at + by];
  next?.focus();
  next?.scrollIntoView({ block: 'nearest' });
}
