import type { Entry, EntryRange } from '../entries.ts';

type Keyed = readonly [key: string, ...rest: unknown[]];

/** An entry that was put over the leaves, or, without it, the deletion of one. */
export type Cell = [key: string, entry: Entry | undefined];

/** The place of the first element whose key is not before a key. */
export function lowerBound(list: readonly Keyed[], key: string): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (list[middle]![0] < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The elements of a sorted list that are in a range, in its direction. */
export function* within<T extends Keyed>(
  list: readonly T[],
  { from, to, reverse }: EntryRange,
): Generator<T> {
  const start = lowerBound(list, from);
  const end = lowerBound(list, to);
  for (let at = start; at < end; at++) yield list[reverse ? start + end - 1 - at : at]!;
}

/** The entries of leaves with cells laid over them; both in the direction told. */
export function* overlaid(leaves: Iterator<Entry>, cells: Iterator<Cell>, reverse = false): Generator<Entry> {
  let leaf = leaves.next();
  let cell = cells.next();
  while (!leaf.done || !cell.done) {
    if (cell.done || (!leaf.done && precedes(leaf.value, cell.value, reverse))) {
      yield leaf.value as Entry;
      leaf = leaves.next();
      continue;
    }
    if (!leaf.done && leaf.value[0] === cell.value[0]) leaf = leaves.next();
    if (cell.value[1]) yield cell.value[1];
    cell = cells.next();
  }
}

function precedes([a]: Keyed, [b]: Keyed, reverse: boolean): boolean {
  return reverse ? a > b : a < b;
}
