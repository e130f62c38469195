import type { Batch } from './entries.ts';
import { encode } from './query/values.ts';
import type { Row } from './row.ts';
import type { Fields, Json, ModelSchema } from './schema.ts';

/** What a batch is made from: the value of each key, undefined to delete it. The last word on a key holds. */
export type Changes = Map<string, unknown>;

export function batchOf(changes: Changes, durable: boolean): Batch {
  const put: [string, unknown][] = [];
  const gone: string[] = [];
  for (const [key, value] of changes) {
    if (value === undefined) gone.push(key);
    else put.push([key, value]);
  }
  return { put, delete: gone, durable };
}

/** Gives what a batch changes, in its order; a value is undefined where it is deleted. */
export const changesOf = (batch: Batch): (readonly [key: string, value: unknown])[] => [
  ...batch.delete.map((key) => [key, undefined] as const),
  ...batch.put,
];

/** The entry of a row. The key is the record's as text, see keyText. */
export function rowKey(model: string, key: string): string {
  return `r\0${model}\0${key}`;
}

/** Reads the key of a row's entry; undefined for other entries. */
export function readRowKey(entry: string): [model: string, key: string] | undefined {
  const [kind, model, ...key] = entry.split('\0');
  return kind === 'r' ? [model!, key.join('\0')] : undefined;
}

/** Adds what becomes of a row, and of its places in the indexes; undefined where there was or will be none. */
export function rowChange(
  model: ModelSchema,
  key: string,
  before: Row | undefined,
  after: Row | undefined,
  changes: Changes,
): void {
  changes.set(rowKey(model.model, key), after);
  for (const index of Object.keys(model.indexes)) {
    const old = before?.view && indexKey(model, index, before.view, key);
    const now = after?.view && indexKey(model, index, after.view, key);
    if (old === now) continue;
    if (old) changes.set(old, undefined);
    if (now) changes.set(now, 0);
  }
}

/** The beginning of all entries of an index. */
export function indexPrefix(model: string, index: string): string {
  return `i\0${model}\0${index}\0`;
}

/** A record's entry in an index. A field without a value counts as null, so that each record is in each index. */
export function indexKey(model: ModelSchema, index: string, record: Fields, key: string): string {
  const values = model.indexes[index]!.map((field) => encode(record[field]));
  return indexPrefix(model.model, index) + values.join('') + key;
}

/** Reads the key of the record from an entry of an index with some number of fields. */
export function readIndexKey(entry: string, fields: number): string {
  return entry
    .split('\0')
    .slice(fields + 3)
    .join('\0');
}

/** Gives the key of a record as the server writes it: the text of a single field, or a JSON array of several. */
export function keyText(model: ModelSchema, record: Fields): string {
  const [name] = model.key;
  if (model.key.length > 1) return jsonKey(model.key.map((field) => record[field] ?? null));
  const value = record[name!];
  return typeof value === 'number' && model.fields[name!]?.type === 'Float' ? floatKey(value) : String(value);
}

export function keyFields(model: ModelSchema, values: readonly unknown[]): Fields {
  return Object.fromEntries(model.key.map((name, i) => [name, values[i] as Json]));
}

/** A tuple in the JSON of Go, which escapes what HTML reads. */
export function jsonKey(values: readonly unknown[]): string {
  return JSON.stringify(values).replace(
    /[<>&\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A float as Go writes it alone: 1e+06, where JavaScript has 1000000. */
function floatKey(value: number): string {
  const size = Math.abs(value);
  if (size === 0 || (size >= 1e-4 && size < 1e6)) return String(value + 0);
  return value.toExponential().replace(/\d+$/, (exponent) => exponent.padStart(2, '0'));
}
