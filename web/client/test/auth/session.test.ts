import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { claimsOf } from '../../src/auth/claims.ts';
import type { AuthEnvironment, Session } from '../../src/auth/session.ts';
import { createSession } from '../../src/auth/session.ts';
import type { TokenStorage } from '../../src/auth/store.ts';
import { codeIn, type Server, startServer, statusWith, totpAt } from '../server.ts';

let server: Server;
beforeAll(async () => {
  server = await startServer('--trusted-proxy', '127.0.0.1');
}, 120_000);
afterAll(() => server.stop());

const password = 'tulip-garden-47';
const wrong = (code: string) => (code === '000000' ? '000001' : '000000');
const refused = (code: string) => expect.objectContaining({ name: 'AuthError', code });

/** A storage that several sessions may have, as tabs have localStorage. */
function memory(): TokenStorage & { kept: Map<string, string> } {
  const kept = new Map<string, string>();
  return {
    kept,
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  };
}

interface Page {
  session: Session;
  /** The operations that were asked for. */
  sent: string[];
}

let pages = 0;
/** A page on a network of its own: the server slows down what one network asks. */
function open(more: Partial<AuthEnvironment> = {}, storage = memory()): Page {
  const sent: string[] = [];
  const address = `10.0.0.${++pages}`;
  const send = more.fetch ?? fetch;
  const environment: Partial<AuthEnvironment> = {
    ...more,
    fetch: (url, init) => {
      const headers = init!.headers as Record<string, string>;
      sent.push(headers['x-amz-target']!.split('.')[1]!);
      return send(url, { ...init, headers: { ...headers, 'x-forwarded-for': address } });
    },
  };
  return { session: createSession({ endpoint: `${server.url}/graphql`, storage, environment }), sent };
}

/** A page whose user has an account and is signed in. */
async function signedIn(name: string, page = open()): Promise<Page> {
  await server.operate('user', 'create', name).then(async (made) => {
    const temporary = made.match(/password (\S+)/)![1]!;
    expect(await page.session.signIn(name, temporary)).toEqual({ next: 'newPassword' });
    expect(await page.session.answer(password)).toEqual({ next: 'done' });
  });
  return page;
}

describe('sign-up', () => {
  test('from nobody to somebody who may ask', async () => {
    const { session } = open();
    const made = await session.signUp({ username: 'ana', password, email: 'ana@example.com' });
    expect(made).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      confirmed: false,
      destination: 'a***@e***',
    });
    expect(await session.signIn('ana', password)).toEqual({ next: 'confirmSignUp' });
    await expect(session.resendCode('ana')).rejects.toEqual(refused('LimitExceeded'));
    const code = codeIn(await server.letter('ana@example.com', /./));
    await expect(session.confirmSignUp('ana', wrong(code))).rejects.toEqual(refused('CodeMismatch'));
    await session.confirmSignUp('ana', code);
    await expect(session.confirmSignUp('ana', code)).rejects.toEqual(refused('CodeMismatch'));

    expect([session.user, session.profile]).toEqual([undefined, undefined]);
    await expect(session.headers()).rejects.toEqual(refused('SignedOut'));
    expect(await session.signIn('ana', password)).toEqual({ next: 'done' });
    expect(session.user).toBe(made.id);
    expect(session.profile).toEqual({
      id: made.id,
      username: 'ana',
      email: 'ana@example.com',
      emailVerified: true,
      groups: [],
    });
    expect(await statusWith(server.url, await session.headers())).toBe(200);
    expect(
      await statusWith(server.url, { Authorization: `${(await session.headers()).Authorization}x` }),
    ).toBe(401);
    await session.signOut();
    for (const name of ['ANA', 'ana@example.com']) {
      expect(await session.signIn(name, password)).toEqual({ next: 'done' });
      expect(session.profile?.username).toBe('ana');
    }
  });

  test('by e-mail alone, with attributes', async () => {
    const { session } = open();
    const attributes = { name: 'Eva Ünal 🌱' };
    const { id } = await session.signUp({ username: 'eva@example.com', password, attributes });
    await session.confirmSignUp('eva@example.com', codeIn(await server.letter('eva@example.com', /./)));
    await session.signIn('eva@example.com', password);
    expect(session.profile).toMatchObject({ id, username: id, email: 'eva@example.com' });
  });

  test('what is refused', async () => {
    const { session } = await signedIn('taken');
    const signUp = (username: string, secret: string, email = 'new@example.com') =>
      session.signUp({ username, password: secret, email });
    await expect(signUp('Taken', password)).rejects.toEqual(refused('UsernameExists'));
    await expect(signUp('new', 'password')).rejects.toEqual(refused('InvalidPassword'));
    await expect(signUp('with space', password)).rejects.toEqual(refused('InvalidParameter'));
    await expect(session.signUp({ username: 'new', password })).rejects.toEqual(refused('InvalidParameter'));
    const stranger = createSession({ endpoint: server.url, clientId: 'stranger', storage: memory() });
    await expect(stranger.signIn('taken', password)).rejects.toEqual(refused('ResourceNotFound'));
    const otherPool = createSession({ endpoint: server.url, poolId: 'local_other', storage: memory() });
    await expect(otherPool.signIn('taken', password)).rejects.toEqual(refused('NotAuthorized'));
  });
});

