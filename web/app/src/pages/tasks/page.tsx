import { useQuery } from '@freshet/react';
import { useDeferredValue, useEffect, useMemo, useRef } from 'react';
import { navigate, usePlace } from '../../router/router.tsx';
import { ownName } from '../../server/people.ts';
import { PageTitle } from '../../shell/page.tsx';
import { useShortcuts } from '../../shell/shortcuts.ts';
import { texts } from '../../texts.ts';
import { Add } from './add.tsx';
import { arrange, searchOf, type View, viewOf } from './arrange.ts';
import { Bar } from './bar.tsx';
import { useFresh } from './fresh.ts';
import { List } from './list.tsx';
import { Nothing } from './nothing.tsx';
import { Panel } from './panel.tsx';

/** The tasks, and beside them the one that is open. On a phone it is in their place. */
export default function TasksPage({ id }: { id?: string }) {
  const { search } = usePlace();
  const view = useMemo(() => viewOf(search), [search]);
  const shownView = useDeferredValue(view);
  const tasks = useQuery('tasks');
  const fresh = useFresh(tasks);
  const me = ownName();
  const shown = useMemo(() => arrange(tasks ?? [], shownView, me), [tasks, shownView, me]);
  const addField = useRef<HTMLInputElement>(null);
  const searchField = useRef<HTMLInputElement>(null);

  const query = searchOf(view);
  const addressOf = (task: string) => `/tasks/${encodeURIComponent(task)}${query}`;
  const setView = (change: Partial<View>) =>
    navigate(`/tasks${id ? `/${encodeURIComponent(id)}` : ''}${searchOf({ ...view, ...change })}`, {
      replace: true,
    });

  const close = () => {
    navigate(`/tasks${query}`);
    requestAnimationFrame(() => document.querySelector<HTMLElement>(`[data-task="${id}"]`)?.focus());
  };

  useShortcuts({
    n: () => (isSeen(addField.current) ? addField.current.focus() : false),
    '/': () => (isSeen(searchField.current) ? searchField.current.focus() : false),
    ...(id && { Escape: close }),
  });
  useEffect(() => {
    const field = search.has('new') ? addField : search.has('find') ? searchField : undefined;
    if (!field) return;
    field.current?.focus();
    navigate(`/tasks${query}`, { replace: true });
  }, [search, query]);

  return (
    <div className={`grid h-full ${id ? 'lg:grid-cols-[minmax(0,1fr)_26rem]' : ''}`}>
      <section className={`min-h-0 min-w-0 flex-col ${id ? 'hidden lg:flex' : 'flex'}`}>
        <div className="mx-auto w-full max-w-4xl space-y-3 overflow-hidden px-4 pt-4 pb-3 [scrollbar-gutter:stable] [scrollbar-width:thin] md:px-8 md:pt-8">
          <PageTitle className="text-2xl font-semibold tracking-tight">{texts.tasks.title}</PageTitle>
          <Add field={addField} />
          <Bar view={view} count={shown.length} field={searchField} onChange={setView} />
        </div>
        <div className="mx-auto min-h-0 w-full max-w-4xl flex-1 md:px-8">
          {shown.length > 0 ? (
            <List tasks={shown} fresh={fresh} open={id} addressOf={addressOf} />
          ) : (
            tasks && <Nothing view={view} any={tasks.length > 0} onChange={setView} />
          )}
        </div>
      </section>
      {id && tasks && (
        <Panel key={id} task={tasks.find((task) => task.id === id)} fresh={fresh.get(id)} onClose={close} />
      )}
    </div>
  );
}

/** On a phone the list is hidden while a task is open; then a shortcut leads to it first. */
const isSeen = (field: HTMLElement | null): field is HTMLElement => field?.checkVisibility() === true;
