import { useClient } from '@freshet/react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useCallback, useEffect, useRef, useState } from 'react';
import type { Task } from '../../generated/schema.ts';
import { navigate } from '../../router/router.tsx';
import { useShortcuts } from '../../shell/shortcuts.ts';
import { texts } from '../../texts.ts';
import { useNow } from '../../ui/when.tsx';
import { change, remove, toggle } from './actions.ts';
import type { Fresh } from './fresh.ts';
import { Row, rowHeight } from './row.tsx';

export interface ListProps {
  tasks: readonly Task[];
  fresh: Fresh;
  /** The id of the task that is shown beside the list. */
  open: string | undefined;
  addressOf: (id: string) => string;
}

/** The tasks, of which those in sight are in the page. One of them is the place of the keyboard. */
export function List({ tasks, fresh, open, addressOf }: ListProps) {
  const client = useClient();
  const scroller = useRef<HTMLDivElement>(null);
  const now = useNow(60_000);
  const [editing, setEditing] = useState<string>();
  const { active, move } = useActive(tasks, open);
  const virtual = useVirtualizer({
    count: tasks.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    getItemKey: (index) => tasks[index]?.id ?? index,
    overscan: 8,
  });

  const focus = useCallback(
    (index: number) => {
      virtual.scrollToIndex(index);
      const link = () => scroller.current?.querySelector<HTMLElement>(`[data-task="${tasks[index]?.id}"]`);
      if (link()) link()?.focus();
      else requestAnimationFrame(() => link()?.focus());
    },
    [virtual, tasks],
  );

  const step = (to: number) => {
    if (tasks.length === 0) return;
    const index = Math.max(0, Math.min(tasks.length - 1, to));
    move(tasks[index]!.id);
    focus(index);
  };
  const hasFocus = () => scroller.current?.contains(document.activeElement) === true;
  const isFree = () => document.activeElement === document.body || document.activeElement?.tagName === 'H1';
  const onActive = (run: (task: Task) => void) => () => {
    const task = tasks[active];
    if (!task || !hasFocus()) return false;
    run(task);
    return true;
  };

  const to = (index: () => number) => () => (hasFocus() || isFree() ? step(index()) : false);
  const down = to(() => (hasFocus() ? active + 1 : active));
  const up = to(() => (hasFocus() ? active - 1 : active));
  useShortcuts({
    j: down,
    ArrowDown: down,
    k: up,
    ArrowUp: up,
    Home: to(() => 0),
    End: to(() => tasks.length - 1),
    o: onActive((task) => navigate(addressOf(task.id))),
    e: onActive((task) => setEditing(task.id)),
    F2: onActive((task) => setEditing(task.id)),
    x: onActive((task) => void toggle(client, task)),
    Delete: onActive((task) => void remove(client, task)),
    Backspace: onActive((task) => void remove(client, task)),
  });

  // Where the task with the focus has gone, the one that took its place has it next.
  const latest = useRef(tasks);
  latest.current = tasks;
  const focused = useRef<string>(undefined);
  const isGone = () => !latest.current.some(({ id }) => id === focused.current);
  useEffect(() => {
    if (focused.current === undefined || tasks.some(({ id }) => id === focused.current)) return;
    focused.current = undefined;
    if (document.activeElement === document.body && tasks[active]) focus(active);
  }, [tasks, active, focus]);

  const onToggle = useCallback((task: Task) => void toggle(client, task), [client]);
  const onRename = useCallback(
    (task: Task, title: string) => {
      const words = title.trim();
      if (words && words !== task.title) void change(client, task, { title: words });
    },
    [client],
  );
  const onEdit = useCallback((id: string | undefined) => {
    setEditing((before) => {
      const back = () => {
        if (document.activeElement === document.body)
          scroller.current?.querySelector<HTMLElement>(`[data-task="${before}"]`)?.focus();
      };
      if (before && !id) requestAnimationFrame(back);
      return id;
    });
  }, []);

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it only looks where the focus is
    <div
      ref={scroller}
      className="h-full overflow-y-auto overscroll-contain [scrollbar-gutter:stable] [scrollbar-width:thin]"
      onBlur={() => {
        if (!isGone()) focused.current = undefined;
      }}
    >
      <ul
        aria-label={texts.tasks.list}
        className="relative border-t border-line"
        style={{ height: virtual.getTotalSize() }}
      >
        {virtual.getVirtualItems().map(({ index, start }) => {
          const task = tasks[index];
          if (!task) return null;
          return (
            <li
              key={task.id}
              aria-setsize={tasks.length}
              aria-posinset={index + 1}
              className="absolute inset-x-0 top-0"
              style={{ height: rowHeight, transform: `translateY(${start}px)` }}
              onFocusCapture={() => {
                focused.current = task.id;
                move(task.id);
              }}
            >
              <Row
                task={task}
                to={addressOf(task.id)}
                now={now}
                active={index === active}
                open={task.id === open}
                fresh={fresh.has(task.id)}
                editing={editing === task.id}
                onToggle={onToggle}
                onEdit={onEdit}
                onRename={onRename}
              />
            </li>
          );
        })}
      </ul>
    </div>
  );
}

/** The place of the keyboard: it stays with its task, and where that goes, with its index. */
function useActive(tasks: readonly Task[], open: string | undefined) {
  const [id, move] = useState(open);
  const last = useRef(0);
  const found = id === undefined ? -1 : tasks.findIndex((task) => task.id === id);
  const active = found >= 0 ? found : Math.max(0, Math.min(last.current, tasks.length - 1));
  last.current = active;
  return { active, move };
}
