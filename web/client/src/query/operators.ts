import { afterPrefix } from '../keys.ts';
import type { Bound } from './bounds.ts';
import { encode, equal, order } from './values.ts';

/** What an operator with its operand demands of a field. */
export interface Demand {
  /** Tests a value; null where it is absent. */
  readonly test: (value: unknown) => boolean;
  /** Where the values are that pass; absent: it tells nothing. */
  readonly bound?: Bound;
}

/** A query that does not fit the schema. */
export class QueryError extends TypeError {
  override readonly name = 'QueryError';
}

export function unfit(where: string, value: unknown): QueryError {
  return new QueryError(`${where} does not take ${JSON.stringify(value)}`);
}

/** Compiles an operator on a field. Throws a QueryError where there is none, or the operand does not fit. */
export function demandOf(field: string, op: string, operand: unknown): Demand {
  if (!Object.hasOwn(operators, op)) throw new QueryError(`${field}: there is no operator "${op}"`);
  if (operand === undefined || (operand === null && !takesNull.test(op))) return { test: () => true };
  const demand = operators[op]!(operand);
  if (!demand) throw unfit(`${field}: ${op}`, operand);
  return demand;
}

export function listOf<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? value : [value as T];
}

/** With null for an operand the others say nothing. */
const takesNull = /^(eq|ne|[lg][te])$/;

const operators: { readonly [op: string]: (operand: unknown) => Demand | false } = {
  eq: (x) => isJson(x) && named([x], (v) => equal(v, x)),
  ne: (x) => isJson(x) && { test: (v) => !equal(v, x) },
  lt: (x) => ranged(x, kind(x), encode(x), (v) => order(v, x) < 0),
  le: (x) => ranged(x, kind(x), afterPrefix(encode(x)), (v) => order(v, x) <= 0),
  gt: (x) => ranged(x, afterPrefix(encode(x)), afterPrefix(kind(x)), (v) => order(v, x) > 0),
  ge: (x) => ranged(x, encode(x), afterPrefix(kind(x)), (v) => order(v, x) >= 0),
  between: (x) => {
    const [low, high, ...more] = listOf(x);
    const test = (v: unknown) => order(v, low) >= 0 && order(v, high) <= 0;
    return !more.length && hasOrder(high) && ranged(low, encode(low), afterPrefix(encode(high)), test);
  },
  in: (x) => named(listOf(x), (v) => holds(listOf(x), v)),
  beginsWith: (x) => {
    const prefix = encode(x).slice(0, -1);
    const test = (v: unknown) => typeof v === 'string' && v.startsWith(x as string);
    return typeof x === 'string' && { test, bound: { from: prefix, to: afterPrefix(prefix) } };
  },
  contains: (x) => ({ test: (v) => holds(v, x) }),
  notContains: (x) => ({ test: (v) => !holds(v, x) }),
  attributeExists: (x) => ({ test: (v) => (v !== null) === (x === true) }),
};

function named(list: readonly unknown[], test: Demand['test']): Demand {
  const values = [...new Map(list.map((value) => [encode(value), value]))].sort(([a], [b]) =>
    a < b ? -1 : 1,
  );
  const [from] = values[0] ?? [''];
  const [last] = values.at(-1) ?? [''];
  return { test, bound: { from, to: last && afterPrefix(last), values } };
}

function ranged(operand: unknown, from: string, to: string, test: Demand['test']): Demand | false {
  return hasOrder(operand) && { test, bound: { from, to } };
}

function hasOrder(operand: unknown): boolean {
  return typeof operand === 'string' || Number.isFinite(operand);
}

function kind(value: unknown): string {
  return encode(value)[0]!;
}

function isJson(value: unknown): boolean {
  return typeof value !== 'object' || value === null || Array.isArray(value);
}

function holds(value: unknown, part: unknown): boolean {
  if (Array.isArray(value)) return value.some((element) => equal(element, part));
  return typeof value === 'string' && typeof part === 'string' && value.includes(part);
}
