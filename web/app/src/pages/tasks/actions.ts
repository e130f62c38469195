import type { AppClient } from '@freshet/react';
import type { Task, TaskPatch } from '../../generated/schema.ts';
import { ownName } from '../../server/people.ts';
import { texts } from '../../texts.ts';
import { toast, undoable } from '../../ui/toasts.tsx';
import { isDone } from './arrange.ts';

const t = texts.tasks;

/** Changes fields of a task. */
export async function change(client: AppClient, { id }: Task, patch: TaskPatch): Promise<void> {
  await client.tasks.update(id, patch);
}

/** Marks a task as done, or opens it again, with the way back. */
export async function toggle(client: AppClient, task: Task): Promise<void> {
  const before = task.status ?? 'OPEN';
  const done = isDone(task);
  await client.tasks.update(task.id, { status: done ? 'OPEN' : 'DONE' });
  undoable(done ? t.reopened : t.done, () => void client.tasks.update(task.id, { status: before }));
}

/** Deletes a task; to undo that is to create it again, with the same id and so with its history. */
export async function remove(client: AppClient, task: Task): Promise<void> {
  if (task.owner !== ownName()) return toast({ text: t.notYours });
  await client.tasks.delete(task.id);
  const { id, title, description = null, status = null, due = null, owner = null, sharedWith = null } = task;
  undoable(t.removed, async () => {
    await client.tasks.create({ id, title, description, status, due, owner, sharedWith });
    toast({ text: t.restored });
  });
}
