import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { apiKey, type Credentials } from '../../src/auth/credentials.ts';
import { createSession } from '../../src/auth/session.ts';
import { tokens } from '../../src/auth/tokens.ts';
import { type Server, startServer, statusWith } from '../server.ts';

let server: Server;
beforeAll(async () => {
  server = await startServer();
}, 120_000);
afterAll(() => server.stop());

const jwt = (claims: object) => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`;

describe('apiKey', () => {
  test('lets in a program, and nobody with another key', async () => {
    const program: Credentials = apiKey(server.apiKey);
    expect(program.user).toBeUndefined();
    expect(await statusWith(server.url, await program.headers())).toBe(200);
    expect(await statusWith(server.url, await apiKey(`${server.apiKey}x`).headers())).toBe(401);
  });
});

describe('tokens', () => {
  test('of the server itself let in', async () => {
    const session = createSession({ endpoint: server.url });
    const temporary = (await server.operate('user', 'create', 'ana')).match(/password (\S+)/)![1]!;
    await session.signIn('ana', temporary);
    await session.answer('tulip-garden-47');
    const given = tokens(async () => (await session.headers()).Authorization);
    expect(await statusWith(server.url, await given.headers())).toBe(200);
    expect(given.user).toBe(session.user);
  });

  test('are asked for each time, and tell when they are others', async () => {
    const give = vi.fn(async ({ renew }: { renew: boolean }) => jwt({ sub: renew ? 'ben' : 'änä' }));
    const credentials = tokens(give);
    const told = vi.fn();
    const stop = credentials.subscribe!(told);
    expect(credentials.user).toBeUndefined();
    const { signal } = new AbortController();
    expect(await credentials.headers(signal)).toEqual({ Authorization: jwt({ sub: 'änä' }) });
    expect(give).toHaveBeenLastCalledWith({ renew: false, signal });
    await credentials.headers();
    expect([credentials.user, told.mock.calls.length]).toEqual(['änä', 1]);
    expect(await credentials.renew!()).toBe(true);
    expect([credentials.user, told.mock.calls.length]).toEqual(['ben', 2]);
    expect(await credentials.renew!()).toBe(false); // the same again is none
    stop();
    await credentials.headers();
    expect(told).toHaveBeenCalledTimes(2);
  });

  test('are others than those that were refused where another request had them already', async () => {
    const jwts = [1, 2, 2, 2].map((exp) => jwt({ sub: 'ana', exp }));
    const credentials = tokens(async () => jwts.shift());
    const [refused, later] = [await credentials.headers(), await credentials.headers()];
    expect(await credentials.renew!(refused)).toBe(true);
    expect(await credentials.renew!(later)).toBe(false);
    expect(await tokens(async () => jwt({ sub: 'ana' })).renew!({})).toBe(true); // nothing was refused
  });

  test('that are none: nobody is signed in', async () => {
    const nobody = tokens(async () => undefined);
    await expect(nobody.headers()).rejects.toMatchObject({ code: 'SignedOut' });
    expect([await nobody.renew!(), nobody.user]).toEqual([false, undefined]);
  });

  test('that are no JWT name nobody, and are sent as they are', async () => {
    const opaque = tokens(async () => 'a token of the operator’s own');
    expect((await opaque.headers()).Authorization).toBe('a token of the operator’s own');
    expect(opaque.user).toBeUndefined();
  });

  test('faults of who gives them are theirs', async () => {
    const broken = tokens(() => Promise.reject(new Error('no network')));
    await expect(broken.headers()).rejects.toThrow('no network');
    await expect(broken.renew!()).rejects.toThrow('no network');
  });
});

test.each([
  ['http://a.test', 'http://a.test/idp'],
  ['http://a.test/graphql', 'http://a.test/idp'],
  ['https://a.test/api/', 'https://a.test/api/idp'],
  ['https://a.test/api/graphql', 'https://a.test/api/idp'],
])('accounts of %s are at %s', async (endpoint, want) => {
  const asked: string[] = [];
  const send: typeof fetch = async (url) => {
    asked.push(String(url));
    throw new TypeError('fetch failed');
  };
  const session = createSession({ endpoint, environment: { fetch: send } });
  await expect(session.forgotPassword('ana')).rejects.toMatchObject({ code: 'Network' });
  expect(asked).toEqual([want]);
});

test('a page names its server by a path', async () => {
  vi.stubGlobal('location', new URL('https://a.test/app/index.html'));
  let asked: unknown;
  const send: typeof fetch = async (url) => {
    asked = url;
    throw new TypeError('fetch failed');
  };
  await createSession({ endpoint: '/graphql', environment: { fetch: send } })
    .forgotPassword('ana')
    .catch(() => {});
  vi.unstubAllGlobals();
  expect(asked).toBe('https://a.test/idp');
});

test('tokens are in localStorage, and in memory where a page may not have that', async () => {
  const temporary = (await server.operate('user', 'create', 'ben')).match(/password (\S+)/)![1]!;
  const kept = new Map<string, string>();
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  });
  const page = createSession({ endpoint: server.url });
  await page.signIn('ben', temporary);
  await page.answer('tulip-garden-47');
  expect([...kept.keys()]).toEqual([`freshet ${server.url}/idp freshet-web`]);
  expect(createSession({ endpoint: server.url }).user).toBe(page.user); // the page is loaded again
  vi.unstubAllGlobals();

  Object.defineProperty(globalThis, 'localStorage', {
    configurable: true,
    get: () => {
      throw new DOMException('The operation is insecure.', 'SecurityError');
    },
  });
  const bare = createSession({ endpoint: server.url });
  expect(await bare.signIn('ben', 'tulip-garden-47')).toEqual({ next: 'done' });
  expect([bare.user, createSession({ endpoint: server.url }).user]).toEqual([page.user, undefined]);
  Reflect.deleteProperty(globalThis, 'localStorage');
});