describe('sign-in', () => {
  test('a wrong password is answered as an unknown name', async () => {
    const { session } = await signedIn('wim');
    await session.signOut();
    const known = await session.signIn('wim', 'not-the-password').catch((error) => error);
    const unknown = await session.signIn('nobody', 'not-the-password').catch((error) => error);
    expect(known).toEqual(refused('NotAuthorized'));
    expect([unknown.code, unknown.message]).toEqual([known.code, known.message]);
    expect(session.user).toBeUndefined();
  });

  test('an invitation: a password of the own has to be chosen', async () => {
    const { session } = open();
    await server.operate('user', 'create', 'tom', '--email', 'tom@example.com', '--group', 'editors');
    const letter = await server.letter('tom@example.com', /./);
    const temporary = letter.match(/password[^\n]*?:?\s+(\S+)\s*$/im)![1]!;
    expect(await session.signIn('tom', temporary)).toEqual({ next: 'newPassword' });
    expect(session.user).toBeUndefined();
    await expect(session.answer('password')).rejects.toEqual(refused('InvalidPassword'));
    expect(await session.answer('rose-garden-48')).toEqual({ next: 'done' });
    expect(session.profile).toMatchObject({ username: 'tom', groups: ['editors'], emailVerified: true });
    await expect(session.signIn('tom', temporary)).rejects.toEqual(refused('NotAuthorized'));
  });

  test('without a question there is no answer', async () => {
    const { session, sent } = await signedIn('nia');
    await expect(session.answer('123456')).rejects.toEqual(refused('NoQuestion'));
    sent.length = 0;
    await server.operate('user', 'create', 'ole');
    await session.signOut();
    await expect(session.answer('123456')).rejects.toEqual(refused('NoQuestion'));
    expect(sent).toEqual(['RevokeToken']);
  });

  test('one who is disabled is not let in', async () => {
    const { session } = await signedIn('dis');
    await server.operate('user', 'disable', 'dis');
    expect(await session.renew()).toBe(false);
    await expect(session.signIn('dis', password)).rejects.toEqual(refused('NotAuthorized'));
  });
});

