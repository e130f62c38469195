import { useStatus } from '@freshet/react';
import { useEffect, useRef, useState } from 'react';
import type { Task } from '../../generated/schema.ts';

/** The fields of which a change by somebody else is shown. */
const watched = ['title', 'description', 'status', 'due', 'sharedWith'] as const;
export type Watched = (typeof watched)[number];

const lasting = 3500; // ms; the animation in styles.css is as long

/**
 * Tells which fields came from elsewhere, between two states of a task: the version has grown, and they are others. An own
 * write shows before its version grows, so it is none of these.
 */
export function changedElsewhere(before: Task | undefined, after: Task): readonly Watched[] {
  if (after._version <= (before?._version ?? 0)) return [];
  return before ? watched.filter((field) => !same(before[field], after[field])) : watched;
}

const same = (a: unknown, b: unknown) => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);

/** What was changed elsewhere in the last moments: fields by the ids of tasks. */
export type Fresh = ReadonlyMap<string, ReadonlySet<Watched>>;

/** Watches tasks for changes that others make. What comes with a first sync is not news. */
export function useFresh(tasks: readonly Task[] | undefined): Fresh {
  const done = useStatus(({ firstSync }) => firstSync.done);
  const [fresh, setFresh] = useState<Fresh>(new Map());
  const seen = useRef<{ tasks: ReadonlyMap<string, Task>; ready: boolean }>({
    tasks: new Map(),
    ready: false,
  });
  useEffect(() => {
    if (!tasks) return;
    const { tasks: before, ready } = seen.current;
    seen.current = { tasks: new Map(tasks.map((task) => [task.id, task])), ready: done };
    if (!ready) return;
    const news = new Map<string, ReadonlySet<Watched>>();
    for (const task of tasks) {
      if (before.get(task.id) === task) continue;
      const fields = changedElsewhere(before.get(task.id), task);
      if (fields.length > 0) news.set(task.id, new Set(fields));
    }
    if (news.size === 0) return;
    setFresh((old) => new Map([...old, ...news]));
    setTimeout(
      () => setFresh((old) => new Map([...old].filter(([id, fields]) => news.get(id) !== fields))),
      lasting,
    );
  }, [tasks, done]);
  return fresh;
}
