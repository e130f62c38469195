import type { Entry } from '../entries.ts';
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
  /** The places in the directory of the leaves that have the keys of the cells. */
  readonly places: readonly number[];
  /** Where the next part begins; undefined after the last one. */
  readonly next: string | undefined;
}

export interface PartLimits {
  /** How many cells one part takes. */
  readonly cells: number;
  /** How many leaves it reads and replaces. */
  readonly leaves: number;
}

/** Gives the part of the overlay that begins at a key. */
export function partFrom(view: View, key: string, limits: PartLimits): Part {
  const sorted = view.overlay.sorted();
  const start = lowerBound(sorted, key);
  const places: number[] = [];
  let end = start;
  for (; end < sorted.length && end - start < limits.cells; end++) {
    const place = view.leafOf(sorted[end]![0]);
    if (place === places.at(-1)) continue;
    if (places.length === limits.leaves) break;
    places.push(place);
  }
  return { cells: sorted.slice(start, end), places, next: sorted[end]?.[0] };
}

export interface Folded {
  readonly directory: Directory;
  readonly put: readonly (readonly [key: string, text: string])[];
}

/** Writes the leaves of a part anew, about `leafSize` characters each. Leaves side by side are joined and cut again. */
export function foldPart(
  directory: Directory,
  part: Part,
  held: ReadonlyMap<number, readonly Entry[]>,
  leafSize: number,
): Folded {
  const put: [string, string][] = [];
  const leaves: (readonly [string, number])[] = [];
  let { next, count } = directory;
  let kept = 0;
  for (const [start, end] of spans(part.places)) {
    leaves.push(...directory.leaves.slice(kept, start));
    kept = end;
    const old = directory.leaves.slice(start, end).flatMap(([, id]) => held.get(id)!);
    const cells = cellsBetween(part.cells, directory, start, end);
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

/** Joins places that follow each other: [2, 3, 5] gives 2 to 4 and 5 to 6. */
function spans(places: readonly number[]): [start: number, end: number][] {
  const found: [number, number][] = [];
  for (const place of places) {
    const last = found.at(-1);
    if (last?.[1] === place) last[1]++;
    else found.push([place, place + 1]);
  }
  return found;
}

function cellsBetween(
  cells: readonly Cell[],
  { leaves }: Directory,
  start: number,
  end: number,
): readonly Cell[] {
  const from = start === 0 ? 0 : lowerBound(cells, leaves[start]![0]);
  const to = leaves[end];
  return cells.slice(from, to && lowerBound(cells, to[0]));
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
