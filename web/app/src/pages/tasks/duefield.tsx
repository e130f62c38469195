import { useClient } from '@freshet/react';
import type { Task } from '../../generated/schema.ts';
import { texts } from '../../texts.ts';
import { Button, IconButton } from '../../ui/button.tsx';
import { CloseIcon } from '../../ui/icons.tsx';
import { change } from './actions.ts';
import { dueOf, inDays, partsOf, toMonday } from './due.ts';

const t = texts.task;

const look = 'h-10 min-w-0 rounded-lg border border-line bg-panel px-2.5 text-base md:text-[.9375rem]';

/** When a task is due: a day, with a time if it matters. */
export function Due({ task }: { task: Task }) {
  const client = useClient();
  const { date, time } = partsOf(task.due);
  const set = (due: string | null) => void change(client, task, { due });
  const quick = [
    [t.today, inDays(0)],
    [t.tomorrow, inDays(1)],
    [t.nextWeek, inDays(toMonday())],
  ] as const;
  return (
    <fieldset className="min-w-0">
      <legend className="mb-1.5 font-medium">{t.due}</legend>
      <div className="flex items-center gap-2">
        <input
          type="date"
          aria-label={t.dueDate}
          value={date}
          onChange={(event) => set(event.target.value ? dueOf(event.target.value, time) : null)}
          className={`${look} flex-1`}
        />
        <input
          type="time"
          aria-label={t.dueTime}
          value={time}
          disabled={!date}
          onChange={(event) => set(dueOf(date, event.target.value))}
          className={`${look} disabled:opacity-50`}
        />
        <IconButton
          label={t.clearDue}
          disabled={!date}
          className="disabled:invisible"
          onClick={() => set(null)}
        >
          <CloseIcon className="size-4" />
        </IconButton>
      </div>
      <div className="mt-2 flex gap-2">
        {quick.map(([label, day]) => (
          <Button
            key={label}
            small
            aria-pressed={date === day}
            onClick={() => set(dueOf(day, time))}
            className="aria-pressed:border-accent aria-pressed:text-accent"
          >
            {label}
          </Button>
        ))}
      </div>
    </fieldset>
  );
}
