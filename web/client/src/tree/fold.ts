import type { Entry } from '../entries.ts';
import type { Held } from './leaves.ts';
import { type Directory, leafKey } from './log.ts';
import { type Cell, lowerBound, overlaid } from './sorted.ts';
import type { View } from './view.ts';

/**
 * A fold takes the overlay into the leaves part by part. After each part, the leaves of some keys are newer than the
 * directory says, and the runs, which are still there and laid over them, change nothing; when all parts are done the
 * directory says so and the runs go. So a fold may end at any part, and readers see no difference.
 */
export interface Part {
  readonly cells: readonly Cell[];
  /** Where in the directory the leaves are that have the keys of the cells; those side by side make one span. */
  readonly spans: readonly (readonly [start: number, end: number])[];
  /** Where the next part begins; undefined after the last one. */
  readonly next: string | undefined;
}

export interface FoldLimits {
  /** The length of the text of a leaf. */
  readonly leaf: number;
  /** How many cells one part takes, and how many leaves it reads and replaces. */
  readonly part: { readonly cells: number; readonly leaves: number };
}

/** Gives the part of the overlay that begins at a key. */
export function partFrom(view: View, key: string, limits: FoldLimits['part']): Part {
  const sorted = view.overlay.sorted();
  const start = lowerBound(sorted, key);
  const spans: [start: number, end: number][] = [];
  let leaves = 0;
  let end = start;
  for (; end < sorted.length && end - start < limits.cells; end++) {
    const place = view.leafOf(sorted[end]![0]);
    const last = spans.at(-1);
    if (last && place < last[1]) continue;
    if (leaves++ === limits.leaves) break;
    if (last?.[1] === place) last[1]++;
    else spans.push([place, place + 1]);
  }
  return { cells: sorted.slice(start, end), spans, next: sorted[end]?.[0] };
}

export interface Folded {
  readonly directory: Directory;
  readonly put: readonly (readonly [key: string, text: string])[];
}

/** Writes the leaves of a part anew, about `leafSize` characters each. Leaves side by side are joined and cut again. */
export function foldPart(directory: Directory, part: Part, held: Held, leafSize: number): Folded {
  const put: [string, string][] = [];
  const leaves: (readonly [string, number])[] = [];
  let { next, count } = directory;
  let kept = 0;
  let taken = 0;
  for (const [start, end] of part.spans) {
    leaves.push(...directory.leaves.slice(kept, start));
    kept = end;
    const old = directory.leaves.slice(start, end).flatMap(([, id]) => held.get(id)!);
    const above = directory.leaves[end];
    const cells = part.cells.slice(taken, above && lowerBound(part.cells, above[0]));
    taken += cells.length;
    const entries = [...overlaid(old.values(), cells.values())];
    count += entries.length - old.length;
    for (const [first, text] of cut(entries, leafSize)) {
      leaves.push([first, next]);
      put.push([leafKey(next++), text]);
    }
  }
  leaves.push(...directory.leaves.slice(kept));
  return { directory: { ...directory, next: next + 1, count, leaves }, put };
}

/** Cuts entries into leaves of about the same length, none much longer than `size` unless an entry is. */
function cut(entries: readonly Entry[], size: number): [first: string, text: string][] {
  const texts = entries.map((entry) => JSON.stringify(entry));
  const total = texts.reduce((sum, text) => sum + text.length, 0);
  const share = total / Math.ceil(total / size);
  const leaves: [string, string][] = [];
  for (let start = 0, end = 0; start < texts.length; start = end) {
    for (let length = 0; end < texts.length && length < share; end++) length += texts[end]!.length;
    leaves.push([entries[start]![0], `[${texts.slice(start, end)}]`]);
  }
  return leaves;
}
