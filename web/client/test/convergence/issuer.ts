import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const url = 'https://issuer.test';
const app = 'web';
const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Gives tokens to users. */
export class Issuer {
  readonly #directory = mkdtempSync(join(tmpdir(), 'issuer-'));
  readonly #key;

  constructor() {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    this.#key = privateKey;
    const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'test', alg: 'EdDSA', use: 'sig' };
    writeFileSync(this.#keys, JSON.stringify({ keys: [jwk] }));
  }

  get #keys(): string {
    return join(this.#directory, 'jwks.json');
  }

  /** The flag by which a server believes the tokens. */
  get flags(): string[] {
    return [
      '--oidc',
      `issuer=${url},jwks=${this.#keys},client_id=${app},provider=userPools`,
      '--sign-up=off',
    ];
  }

  /** Gives a token of a user that is good for some seconds, or was good until some seconds ago. */
  token(user: string, groups: readonly string[], seconds: number): string {
    const exp = Math.floor(Date.now() / 1000) + seconds;
    const claims = { iss: url, aud: app, sub: user, username: user, 'cognito:groups': groups, exp };
    const said = `${encoded({ alg: 'EdDSA', kid: 'test' })}.${encoded(claims)}`;
    return `${said}.${sign(null, Buffer.from(said), this.#key).toString('base64url')}`;
  }

  remove(): void {
    rmSync(this.#directory, { recursive: true });
  }
}
