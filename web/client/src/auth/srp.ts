import { bytesOf } from './claims.ts';
import { AuthError } from './error.ts';

/**
 * The client's side of SRP-6a as Cognito has it: the 3072-bit group of RFC 3526 with the generator 2, SHA-256, and
 * numbers hashed as Java writes them. The password itself never leaves.
 */

let prime: bigint | undefined; // it takes some ms, which is nothing for a sign-in, and too much for each page
const k = 0x538282c4354742d7cbbde2359fcf67f9f5b3a6b08791e5011b43b8a5b66d9ee6n; // H(pad(N), pad(2))

type Bytes = Uint8Array<ArrayBuffer>;
const utf8 = (text: string): Bytes => new TextEncoder().encode(text);
const hex = (n: bigint) => n.toString(16);

function power(base: bigint, exponent: bigint): bigint {
  const N = modulus();
  let result = 1n;
  for (let b = base % N, e = exponent; e; e >>= 1n) {
    if (e & 1n) result = (result * b) % N;
    b = (b * b) % N;
  }
  return result;
}

/** The prime of group 15: 2^3072 - 2^3008 - 1 + 2^64 (floor(2^2942 pi) + 1690314). Its digits are twice as long as this. */
function primeOf3526(): bigint {
  const one = 1n << 3006n; // 64 bits more than are kept of pi
  const arctanOfInverse = (q: bigint) => {
    let sum = 0n;
    for (let power = one / q, n = 1n; power; power /= -q * q, n += 2n) sum += power / n;
    return sum;
  };
  const pi = 16n * arctanOfInverse(5n) - 4n * arctanOfInverse(239n); // Machin
  return (1n << 3072n) - (1n << 3008n) - 1n + (((pi >> 64n) + 1690314n) << 64n);
}

const modulus = () => (prime ??= primeOf3526());

const join = (...parts: Bytes[]): Bytes => Uint8Array.from(parts.flatMap((part) => [...part]));

function numberOf(bytes: Bytes): bigint {
  let digits = '0x0';
  for (const b of bytes) digits += b.toString(16).padStart(2, '0');
  return BigInt(digits);
}

/** The bytes of a number, with a zero in front where the top bit is set. */
export function padded(n: bigint): Bytes {
  let digits = hex(n);
  if (digits.length % 2) digits = `0${digits}`;
  if (digits[0]! > '7') digits = `00${digits}`;
  return Uint8Array.from(digits.match(/../g)!, (byte) => Number.parseInt(byte, 16));
}

/** WebCrypto; pages that came by http:// have none, but from localhost. */
export function subtle(): SubtleCrypto {
  const found = globalThis.crypto?.subtle;
  if (found) return found;
  throw new AuthError('InsecureOrigin', 'There is no WebCrypto: serve the page by https or from localhost');
}

const hash = async (...parts: Bytes[]): Promise<Bytes> =>
  new Uint8Array(await subtle().digest('SHA-256', join(...parts)));

/** A sign-in that has begun: the client's secret, and its public value, for SRP_A. */
export interface SRP {
  readonly secret: bigint;
  readonly public: string;
}

export function beginSRP(secret = numberOf(crypto.getRandomValues(new Uint8Array(32)))): SRP {
  return { secret, public: hex(power(2n, secret)) };
}

/** What the server asks with PASSWORD_VERIFIER. */
export interface Verifier {
  readonly SALT: string;
  readonly SRP_B: string;
  readonly SECRET_BLOCK: string;
  readonly USER_ID_FOR_SRP: string;
}

/** Answers PASSWORD_VERIFIER. `pool` is the part of the user pool's id behind its underscore. */
export async function proveSRP(
  srp: SRP,
  pool: string,
  password: string,
  asked: Verifier,
  time = new Date(),
): Promise<Record<string, string>> {
  const id = asked.USER_ID_FOR_SRP;
  const A = BigInt(`0x${srp.public}`);
  const B = BigInt(`0x${asked.SRP_B}`);
  const salt = BigInt(`0x${asked.SALT}`);
  const u = numberOf(await hash(padded(A), padded(B)));
  const N = modulus();
  if (B % N === 0n || u === 0n) throw new AuthError('NotAuthorized');
  const x = numberOf(await hash(padded(salt), await hash(utf8(`${pool}${id}:${password}`))));
  const base = (((B - k * power(2n, x)) % N) + N) % N;
  const shared = padded(power(base, srp.secret + u * x));
  const stamp = timestamp(time);
  const key = await stretch(padded(u), shared);
  const message = join(utf8(pool + id), bytesOf(asked.SECRET_BLOCK), utf8(stamp));
  const signature = new Uint8Array(await subtle().sign('HMAC', key, message));
  return {
    USERNAME: id,
    PASSWORD_CLAIM_SECRET_BLOCK: asked.SECRET_BLOCK,
    PASSWORD_CLAIM_SIGNATURE: btoa(String.fromCharCode(...signature)),
    TIMESTAMP: stamp,
  };
}

async function stretch(salt: Bytes, secret: Bytes): Promise<CryptoKey> {
  const key = await subtle().importKey('raw', secret, 'HKDF', false, ['deriveKey']);
  const how = { name: 'HKDF', hash: 'SHA-256', salt, info: utf8('Caldera Derived Key') };
  return subtle().deriveKey(how, key, { name: 'HMAC', hash: 'SHA-256', length: 128 }, false, ['sign']);
}

/** A time as Cognito writes it: Sat Nov 7 01:24:44 UTC 2026. */
export function timestamp(time: Date): string {
  const [weekday, day, month, year, clock] = time.toUTCString().split(/,? /);
  return `${weekday} ${month} ${Number(day)} ${clock} UTC ${year}`;
}
