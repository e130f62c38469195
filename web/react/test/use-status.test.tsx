import { createSession, type Session } from '@freshet/client/accounts';
import { FreshetProvider, useClient, useConflicts, useRejected, useSession, useStatus } from '@freshet/react';
import { expect, test, vi } from 'vitest';
import { Boundary, makeClient, mount } from './app.tsx';

interface Counted {
  rendered: () => void;
}

function Pending({ rendered }: Counted) {
  rendered();
  return useStatus(({ pending }) => pending);
}

const Connection = () => useStatus().connection;

function Lists({ rendered }: Counted) {
  rendered();
  return `${useConflicts().conflicts.length} ${useRejected().rejected.length}`;
}

const Lost = () => useClient() && 'found';

function Who({ rendered }: Counted) {
  rendered();
  return useSession().profile?.username ?? 'nobody';
}

test('the status is shown, and a part of it renders for itself alone', async () => {
  const client = makeClient();
  const rendered = vi.fn();
  const app = mount([<Pending key="1" rendered={rendered} />, ' ', <Connection key="2" />], client, true);
  await expect.poll(app.text).toBe('0 stopped');
  client.start();
  await expect.poll(app.text).toMatch(/0 (connecting|offline)/);
  expect(rendered).toHaveBeenCalledTimes(1);
  await client.tasks.create({ title: 'a' });
  await expect.poll(app.text).toMatch(/^1 /);
  expect(rendered).toHaveBeenCalledTimes(2);
});

test('lists of conflicts and of refused writes render when they change, and not with each write', async () => {
  const client = makeClient();
  const rendered = vi.fn();
  const app = mount(<Lists rendered={rendered} />, client, true);
  await expect.poll(app.text).toBe('0 0');
  await client.tasks.create({ title: 'a' });
  await client.tasks.create({ title: 'b' });
  await expect.poll(() => client.status.get().pending).toBe(2);
  expect(rendered).toHaveBeenCalledTimes(1);
});

test('a component without a provider is told what it lacks', async () => {
  const client = makeClient();
  const app = mount(
    <Boundary>
      <FreshetProvider>
        <Lost />
      </FreshetProvider>
    </Boundary>,
    client,
  );
  await expect.poll(app.text).toMatch(/^failed: no client/);
});

test('a session shows who is signed in', async () => {
  let profile: Session['profile'];
  let tell = () => {};
  const session = Object.create(createSession({ endpoint: 'http://away.example' }), {
    profile: { get: () => profile },
    subscribe: {
      value: (changed: () => void) => {
        tell = changed;
        return () => {};
      },
    },
  }) as Session;
  const rendered = vi.fn();
  const client = makeClient();
  const app = mount(
    <FreshetProvider client={client} session={session}>
      <Who rendered={rendered} />
    </FreshetProvider>,
    client,
    true,
  );
  await expect.poll(app.text).toContain('nobody');
  profile = { id: 'u1', username: 'ana', email: undefined, emailVerified: false, groups: [] };
  tell();
  await expect.poll(app.text).toBe('ana');
  tell();
  expect(rendered).toHaveBeenCalledTimes(2);
});
