import { type FocusEvent, type KeyboardEvent, memo } from 'react';
import type { Task } from '../../generated/schema.ts';
import { Link } from '../../router/router.tsx';
import { texts } from '../../texts.ts';
import { DueIcon, PeopleIcon } from '../../ui/icons.tsx';
import { isDone } from './arrange.ts';
import { Check } from './check.tsx';
import { dueText, type Urgency, urgencyOf } from './due.ts';

const t = texts.tasks;

export const rowHeight = 56; // px

export interface RowProps {
  task: Task;
  /** The address of the task. */
  to: string;
  now: number;
  /** The place of the keyboard in the list: its controls are those that Tab goes to. */
  active: boolean;
  open: boolean;
  fresh: boolean;
  editing: boolean;
  onToggle: (task: Task) => void;
  onEdit: (id: string | undefined) => void;
  onRename: (task: Task, title: string) => void;
}

/** A task in the list. */
export const Row = memo(function Row({
  task,
  to,
  now,
  active,
  open,
  fresh,
  editing,
  onToggle,
  onEdit,
  onRename,
}: RowProps) {
  const shared = (task.sharedWith?.length ?? 0) > 0;
  return (
    <div
      className={`flex h-full items-center border-b border-line pr-4 pl-1.5 md:pr-1 md:pl-0 ${open ? 'bg-tint' : 'hover:bg-sunken'} ${fresh ? 'fresh' : ''}`}
    >
      <Check task={task} onToggle={() => onToggle(task)} tabIndex={active ? 0 : -1} />
      {editing ? (
        <Rename task={task} onRename={onRename} onEdit={onEdit} />
      ) : (
        <Link
          to={to}
          data-task={task.id}
          tabIndex={active ? 0 : -1}
          aria-current={open ? 'true' : undefined}
          onDoubleClick={() => onEdit(task.id)}
          className="flex h-full min-w-0 flex-1 items-center gap-3 rounded-md pl-1.5 -outline-offset-2"
        >
          <span
            className={`min-w-0 flex-1 truncate ${isDone(task) ? 'text-soft line-through decoration-edge' : ''}`}
          >
            {task.title}
          </span>
          {fresh && <span className="sr-only">{t.fresh}</span>}
          {shared && (
            <span className="text-soft" title={t.shared}>
              <PeopleIcon className="size-4" />
              <span className="sr-only">{t.shared}</span>
            </span>
          )}
          {task.due && <Due due={task.due} done={isDone(task)} now={now} />}
        </Link>
      )}
    </div>
  );
});

const urgent: Record<Urgency, string> = { overdue: 'text-danger', today: 'text-warn', later: 'text-soft' };

function Due({ due, done, now }: { due: string; done: boolean; now: number }) {
  return (
    <time
      dateTime={due}
      className={`flex shrink-0 items-center gap-1.5 text-sm tabular-nums ${done ? 'text-soft' : urgent[urgencyOf(due, now)]}`}
    >
      <DueIcon className="size-4" />
      {dueText(due, now)}
    </time>
  );
}

/** The title as a field, in the same place. Enter and leaving it keep what is written, Escape does not. */
function Rename({ task, onRename, onEdit }: Pick<RowProps, 'task' | 'onRename' | 'onEdit'>) {
  const keep = (event: FocusEvent<HTMLInputElement>) => {
    onRename(task, event.target.value);
    onEdit(undefined);
  };
  const key = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.key !== 'Escape' && event.key !== 'Enter') return;
    if (event.key === 'Escape') event.currentTarget.value = task.title;
    event.currentTarget.blur();
  };
  return (
    <input
      // biome-ignore lint/a11y/noAutofocus: it takes the place of what had the focus
      autoFocus
      defaultValue={task.title}
      aria-label={t.rename}
      maxLength={1000}
      onFocus={(event) => event.target.select()}
      onBlur={keep}
      onKeyDown={key}
      className="h-9 min-w-0 flex-1 rounded-md bg-panel px-1.5 text-base md:text-[.9375rem]"
    />
  );
}
