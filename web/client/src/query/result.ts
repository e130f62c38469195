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

  #rows: readonly Fields[] = [];
  #byKey = new Map<string, Fields>();
  #end: Fields | undefined;
  #complete = false;

  /** Whether the rows have to be read from the first on. */
  #stale = true;
  /** What changed since the reading began that is under way. */
  #missed: Map<string, Row | undefined> | undefined;
  #shown: readonly Fields[] | undefined;

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
    const next = this.#stale ? [] : [...this.#rows];
    if (this.#stale) this.#byKey = new Map();
    for (const record of records) {
      const key = keyText(this.#plan.model, record);
      if (missed.has(key)) continue;
      this.#end = same(before.get(key), record);
      this.#byKey.set(key, this.#end);
      next.push(this.#end);
    }
    this.#rows = next;
    this.#complete = complete;
    this.#stale = false;
    this.#apply(missed, before);
  }

  #apply(changes: RowChanges, before = this.#byKey): void {
    const gone = new Set<Fields>();
    const come: Fields[] = [];
    for (const [key, row] of changes) {
      const old = this.#byKey.get(key);
      const now = row?.view && this.#holds(row.view) ? same(before.get(key), row.view) : undefined;
      if (old === now) continue;
      if (old) gone.add(old);
      this.#byKey.delete(key);
      if (now) {
        this.#byKey.set(key, now);
        come.push(now);
      }
    }
    if (gone.size || come.length) this.#rows = this.#merge(gone, come.sort(this.#plan.compare));
  }

  #holds(record: Fields): boolean {
    if (!this.#plan.match(record)) return false;
    return this.#complete || (!!this.#end && this.#plan.compare(record, this.#end) <= 0);
  }

  /** Gives the rows without some, and with others at their places. */
  #merge(gone: ReadonlySet<Fields>, come: readonly Fields[]): Fields[] {
    const next: Fields[] = [];
    let at = 0;
    const copy = (to: number) => {
      for (; at < to; at++) if (!gone.has(this.#rows[at]!)) next.push(this.#rows[at]!);
    };
    for (const record of come) {
      copy(this.#position(record));
      next.push(record);
    }
    copy(this.#rows.length);
    return next;
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
    const rows = this.#rows.slice(0, limit + this.#slack);
    for (const row of this.#rows.slice(rows.length)) this.#byKey.delete(keyText(model, row));
    this.#rows = rows;
    this.#end = rows.at(-1);
    this.#complete = false;
  }

  #show(): void {
    const rows = this.#rows.length > this.#plan.limit ? this.#rows.slice(0, this.#plan.limit) : this.#rows;
    const shown = this.#shown;
    const same =
      rows === shown || (rows.length === shown?.length && rows.every((row, i) => row === shown[i]));
    if (!same) this.#shown = Object.freeze(rows);
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
