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
export class Result {
  readonly observers = new Set<Observer>();
  readonly model: string;
  readonly #entries: Entries;
  readonly #plan: Plan;
  readonly #slack: number;

  #rows: Fields[] = [];
  #byKey = new Map<string, Fields>();
  #end: Fields | undefined;
  #complete = false;

  /** Whether the rows have to be read from the first on. */
  #stale = true;
  /** What changed since the reading began that is under way. */
  #missed: Map<string, Row | undefined> | undefined;
  /** A copy of the rows: of a frozen array Chromium makes copies only element by element. */
  #shown: readonly Fields[] | undefined;
  /** Whether the rows are others than those shown. */
  #unseen = false;

  constructor(entries: Entries, plan: Plan) {
    this.#entries = entries;
    this.#plan = plan;
    this.model = plan.model.model;
    this.#slack = plan.ordered ? 16 : 512; // reading on is a short scan, or a full one
  }

  /** Takes what a batch changed; undefined where that is not known. */
  change(changes: RowChanges | undefined): void {
    if (changes) {
      if (this.#missed) for (const [key, row] of changes) this.#missed.set(key, row);
      if (!this.#stale) this.#apply(changes);
    } else {
      this.#stale = true;
      this.#missed = undefined; // what is read now does not count
    }
    this.settle();
  }

  /** Reads where something lacks, and shows the observers what they have not seen. */
  settle(): void {
    if (this.#stale || (!this.#complete && this.#rows.length < this.#plan.limit)) void this.#read();
    else {
      this.#trim();
      this.#show();
    }
  }

  async #read(): Promise<void> {
    if (this.#missed || !this.observers.size) return;
    const missed = new Map<string, Row | undefined>();
    this.#missed = missed;
    const after = this.#stale ? undefined : this.#end;
    const { limit } = this.#plan;
    const stretch = await read(this.#entries, this.#plan, after, limit + this.#slack).catch(
      (error: unknown) => ({
        error,
      }),
    );
    if (missed !== this.#missed) return;
    this.#missed = undefined;
    if ('error' in stretch) for (const observer of this.observers) observer.error(stretch.error);
    else {
      this.#take(stretch, missed);
      this.settle();
    }
  }

  #take({ records, complete }: Stretch, missed: RowChanges): void {
    const before = this.#byKey;
    if (this.#stale) {
      this.#rows = [];
      this.#byKey = new Map();
    }
    for (const record of records) {
      const key = keyText(this.#plan.model, record);
      if (missed.has(key)) continue;
      this.#end = same(before.get(key), record);
      this.#byKey.set(key, this.#end);
      this.#rows.push(this.#end);
    }
    this.#complete = complete;
    this.#stale = false;
    this.#apply(missed, before);
    const shown = this.#rows.slice(0, this.#plan.limit);
    this.#unseen = shown.length !== this.#shown?.length || shown.some((row, i) => row !== this.#shown![i]);
  }

  #apply(changes: RowChanges, before = this.#byKey): void {
    const gone: Fields[] = [];
    const come: Fields[] = [];
    for (const [key, row] of changes) {
      const old = this.#byKey.get(key);
      const now = row?.view && this.#holds(row.view) ? same(before.get(key), row.view) : undefined;
      if (old === now) continue;
      if (old) gone.push(old);
      this.#byKey.delete(key);
      if (now) {
        this.#byKey.set(key, now);
        come.push(now);
      }
    }
    if (gone.length || come.length) this.#replace(gone, come.sort(this.#plan.compare));
  }

  #holds(record: Fields): boolean {
    if (!this.#plan.match(record)) return false;
    return this.#complete || (!!this.#end && this.#plan.compare(record, this.#end) <= 0);
  }

  /** Takes rows out, and puts others, which are in order, at their places. What is between is copied as a whole. */
  #replace(gone: readonly Fields[], come: readonly Fields[]): void {
    const edits = [
      ...come.map((record) => [this.#position(record), [record]] as const),
      ...gone.map((record) => [this.#position(record), []] as const),
    ].sort(([a], [b]) => a - b);
    const parts: (readonly Fields[])[] = [];
    let at = 0;
    for (const [position, put] of edits) {
      parts.push(this.#rows.slice(at, position), put);
      at = position + 1 - put.length;
    }
    parts.push(this.#rows.slice(at));
    this.#rows = [];
    while (parts.length) this.#rows = this.#rows.concat(...parts.splice(0, 1000)); // a call takes only so many
    if (edits[0]![0] < this.#plan.limit) this.#unseen = true;
  }

  /** Gives the position of the first row that does not come before a record. */
  #position(record: Fields): number {
    let low = 0;
    for (let high = this.#rows.length; low < high; ) {
      const middle = (low + high) >> 1;
      if (this.#plan.compare(this.#rows[middle]!, record) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Moves the end back where the window has grown; not while what comes after it is read. */
  #trim(): void {
    const { limit, model } = this.#plan;
    if (this.#missed || this.#rows.length <= limit + 2 * this.#slack) return;
    for (const row of this.#rows.splice(limit + this.#slack)) this.#byKey.delete(keyText(model, row));
    this.#end = this.#rows.at(-1);
    this.#complete = false;
  }

  #show(): void {
    if (this.#unseen) this.#shown = Object.freeze(this.#rows.slice(0, this.#plan.limit));
    this.#unseen = false;
    for (const observer of this.observers) {
      if (observer.seen === this.#shown) continue;
      observer.seen = this.#shown!;
      observer.next(this.#shown!);
    }
  }
}

/** Gives the record as it was known where it means the same. */
function same(known: Fields | undefined, record: Fields): Fields {
  return known && equal(known, record) ? known : freeze(record);
}