describe('passwords', () => {
  test('forgotten: a code gives another one, and ends what was signed in', async () => {
    const { session } = open();
    await session.signUp({ username: 'fay', password, email: 'fay@example.com' });
    await session.confirmSignUp('fay', codeIn(await server.letter('fay@example.com', /./)));
    await session.signIn('fay', password);
    expect(await session.forgotPassword('fay')).toBe('f***@e***');
    const code = codeIn(await server.letter('fay@example.com', /reset/i));
    await expect(session.resetPassword('fay', wrong(code), 'rose-garden-48')).rejects.toEqual(
      refused('CodeMismatch'),
    );
    await expect(session.resetPassword('fay', code, 'short')).rejects.toEqual(refused('InvalidPassword'));
    await session.resetPassword('fay', code, 'rose-garden-48');
    await expect(session.resetPassword('fay', code, 'rose-garden-49')).rejects.toEqual(
      refused('CodeMismatch'),
    );
    expect(await session.renew()).toBe(false);
    await expect(session.signIn('fay', password)).rejects.toEqual(refused('NotAuthorized'));
    expect(await session.signIn('fay', 'rose-garden-48')).toEqual({ next: 'done' });
    expect(await session.forgotPassword('nobody-has-this-name')).toMatch(/\*\*\*@/); // it does not tell who there is
  });

  test('reset by an operator', async () => {
    const { session } = open();
    await session.signUp({ username: 'rob', password, email: 'rob@example.com' });
    await session.confirmSignUp('rob', codeIn(await server.letter('rob@example.com', /./)));
    await server.operate('user', 'reset', 'rob');
    expect(await session.signIn('rob', password)).toEqual({ next: 'resetPassword' });
    await session.resetPassword(
      'rob',
      codeIn(await server.letter('rob@example.com', /reset/i)),
      'rose-garden-48',
    );
    expect(await session.signIn('rob', 'rose-garden-48')).toEqual({ next: 'done' });
  });

  test('changed: other sessions end, this one goes on', async () => {
    const { session } = await signedIn('cas');
    const other = open().session;
    await other.signIn('cas', password);
    await expect(session.changePassword('not-the-password', 'rose-garden-48')).rejects.toEqual(
      refused('NotAuthorized'),
    );
    await expect(session.changePassword(password, 'short')).rejects.toEqual(refused('InvalidPassword'));
    expect(await other.renew()).toBe(true);
    await session.changePassword(password, 'rose-garden-48');
    expect(await other.renew()).toBe(false);
    expect(await statusWith(server.url, await session.headers())).toBe(200);
    expect(await session.renew()).toBe(true);
    await expect(other.signIn('cas', password)).rejects.toEqual(refused('NotAuthorized'));
  });
});

describe('second factors', () => {
  test('an authenticator app', async () => {
    const { session } = await signedIn('ida');
    expect(await session.factors()).toEqual([]);
    await expect(session.setFactors({ totp: true })).rejects.toEqual(refused('InvalidParameter'));
    const { secret, uri } = await session.setUpTotp('Fresh & Co');
    expect(uri).toBe(`otpauth://totp/Fresh%20%26%20Co:ida?secret=${secret}&issuer=Fresh%20%26%20Co`);
    // A code counts once: those of the steps before and after this one are others.
    const now = Date.now();
    const codes = [-30_000, 0, 30_000].map((ms) => totpAt(secret, now + ms));
    await expect(session.verifyTotp(wrong(codes[0]!))).rejects.toEqual(refused('EnableSoftwareTokenMFA'));
    expect(await session.verifyTotp(codes[0]!)).toEqual({ next: 'done' });
    expect(await session.factors()).toEqual(['totp']);
    await session.signOut();

    expect(await session.signIn('ida', password)).toEqual({ next: 'totp' });
    expect(session.user).toBeUndefined();
    await expect(session.answer(wrong(codes[1]!))).rejects.toEqual(refused('CodeMismatch'));
    await expect(session.answer(codes[0]!)).rejects.toEqual(refused('CodeMismatch'));
    expect(await session.answer(codes[1]!)).toEqual({ next: 'done' });
    await session.setFactors({ totp: false });
    expect(await session.factors()).toEqual([]);
    expect(await session.signIn('ida', password)).toEqual({ next: 'done' });
  });

  test('a mailed code, and the choice between both', async () => {
    const { session } = open();
    await session.signUp({ username: 'leo', password, email: 'leo@example.com' });
    await session.confirmSignUp('leo', codeIn(await server.letter('leo@example.com', /./)));
    await session.signIn('leo', password);
    await session.setFactors({ emailCode: true });
    expect(await session.signIn('leo', password)).toEqual({ next: 'emailCode', destination: 'l***@e***' });
    const code = codeIn(await server.letter('leo@example.com', /sign/i));
    await expect(session.answer(wrong(code))).rejects.toEqual(refused('CodeMismatch'));
    expect(await session.answer(code)).toEqual({ next: 'done' });

    const { secret } = await session.setUpTotp();
    const now = Date.now();
    await session.verifyTotp(totpAt(secret, now - 30_000));
    expect(await session.factors()).toEqual(['totp', 'emailCode']);
    expect(await session.signIn('leo', password)).toEqual({ next: 'totp' }); // it is preferred
    expect(await session.answer(totpAt(secret, now))).toEqual({ next: 'done' });
  });
});

