import { type AppClient, useClient, useStatus } from '@freshet/react';
import { useEffect, useState } from 'react';
import type { Task } from '../../generated/schema.ts';
import { offers } from '../../server/offers.ts';
import { ownName, useNames } from '../../server/people.ts';
import { texts } from '../../texts.ts';
import { Button } from '../../ui/button.tsx';
import { Avatar } from '../../ui/person.tsx';
import { When } from '../../ui/when.tsx';
import { fieldName, fieldText } from './fieldtext.ts';

const t = texts.history;

interface Entry {
  readonly version: number;
  readonly op: 'CREATE' | 'UPDATE' | 'DELETE';
  readonly at: number;
  readonly by: string | null;
  readonly changed: readonly string[] | null;
  readonly record: Readonly<Record<string, unknown>>;
}

interface Page {
  readonly items: readonly Entry[];
  readonly nextToken: string | null;
}

const query = `query ($key: ID!, $nextToken: String) {
  history(model: "Task", key: $key, limit: 20, nextToken: $nextToken) { items { version op at by changed record } nextToken }
}`;

/** Gives a page of the history; undefined where the server keeps none. */
async function load(
  client: AppClient,
  key: string,
  nextToken: string | null,
  signal?: AbortSignal,
): Promise<Page | undefined> {
  if (!(await offers(client, 'Query.history'))) return undefined;
  return (await client.graphql<{ history: Page }>(query, { key, nextToken }, signal)).history;
}

/** Who changed what of a task, as the log of the server has it. Asked for when it is opened. */
export function History({ task }: { task: Task }) {
  const [open, setOpen] = useState(false);
  return (
    <details className="border-y border-line" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="flex h-11 items-center font-medium">{t.title}</summary>
      {open && <Entries id={task.id} version={task._version} />}
    </details>
  );
}

function Entries({ id, version }: { id: string; version: number }) {
  const client = useClient();
  const isLive = useStatus(({ connection }) => connection === 'live');
  const [{ items, nextToken }, setPage] = useState<Page>({ items: [], nextToken: null });
  const [state, setState] = useState<'loading' | 'done' | 'offline' | 'missing'>('loading');

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new version, or a new connection, is a reason to look again
  useEffect(() => {
    const end = new AbortController();
    load(client, id, null, end.signal).then(
      (page) => {
        if (page) setPage(page);
        setState(page ? 'done' : 'missing');
      },
      () => end.signal.aborted || setState('offline'),
    );
    return () => end.abort();
  }, [client, id, version, isLive]);

  const more = () =>
    load(client, id, nextToken).then(
      (page) => page && setPage({ items: [...items, ...page.items], nextToken: page.nextToken }),
      () => setState('offline'),
    );

  const names = items.flatMap(({ by }) => (by?.startsWith('user ') ? [by.slice(5)] : []));
  const nameOf = useNames([...new Set(names)]);
  if (items.length === 0) {
    const text = { loading: '', done: t.none, offline: t.offline, missing: t.missing }[state];
    return <p className="min-h-10 pb-3 text-sm text-soft">{text}</p>;
  }
  return (
    <div className="pb-3">
      <ol className="space-y-3">
        {items.map((entry) => (
          <li key={entry.version} className="flex gap-3">
            <Avatar id={entry.by?.replace(/^user /, '') ?? ''} name={whoIs(entry.by, nameOf, true)} small />
            <div className="min-w-0 flex-1 text-sm">
              <p>
                <span className="font-medium">{whoIs(entry.by, nameOf)}</span> {whatIs(entry)}
                <span className="text-soft">
                  {' · '}
                  <When at={entry.at} />
                </span>
              </p>
              <Values entry={entry} />
            </div>
          </li>
        ))}
      </ol>
      {nextToken && (
        <Button small className="mt-3" onClick={() => void more()}>
          {t.more}
        </Button>
      )}
    </div>
  );
}

function Values({ entry: { op, changed, record } }: { entry: Entry }) {
  if (op !== 'UPDATE') return null;
  return (changed ?? [])
    .filter((field) => field !== 'sharedWith' && field !== 'owner')
    .map((field) => (
      <p key={field} className="mt-0.5 line-clamp-3 wrap-anywhere text-soft">
        {fieldText(field, record[field]) || <em>{t.empty}</em>}
      </p>
    ));
}

function whoIs(by: string | null, nameOf: (username: string) => string, own = false): string {
  const [kind, name = ''] = by?.split(/ (.*)/) ?? [];
  if (kind === 'user') return name === ownName() && !own ? t.you : nameOf(name);
  return kind === 'key' ? t.program(name) : t.somebody;
}

function whatIs({ op, changed }: Entry): string {
  if (op === 'CREATE') return t.created;
  if (op === 'DELETE') return t.deleted;
  if (!changed?.length) return t.wrote;
  return t.changed(new Intl.ListFormat().format(changed.map((field) => fieldName(field).toLowerCase())));
}
