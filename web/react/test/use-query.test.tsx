import { memoryDisk } from '@freshet/client';
import { useQuery, useRecord } from '@freshet/react';
import { memo, Suspense, useState } from 'react';
import { describe, expect, test, vi } from 'vitest';
import { Boundary, makeClient, mount } from './app.tsx';

const open = { where: { status: 'OPEN' as const }, orderBy: 'title' as const };

function Titles({ rendered = () => {} }: { rendered?: () => void }) {
  rendered();
  const tasks = useQuery('tasks', open);
  return <p>{tasks ? `[${tasks.map((task) => task.title).join()}]` : 'nothing yet'}</p>;
}

const Item = memo(({ task, rendered }: { task: { title: string }; rendered: string[] }) => {
  rendered.push(task.title);
  return task.title;
});

const List = ({ rendered }: { rendered: string[] }) =>
  useQuery('tasks', open)?.map((task) => <Item key={task.id} task={task} rendered={rendered} />);

function Either() {
  const [status, setStatus] = useState<'OPEN' | 'DONE'>('OPEN');
  const tasks = useQuery('tasks', { where: { status } });
  return (
    <button type="button" onClick={() => setStatus('DONE')}>
      {tasks?.map((task) => task.title)}
    </button>
  );
}

function Title({ of }: { of: string | null }) {
  const task = useRecord('tasks', of);
  return task === undefined ? 'nothing yet' : task === null ? 'none' : task.title;
}

function Waiting() {
  const tasks = useQuery('tasks', open, { suspense: true });
  const first = useRecord('tasks', '1', { suspense: true });
  return `[${tasks.map((task) => task.title).join()}] ${first === null ? 'none' : first.title}`;
}

const Wrong = () => useQuery('tasks', { where: { title: { near: 'x' } } } as never)?.length;

describe('a query', () => {
  test('shows what is there, and what becomes of it', async () => {
    const client = makeClient();
    const { id } = await client.tasks.create({ title: 'b' });
    const app = mount(<Titles />, client);
    await expect.poll(app.text).toBe('[b]');
    await client.tasks.create({ title: 'a' });
    await expect.poll(app.text).toBe('[a,b]');
    await client.tasks.update(id, { status: 'DONE' });
    await expect.poll(app.text).toBe('[a]');
  });

  test('renders when its result is another, and not for anything else', async () => {
    const client = makeClient();
    const rendered = vi.fn();
    const app = mount(<Titles rendered={rendered} />, client, true);
    await expect.poll(app.text).toBe('[]');
    expect(rendered).toHaveBeenCalledTimes(2);
    await client.events.create({ title: 'e', start: '2030-01-01T00:00:00Z', end: '2030-01-01T01:00:00Z' });
    const { id } = await client.tasks.create({ title: 'done', status: 'DONE' });
    await client.tasks.update(id, { title: 'well done' });
    const task = await client.tasks.create({ title: 'a' });
    await expect.poll(app.text).toBe('[a]');
    expect(rendered).toHaveBeenCalledTimes(3);
    await client.tasks.update(task.id, { description: 'more about it' });
    await expect.poll(() => rendered.mock.calls.length).toBe(4);
  });

  test('leaves the records alone that did not change, so that memo holds', async () => {
    const client = makeClient();
    const rendered: string[] = [];
    const { id } = await client.tasks.create({ title: 'a' });
    await client.tasks.create({ title: 'b' });
    const app = mount(<List rendered={rendered} />, client, true);
    await expect.poll(app.text).toBe('ab');
    await client.tasks.update(id, { title: 'A' });
    await expect.poll(app.text).toBe('Ab');
    expect(rendered).toEqual(['a', 'b', 'A']);
  });

  test('is observed once by all components of a client, and no longer than shortly after the last', async () => {
    const client = makeClient();
    const observe = vi.spyOn(client.tasks, 'observe');
    const stopped = vi.fn();
    const { observe: real } = makeClient().tasks;
    observe.mockImplementation((...args) => {
      const stop = real(...args);
      return () => {
        stopped();
        stop();
      };
    });
    const app = mount([<Titles key="1" />, <Titles key="2" />], client);
    await expect.poll(app.text).toBe('[][]');
    app.show(<Titles key="2" />);
    await expect.poll(app.text).toBe('[]');
    expect(observe).toHaveBeenCalledTimes(1);
    vi.useFakeTimers();
    try {
      app.unmount();
      await vi.advanceTimersByTimeAsync(4900);
      expect(stopped).not.toHaveBeenCalled();
      await vi.advanceTimersByTimeAsync(200);
      expect(stopped).toHaveBeenCalledTimes(1);
    } finally {
      vi.useRealTimers();
    }
  });

  test('is another one when its parts are', async () => {
    const client = makeClient();
    await client.tasks.create({ title: 'open' });
    await client.tasks.create({ title: 'done', status: 'DONE' });
    const app = mount(<Either />, client);
    await expect.poll(app.text).toBe('open');
    app.click('open');
    await expect.poll(app.text).toBe('done');
  });
});

describe('one record', () => {
  test('is shown, and that there is none', async () => {
    const client = makeClient();
    const app = mount(<Title of="1" />, client);
    expect(app.text()).not.toBe('none');
    await expect.poll(app.text).toBe('none');
    await client.tasks.create({ id: '1', title: 'One' });
    await expect.poll(app.text).toBe('One');
    await client.tasks.delete('1');
    await expect.poll(app.text).toBe('none');
    app.show(<Title of={null} />);
    await expect.poll(app.text).toBe('none');
  });
});

describe('with suspense', () => {
  const page = (
    <Suspense fallback="waiting">
      <Waiting />
    </Suspense>
  );

  test('a component waits for the first result, however long the store takes to open', async () => {
    let opened = () => {};
    const disk = new Promise<ReturnType<typeof memoryDisk>>((resolve) => {
      opened = () => resolve(memoryDisk());
    });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const client = makeClient({ storage: () => disk });
    const app = mount(page, client);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(app.text()).toBe('waiting');
    vi.useRealTimers();
    opened();
    await expect.poll(app.text).toBe('[] none');
    await client.tasks.create({ id: '1', title: 'a' });
    await expect.poll(app.text).toBe('[a] a');
  });

  test('a query that does not fit, and a store that does not open, are errors for a boundary', async () => {
    const client = makeClient();
    const app = mount(
      <Boundary>
        <Wrong />
      </Boundary>,
      client,
    );
    await expect.poll(app.text).toContain('no operator "near"');
    expect(await client.tasks.query()).toEqual([]);

    const broken = makeClient({ storage: () => Promise.reject(new Error('no disk')) });
    const waiting = mount(<Boundary>{page}</Boundary>, broken);
    await expect.poll(waiting.text).toBe('failed: no disk');
  });
});
