import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sign } from '../../src/agenda/sigv4.ts';

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
const word = fc.stringMatching(/^[A-Za-z0-9/+=]{4,40}$/);

test('signatures are those of the library of AWS', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        method: fc.constantFrom('GET', 'POST'),
        path: fc.array(text, { maxLength: 3 }),
        query: fc.dictionary(fc.stringMatching(/^[A-Za-z~!*'() -]{1,8}$/), text, {
          maxKeys: 3,
          noNullPrototype: true,
        }),
        body: fc.string({ unit: 'grapheme' }),
        accept: fc.constantFrom('a', 'application/json', '  two   blanks '),
        id: word,
        secret: word,
        token: fc.option(word, { nil: undefined }),
        now: fc.date({ min: new Date('2020-01-01'), max: new Date('2040-01-01'), noInvalidDate: true }),
      }),
      async ({ method, path, query, body, accept, id, secret, token, now }) => {
        const url = new URL('https://api.example.com:8443/');
        url.pathname = `/${path.map(encodeURIComponent).join('/')}`;
        for (const [name, value] of Object.entries(query)) url.searchParams.append(name, value);
        const key = { accessKeyId: id, secretAccessKey: secret, ...(token && { sessionToken: token }) };
        const library = new SignatureV4({
          credentials: key,
          region: 'eu-central-1',
          service: 'appsync',
          sha256: Sha256,
          applyChecksum: false,
        });
        const theirs = await library.sign(
          {
            method,
            protocol: 'https:',
            hostname: 'api.example.com',
            port: 8443,
            path: url.pathname,
            query,
            body,
            headers: { accept, host: url.host },
          },
          { signingDate: now },
        );
        const ours = await sign(
          { method, url: url.href, headers: { Accept: accept }, body },
          { key, region: 'eu-central-1', service: 'appsync', now },
        );
        expect(ours.authorization).toBe(theirs.headers.authorization);
        expect(ours['x-amz-security-token']).toBe(token);
      },
    ),
    { numRuns: 100 },
  );
});
