/**
 * Encodes a value of an index so that the order of the texts is the order of the values: null, false, true, numbers,
 * strings by code points as the server has them. It ends with \0, which stands nowhere else in it, so that encoded
 * values that follow each other are ordered as a tuple.
 */
export function encode(value: unknown): string {
  return `${rank(value)}${typeof value === 'number' ? number(value) : rank(value) > 3 ? text(String(value)) : ''}\0`;
}

/** Orders values as their encodings are ordered. */
export function compareValues(a: unknown, b: unknown): number {
  return rank(a) - rank(b) || order(a, b) || 0;
}

/** Orders two numbers or two strings; NaN where they are not of a kind. */
export function order(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return typeof a === 'string' && typeof b === 'string' ? compareText(a, b) : Number.NaN;
}

/** Tells whether two values mean the same in JSON; absent is null. */
export function equal(a: unknown, b: unknown): boolean {
  if ((a ?? null) === (b ?? null)) return true;
  if (!isObject(a) || !isObject(b) || Array.isArray(a) !== Array.isArray(b)) return false;
  // Of lists the length counts, for an element that is null is not absent.
  return equal(a.length, b.length) && Object.keys({ ...a, ...b }).every((name) => equal(a[name], b[name]));
}

/** Freezes a value and all that is in it. */
export function freeze<T>(value: T): T {
  if (isObject(value) && !Object.isFrozen(value)) {
    Object.values(value).forEach(freeze);
    Object.freeze(value);
  }
  return value;
}

function isObject(value: unknown): value is { [name: string]: unknown } {
  return typeof value === 'object' && value !== null;
}

function rank(value: unknown): number {
  if (value == null) return 0;
  if (typeof value === 'boolean') return value ? 2 : 1;
  return typeof value === 'number' ? 3 : 4;
}

const float = new Float64Array(1);
const bits = new BigInt64Array(float.buffer);

function number(value: number): string {
  float[0] = value + 0; // -0 becomes 0
  const n = bits[0]!;
  return (n < 0 ? ~n : n + 2n ** 63n).toString(36).padStart(13, '0');
}

function text(value: string): string {
  return byCodePoint(value).replaceAll('\x01', '\x01\x02').replaceAll('\0', '\x01\x01');
}

const high = /[\ud800-\uffff]/;

/** JavaScript has surrogates before U+E000 to U+FFFF, and what they stand for comes after. */
function byCodePoint(value: string): string {
  return value.replace(/[\ud800-\uffff]/g, (c) =>
    String.fromCharCode(c.charCodeAt(0) + (c < '\ue000' ? 0x2000 : -0x800)),
  );
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return (high.test(a) && high.test(b) ? byCodePoint(a) < byCodePoint(b) : a < b) ? -1 : 1;
}
