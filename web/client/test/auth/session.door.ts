import { expect, test } from 'vitest';
import { createSession, type Session } from '../../src/auth/session.ts';
import { usualStorage } from '../../src/auth/store.ts';
import { totpAt } from '../server.ts';

/**
 * What takes a clock that is moved. HOUSE is the address of the test, with /mail, what was mailed last, and /wait, the
 * clock; USUAL and STRICT are those of servers. At the second everybody has a second factor.
 */
const [house, usual, strict] = [process.env.HOUSE!, process.env.USUAL!, process.env.STRICT!];
const password = 'tulip-garden-47';
const refused = (code: string) => expect.objectContaining({ name: 'AuthError', code });

const helper = async (path: string): Promise<Record<string, string>> => (await fetch(house + path)).json();
const code = async (to: string) => (await helper(`/mail?to=${to}`)).code!;
const wait = async (time: string) => Number((await helper(`/wait?for=${time}`)).seconds) * 1000;

let ahead = 0; // of this clock
const open = (endpoint: string, storage = usualStorage()): Session =>
  createSession({
    endpoint: `${endpoint}/graphql`,
    clientId: 'freshet',
    storage,
    environment: { now: () => Date.now() + ahead },
  });

async function signUp(session: Session, username: string): Promise<void> {
  await session.signUp({ username, password, email: `${username}@example.com` });
  await session.confirmSignUp(username, await code(`${username}@example.com`));
}

test('another code for a sign-up, after a minute; one that is too old counts no more', async () => {
  const session = open(usual);
  await session.signUp({ username: 'ana', password, email: 'ana@example.com' });
  await expect(session.resendCode('ana')).rejects.toEqual(refused('LimitExceeded'));
  const first = await code('ana@example.com');
  await wait('16m');
  await expect(session.confirmSignUp('ana', first)).rejects.toEqual(refused('ExpiredCode'));
  expect(await session.resendCode('ana')).toBe('a***@e***');
  await session.confirmSignUp('ana', await code('ana@example.com'));
});

test('everybody has a second factor: an app is set up at the first sign-in', async () => {
  const session = open(strict);
  await signUp(session, 'mia');
  expect(await session.signIn('mia', password)).toEqual({
    next: 'setUpFactor',
    factors: ['totp', 'emailCode'],
  });
  expect(session.user).toBeUndefined();
  const { secret, uri } = await session.setUpTotp();
  expect(uri).toBe(`otpauth://totp/127.0.0.1:mia?secret=${secret}&issuer=127.0.0.1`);
  const right = totpAt(secret, await wait('0s'));
  await expect(session.verifyTotp(right === '000000' ? '000001' : '000000')).rejects.toEqual(
    refused('EnableSoftwareTokenMFA'),
  );
  expect(await session.verifyTotp(right)).toEqual({ next: 'done' });
  expect([session.profile?.username, await session.factors()]).toEqual(['mia', ['totp']]);
  await session.signOut();
  expect(await session.signIn('mia', password)).toEqual({ next: 'totp' });
  await expect(session.answer(right)).rejects.toEqual(refused('CodeMismatch')); // a code counts once
  expect(await session.answer(totpAt(secret, await wait('31s')))).toEqual({ next: 'done' });
});

test('everybody has a second factor: or the e-mail is', async () => {
  const session = open(strict);
  await signUp(session, 'noa');
  await wait('61s');
  expect(await session.signIn('noa', password)).toMatchObject({ next: 'setUpFactor' });
  await expect(session.answer('other@example.com')).rejects.toEqual(refused('InvalidParameter'));
  expect(await session.answer('noa@example.com')).toEqual({ next: 'emailCode', destination: 'n***@e***' });
  expect(await session.answer(await code('noa@example.com'))).toEqual({ next: 'done' });
  expect(await session.factors()).toEqual(['emailCode']);

  const { secret } = await session.setUpTotp();
  await session.verifyTotp(totpAt(secret, await wait('61s')));
  await session.setFactors({ totp: true, emailCode: true });
  await session.signOut();
  expect(await session.signIn('noa', password)).toEqual({ next: 'totp' }); // it is preferred
});

test('a step of a sign-in holds for some minutes', async () => {
  const session = open(strict);
  await signUp(session, 'tim');
  await session.signIn('tim', password);
  await wait('4m');
  await expect(session.answer('tim@example.com')).rejects.toEqual(refused('NotAuthorized'));
});

test('a refresh token that is used again long after ends its session', async () => {
  const storage = usualStorage();
  const session = open(usual, storage);
  await signUp(session, 'kim');
  await session.signIn('kim', password);
  const key = `freshet ${usual}/idp freshet`;
  const stolen = storage.getItem(key)!;
  expect(await session.renew()).toBe(true);
  await wait('11s');
  const thief = usualStorage();
  thief.setItem(key, stolen);
  const theirs = open(usual, thief);
  expect(await theirs.renew()).toBe(false);
  expect([theirs.user, thief.getItem(key)]).toEqual([undefined, null]);
  expect(await session.renew()).toBe(false); // and the owner is asked to sign in again
  await expect(session.headers()).rejects.toEqual(refused('SignedOut'));
});

test('an answer that was lost is asked for again: it is the same session', async () => {
  const storage = usualStorage();
  let lose = true;
  const session = createSession({
    endpoint: usual,
    clientId: 'freshet',
    storage,
    environment: {
      fetch: async (url, init) => {
        const response = await fetch(url, init);
        if (lose && JSON.stringify(init).includes('GetTokensFromRefreshToken'))
          throw new TypeError('fetch failed');
        return response;
      },
    },
  });
  await signUp(session, 'lou');
  await session.signIn('lou', password);
  await expect(session.renew()).rejects.toEqual(refused('Network'));
  lose = false;
  expect(await session.renew()).toBe(true);
  expect(await session.factors()).toEqual([]);
});

test('a session of a month is over', async () => {
  const session = open(usual);
  await signUp(session, 'ned');
  await session.signIn('ned', password);
  await wait('721h');
  ahead += 721 * 3_600_000;
  await expect(session.headers()).rejects.toEqual(refused('SignedOut'));
  expect(session.user).toBeUndefined();
});
