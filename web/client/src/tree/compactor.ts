import { type FoldLimits, foldPart, partFrom } from './fold.ts';
import type { History } from './history.ts';
import type { Held, Leaves } from './leaves.ts';
import { type Directory, directoryKey, leafKey, runKey } from './log.ts';
import { overlayOf } from './view.ts';

/** Sizes are lengths of texts, in characters. */
export interface CompactorLimits extends FoldLimits {
  /** If there are more runs than this, the last ones are summed up. */
  readonly runs: number;
  /** The size of all runs beyond which they are folded into the leaves, if it is half of what those have, too. */
  readonly fold: number;
  /** The size of all runs beyond which they are folded whatever the leaves have, and commits wait for that. */
  readonly wait: number;
}

/** Keeps the runs few, so that they fit in memory and a tab opens fast: sums them up, or folds them into the leaves. */
export interface Compactor {
  due(): boolean;
  /** Other work gets its turn between the parts of a fold. After a part, `stopped` may end it. */
  compact(stopped: () => boolean): Promise<void>;
}

export function compactorOf(history: History, leaves: Leaves, limits: CompactorLimits): Compactor {
  /** A fold may touch every leaf: in the end each entry was written some times, however many there are. */
  function foldDue(): boolean {
    const { size, directory } = history.view;
    const half = (directory.leaves.length * limits.leaf) / 2;
    return size > Math.min(Math.max(limits.fold, half), limits.wait);
  }

  /** Puts one run in the place of the last ones, from the first one on that is no larger than all after it. */
  async function sumUp(): Promise<void> {
    const { runs, head, size } = history.view;
    let after = size;
    const from = runs.findIndex((run, at) => {
      after -= run.size;
      return run.size <= after || at === runs.length - 2;
    });
    const last = runs.slice(from);
    const { number, first = number } = last[0]!;
    const run = { ...overlayOf(last).batch(), first };
    const committed = await history.append(run, { delete: last.map(({ number }) => runKey(number)) });
    if (!committed) await history.catchUp(head);
  }

  async function fold(stopped: () => boolean): Promise<void> {
    const folded = history.view.head;
    let { directory } = history.view;
    for (let key: string | undefined = ''; key !== undefined && !stopped(); ) {
      const from: string = key;
      [key, directory] = await history.queued(() => foldFrom(from, directory, folded));
    }
  }

  /** Commits one part, and gives where the next begins; undefined after the last, or where another tab folds. */
  async function foldFrom(
    key: string,
    directory: Directory,
    folded: number,
  ): Promise<[next: string | undefined, directory: Directory]> {
    while (history.view.directory === directory) {
      const { head, runs } = history.view;
      const part = partFrom(history.view, key, limits.part);
      const old = part.spans.flatMap((span) => directory.leaves.slice(...span).map(([, id]) => id));
      const held: Held = new Map();
      if (await leaves.fetch(old, held)) {
        const { put, directory: made } = foldPart(directory, part, held, limits.leaf);
        const after = part.next === undefined ? { ...made, folded } : made;
        const gone = runs.filter(({ number }) => number <= after.folded);
        const committed = await history.append(
          { put: [], delete: [], durable: false, moved: true },
          {
            put: [...put, [directoryKey, JSON.stringify(after)]],
            delete: [...old.map(leafKey), ...gone.map(({ number }) => runKey(number))],
            directory: after,
          },
        );
        if (committed) return [part.next, after];
      }
      await history.catchUp(head);
    }
    return [undefined, directory];
  }

  return {
    due: () => foldDue() || history.view.runs.length > limits.runs,
    compact: (stopped) => (foldDue() ? fold(stopped) : history.queued(sumUp)),
  };
}
