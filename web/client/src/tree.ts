import { type Disk, StorageLostError } from './disk.ts';
import type { Batch, Entries } from './entries.ts';
import { listeners } from './listeners.ts';
import { type CompactorLimits, compactorOf } from './tree/compactor.ts';
import { History } from './tree/history.ts';
import { type Held, leavesOf } from './tree/leaves.ts';
import { readLog } from './tree/log.ts';
import { type LeafAtHand, View } from './tree/view.ts';

export interface EntriesOptions {
  /** Tells whether it is a time to fold. Default: any is. What the memory demands is done all the same. */
  readonly folds?: () => boolean;
  /** Calls back once there is time to fold, unless the function that it gives was called. Default: after 200 ms. */
  readonly whenIdle?: (callback: () => void) => () => void;
  readonly limits?: Partial<Limits>;
}

export interface Limits extends CompactorLimits {
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
  const { folds = () => true, whenIdle = afterAWhile } = options;
  const limits = { ...defaults, ...options.limits };
  const { subscribe, tell } = listeners<Batch | undefined>();
  const underWay = new Set<Promise<void>>();
  const history = new History(disk, new View(await readLog(disk)), moved);
  const leaves = leavesOf(disk, limits.cache);
  const compactor = compactorOf(history, leaves, limits);
  /** The head after the last batch: beyond it, the history may have gone on with folds. */
  let lastBatch = 0;
  let compacting: Promise<void> | undefined;
  let cancelIdle = () => {};
  let closed = false;

  function watched<T>(work: () => Promise<T>): Promise<T> {
    if (closed) return Promise.reject(new StorageLostError('closed'));
    const result = work();
    const over: Promise<void> = settled(result).then(() => void underWay.delete(over));
    underWay.add(over);
    return result;
  }

  /** Reads the view as it is at one moment: when all the leaves that the read needs are at hand. */
  function read<T>(from: (view: View, leafAtHand: LeafAtHand) => T): Promise<T> {
    return watched(async () => {
      const held: Held = new Map();
      for (;;) {
        const wanted = new Set<number>();
        const { view } = history;
        const { head } = view;
        const result = from(view, (id) => {
          const leaf = held.get(id) ?? leaves.atHand(id);
          if (leaf) held.set(id, leaf);
          else wanted.add(id);
          return leaf;
        });
        if (wanted.size === 0) return result;
        if (await leaves.fetch([...wanted], held)) continue;
        await history.queued(() => history.catchUp(head));
      }
    });
  }

  async function commit(batch: Batch, head: number): Promise<boolean> {
    while (lastBatch <= head) {
      const known = history.view.head;
      if (await history.append(batch)) {
        moved([batch]);
        return true;
      }
      await history.catchUp(known);
    }
    return false;
  }

  function moved(batches: readonly (Batch | undefined)[]): void {
    if (batches.length) lastBatch = history.view.head;
    compactWhenIdle();
    batches.forEach(tell);
  }

  function compactWhenIdle(): void {
    cancelIdle();
    if (!closed && !compacting && compactor.due()) cancelIdle = whenIdle(() => folds() && void compact());
  }

  /** Where it fails, nothing is lost: it is tried again after the next commit. */
  async function compact(): Promise<void> {
    if (closed) return;
    compacting ??= settled(watched(() => compactor.compact(() => closed))).then((done) => {
      compacting = undefined;
      if (done) compactWhenIdle();
    });
    await compacting;
  }

  compactWhenIdle();
  return {
    get head() {
      return history.view.head;
    },

    get: (keys) => read((view, leafAtHand) => view.get(keys, leafAtHand)),

    scan: (range) => read((view, leafAtHand) => view.scan(range, leafAtHand)),

    commit: (batch, head = history.view.head) =>
      watched(async () => {
        if (history.view.size > limits.wait) await compact();
        return history.queued(() => commit(batch, head));
      }),

    refresh: () => watched(() => history.queued(() => history.follow())),

    listen: subscribe,

    async close() {
      closed = true;
      cancelIdle();
      while (underWay.size) await Promise.all(underWay);
    },
  };
}

/** Waits for the end of a work, and tells whether it was a good one. */
function settled(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  );
}

function afterAWhile(callback: () => void): () => void {
  const timer = setTimeout(callback, 200);
  return () => clearTimeout(timer);
}
