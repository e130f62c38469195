import type { Entry, EntryRange } from '../entries.ts';
import type { Directory, Log, Run } from './log.ts';
import { Overlay } from './overlay.ts';
import { lowerBound, overlaid, within } from './sorted.ts';

/** Gives a leaf that is at hand, or undefined: then it is fetched, and the read is done again. */
export type LeafAtHand = (id: number) => readonly Entry[] | undefined;

/** What a tab knows of the disk: the directory, and over the leaves the runs up to a head. Its reads do not wait. */
export class View {
  directory: Directory;
  runs: readonly Run[];
  overlay: Overlay;

  constructor({ directory, runs }: Log) {
    this.directory = directory;
    this.runs = runs;
    this.overlay = overlayOf(runs);
  }

  get head(): number {
    return this.runs.at(-1)?.number ?? this.directory.folded;
  }

  /** The length of the text of all runs: about what the overlay takes, and what opening the disk has to read. */
  get size(): number {
    return this.runs.reduce((size, run) => size + run.size, 0);
  }

  /** Goes on with the runs that come next and the directory as it is after them. */
  add(runs: readonly Run[], directory = this.directory): void {
    for (const run of runs) {
      if (run.first === undefined) this.overlay.apply(run);
      this.runs = [...this.runs.filter(({ number }) => number < (run.first ?? run.number)), run];
    }
    if (directory.folded !== this.directory.folded) {
      this.runs = this.runs.filter((run) => run.number > directory.folded);
      this.overlay = overlayOf(this.runs);
    }
    this.directory = directory;
  }

  get(keys: readonly string[], leafAtHand: LeafAtHand): unknown[] {
    return keys.map((key) => (this.overlay.find(key) ?? [key, this.#inLeaves(key, leafAtHand)])[1]?.[1]);
  }

  scan(range: EntryRange, leafAtHand: LeafAtHand): Entry[] {
    const { limit = 1 / 0, reverse } = range;
    const found: Entry[] = [];
    if (limit <= 0) return found;
    const cells = within(this.overlay.sorted(), range);
    for (const entry of overlaid(this.#leafEntries(range, limit, leafAtHand), cells, reverse)) {
      if (found.push(entry) >= limit) break;
    }
    return found;
  }

  /** The place in the directory of the leaf that has a key. */
  leafOf(key: string): number {
    const { leaves } = this.directory;
    const at = lowerBound(leaves, key);
    return leaves[at]?.[0] === key ? at : Math.max(at - 1, 0);
  }

  #inLeaves(key: string, leafAtHand: LeafAtHand): Entry | undefined {
    const leaf = this.directory.leaves[this.leafOf(key)];
    const entries = leaf && leafAtHand(leaf[1]);
    const entry = entries?.[lowerBound(entries, key)];
    return entry?.[0] === key ? entry : undefined;
  }

  /** Ends at a leaf that is not at hand, and asks for it and for as many more as the limit is likely to need. */
  *#leafEntries(range: EntryRange, limit: number, leafAtHand: LeafAtHand): Generator<Entry> {
    const { leaves, count } = this.directory;
    const places = leaves.slice(this.leafOf(range.from), lowerBound(leaves, range.to));
    if (range.reverse) places.reverse();
    const ahead = Math.ceil((limit * leaves.length) / count);
    for (const [at, [, id]] of places.entries()) {
      const entries = leafAtHand(id);
      if (!entries) {
        for (const [, next] of places.slice(at + 1, at + ahead)) leafAtHand(next);
        return;
      }
      yield* within(entries, range);
    }
  }
}

export function overlayOf(runs: readonly Run[]): Overlay {
  const overlay = new Overlay();
  for (const run of runs) overlay.apply(run);
  return overlay;
}
