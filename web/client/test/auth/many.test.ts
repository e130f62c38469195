import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSession } from '../../src/auth/session.ts';
import { usualStorage } from '../../src/auth/store.ts';
import { type Server, startServer } from '../server.ts';

let server: Server;
beforeAll(async () => {
  server = await startServer('--trusted-proxy', '127.0.0.1', '--verify-email', 'off');
}, 120_000);
afterAll(() => server.stop());

// A fault in the padding of numbers shows in half of the sign-ins, or in one of 256.
test('200 users with passwords of any text', { timeout: 240_000 }, async () => {
  const password = fc.oneof(
    fc.string({ unit: 'grapheme', minLength: 8, maxLength: 60 }),
    fc.string({ unit: 'binary', minLength: 8, maxLength: 60 }),
    fc.string({ minLength: 8, maxLength: 200 }),
  );
  let users = 0;
  const property = fc.asyncProperty(password, async (secret) => {
    const name = `user${++users}`;
    const address = `10.1.${users >> 8}.${users & 255}`;
    const send: typeof fetch = (url, init) =>
      fetch(url, {
        ...init,
        headers: { ...(init!.headers as Record<string, string>), 'x-forwarded-for': address },
      });
    const session = createSession({
      endpoint: server.url,
      storage: usualStorage(),
      environment: { fetch: send },
    });
    const made = await session.signUp({ username: name, password: secret });
    expect(made).toEqual({ id: expect.any(String), confirmed: true, destination: undefined });
    expect(await session.signIn(name, secret)).toEqual({ next: 'done' });
    expect(session.user).toBe(made.id);
    await expect(session.signIn(name, `${secret}x`)).rejects.toMatchObject({ code: 'NotAuthorized' });
  });
  await fc.assert(property, { numRuns: 200, endOnFailure: true });
  expect(users).toBe(200);
});
