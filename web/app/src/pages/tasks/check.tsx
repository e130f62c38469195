import type { Task } from '../../generated/schema.ts';
import { texts } from '../../texts.ts';
import { CheckIcon } from '../../ui/icons.tsx';
import { isDone } from './arrange.ts';

/** The circle before a task: empty, half for what somebody is at, ticked. */
export function Check({ task, onToggle, tabIndex }: { task: Task; onToggle: () => void; tabIndex?: number }) {
  const done = isDone(task);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a checkbox cannot be drawn, and has no third state of its own
    <button
      type="button"
      role="checkbox"
      aria-checked={done ? true : task.status === 'IN_PROGRESS' ? 'mixed' : false}
      aria-label={(done ? texts.tasks.reopen : texts.tasks.complete)(task.title)}
      tabIndex={tabIndex}
      onClick={onToggle}
      className="group grid size-11 shrink-0 place-items-center rounded-full"
    >
      <span
        className={`grid size-[1.375rem] place-items-center rounded-full border-2 transition-colors ${
          done
            ? 'border-accent bg-accent text-on-accent'
            : 'border-edge text-transparent group-hover:border-accent group-hover:text-accent'
        }`}
      >
        {task.status === 'IN_PROGRESS' ? (
          <span className="size-2.5 rounded-full bg-accent" />
        ) : (
          <CheckIcon className="size-3.5" />
        )}
      </span>
    </button>
  );
}
