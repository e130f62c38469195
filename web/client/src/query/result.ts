import type { Entries } from '../entries.ts';
import type { Row } from '../row.ts';
import { keyText } from '../rows.ts';
import type { Fields } from '../schema.ts';
import type { Plan } from './plan.ts';
import { read, type Stretch } from './read.ts';
import { equal, freeze } from './values.ts';

/** What a batch makes of the rows of one model, by their keys; undefined where a row is gone. */
export type RowChanges = ReadonlyMap<string, Row | undefined>;

export interface Observer {
  readonly next: (records: readonly Fields[]) => void;
  readonly error: (error: unknown) => void;
  seen?: readonly Fields[];
}

/**
 * The result of one query, read once and then kept true by changes. Of a query with a limit it holds a window: all
 * that matches up to a record, its end, and that is somewhat more than the limit. Only when fewer are left it reads on.
 *
 * A change that comes while it reads holds against what is read, which may be from before or after it.
 */
export interface Result {
  readonly model: string;
  readonly observers: Set<Observer>;
  /** Takes what a batch changed; undefined where that is not known. */
  change(changes: RowChanges | undefined): void;
  /** Reads where something lacks, and shows the observers what they have not seen. */
  settle(): void;
}

export function resultOf(entries: Entries, plan: Plan): Result {
  const { model, limit, compare } = plan;
  const slack = plan.ordered ? 16 : 512; // reading on is a short scan, or a full one
  const observers = new Set<Observer>();
  let rows: Fields[] = [];
  let byKey = new Map<string, Fields>();
  let end: Fields | undefined;
  let complete = false;
  /** Whether the rows have to be read from the first on. */
  let stale = true;
  /** What changed since the reading began that is under way. */
  let missed: Map<string, Row | undefined> | undefined;
  /** A copy of the rows: of a frozen array Chromium makes copies only element by element. */
  let shown: readonly Fields[] | undefined;
  /** Whether the rows are others than those shown. */
  let unseen = false;

  function change(changes: RowChanges | undefined): void {
    if (changes) {
      if (missed) for (const [key, row] of changes) missed.set(key, row);
      if (!stale) apply(changes);
    } else {
      stale = true;
      missed = undefined; // what is read now does not count
    }
    settle();
  }

  function settle(): void {
    if (stale || (!complete && rows.length < limit)) void readOn();
    else {
      trim();
      show();
    }
  }

  async function readOn(): Promise<void> {
    if (missed || !observers.size) return;
    const meanwhile = new Map<string, Row | undefined>();
    missed = meanwhile;
    const after = stale ? undefined : end;
    const stretch = await read(entries, plan, after, limit + slack).catch((error: unknown) => ({ error }));
    if (missed !== meanwhile) return;
    missed = undefined;
    if ('error' in stretch) for (const observer of observers) observer.error(stretch.error);
    else {
      take(stretch, meanwhile);
      settle();
    }
  }

  function take(stretch: Stretch, meanwhile: RowChanges): void {
    const before = byKey;
    if (stale) {
      rows = [];
      byKey = new Map();
    }
    for (const record of stretch.records) {
      const key = keyText(model, record);
      if (meanwhile.has(key)) continue;
      end = same(before.get(key), record);
      byKey.set(key, end);
      rows.push(end);
    }
    complete = stretch.complete;
    stale = false;
    apply(meanwhile, before);
    const now = rows.slice(0, limit);
    unseen = now.length !== shown?.length || now.some((row, i) => row !== shown![i]);
  }

  function apply(changes: RowChanges, before = byKey): void {
    const gone: Fields[] = [];
    const come: Fields[] = [];
    for (const [key, row] of changes) {
      const old = byKey.get(key);
      const now = row?.view && holds(row.view) ? same(before.get(key), row.view) : undefined;
      if (old === now) continue;
      if (old) gone.push(old);
      byKey.delete(key);
      if (now) {
        byKey.set(key, now);
        come.push(now);
      }
    }
    if (gone.length || come.length) replace(gone, come.sort(compare));
  }

  function holds(record: Fields): boolean {
    if (!plan.match(record)) return false;
    return complete || (!!end && compare(record, end) <= 0);
  }

  /** Takes rows out, and puts others, which are in order, at their places. What is between is copied as a whole. */
  function replace(gone: readonly Fields[], come: readonly Fields[]): void {
    const edits = [
      ...come.map((record) => [positionOf(record), [record]] as const),
      ...gone.map((record) => [positionOf(record), []] as const),
    ].sort(([a], [b]) => a - b);
    const parts: (readonly Fields[])[] = [];
    let at = 0;
    for (const [position, put] of edits) {
      parts.push(rows.slice(at, position), put);
      at = position + 1 - put.length;
    }
    parts.push(rows.slice(at));
    rows = [];
    while (parts.length) rows = rows.concat(...parts.splice(0, 1000)); // a call takes only so many
    if (edits[0]![0] < limit) unseen = true;
  }

  /** Gives the position of the first row that does not come before a record. */
  function positionOf(record: Fields): number {
    let low = 0;
    for (let high = rows.length; low < high; ) {
      const middle = (low + high) >> 1;
      if (compare(rows[middle]!, record) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Moves the end back where the window has grown; not while what comes after it is read. */
  function trim(): void {
    if (missed || rows.length <= limit + 2 * slack) return;
    for (const row of rows.splice(limit + slack)) byKey.delete(keyText(model, row));
    end = rows.at(-1);
    complete = false;
  }

  function show(): void {
    if (unseen) shown = Object.freeze(rows.slice(0, limit));
    unseen = false;
    for (const observer of observers) {
      if (observer.seen === shown) continue;
      observer.seen = shown!;
      observer.next(shown!);
    }
  }

  return { model: model.model, observers, change, settle };
}

/** Gives the record as it was known where it means the same. */
function same(known: Fields | undefined, record: Fields): Fields {
  return known && equal(known, record) ? known : freeze(record);
}
