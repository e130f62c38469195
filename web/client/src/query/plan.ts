import type { EntryRange } from '../entries.ts';
import { afterPrefix } from '../keys.ts';
import { indexKey, indexPrefix, jsonKey, keyFields, keyText, rowKey } from '../rows.ts';
import type { Fields, ModelSchema } from '../schema.ts';
import type { Bounds } from './bounds.ts';
import { unfit } from './operators.ts';
import { comparer, compileOrder, type Order, type OrderBy } from './order.ts';
import { compileWhere, type Objects, type Predicate, type Where } from './where.ts';

export interface Query<R> {
  readonly where?: Where<R> | undefined;
  readonly orderBy?: OrderBy<R> | undefined;
  /** How many records at most. */
  readonly limit?: number | undefined;
}

/** How a query is answered. */
export interface Plan {
  readonly model: ModelSchema;
  readonly match: Predicate;
  readonly compare: (a: Fields, b: Fields) => number;
  readonly limit: number;
  /** The keys of all records that may match, where the filter names them; nothing is scanned then. */
  readonly keys?: readonly string[];
  /** The index whose entries are scanned; without it, the rows themselves. */
  readonly index?: string | undefined;
  /** Where what may match is, in the order in which it is scanned. */
  readonly ranges: readonly EntryRange[];
  /** Whether a scan meets the records in the order of the query. */
  readonly ordered: boolean;
}

/** Picks the way to answer a query that reads least. Throws a QueryError for one that does not fit the schema. */
export function planQuery(query: Query<object>, model: ModelSchema, schema: Objects): Plan {
  const { where, orderBy, limit = Number.MAX_SAFE_INTEGER } = query;
  if (!Number.isSafeInteger(limit) || limit < 0) throw unfit(`${model.model}: limit`, limit);
  const bounds: Bounds = new Map();
  const match = compileWhere(where, model, schema, bounds);
  const order = compileOrder(orderBy, model, schema);
  const plan = { model, match, compare: comparer(order, model), limit };

  const key = named(model.key, bounds);
  if (key.fields === model.key.length) {
    const keys = key.values.map((values) => keyText(model, keyFields(model, plain(values))));
    return { ...plan, keys: [...new Set(keys)], ranges: [], ordered: false };
  }
  const [best] = [
    tablePath(model, key),
    ...Object.keys(model.indexes).map((i) => indexPath(model, i, bounds)),
  ]
    .map((path) => ({ ...path, ordered: isOrdered(order, path.fields, bounds) }))
    .sort((a, b) => gain(b, query) - gain(a, query));
  const { ranges, index, ordered } = best!;
  const reverse = ordered && order.desc;
  const directed = ranges.map((range) => ({ ...range, reverse }));
  return { ...plan, index, ranges: reverse ? directed.reverse() : directed, ordered };
}

/** The way to the record of one key. */
export const planKey = (key: string, model: ModelSchema, schema: Objects): Plan => ({
  ...planQuery({}, model, schema),
  match: (record) => keyText(model, record) === key,
  keys: [key],
  ranges: [],
  ordered: false,
});

/** Tells how a plan reads. */
export function explain({ keys, index, ranges, ordered }: Plan): string {
  if (keys) return `${keys.length} keys`;
  const order = !ordered ? '' : ranges[0]?.reverse ? ' in reverse order' : ' in order';
  return `${ranges.length} ranges of ${index ? `index ${index}` : 'the table'}${order}`;
}

/** Gives the ranges that hold what comes after a record; all of them where the scan is not ordered. */
export function rangesAfter(plan: Plan, record: Fields | undefined): readonly EntryRange[] {
  if (!record || !plan.ordered) return plan.ranges;
  const { model, index } = plan;
  const key = keyText(model, record);
  const entry = index ? indexKey(model, index, record, key) : rowKey(model.model, key);
  return plan.ranges.map((range) => rangeAfter(range, entry)).filter(({ from, to }) => from < to);
}

/** Gives what is left of a range after an entry. */
export function rangeAfter(range: EntryRange, entry: string): EntryRange {
  if (range.reverse) return entry < range.to ? { ...range, to: entry } : range;
  return entry < range.from ? range : { ...range, from: `${entry}\0` };
}

/** A way to what may match. */
interface Path {
  readonly index?: string;
  /** The fields by which its entries are ordered, before the key. */
  readonly fields: readonly string[];
  readonly ranges: EntryRange[];
  /** How much the ranges are narrowed: 4 for each field with named values, 2 for one with a range. */
  readonly narrowed: number;
}

function indexPath(model: ModelSchema, index: string, bounds: Bounds): Path {
  const fields = model.indexes[index]!;
  const equal = named(fields, bounds);
  const bound = bounds.get(fields[equal.fields] ?? '');
  const ranges = equal.values
    .map((values) => indexPrefix(model.model, index) + values.map(([text]) => text).join(''))
    .map((prefix) => ({
      from: prefix + (bound?.from ?? ''),
      to: bound ? prefix + bound.to : afterPrefix(prefix),
    }))
    .filter(({ from, to }) => from < to);
  return { index, fields, ranges, narrowed: 4 * equal.fields + (bound ? 2 : 0) };
}

/** The rows of a composite key stand together by its first fields. */
function tablePath(model: ModelSchema, key: Named): Path {
  const ranges = key.values
    .map((values) => rowKey(model.model, values.length ? `${jsonKey(plain(values)).slice(0, -1)},` : ''))
    .sort()
    .map((from) => ({ from, to: afterPrefix(from) }));
  return { fields: [], ranges, narrowed: 4 * key.fields };
}

/** An order spares nothing where all is read. */
function gain(path: Path & { ordered: boolean }, { limit }: Query<object>): number {
  return path.narrowed + Number(path.ordered && limit !== undefined);
}

type Pair = readonly [text: string, value: unknown];

interface Named {
  /** How many of the first fields are held to named values. */
  fields: number;
  /** All combinations of them, in their order. */
  values: Pair[][];
}

function plain(values: readonly Pair[]): unknown[] {
  return values.map(([, value]) => value);
}

const most = 1000; // combinations

function named(names: readonly string[], bounds: Bounds): Named {
  let values: Pair[][] = [[]];
  let fields = 0;
  for (const name of names) {
    const next = bounds.get(name)?.values;
    if (!next || values.length * next.length > most) break;
    values = values.flatMap((row) => next.map((value) => [...row, value]));
    fields++;
  }
  return { fields, values };
}

/** An order is met where the fields left of both, those with one value taken away, are the same in one direction. */
function isOrdered(order: Order, fields: readonly string[], bounds: Bounds): boolean {
  const varies = (field: string) => bounds.get(field)?.values?.length !== 1;
  const wanted = order.fields.filter(({ name }) => varies(name));
  const given = fields.filter(varies);
  return (
    wanted.length === given.length &&
    wanted.every(({ name, desc }, i) => name === given[i] && desc === order.desc)
  );
}
