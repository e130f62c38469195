import { platform } from '@freshet/client';
import { useConflicts, useRejected } from '@freshet/react';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Freshet, secret } from '../../client/test/sync/freshet.ts';
import { makeClient, mount } from './app.tsx';

// What the real server does not take.

const freshet = new Freshet();
beforeAll(() => freshet.start(), 60_000);
afterAll(() => freshet.remove());

function Untaken() {
  const { conflicts, accept, restore } = useConflicts();
  const { rejected, dismiss } = useRejected();
  return (
    <>
      {conflicts.map((conflict) => (
        <p key={conflict.key + conflict.field}>
          {`${conflict.field}: ${conflict.yours}, not ${conflict.theirs}`}
          <button type="button" onClick={() => accept(conflict)}>
            accept
          </button>
          <button type="button" onClick={() => restore(conflict)}>
            restore
          </button>
        </p>
      ))}
      {rejected.map((refused) => (
        <p key={refused.number}>
          {refused.code}
          <button type="button" onClick={() => dismiss(refused)}>
            dismiss
          </button>
        </p>
      ))}
    </>
  );
}

function connect() {
  const client = makeClient({ endpoint: freshet.endpoint, auth: secret, environment: platform() });
  client.start();
  return client;
}

test('conflicts and refused writes are shown until somebody decides', { timeout: 30_000 }, async () => {
  const [ana, ben] = [connect(), connect()];
  const app = mount(<Untaken />, ben);
  const { id } = await ana.tasks.create({ title: 'Plan' });
  await expect.poll(() => ben.tasks.get(id), { timeout: 10_000 }).toBeDefined();
  ben.stop();
  await ben.tasks.update(id, { title: "Ben's" });
  const bad = await ben.tasks.create({ title: 'Bad', due: 'some day' });
  await ana.tasks.update(id, { title: "Ana's" });
  await expect.poll(() => ana.status.get().pending).toBe(0);
  ben.start();
  await expect.poll(app.text, { timeout: 10_000 }).toContain("title: Ben's, not Ana's");
  await expect.poll(app.text).toContain('invalid');
  expect(await ben.tasks.get(bad.id)).toBeUndefined();
  app.click('dismiss');
  await expect.poll(app.text).not.toContain('invalid');
  app.click('restore');
  await expect.poll(app.text).toBe('');
  await expect.poll(async () => (await ana.tasks.get(id))?.title, { timeout: 10_000 }).toBe("Ben's");
});
