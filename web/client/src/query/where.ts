import type { FieldSchema, Fields, ModelSchema, Schema } from '../schema.ts';
import { equal, order } from './values.ts';

/** Which records a query gives: all that is written in it has to hold. A bare value means `eq`. */
export type Where<R> = {
  readonly [F in FilterField<R>]?: NonNullable<R[F]> | Operators<NonNullable<R[F]>> | null | undefined;
} & {
  readonly and?: Where<R> | readonly Where<R>[] | undefined;
  readonly or?: Where<R> | readonly Where<R>[] | undefined;
  readonly not?: Where<R> | undefined;
};

/** What can be asked of a value. Null stands for what is absent: it equals nothing and differs from everything. */
export type Operators<V> = Optional<
  {
    eq: V | null;
    ne: V | null;
    in: readonly (V | null)[];
    attributeExists: boolean;
  } & ([V] extends [string]
    ? Range<string> & { contains: string; notContains: string; beginsWith: string }
    : [V] extends [number]
      ? Range<number>
      : [V] extends [readonly (infer E)[]]
        ? { contains: E; notContains: E }
        : unknown)
>;

/** The fields that a query may speak of: all but objects and what the server keeps beside a record. */
export type FilterField<R> = Values<R, Scalar | readonly (Scalar | null)[]>;
export type SortField<R> = Values<R, Scalar>;

type Scalar = string | number | boolean;
type Values<R, V> = {
  [F in keyof R & string]-?: F extends `_${string}` ? never : [NonNullable<R[F]>] extends [V] ? F : never;
}[keyof R & string];
type Range<V> = { lt: V; le: V; gt: V; ge: V; between: readonly [V, V] };
type Optional<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** A query that does not fit the schema. */
export class QueryError extends TypeError {
  override readonly name = 'QueryError';
}

/** Compiles a filter into a predicate that agrees with the server's. Throws a QueryError. */
export function compileWhere(where: unknown, model: ModelSchema, schema: Objects): Predicate {
  if (where == null) return () => true;
  if (!isPlain(where)) throw invalid(model, 'write an object of fields');
  const all = Object.entries(where).map(([name, value]) => {
    const parts = () => listOf(value).map((part) => compileWhere(part, model, schema));
    if (value === undefined || (value === null && /^(and|or|not)$/.test(name))) return () => true;
    if (name === 'and') return every(parts());
    if (name === 'or') return some(parts());
    if (name === 'not') return not(compileWhere(value, model, schema));
    fieldOf(name, model, schema);
    const test = isPlain(value) ? every(testsOf(name, value, model)) : testOf(name, 'eq', value, model);
    return (record: Fields) => test(record[name] ?? null);
  });
  return every(all);
}

/** Finds a field that a query may speak of. Throws a QueryError. */
export function fieldOf(name: string, model: ModelSchema, schema: Objects): FieldSchema {
  const field = Object.hasOwn(model.fields, name) && model.fields[name];
  if (!field) throw invalid(model, `there is no field "${name}"`);
  if (Object.hasOwn(schema.objects, field.type)) throw invalid(model, `${name} is an object`);
  return field;
}

export function invalid(model: ModelSchema, reason: string): QueryError {
  return new QueryError(`query of ${model.model}: ${reason}`);
}

/** Tells whether a value is an object of members, and no bare value. */
export function isPlain(value: unknown): value is { readonly [name: string]: unknown } {
  return Object.prototype.toString.call(value) === '[object Object]';
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

export type Objects = Pick<Schema, 'objects'>;
export type Predicate = (record: Fields) => boolean;
/** Tests the value of a field; null where it is absent. */
type Test = (value: unknown) => boolean;

function testsOf(name: string, value: { readonly [op: string]: unknown }, model: ModelSchema): Test[] {
  return Object.entries(value)
    .filter(([op, operand]) => operand !== undefined && (operand !== null || !takesNoNull.test(op)))
    .map(([op, operand]) => testOf(name, op, operand, model));
}

/** With null for an operand these say nothing. */
const takesNoNull = /^(between|in|contains|notContains|beginsWith|attributeExists)$/;

function testOf(name: string, op: string, operand: unknown, model: ModelSchema): Test {
  if (!Object.hasOwn(operators, op)) throw invalid(model, `${name}: there is no operator "${op}"`);
  const test = operators[op]!(operand);
  if (!test) throw invalid(model, `${name}: ${op} does not take ${JSON.stringify(operand)}`);
  return test;
}

/** Each gives the test for an operand; nothing for one that does not fit. */
const operators: { readonly [op: string]: (operand: unknown) => Test | false } = {
  eq: (x) => isJson(x) && ((v) => equal(v, x)),
  ne: (x) => isJson(x) && ((v) => !equal(v, x)),
  lt: (x) => hasOrder(x) && ((v) => order(v, x) < 0),
  le: (x) => hasOrder(x) && ((v) => order(v, x) <= 0),
  gt: (x) => hasOrder(x) && ((v) => order(v, x) > 0),
  ge: (x) => hasOrder(x) && ((v) => order(v, x) >= 0),
  between: (x) => {
    const [low, high, ...more] = listOf(x);
    return (
      hasOrder(low) && hasOrder(high) && !more.length && ((v) => order(v, low) >= 0 && order(v, high) <= 0)
    );
  },
  in: (x) => (v) => holds(listOf(x), v),
  beginsWith: (x) => typeof x === 'string' && ((v) => typeof v === 'string' && v.startsWith(x)),
  contains: (x) => (v) => holds(v, x),
  notContains: (x) => (v) => !holds(v, x),
  attributeExists: (x) => (v) => (v !== null) === (x === true),
};

function hasOrder(operand: unknown): boolean {
  return typeof operand === 'string' || Number.isFinite(operand);
}

function isJson(operand: unknown): boolean {
  return typeof operand !== 'object' || operand === null || Array.isArray(operand) || isPlain(operand);
}

function holds(value: unknown, part: unknown): boolean {
  if (Array.isArray(value)) return value.some((element) => equal(element, part));
  return typeof value === 'string' && typeof part === 'string' && value.includes(part);
}

function every<T>(tests: readonly ((value: T) => boolean)[]): (value: T) => boolean {
  return tests.length === 1 ? tests[0]! : (value) => tests.every((test) => test(value));
}

function some<T>(tests: readonly ((value: T) => boolean)[]): (value: T) => boolean {
  return (value) => !tests.length || tests.some((test) => test(value));
}

function not<T>(test: (value: T) => boolean): (value: T) => boolean {
  return (value) => !test(value);
}
