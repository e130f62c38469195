import { type FieldSchema, type Fields, isFields, type ModelSchema, type Schema } from '../schema.ts';
import { type Bounds, narrow } from './bounds.ts';
import { demandOf, listOf, QueryError, unfit } from './operators.ts';

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

/**
 * Compiles a filter into a predicate that agrees with the server's, and takes what it demands of the fields into
 * bounds. Throws a QueryError.
 */
export function compileWhere(
  where: unknown,
  model: ModelSchema,
  schema: Objects,
  bounds?: Bounds,
): Predicate {
  if (where == null) return () => true;
  if (!isFields(where)) throw unfit(model.model, where);
  const all = Object.entries(where).map(([name, value]) => {
    const parts = (into?: Bounds) => listOf(value).map((part) => compileWhere(part, model, schema, into));
    if (value === undefined || (value === null && /^(and|or|not)$/.test(name))) return () => true;
    if (name === 'and') return every(parts(bounds));
    if (name === 'or') return some(parts());
    if (name === 'not') return not(compileWhere(value, model, schema));
    fieldOf(name, model, schema);
    const tests = Object.entries(isFields(value) ? value : { eq: value }).map(([op, operand]) => {
      const demand = demandOf(`${model.model}.${name}`, op, operand);
      if (bounds) narrow(bounds, name, demand);
      return demand.test;
    });
    return (record: Fields) => tests.every((test) => test(record[name] ?? null));
  });
  return every(all);
}

/** Finds a field that a query may speak of. Throws a QueryError. */
export function fieldOf(name: string, model: ModelSchema, schema: Objects): FieldSchema {
  const field = Object.hasOwn(model.fields, name) && model.fields[name];
  if (!field) throw new QueryError(`${model.model}: there is no field "${name}"`);
  if (Object.hasOwn(schema.objects, field.type)) throw new QueryError(`${model.model}.${name} is an object`);
  return field;
}

export type Objects = Pick<Schema, 'objects'>;
export type Predicate = (record: Fields) => boolean;

function every(tests: readonly Predicate[]): Predicate {
  return (record) => tests.every((test) => test(record));
}

function some(tests: readonly Predicate[]): Predicate {
  return (record) => !tests.length || tests.some((test) => test(record));
}

function not(test: Predicate): Predicate {
  return (record) => !test(record);
}
