import { equal } from './query/values.ts';
import { type FieldSchema, type Fields, isFields, type Json, type Schema } from './schema.ts';

/** A value that neither side's will decides: both changed it. */
export interface Clash {
  readonly field: string;
  readonly yours: Json;
  readonly theirs: Json;
  readonly base: Json;
}

/**
 * Merges a value that was made on `base` with what it became meanwhile, as the server does with AUTOMERGE: a list gets
 * the elements that the writer added and loses those that it took away, an object is merged field by field, and of
 * anything else theirs stays unless that is null; then it is told to `clash`.
 */
export function mergeValue(
  schema: Pick<Schema, 'objects'>,
  type: FieldSchema,
  path: string,
  { yours, theirs, base }: { yours: Json; theirs: Json; base: Json },
  clash: (clash: Clash) => void,
): Json {
  if (equal(yours, base) || equal(yours, theirs)) return theirs;
  if (equal(theirs, base) || theirs === null) return yours;
  const object = schema.objects[type.type];
  if (yours !== null && type.list) return mergeList(list(yours), list(theirs), list(base), type.set);
  if (yours !== null && object) {
    const [ours, others, before] = [members(yours), members(theirs), members(base)];
    const merged: Record<string, Json> = {};
    for (const name of Object.keys(object)) {
      const sides = { yours: ours[name] ?? null, theirs: others[name] ?? null, base: before[name] ?? null };
      const value = mergeValue(schema, object[name]!, `${path}.${name}`, sides, clash);
      if (value !== null) merged[name] = value;
    }
    return merged;
  }
  clash({ field: path, yours, theirs, base });
  return theirs;
}

const list = (value: Json): readonly Json[] => (Array.isArray(value) ? value : value === null ? [] : [value]);

const members = (value: Json): Fields => (isFields(value) ? value : {});

function mergeList(
  yours: readonly Json[],
  theirs: readonly Json[],
  base: readonly Json[],
  set?: boolean,
): Json {
  const merged = [...beyond(theirs, beyond(base, yours)), ...beyond(yours, base)];
  return set ? merged.filter((value, i) => merged.findIndex((other) => equal(other, value)) === i) : merged;
}

/** Gives the elements of a that b does not have, as often as a has them more. */
function beyond(a: readonly Json[], b: readonly Json[]): Json[] {
  const rest = [...b];
  return a.filter((value) => {
    const at = rest.findIndex((other) => equal(other, value));
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
}
