import { useMutation, useQuery } from '@freshet/react';
import { expect, test } from 'vitest';
import { makeClient, mount } from './app.tsx';

function Adding({ title }: { title: string }) {
  const tasks = useQuery('tasks');
  const { run, pending, error } = useMutation((client) => client.tasks.create({ id: '1', title }));
  return (
    <button type="button" onClick={() => run()}>
      add {tasks?.map((task) => task.title)} {pending && 'pending'} {error instanceof Error && error.message}
    </button>
  );
}

function Waiting({ failed }: { failed: (error: unknown) => void }) {
  const { run } = useMutation((client, title: string) => client.tasks.create({ id: '1', title }));
  return (
    <button type="button" onClick={() => run('Second').catch(failed)}>
      add
    </button>
  );
}

test('a write without a network is shown at once and waits', async () => {
  const client = makeClient();
  client.start();
  const app = mount(<Adding title="One" />, client);
  app.show(<Adding title="Two" />);
  await expect.poll(app.text).toBe('add   ');
  app.click('add');
  await expect.poll(app.text).toBe('add Two  ');
  expect(client.status.get().pending).toBe(1);
});

test('why a write failed is shown, until one does not', async () => {
  const client = makeClient();
  await client.tasks.create({ id: '1', title: 'First' });
  const app = mount(<Adding title="Second" />, client);
  await expect.poll(app.text).toBe('add First  ');
  app.click('add');
  await expect.poll(app.text).toBe('add First  there is a Task with the key 1 already');
  await client.tasks.delete('1');
  app.click('add');
  await expect.poll(app.text).toBe('add Second  ');
});

test('who waits for a write is told that it failed', async () => {
  const client = makeClient();
  await client.tasks.create({ id: '1', title: 'First' });
  const told: unknown[] = [];
  const app = mount(<Waiting failed={(error) => told.push(error)} />, client);
  await expect.poll(app.text).toBe('add');
  app.click('add');
  await expect.poll(() => told).toMatchObject([{ code: 'conflict' }]);
});
