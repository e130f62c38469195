import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { AuthError } from '../../src/auth/error.ts';
import { createSession } from '../../src/auth/session.ts';
import { beginSRP, padded, proveSRP, timestamp } from '../../src/auth/srp.ts';

interface Vector {
  Pool: string;
  User: string;
  Password: string;
  Time: string;
  Salt: string;
  ClientSecret: string;
  ClientPublic: string;
  ServerPublic: string;
  Block: string;
  Signature: string;
}
/** What the server computes; a test of the server holds the file. */
const { n, vectors }: { n: string; vectors: Vector[] } = JSON.parse(
  readFileSync(new URL('../../../golden/srp.json', import.meta.url), 'utf8'),
);

const asked = (v: Vector) => ({
  SALT: v.Salt,
  SRP_B: v.ServerPublic,
  SECRET_BLOCK: v.Block,
  USER_ID_FOR_SRP: v.User,
});
const saturday = new Date('2026-11-07T01:24:44.987Z');

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('SRP', () => {
  test.each(vectors)('$User, $Password', async (v) => {
    const srp = beginSRP(BigInt(`0x${v.ClientSecret}`));
    expect(srp.public).toBe(v.ClientPublic);
    expect(await proveSRP(srp, v.Pool, v.Password, asked(v), saturday)).toEqual({
      USERNAME: v.User,
      PASSWORD_CLAIM_SECRET_BLOCK: v.Block,
      PASSWORD_CLAIM_SIGNATURE: v.Signature,
      TIMESTAMP: v.Time,
    });
  });

  test('another password, user or pool has another signature', async () => {
    const [v] = vectors as [Vector];
    const srp = beginSRP(BigInt(`0x${v.ClientSecret}`));
    for (const proof of [
      proveSRP(srp, v.Pool, `${v.Password} `, asked(v), saturday),
      proveSRP(srp, 'other', v.Password, asked(v), saturday),
      proveSRP(srp, v.Pool, v.Password, { ...asked(v), USER_ID_FOR_SRP: 'other' }, saturday),
    ]) {
      expect((await proof).PASSWORD_CLAIM_SIGNATURE).not.toBe(v.Signature);
    }
  });

  test('the block may come in the alphabet of URLs', async () => {
    const v = vectors.find(({ Block }) => /[+/]/.test(Block))!;
    const block = v.Block.replace(/\+/g, '-').replace(/\//g, '_');
    const srp = beginSRP(BigInt(`0x${v.ClientSecret}`));
    const proof = await proveSRP(srp, v.Pool, v.Password, { ...asked(v), SECRET_BLOCK: block }, saturday);
    expect(proof).toMatchObject({
      PASSWORD_CLAIM_SIGNATURE: v.Signature,
      PASSWORD_CLAIM_SECRET_BLOCK: block,
    });
  });

  test('a server that offers a multiple of N is not believed', async () => {
    const [v] = vectors as [Vector];
    for (const SRP_B of ['0', n, (BigInt(`0x${n}`) * 2n).toString(16)]) {
      await expect(proveSRP(beginSRP(), v.Pool, v.Password, { ...asked(v), SRP_B })).rejects.toThrow(
        AuthError,
      );
    }
  });

  test('secrets are not used twice', () => {
    expect(beginSRP().secret).not.toBe(beginSRP().secret);
  });

  test.each([
    [0n, '00'],
    [1n, '01'],
    [0x7fn, '7f'],
    [0x80n, '0080'],
    [0xffn, '00ff'],
    [0x100n, '0100'],
    [0x8000n, '008000'],
    [0xabcn, '0abc'],
  ])('%i is padded to %s', (number, want) => {
    expect(Buffer.from(padded(number)).toString('hex')).toBe(want);
  });

  test('times are as Cognito writes them', () => {
    expect(timestamp(saturday)).toBe('Sat Nov 7 01:24:44 UTC 2026');
    expect(timestamp(new Date('2026-12-31T23:00:09Z'))).toBe('Thu Dec 31 23:00:09 UTC 2026');
  });

  test('a page without WebCrypto is told so before anything is sent', async () => {
    vi.stubGlobal('crypto', { getRandomValues: crypto.getRandomValues.bind(crypto) });
    const session = createSession({
      endpoint: 'http://192.0.2.1/graphql',
      environment: { fetch: () => expect.fail('something was sent') },
    });
    await expect(session.signIn('ana', 'tulip-garden-47')).rejects.toMatchObject({
      code: 'InsecureOrigin',
      message: expect.stringContaining('https'),
    });
  });
});
