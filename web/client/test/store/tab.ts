import fc from 'fast-check';
import { expect } from 'vitest';
import type { Disk } from '../../src/disk.ts';
import type { Batch, Entries, EntryRange } from '../../src/entries.ts';
import { type Limits, openEntries } from '../../src/tree.ts';
import { applied, everything, type Record, scanned } from './disks.ts';

/** So small that some batches already make leaves, evict them and are summed up. */
export const tiny: Limits = {
  runs: 3,
  fold: 300,
  wait: 2000,
  leaf: 60,
  cache: 100,
  part: { cells: 3, leaves: 2 },
};

const key = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 60 }).map((n) => `k${n}`) },
  fc.string({ unit: 'binary', maxLength: 3 }).map((text) => `r\u0000${text}`),
);
const entry = fc.tuple(
  key,
  fc.oneof(
    fc.constant(0),
    fc.json().map((text) => JSON.parse(text) as unknown),
  ),
);
export const batch: fc.Arbitrary<Batch> = fc.record({
  put: fc.array(entry, { maxLength: 8 }),
  delete: fc.array(key, { maxLength: 4 }),
  durable: fc.boolean(),
});
const range: fc.Arbitrary<EntryRange> = fc.record(
  { from: key, to: key, reverse: fc.boolean(), limit: fc.integer({ min: 0, max: 12 }) },
  { requiredKeys: ['from', 'to'] },
);

export type Action =
  | { do: 'commit'; batch: Batch }
  | { do: 'scan'; range: EntryRange }
  | { do: 'get'; keys: string[] }
  | { do: 'count' }
  | { do: 'refresh' }
  | { do: 'idle' }
  | { do: 'reopen' };

export const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 5, arbitrary: batch.map((batch) => ({ do: 'commit' as const, batch })) },
  { weight: 3, arbitrary: range.map((range) => ({ do: 'scan' as const, range })) },
  { weight: 2, arbitrary: fc.array(key).map((keys) => ({ do: 'get' as const, keys })) },
  {
    weight: 5,
    arbitrary: fc
      .constantFrom('count', 'count', 'refresh', 'idle', 'idle', 'reopen')
      .map((name) => ({ do: name })),
  },
) as fc.Arbitrary<Action>;

/** A tab: entries that are opened on a shared disk, checked against the record that is kept of it. */
export class Tab {
  readonly #record: Record;
  readonly #open: () => Disk;
  #entries!: Entries;
  #idle: (() => void) | undefined;
  /** What the listener was told, put together; undefined after it was told that anything may have changed. */
  mirror: ReadonlyMap<string, unknown> | undefined;
  /** How often it added 1 to the counter. */
  counted = 0;
  #least = 0;

  constructor(record: Record, open: () => Disk) {
    this.#record = record;
    this.#open = open;
  }

  async open(): Promise<this> {
    this.#least = this.#record.now;
    this.#entries = await openEntries(this.#open(), {
      limits: tiny,
      whenIdle: (callback) => {
        this.#idle = callback;
        return () => {
          this.#idle = undefined;
        };
      },
    });
    const entries = this.#entries;
    this.mirror = undefined;
    entries.listen((told) => {
      if (entries === this.#entries) this.mirror = told && this.mirror && applied(this.mirror, told);
    });
    const { head } = entries;
    const found = await entries.scan(everything);
    if (entries.head === head) this.mirror = new Map(found);
    return this;
  }

  async run(action: Action): Promise<void> {
    if (action.do === 'commit') return void (await this.#commit(action.batch));
    if (action.do === 'refresh') return this.refresh();
    if (action.do === 'count') return this.#count();
    if (action.do === 'idle') return this.#idle?.();
    if (action.do === 'reopen') {
      const { close } = this.#entries;
      await close.call(this.#entries);
      await this.open();
      return;
    }
    const least = this.#least;
    const entries = this.#entries;
    if (action.do === 'scan') {
      const found = await entries.scan(action.range);
      this.#oneOf(least, found, (state) => scanned(state, action.range));
    } else {
      const found = await entries.get(action.keys);
      this.#oneOf(least, found, (state) => action.keys.map((key) => state.get(key)));
    }
  }

  async refresh(): Promise<void> {
    const { now } = this.#record;
    await this.#entries.refresh();
    this.#least = Math.max(this.#least, now);
  }

  async check(): Promise<void> {
    await this.refresh();
    const state = this.#record.states.at(-1)!;
    expect(await this.#entries.scan(everything)).toEqual(scanned(state, everything));
    if (this.mirror) expect(scanned(this.mirror, everything)).toEqual(scanned(state, everything));
    await this.#entries.close();
  }

  /** Adds 1 to what is read, again until nothing came in between. */
  async #count(): Promise<void> {
    for (let done = false; !done; ) {
      const { head } = this.#entries;
      const [value] = await this.#entries.get(['counter']);
      const put = [['counter', ((value ?? 0) as number) + 1]] as const;
      done = await this.#commit({ put, delete: [], durable: false }, head);
    }
    this.counted++;
  }

  async #commit(batch: Batch, head?: number): Promise<boolean> {
    const marked = this.#record.marked(batch);
    const [id] = marked.put.at(-1)!;
    const done = await this.#entries.commit(marked, head);
    const at = this.#record.states.findIndex((state) => state.has(id));
    expect(at >= 0).toBe(done);
    if (done) this.#least = Math.max(this.#least, at);
    return done;
  }

  /** A read shows the entries as they were at one moment, not before what the tab knew when it began. */
  #oneOf<T>(least: number, found: T, from: (state: ReadonlyMap<string, unknown>) => T): void {
    const possible = this.#record.states.slice(least).map(from);
    if (!possible.some((state) => same(state, found))) expect(found).toEqual(possible.at(-1));
  }
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
