import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSession, type Session, tokens } from '../../src/accounts.ts';
import { createClient } from '../../src/index.ts';
import { schema } from '../codegen/generated/workspace.ts';
import { type Server, startServer } from '../server.ts';
import { until } from './freshet.ts';

let server: Server;
let session: Session;

beforeAll(async () => {
  server = await startServer();
  session = createSession({ endpoint: server.url });
  const temporary = (await server.operate('user', 'create', 'ana')).match(/password (\S+)/)![1]!;
  await session.signIn('ana', temporary);
  expect(await session.answer('tulip-garden-47')).toEqual({ next: 'done' });
}, 120_000);
afterAll(() => server?.stop());

test.each(['session', 'tokens'])(
  'an owner is the same before and after the server filled it in: %s',
  async (kind) => {
    const token = async () => (await session.headers()).Authorization;
    const auth = kind === 'session' ? session : tokens(token);
    const client = createClient({ endpoint: `${server.url}/graphql`, auth, schema, storage: 'memory' });
    const before = await client.tasks.create({ title: 'Offline' });
    expect(before).toMatchObject({ owner: 'ana', _version: 0 });
    expect(await client.tasks.query({ where: { owner: 'ana', title: 'Offline' } })).toHaveLength(1);
    client.start();
    await until(async () => ((await client.tasks.get(before.id))?._version ?? 0) > 0);
    expect(await client.tasks.get(before.id)).toMatchObject({ owner: 'ana', _version: 1 });
    expect(auth.user).toBe(session.profile!.id);
    await client.close();
  },
);
