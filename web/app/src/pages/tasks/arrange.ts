import type { Task } from '../../generated/schema.ts';

/** What the list shows, and in which order. */
export interface View {
  readonly show: 'open' | 'done' | 'all';
  readonly sort: 'newest' | 'due' | 'title' | 'changed';
  readonly who: 'everyone' | 'mine' | 'shared';
  readonly words: string;
}

export const usualView: View = { show: 'open', sort: 'newest', who: 'everyone', words: '' };

const shows = ['open', 'done', 'all'] as const;
const sorts = ['newest', 'due', 'title', 'changed'] as const;
const whos = ['everyone', 'mine', 'shared'] as const;

/** Reads a view from an address. What is not understood is as usual. */
export function viewOf(search: URLSearchParams): View {
  const one = <T extends string>(name: string, options: readonly T[]): T =>
    options.find((option) => option === search.get(name)) ?? options[0]!;
  return {
    show: one('show', shows),
    sort: one('sort', sorts),
    who: one('who', whos),
    words: search.get('q') ?? '',
  };
}

/** Writes a view for an address, with a question mark; empty for the usual one. */
export function searchOf({ show, sort, who, words }: View): string {
  const search = new URLSearchParams();
  if (show !== usualView.show) search.set('show', show);
  if (sort !== usualView.sort) search.set('sort', sort);
  if (who !== usualView.who) search.set('who', who);
  if (words) search.set('q', words);
  const text = search.toString();
  return text && `?${text}`;
}

export const isDone = (task: Task): boolean => task.status === 'DONE';

/** Gives the tasks of a view, in its order, for the one who has this user name. */
export function arrange(
  tasks: readonly Task[],
  { show, sort, who, words }: View,
  me: string | undefined,
): readonly Task[] {
  const wanted = folded(words).split(/\s+/).filter(Boolean);
  return tasks
    .filter((task) => show === 'all' || isDone(task) === (show === 'done'))
    .filter((task) => who === 'everyone' || (task.owner === me) === (who === 'mine'))
    .filter((task) => wanted.length === 0 || contains(task, wanted))
    .sort(orders[sort]);
}

function contains({ title, description }: Task, words: readonly string[]): boolean {
  const text = folded(`${title} ${description ?? ''}`);
  return words.every((word) => text.includes(word));
}

/** Without case and accents, so that somebody who types plainly finds all. */
const folded = (text: string) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });
const byKey = (a: Task, b: Task) => (a.id < b.id ? -1 : 1);
/** What waits is the newest: the server's time of what was written before it may come to be after its own. */
const newest = (a: Task, b: Task) => compare(timeMade(b), timeMade(a)) || compare(b.id, a.id);
const timeMade = (task: Task) => (task._version > 0 ? Date.parse(task.createdAt) : Number.POSITIVE_INFINITY);

const orders: Record<View['sort'], (a: Task, b: Task) => number> = {
  newest,
  due: (a, b) => compare(timeOf(a.due), timeOf(b.due)) || newest(a, b),
  title: (a, b) => collator.compare(a.title, b.title) || byKey(a, b),
  changed: (a, b) => compare(b.updatedAt, a.updatedAt) || byKey(a, b),
};

const timeOf = (due: string | null | undefined) => (due ? Date.parse(due) : Number.POSITIVE_INFINITY);

function compare<T extends string | number>(a: T, b: T): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
