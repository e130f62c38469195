import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createClient, FreshetError, platform } from '../../src/index.ts';
import { schema } from '../codegen/generated/workspace.ts';
import { Freshet, secret, until } from './freshet.ts';

// What an app asks of the real server past the store.

const freshet = new Freshet();
beforeAll(() => freshet.start(), 60_000);
afterAll(() => freshet.remove());

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((client) => client.close()));
});

function connect(auth = secret) {
  const environment = { ...platform(), random: () => 0.1 };
  const { endpoint } = freshet;
  const client = createClient({ endpoint, auth, schema, storage: 'memory', environment });
  open.push(client);
  return client;
}

const create = 'mutation($title: String!) { createTask(input: {title: $title}) { id title } }';
const created = 'subscription { onCreateTask { title } }';

test('a request gives its data, and errors by their codes', async () => {
  const client = connect();
  const { createTask } = await client.graphql<{ createTask: { title: string } }>(create, { title: 'Direct' });
  expect(createTask).toMatchObject({ title: 'Direct' });
  expect(await client.tasks.query()).toEqual([]);
  const codes = [
    client.graphql('{ nothing }'),
    client.graphql(create, { title: 1 }),
    connect('wrong').graphql(create, { title: 'Wrong' }),
  ].map((request) =>
    request.then(
      () => 'went well',
      (error) => error instanceof FreshetError && error.code,
    ),
  );
  expect(await Promise.all(codes)).toEqual(['invalid', 'invalid', 'unauthenticated']);
  const gone = new AbortController();
  gone.abort(new Error('enough'));
  await expect(client.graphql(create, { title: 'Never' }, gone.signal)).rejects.toThrow('enough');
});

test('a subscription goes on after the server was killed, and ends when it is told to', async () => {
  const client = connect();
  const seen: string[] = [];
  const stop = client.subscribe<{ onCreateTask: { title: string } }>(created, undefined, (data) =>
    seen.push(data.onCreateTask.title),
  );
  const told = async () => {
    await client.graphql(create, { title: 'Live' });
    return seen.splice(0).length > 0;
  };
  await until(told);
  await freshet.kill();
  seen.length = 0;
  await expect(client.graphql('{ __typename }')).rejects.toMatchObject({ code: 'unavailable' });
  await freshet.start();
  await until(told);
  stop();
  seen.length = 0;
  const other: string[] = [];
  connect().subscribe(created, undefined, () => other.push(''));
  await until(async () => {
    await client.graphql(create, { title: 'After' });
    return other.length > 0;
  });
  expect(seen).toEqual([]);
});

test('a subscription that the server refuses fails once', async () => {
  const failures: unknown[] = [];
  const failed = (error: unknown) => failures.push((error as FreshetError).code);
  connect().subscribe('subscription { nothing }', {}, () => {}, failed);
  connect('wrong').subscribe(created, {}, () => {}, failed);
  await until(() => failures.length === 2);
  expect(failures.sort()).toEqual(['invalid', 'unauthenticated']);
});
