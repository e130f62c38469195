import type { Entries } from '../entries.ts';
import type { Row } from '../row.ts';
import { readIndexKey, rowKey } from '../rows.ts';
import type { Fields } from '../schema.ts';
import { type Plan, rangeAfter, rangesAfter } from './plan.ts';

/** A stretch of a query's records, in its order. */
export interface Stretch {
  readonly records: Fields[];
  /** Whether no more come after them. */
  readonly complete: boolean;
}

const page = 1000; // entries of one scan

/**
 * Reads about `count` of the records that come after one, or from the first on. It is no reading at one moment: of
 * records that change meanwhile it may give any state, or none, or two.
 */
export async function read(
  entries: Entries,
  plan: Plan,
  after: Fields | undefined,
  count: number,
): Promise<Stretch> {
  const { model, index, keys, ordered, match, compare } = plan;
  const records: Fields[] = [];
  let complete = true;
  const get = (found: readonly string[]) => entries.get(found.map((key) => rowKey(model.model, key)));
  const take = (rows: readonly unknown[]) => {
    for (const row of rows) {
      const record = (row as Row | undefined)?.view;
      if (record && match(record) && !(after && compare(record, after) <= 0)) records.push(record);
    }
  };
  const cut = () => {
    records.sort(compare);
    if (records.length <= count) return;
    records.length = count;
    complete = false;
  };

  if (keys) take(await get(keys));
  const ranges = [...rangesAfter(plan, after)];
  let limit = ordered ? Math.min(count, page) : page;
  for (let range = ranges.shift(); range; limit = Math.min(2 * limit, page)) {
    const found = await entries.scan({ ...range, limit });
    const keyOf = (entry: string) => readIndexKey(entry, model.indexes[index!]!.length);
    take(index ? await get(found.map(([entry]) => keyOf(entry))) : found.map(([, row]) => row));
    if (ordered && records.length >= count) {
      complete = false;
      break;
    }
    if (records.length > 2 * count) cut();
    range = found.length < limit ? ranges.shift() : rangeAfter(range, found.at(-1)![0]);
  }
  cut();
  return { records, complete };
}
