import { type FoldLimits, foldPart, partFrom } from './fold.ts';
import type { History } from './history.ts';
import type { Held, Leaves } from './leaves.ts';
import { type Directory, directoryKey, leafKey, runKey } from './log.ts';

/** Sizes are lengths of texts, in characters. */
export interface CompactorLimits extends FoldLimits {
  /** More runs than this are summed up in one. */
  readonly runs: number;
  /** The size of all runs beyond which they are folded into the leaves. */
  readonly fold: number;
}

/** Keeps the runs few, so that they fit in memory and a tab opens fast: sums them up, or folds them into the leaves. */
export interface Compactor {
  due(): boolean;
  /** Other work gets its turn between the parts of a fold. After a part, `stopped` may end it. */
  compact(stopped: () => boolean): Promise<void>;
}

export function compactorOf(history: History, leaves: Leaves, limits: CompactorLimits): Compactor {
  const foldDue = () => history.view.size > limits.fold;

  /** Puts one run in the place of all. */
  async function sumUp(): Promise<void> {
    const { overlay, directory, runs, head } = history.view;
    const run = { ...overlay.batch(), first: directory.folded + 1 };
    const committed = await history.append(run, { delete: runs.map(({ number }) => runKey(number)) });
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