describe('tokens', () => {
  const later = (page: { ms: number }) => () => Date.now() + page.ms;

  test('are renewed before their end, once for all who wait', async () => {
    const clock = { ms: 0 };
    const { session, sent } = await signedIn('max', open({ now: later(clock) }));
    const first = await session.headers();
    expect(await session.headers()).toEqual(first);
    clock.ms = 58 * 60_000;
    expect(await session.headers()).toEqual(first);
    clock.ms = 59.5 * 60_000;
    const told = vi.fn();
    session.subscribe(told);
    sent.length = 0;
    const all = await Promise.all(Array.from({ length: 10 }, () => session.headers()));
    expect(sent).toEqual(['GetTokensFromRefreshToken']);
    expect(told).toHaveBeenCalledTimes(1);
    expect(new Set(all.map(({ Authorization }) => Authorization)).size).toBe(1);
    expect(all[0]).not.toEqual(first);
    expect(await statusWith(server.url, all[0]!)).toBe(200);
  });

  test('the ID token says who it is, and is renewed with the other', async () => {
    const clock = { ms: 0 };
    const { session, sent } = await signedIn('iris', open({ now: later(clock) }));
    const first = await session.idToken();
    expect(claimsOf(first)).toMatchObject({ sub: session.user, 'cognito:username': 'iris', token_use: 'id' });
    expect(await session.idToken()).toBe(first);
    clock.ms = 59.5 * 60_000;
    sent.length = 0;
    const [next] = await Promise.all([session.idToken(), session.headers()]);
    expect(sent).toEqual(['GetTokensFromRefreshToken']);
    expect(next).not.toBe(first);
    expect(claimsOf(next).sub).toBe(session.user);
    await expect(session.idToken(AbortSignal.abort('enough'))).rejects.toBe('enough');
    await session.signOut();
    await expect(session.idToken()).rejects.toEqual(refused('SignedOut'));
  });

  test.each([-5, 5])('a clock that is %i hours off does no harm', async (hours) => {
    const clock = { ms: hours * 3_600_000 };
    const { session, sent } = await signedIn(
      `off${hours}`.replace('-', 'minus'),
      open({ now: later(clock) }),
    );
    sent.length = 0;
    await session.headers();
    expect(sent).toEqual([]);
    clock.ms += 59.5 * 60_000;
    expect(await statusWith(server.url, await session.headers())).toBe(200);
    expect(sent).toEqual(['GetTokensFromRefreshToken']);
    clock.ms = 0; // the clock is put right
    expect(await session.renew()).toBe(true);
    expect(await statusWith(server.url, await session.headers())).toBe(200);
  });

  test('two tabs have one session, and renew it once', async () => {
    const clock = { ms: 0 };
    const storage = memory();
    let last: Promise<unknown> = Promise.resolve();
    const names = new Set<string>();
    const locks = {
      request<T>(name: string, job: () => Promise<T>): Promise<T> {
        names.add(name);
        const mine = last.then(job, job);
        last = mine.catch(() => {});
        return mine;
      },
    };
    const one = await signedIn('two', open({ now: later(clock), locks }, storage));
    const other = open({ now: later(clock), locks }, storage);
    expect(other.session.user).toBe(one.session.user);
    clock.ms = 61 * 60_000;
    one.sent.length = 0;
    const [a, b] = await Promise.all([one.session.headers(), other.session.headers()]);
    expect(a).toEqual(b);
    expect([...one.sent, ...other.sent]).toEqual(['GetTokensFromRefreshToken']);
    expect([...names]).toEqual([expect.stringContaining('freshet')]);
    expect(await one.session.renew({ Authorization: 'what was good before' })).toBe(true);
    expect(await one.session.headers()).toEqual(a);
    expect([...one.sent, ...other.sent]).toEqual(['GetTokensFromRefreshToken']);
    await other.session.signOut();
    await expect(one.session.headers()).rejects.toEqual(refused('SignedOut'));
  });

  test('two tabs without locks do not end their session', async () => {
    const clock = { ms: 0 };
    const storage = memory();
    const one = await signedIn('bare', open({ now: later(clock), locks: undefined }, storage));
    const other = open({ now: later(clock), locks: undefined }, storage);
    clock.ms = 61 * 60_000;
    const both = await Promise.all([one.session.headers(), other.session.headers()]);
    for (const headers of both) expect(await statusWith(server.url, headers)).toBe(200);
    expect([await one.session.renew(), await other.session.renew()]).toEqual([true, true]);
  });

  test('a tab is told what another one does', async () => {
    const events = new EventTarget();
    vi.stubGlobal('addEventListener', events.addEventListener.bind(events));
    vi.stubGlobal('removeEventListener', events.removeEventListener.bind(events));
    const storage = memory();
    const { session } = await signedIn('tab', open({}, storage));
    const told = vi.fn();
    const stop = session.subscribe(told);
    const [key] = [...storage.kept.keys()];
    const happen = (of: string | null) =>
      events.dispatchEvent(Object.assign(new Event('storage'), { key: of }));
    storage.kept.clear();
    happen('something else');
    expect(told).toHaveBeenCalledTimes(0);
    happen(key!);
    expect([session.user, told.mock.calls.length]).toEqual([undefined, 1]);
    happen(null); // clear()
    stop();
    happen(key!);
    expect(told).toHaveBeenCalledTimes(2);
    vi.unstubAllGlobals();
  });

  test('a network that is away does not sign out', async () => {
    const clock = { ms: 0 };
    const network = { answer: (): Promise<Response> | undefined => undefined };
    const { session } = await signedIn(
      'net',
      open({ now: later(clock), fetch: (...request) => network.answer() ?? fetch(...request) }),
    );
    const first = await session.headers();
    for (const answer of [
      () => Promise.reject(new TypeError('fetch failed')),
      async () => new Response('<html>Bad Gateway</html>', { status: 502 }),
      async () => new Response('{"__type":"InternalErrorException"}', { status: 500 }),
      async () => new Response('{"__type":"TooManyRequestsException"}', { status: 429 }),
    ]) {
      network.answer = answer;
      clock.ms = 59.5 * 60_000;
      expect(await session.headers()).toEqual(first); // good for half a minute still
      clock.ms = 61 * 60_000;
      await expect(session.headers()).rejects.toMatchObject({
        code: expect.stringMatching(/^(Network|InternalError|TooManyRequests)$/),
      });
      await expect(session.renew()).rejects.toThrow();
      expect(session.user).toBeDefined();
    }
    network.answer = () => undefined;
    expect(await statusWith(server.url, await session.headers())).toBe(200);
  });

  test('who does not want to wait does not, and the others get theirs', async () => {
    const clock = { ms: 0 };
    let proceed = () => {};
    let held: Promise<void> = Promise.resolve();
    const page = open({ now: later(clock), fetch: async (...request) => held.then(() => fetch(...request)) });
    const { session } = await signedIn('abe', page);
    clock.ms = 61 * 60_000;
    held = new Promise((resolve) => {
      proceed = resolve;
    });
    const controller = new AbortController();
    const impatient = session.headers(controller.signal);
    const patient = session.headers();
    controller.abort(new Error('enough'));
    await expect(impatient).rejects.toThrow('enough');
    await expect(session.headers(controller.signal)).rejects.toThrow('enough');
    proceed();
    expect(await statusWith(server.url, await patient)).toBe(200);
  });

  test('whoever signs out while tokens are renewed stays signed out', async () => {
    const clock = { ms: 0 };
    let proceed = () => {};
    let held: Promise<void> | undefined;
    const page = open({
      now: later(clock),
      fetch: async (url, init) => {
        const response = await fetch(url, init);
        if (JSON.stringify(init).includes('GetTokensFromRefreshToken')) await held;
        return response;
      },
    });
    const { session } = await signedIn('sid', page);
    clock.ms = 61 * 60_000;
    held = new Promise((resolve) => {
      proceed = resolve;
    });
    const renewed = session.headers();
    const outcome = expect(renewed).rejects.toEqual(refused('SignedOut'));
    await vi.waitFor(() => expect(page.sent).toContain('GetTokensFromRefreshToken'));
    await session.signOut();
    proceed();
    await outcome;
    expect(session.user).toBeUndefined();
  });

  test('what is stored and cannot be read is nobody', () => {
    for (const text of ['', '{', 'null', '{}', '[]', '"x"', '7']) {
      const storage = memory();
      const { session } = open({}, { ...storage, getItem: () => text });
      expect([session.user, session.profile], text).toEqual([undefined, undefined]);
    }
  });
});

