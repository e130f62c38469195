import { type Disk, StorageLostError } from './disk.ts';
import type { Batch, Entries, Entry, EntryRange } from './entries.ts';
import { Compactor, type CompactorLimits } from './tree/compactor.ts';
import { History } from './tree/history.ts';
import { Leaves } from './tree/leaves.ts';
import { readLog } from './tree/log.ts';
import { type LeafAtHand, View } from './tree/view.ts';

export interface EntriesOptions {
  /** Tells whether it is this tab that folds. Default: it does. Several that do get in each other's way, no more. */
  readonly folds?: () => boolean;
  /** Calls back once there is time to fold, unless the function that it gives was called. Default: after 200 ms. */
  readonly whenIdle?: (callback: () => void) => () => void;
  readonly limits?: Partial<Limits>;
}

export interface Limits extends CompactorLimits {
  /** The size of all runs beyond which commits wait for the fold. */
  readonly wait: number;
  /** The size of all leaves that are kept in memory. */
  readonly cache: number;
}

const defaults: Limits = {
  runs: 512,
  fold: 4 << 20,
  wait: 64 << 20,
  leaf: 32 << 10,
  cache: 8 << 20,
  part: { cells: 4096, leaves: 32 },
};

/**
 * Opens the entries on a disk. They are a log-structured tree: a commit appends one run to the disk, and what came since
 * the last fold is kept in memory, laid over sorted leaves that are read when needed.
 */
export async function openEntries(disk: Disk, options: EntriesOptions = {}): Promise<Entries> {
  return new Tree(disk, new View(await readLog(disk)), options);
}

class Tree implements Entries {
  readonly #history: History;
  readonly #leaves: Leaves;
  readonly #compactor: Compactor;
  readonly #options: EntriesOptions;
  readonly #wait: number;
  readonly #listeners = new Set<(batch: Batch | undefined) => void>();
  readonly #underWay = new Set<Promise<void>>();
  /** The head after the last batch: beyond it, the history may have gone on with folds. */
  #lastBatch = 0;
  #compacting: Promise<void> | undefined;
  #cancelIdle: (() => void) | undefined;
  #closed = false;

  constructor(disk: Disk, view: View, options: EntriesOptions) {
    const limits = { ...defaults, ...options.limits };
    this.#options = options;
    this.#wait = limits.wait;
    this.#history = new History(disk, view, (batches) => this.#moved(batches));
    this.#leaves = new Leaves(disk, limits.cache);
    this.#compactor = new Compactor(this.#history, this.#leaves, limits);
    this.#moved([]);
  }

  get(keys: readonly string[]): Promise<unknown[]> {
    return this.#read((leafAtHand) => this.#history.view.get(keys, leafAtHand));
  }

  scan(range: EntryRange): Promise<Entry[]> {
    return this.#read((leafAtHand) => this.#history.view.scan(range, leafAtHand));
  }

  get head(): number {
    return this.#history.view.head;
  }

  commit(batch: Batch, head = this.head): Promise<boolean> {
    return this.#watched(async () => {
      if (this.#history.view.size > this.#wait) await this.#compact();
      return this.#history.queued(() => this.#commit(batch, head));
    });
  }

  refresh(): Promise<void> {
    return this.#watched(() => this.#history.queued(() => this.#history.follow()));
  }

  listen(listener: (batch: Batch | undefined) => void): () => void {
    const own: typeof listener = (batch) => listener(batch); // the same function may listen twice
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelIdle?.();
    this.#compactor.stop();
    while (this.#underWay.size) await Promise.all(this.#underWay);
  }

  #watched<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(new StorageLostError('closed'));
    const result = work();
    const over: Promise<void> = result.then(noop, noop).finally(() => this.#underWay.delete(over));
    this.#underWay.add(over);
    return result;
  }

  /** Reads the view as it is at one moment: when all the leaves that the read needs are at hand. */
  #read<T>(read: (leafAtHand: LeafAtHand) => T): Promise<T> {
    return this.#watched(async () => {
      const held = new Map<number, readonly Entry[]>();
      for (;;) {
        const wanted = new Set<number>();
        const { head } = this.#history.view;
        const result = read((id) => {
          const leaf = held.get(id) ?? this.#leaves.atHand(id);
          if (leaf) held.set(id, leaf);
          else wanted.add(id);
          return leaf;
        });
        if (wanted.size === 0) return result;
        if (await this.#leaves.fetch([...wanted], held)) continue;
        await this.#history.queued(() => this.#history.catchUp(head));
      }
    });
  }

  async #commit(batch: Batch, head: number): Promise<boolean> {
    for (;;) {
      if (this.#lastBatch > head) return false;
      const known = this.head;
      if (await this.#history.append(batch)) break;
      await this.#history.catchUp(known);
    }
    this.#moved([batch]);
    return true;
  }

  #moved(batches: readonly (Batch | undefined)[]): void {
    if (batches.length) this.#lastBatch = this.head;
    this.#compactWhenIdle();
    for (const batch of batches) {
      for (const listener of [...this.#listeners]) listener(batch);
    }
  }

  #compactWhenIdle(): void {
    this.#cancelIdle?.();
    if (this.#closed || this.#compacting || !this.#compactor.due) return;
    this.#cancelIdle = (this.#options.whenIdle ?? afterAWhile)(() => void this.#compact());
  }

  /** Where it fails, nothing is lost: it is tried again after the next commit. */
  async #compact(): Promise<void> {
    if (this.#closed || this.#options.folds?.() === false) return;
    this.#compacting ??= this.#watched(() => this.#compactor.compact())
      .then(() => true)
      .catch(() => false)
      .then((done) => {
        this.#compacting = undefined;
        if (done) this.#compactWhenIdle();
      });
    await this.#compacting;
  }
}

function noop(): void {}

function afterAWhile(callback: () => void): () => void {
  const timer = setTimeout(callback, 200);
  return () => clearTimeout(timer);
}
