import type { Entry } from '../entries.ts';
import { type Folded, foldPart, type PartLimits, partFrom } from './fold.ts';
import type { History } from './history.ts';
import type { Leaves } from './leaves.ts';
import { type Directory, directoryKey, leafKey, runKey } from './log.ts';

/** Sizes are lengths of texts, in characters. */
export interface CompactorLimits {
  /** More runs than this are summed up in one. */
  readonly runs: number;
  /** The size of all runs beyond which they are folded into the leaves. */
  readonly fold: number;
  /** The size of a leaf. */
  readonly leaf: number;
  /** What one commit of a fold takes. */
  readonly part: PartLimits;
}

/** Keeps the runs few, so that they fit in memory and a tab opens fast: sums them up, or folds them into the leaves. */
export class Compactor {
  readonly #history: History;
  readonly #leaves: Leaves;
  readonly #limits: CompactorLimits;
  #stopped = false;

  constructor(history: History, leaves: Leaves, limits: CompactorLimits) {
    this.#history = history;
    this.#leaves = leaves;
    this.#limits = limits;
  }

  get due(): boolean {
    return this.#foldDue || this.#history.view.runs.length > this.#limits.runs;
  }

  /** Other work gets its turn between the parts of a fold. */
  compact(): Promise<void> {
    return this.#foldDue ? this.#fold() : this.#sumUp();
  }

  /** Ends a fold after the part that is under way. */
  stop(): void {
    this.#stopped = true;
  }

  get #foldDue(): boolean {
    return this.#history.view.size > this.#limits.fold;
  }

  /** Puts one run in the place of all. */
  #sumUp(): Promise<void> {
    return this.#history.queued(async () => {
      const { overlay, directory, runs, head } = this.#history.view;
      const run = { ...overlay.batch(), first: directory.folded + 1 };
      const committed = await this.#history.append(run, { delete: runs.map(({ number }) => runKey(number)) });
      if (!committed) await this.#history.catchUp(head);
    });
  }

  async #fold(): Promise<void> {
    const folded = this.#history.view.head;
    let { directory } = this.#history.view;
    let key: string | undefined = '';
    while (key !== undefined && !this.#stopped) {
      const from: string = key;
      [key, directory] = await this.#history.queued(() => this.#foldFrom(from, directory, folded));
    }
  }

  /** Commits one part, and gives where the next begins; undefined after the last, or where another tab folds. */
  async #foldFrom(
    key: string,
    directory: Directory,
    folded: number,
  ): Promise<[string | undefined, Directory]> {
    while (this.#history.view.directory === directory) {
      const { view } = this.#history;
      const { head } = view;
      const part = partFrom(view, key, this.#limits.part);
      const old = part.places.flatMap((place) => directory.leaves[place]?.[1] ?? []);
      const held = new Map<number, readonly Entry[]>();
      if (await this.#leaves.fetch(old, held)) {
        const made = foldPart(directory, part, held, this.#limits.leaf);
        const done = part.next === undefined ? folded : directory.folded;
        if (await this.#commitPart(made, old, done)) return [part.next, this.#history.view.directory];
      }
      await this.#history.catchUp(head);
    }
    return [undefined, directory];
  }

  async #commitPart(made: Folded, old: readonly number[], folded: number): Promise<boolean> {
    const directory = { ...made.directory, folded };
    const gone = this.#history.view.runs.filter(({ number }) => number <= folded);
    const committed = await this.#history.append(
      { put: [], delete: [], durable: false, moved: true },
      {
        put: [...made.put, [directoryKey, JSON.stringify(directory)]],
        delete: [...old.map(leafKey), ...gone.map(({ number }) => runKey(number))],
        directory,
      },
    );
    if (committed) this.#leaves.drop(old);
    return committed;
  }
}