describe('the end', () => {
  test('sign-out ends the session on the server too', async () => {
    const storage = memory();
    const { session } = await signedIn('out', open({}, storage));
    const [[key, tokens]] = [...storage.kept] as [[string, string]];
    const headers = await session.headers();
    const told = vi.fn();
    session.subscribe(told);
    await session.signOut();
    expect([storage.kept.size, told.mock.calls.length, session.user]).toEqual([0, 1, undefined]);
    expect(await statusWith(server.url, headers)).toBe(401);
    storage.kept.set(key, tokens); // whoever has a copy
    expect(await session.renew()).toBe(false);
    expect(storage.kept.size).toBe(0);
    await session.signOut(); // nobody is signed in: nothing to do
  });

  test('without a network it is a sign-out here, and says that it is no more', async () => {
    let away = false;
    const { session } = await signedIn(
      'away',
      open({
        fetch: (...request) => (away ? Promise.reject(new TypeError('fetch failed')) : fetch(...request)),
      }),
    );
    away = true;
    await expect(session.signOut()).rejects.toEqual(refused('Network'));
    expect(session.user).toBeUndefined();
  });

  test('sign-out everywhere', async () => {
    const { session } = await signedIn('eve');
    const other = open().session;
    await other.signIn('eve', password);
    const headers = await other.headers();
    await session.signOutEverywhere();
    expect(session.user).toBeUndefined();
    expect(await statusWith(server.url, headers)).toBe(401);
    expect(await other.renew()).toBe(false);
    await expect(other.headers()).rejects.toEqual(refused('SignedOut'));
    expect(await session.signIn('eve', password)).toEqual({ next: 'done' });
  });

  test('of the account', async () => {
    const { session } = await signedIn('del');
    await session.deleteAccount();
    expect(session.user).toBeUndefined();
    await expect(session.signIn('del', password)).rejects.toEqual(refused('NotAuthorized'));
    for (const act of [
      session.deleteAccount,
      session.signOutEverywhere,
      session.factors,
      session.setUpTotp,
    ]) {
      await expect(act()).rejects.toEqual(refused('SignedOut'));
    }
    await expect(session.changePassword(password, password)).rejects.toEqual(refused('SignedOut'));
  });
});
