import { useClient, useConflicts } from '@freshet/react';
import { useEffect, useRef } from 'react';
import type { Task } from '../../generated/schema.ts';
import { Link } from '../../router/router.tsx';
import { ownName } from '../../server/people.ts';
import { useShortcuts } from '../../shell/shortcuts.ts';
import { texts } from '../../texts.ts';
import { IconButton } from '../../ui/button.tsx';
import { Empty } from '../../ui/empty.tsx';
import { BackIcon, CloseIcon, ConflictsIcon, LinkIcon, MoreIcon, TrashIcon } from '../../ui/icons.tsx';
import { Menu, MenuItem } from '../../ui/menu.tsx';
import { Segments } from '../../ui/segments.tsx';
import { toast } from '../../ui/toasts.tsx';
import { When } from '../../ui/when.tsx';
import { change, remove, toggle } from './actions.ts';
import { Check } from './check.tsx';
import { Clash } from './clash.tsx';
import { Description } from './description.tsx';
import { useDraft } from './draft.ts';
import { Due } from './duefield.tsx';
import type { Watched } from './fresh.ts';
import { History } from './history.tsx';
import { Present } from './presence.tsx';
import { Share } from './share.tsx';

const t = texts.task;

export interface PanelProps {
  /** Undefined: there is no such task, or not any more. */
  task: Task | undefined;
  /** What somebody else changed just now. */
  fresh: ReadonlySet<Watched> | undefined;
  onClose: () => void;
}

/** One task, with all that there is to it. */
export function Panel({ task, fresh, onClose }: PanelProps) {
  const ref = useRef<HTMLElement>(null);
  useEffect(() => ref.current?.focus({ preventScroll: true }), []);
  const title = task?.title ?? texts.tasks.gone;
  const client = useClient();
  const here = (run: (task: Task) => void) => () => {
    if (!task || !ref.current?.contains(document.activeElement)) return false;
    run(task);
    return true;
  };
  useShortcuts({
    x: here((open) => void toggle(client, open)),
    e: here(() => ref.current?.querySelector('textarea')?.focus()),
    Delete: here((open) => {
      onClose();
      void remove(client, open);
    }),
  });
  useEffect(() => {
    const before = document.title;
    document.title = `${title} · ${texts.name}`;
    return () => {
      document.title = before;
    };
  }, [title]);
  return (
    <aside
      ref={ref}
      tabIndex={-1}
      aria-label={t.label}
      className="flex h-full min-h-0 min-w-0 flex-col border-line bg-panel outline-none lg:border-l"
    >
      <h1 className="sr-only lg:hidden">{title}</h1>
      <div className="flex items-center gap-1 px-2 py-2">
        <IconButton label={t.close} onClick={onClose} className="lg:hidden">
          <BackIcon />
        </IconButton>
        <div className="min-w-0 flex-1 px-2">{task && <Present task={task} />}</div>
        {task && <More task={task} onClose={onClose} />}
        <IconButton label={t.close} onClick={onClose} className="hidden lg:grid">
          <CloseIcon />
        </IconButton>
      </div>
      <div className="min-h-0 flex-1 overflow-y-auto px-4 pb-10 md:px-5">
        {task ? (
          <Contents task={task} fresh={fresh} />
        ) : (
          <Empty title={texts.tasks.gone}>
            <p>{texts.tasks.goneText}</p>
          </Empty>
        )}
      </div>
    </aside>
  );
}

function More({ task, onClose }: { task: Task; onClose: () => void }) {
  const client = useClient();
  const copy = async () => {
    await navigator.clipboard.writeText(`${location.origin}/tasks/${encodeURIComponent(task.id)}`);
    toast({ text: t.copied });
  };
  return (
    <Menu
      trigger={
        <IconButton label={t.menu}>
          <MoreIcon />
        </IconButton>
      }
    >
      <MenuItem icon={<LinkIcon />} onSelect={() => void copy()}>
        {t.copyLink}
      </MenuItem>
      {task.owner === ownName() && (
        <MenuItem
          danger
          icon={<TrashIcon />}
          onSelect={() => {
            onClose();
            void remove(client, task);
          }}
        >
          {t.remove}
        </MenuItem>
      )}
    </Menu>
  );
}

function Contents({ task, fresh }: { task: Task; fresh: ReadonlySet<Watched> | undefined }) {
  const client = useClient();
  const { conflicts } = useConflicts();
  const isFresh = (field: Watched) => (fresh?.has(field) ? 'fresh' : '');
  const statuses = texts.tasks.statuses;
  return (
    <div className="space-y-6">
      <div>
        {conflicts.some(({ key }) => key === task.id) && (
          <Link
            to="/conflicts"
            className="mb-3 flex items-center gap-3 rounded-lg bg-warn-tint px-3 py-2.5 text-warn"
          >
            <ConflictsIcon />
            <span className="flex-1">{t.undecided}</span>
            <span className="font-medium underline underline-offset-2">{t.decide}</span>
          </Link>
        )}
        <div className={`-mx-2 flex items-start rounded-lg ${isFresh('title')}`}>
          <Check task={task} onToggle={() => void toggle(client, task)} />
          <Title task={task} />
        </div>
      </div>
      <div className="grid grid-cols-[minmax(0,1fr)] gap-y-4">
        <div className={`rounded-lg ${isFresh('status')}`}>
          <Segments
            label={t.status}
            value={task.status ?? 'OPEN'}
            options={[
              ['OPEN', statuses.OPEN],
              ['IN_PROGRESS', statuses.IN_PROGRESS],
              ['DONE', statuses.DONE],
            ]}
            onChange={(status) => void change(client, task, { status })}
            className="w-full"
          />
        </div>
        <div className={`rounded-lg ${isFresh('due')}`}>
          <Due task={task} />
        </div>
      </div>
      <div className={`rounded-lg ${isFresh('description')}`}>
        <Description task={task} />
      </div>
      <div className={`rounded-lg ${isFresh('sharedWith')}`}>
        <Share task={task} />
      </div>
      <History task={task} />
      <p className="text-sm text-soft">
        {t.created} <When at={Date.parse(task.createdAt)} />
        {' · '}
        {t.changed} <When at={Date.parse(task.updatedAt)} />
      </p>
    </div>
  );
}

function Title({ task }: { task: Task }) {
  const client = useClient();
  const draft = useDraft(task.title, (text) => {
    const title = text.trim();
    if (title) void change(client, task, { title });
  });
  return (
    <div className="min-w-0 flex-1">
      <textarea
        rows={1}
        value={draft.text}
        aria-label={t.title}
        maxLength={1000}
        onFocus={draft.begin}
        onChange={(event) => draft.write(event.target.value.replace(/\n/g, ' '))}
        onBlur={draft.finish}
        onKeyDown={(event) => {
          if (event.key === 'Escape') draft.cancel();
          if (event.key !== 'Enter' && event.key !== 'Escape') return;
          event.preventDefault();
          event.currentTarget.blur();
        }}
        className="field-sizing-content block w-full resize-none rounded-lg px-2 py-2 text-lg leading-7 font-semibold hover:bg-sunken focus:bg-sunken"
      />
      <Clash field={t.title} draft={draft} />
    </div>
  );
}
