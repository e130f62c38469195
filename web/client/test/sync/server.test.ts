import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import {
  type Client,
  type ClientOptions,
  createClient,
  type Environment,
  memoryDisk,
  platform,
  type Schema,
} from '../../src/index.ts';
import { schema } from '../codegen/generated/workspace.ts';
import { Freshet, secret, until } from './freshet.ts';

// The client against the real server, on disks that outlive it.

type Workspace = typeof schema extends Schema<infer C> ? C : never;
type Tasks = Client<Workspace>;

const freshet = new Freshet();
const open: Tasks[] = [];

beforeAll(() => freshet.start(), 60_000);
afterAll(() => freshet.remove());
afterEach(async () => {
  await Promise.all(open.splice(0).map((client) => client.close()));
});

function connect(options: Partial<ClientOptions<Workspace>> = {}): Tasks {
  const environment = { ...platform(), random: () => 0.02 }; // of the longest wait
  const client = createClient({
    environment,
    endpoint: freshet.endpoint,
    auth: secret,
    schema,
    storage: 'memory',
    ...options,
  });
  open.push(client);
  client.start();
  return client;
}

const idle = (client: Tasks) =>
  until(
    () => client.status.get().connection === 'live' && client.status.get().pending === 0,
    'live and nothing pending',
  );

test('two clients are in step', async () => {
  const [ana, ben] = [connect(), connect()];
  await Promise.all([idle(ana), idle(ben)]);
  const seen: (readonly { title: string }[])[] = [];
  ben.tasks.observe({ where: { title: { beginsWith: 'Water' } } }, (tasks) => seen.push(tasks));
  const task = await ana.tasks.create({ title: 'Water the plants' });
  expect(task).toMatchObject({ title: 'Water the plants', status: 'OPEN', _version: 0 });
  await until(() => seen.at(-1)?.length === 1);
  await ben.tasks.update(task.id, { status: 'DONE' });
  await until(async () => (await ana.tasks.get(task.id))?.status === 'DONE');
  await Promise.all([idle(ana), idle(ben)]);
  expect(await ana.tasks.get(task.id)).toEqual(await ben.tasks.get(task.id));
  expect((await ana.tasks.get(task.id))?._version).toBe(2);
  await ana.tasks.delete(task.id);
  await until(async () => (await ben.tasks.get(task.id)) === undefined);
});

test('what is written offline is merged field by field; what both wrote is a conflict', async () => {
  const [ana, ben] = [connect(), connect()];
  const task = await ana.tasks.create({ title: 'Plan', sharedWith: ['x'] });
  await idle(ana);
  await until(() => ben.tasks.get(task.id));
  ben.stop();
  await ben.tasks.update(task.id, { title: 'Plan of Ben', status: 'IN_PROGRESS' });
  await ben.tasks.update(task.id, { sharedWith: ['x', 'ben'] });
  expect((await ben.outbox.export()).length).toBe(1);
  await ana.tasks.update(task.id, { title: 'Plan of Ana', sharedWith: ['x', 'ana'] });
  await idle(ana);
  ben.start();
  await idle(ben);
  expect(await ben.tasks.get(task.id)).toMatchObject({
    title: 'Plan of Ana',
    status: 'IN_PROGRESS',
    sharedWith: ['x', 'ana', 'ben'],
  });
  const [conflict] = ben.conflicts.list();
  expect(conflict).toMatchObject({
    field: 'title',
    yours: 'Plan of Ben',
    theirs: 'Plan of Ana',
    base: 'Plan',
  });
  await ben.conflicts.restore(conflict!);
  expect(ben.conflicts.list()).toEqual([]);
  await until(async () => (await ana.tasks.get(task.id))?.title === 'Plan of Ben');
});

test('a refused write is undone and kept, with what rests on it; the queue goes on', async () => {
  const ana = connect();
  ana.stop();
  const bad = await ana.tasks.create({ title: 'Bad', due: 'some day' });
  await ana.transact((tx) => {
    const { id } = tx.tasks.create({ title: 'Also' });
    tx.tasks.update(bad.id, { title: 'Worse' });
    expect(id).toBeTypeOf('string');
  });
  const good = await ana.tasks.create({ title: 'Good' });
  ana.start();
  await idle(ana);
  expect(await ana.tasks.get(bad.id)).toBeUndefined();
  expect(await ana.tasks.query({ where: { title: 'Also' } })).toEqual([]);
  expect((await ana.tasks.get(good.id))?._version).toBe(1);
  const rejected = ana.rejected.list();
  expect(rejected.map((r) => [r.write.fields.title, r.code])).toEqual([
    ['Bad', 'invalid'],
    ['Also', 'invalid'],
    ['Worse', 'invalid'],
  ]);
  expect(ana.status.get().rejected).toBe(3);
  await ana.rejected.dismiss(rejected[0]!);
  expect(ana.rejected.list()).toEqual([]);
});

test('a kill of the server and of the client in the middle loses nothing and doubles nothing', async () => {
  const platter = { values: new Map<string, unknown>() };
  const storage = async () => memoryDisk(platter);
  let ana = connect({ storage });
  const task = await ana.tasks.create({ title: 'List', sharedWith: [] });
  await idle(ana);
  const written: string[] = [];
  for (let i = 0; i < 60; i++) {
    const name = `n${i}`;
    const now = (await ana.tasks.get(task.id))!;
    await ana.tasks.update(task.id, { sharedWith: [...(now.sharedWith ?? []), name] });
    written.push(name);
    if (i % 5 === 0) await idle(ana);
    if (i % 12 === 7) {
      await freshet.kill();
      await freshet.start();
    }
    if (i % 12 === 9) {
      void ana.close(); // as a tab that goes: what is under way is left alone
      open.splice(open.indexOf(ana), 1);
      ana = connect({ storage });
    }
  }
  await idle(ana);
  const ben = connect();
  await idle(ben);
  expect((await ben.tasks.get(task.id))?.sharedWith).toEqual(written);
  expect(await ana.tasks.get(task.id)).toEqual(await ben.tasks.get(task.id));
  expect(ana.rejected.list()).toEqual([]);
  expect(ana.conflicts.list()).toEqual([]);
}, 60_000);

test('a client that comes back and has missed nothing asks once', async () => {
  const platter = { values: new Map<string, unknown>() };
  const storage = async () => memoryDisk(platter);
  const first = connect({ storage });
  await idle(first);
  await first.close();
  open.pop();
  const used: string[] = [];
  const environment: Environment = {
    ...platform(),
    fetch: (url, request) => {
      used.push('fetch');
      return fetch(url, request);
    },
    openSocket: (url, protocol) => {
      used.push('socket');
      return platform().openSocket(url, protocol);
    },
  };
  const again = connect({ storage, environment });
  expect(Array.isArray(await again.tasks.query())).toBe(true);
  await idle(again);
  expect(used).toEqual(['socket']);
});
