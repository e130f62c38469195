import { useRecord } from '@freshet/react';
import { Link } from '../../router/router.tsx';
import { texts } from '../../texts.ts';

/** A record of whatever model, as far as it is shown here. */
export type Shown = Readonly<Record<string, unknown>>;

const collections = { Task: 'tasks', Event: 'events', Calendar: 'calendars' } as const;

/** Gives a record by its model and its key; undefined where it is not here. */
export function useShown(model: string, key: string): Shown | undefined {
  const collection = collections[model as keyof typeof collections] ?? 'tasks';
  const record = useRecord(collection, key);
  return record ? { ...record } : undefined;
}

/** The name of a record, which leads to it where it has a page. */
export function RecordLink({
  model,
  id,
  record,
  name,
}: {
  model: string;
  id: string;
  record: Shown | undefined;
  name?: string | undefined;
}) {
  const title = record?.title ?? record?.name ?? name;
  if (!record || model !== 'Task') return <span>{title ? String(title) : texts.conflicts.deletedTask}</span>;
  return (
    <Link to={`/tasks/${encodeURIComponent(id)}`} className="underline-offset-4 hover:underline">
      {String(title)}
    </Link>
  );
}
