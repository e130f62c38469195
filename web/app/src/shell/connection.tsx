import type { Status } from '@freshet/client';
import { useStatus } from '@freshet/react';
import { Popover } from 'radix-ui';
import { navigate } from '../router/router.tsx';
import { texts } from '../texts.ts';
import { Button } from '../ui/button.tsx';
import { When } from '../ui/when.tsx';

const t = texts.status;

/** How the client stands with the server, in a dot and a word; the rest when it is asked for. */
export function Connection({ compact }: { compact?: boolean }) {
  const status = useStatus();
  const word = wordOf(status);
  return (
    <Popover.Root>
      <Popover.Trigger
        aria-label={t.label(word)}
        className={`flex h-10 items-center gap-2.5 rounded-lg px-2.5 text-sm text-soft transition-colors hover:bg-sunken hover:text-text ${compact ? '' : 'w-full'}`}
      >
        <Dot status={status} />
        <span>{word}</span>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          side={compact ? 'bottom' : 'top'}
          align={compact ? 'end' : 'start'}
          sideOffset={6}
          collisionPadding={12}
          aria-label={t.title}
          className="animate-appear z-40 w-80 max-w-[calc(100vw-1.5rem)] rounded-xl border border-line bg-raised p-4 shadow-float"
        >
          <Details status={status} word={word} />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

function Details({ status, word }: { status: Status; word: string }) {
  const { connection, pending, lastSynced, storage, error } = status;
  return (
    <>
      <p className="flex items-center gap-2.5 font-medium">
        <Dot status={status} />
        {word}
      </p>
      <p className="mt-1 text-soft">{t.explain[connection]}</p>
      <dl className="mt-4 grid grid-cols-[auto_1fr] gap-x-6 gap-y-1.5 text-sm [&_dd]:text-right [&_dt]:text-soft">
        <dt>{t.pending}</dt>
        <dd className="tabular-nums">{pending || t.none}</dd>
        <dt>{t.synced}</dt>
        <dd>{lastSynced === undefined ? t.never : <When at={lastSynced} />}</dd>
        {storage.persisted !== undefined && (
          <>
            <dt>{t.storage}</dt>
            <dd>{storage.persisted ? t.persisted : t.temporary}</dd>
          </>
        )}
      </dl>
      {storage.lost && <p className="mt-3 text-sm text-warn">{t.lost}</p>}
      {error !== undefined && connection === 'offline' && (
        <details className="mt-3 text-sm text-soft">
          <summary>{t.reason}</summary>
          <p className="mt-1 wrap-anywhere">{error}</p>
        </details>
      )}
      {connection === 'unauthenticated' && (
        <Button look="primary" className="mt-4 w-full" onClick={() => navigate('/signin')}>
          {texts.account.signIn}
        </Button>
      )}
    </>
  );
}

function wordOf({ connection, pending, firstSync }: Status): string {
  if (connection === 'offline') return pending > 0 ? t.waiting(pending) : t.offline;
  if (connection === 'syncing' && !firstSync.done) return t.first(firstSync.received);
  if (connection === 'live' && pending > 0) return t.saving(pending);
  return t[connection];
}

function Dot({ status: { connection, pending } }: { status: Status }) {
  const colour = {
    live: pending > 0 ? 'bg-accent' : 'bg-ok',
    syncing: 'bg-accent',
    connecting: 'bg-edge',
    offline: 'bg-warn',
    unauthenticated: 'bg-danger',
    stopped: 'bg-edge',
  }[connection];
  return <span className={`size-2 shrink-0 rounded-full transition-colors ${colour}`} />;
}
