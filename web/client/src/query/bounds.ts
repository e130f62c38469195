import { afterPrefix, encode } from './values.ts';
import { isPlain, listOf } from './where.ts';

/** What a filter demands of one field, as encoded values: the range they are in, and which ones where it names them. */
export interface Bound {
  /** Sorted by their encoding. */
  values?: readonly unknown[];
  /** Inclusive. */
  from: string;
  /** Exclusive. */
  to: string;
}

/** Gives what a compiled filter demands of each field at least, whatever else is in it. */
export function boundsOf(where: unknown): Map<string, Bound> {
  const bounds = new Map<string, Bound>();
  for (const [field, op, operand] of demands(where)) {
    const bound = bounds.get(field) ?? { from: '', to: '\uffff' };
    if (narrow(bound, op, operand)) bounds.set(field, bound);
  }
  return bounds;
}

/** Walks over what has to hold in any case. */
function* demands(where: unknown): Generator<[field: string, op: string, operand: unknown]> {
  for (const [name, value] of Object.entries(where ?? {})) {
    if (name === 'and') for (const part of listOf(value)) yield* demands(part);
    else if (value === undefined || name === 'or' || name === 'not') continue;
    else if (!isPlain(value)) yield [name, 'eq', value];
    else for (const [op, operand] of Object.entries(value)) yield [name, op, operand];
  }
}

/** Takes a demand into a bound; false where it says nothing of a range. */
function narrow(bound: Bound, op: string, operand: unknown): boolean {
  if (operand === undefined || (operand === null && op !== 'eq')) return false;
  const value = encode(operand);
  const kind = value[0]!;
  if (op === 'eq') pick(bound, [operand]);
  else if (op === 'in') pick(bound, listOf(operand));
  else if (op === 'lt') limit(bound, kind, value);
  else if (op === 'le') limit(bound, kind, afterPrefix(value));
  else if (op === 'gt') limit(bound, afterPrefix(value), afterPrefix(kind));
  else if (op === 'ge') limit(bound, value, afterPrefix(kind));
  else if (op === 'beginsWith') limit(bound, value.slice(0, -1), afterPrefix(value.slice(0, -1)));
  else if (op === 'between') {
    const [low, high] = listOf(operand);
    return narrow(bound, 'ge', low) && narrow(bound, 'le', high);
  } else return false;
  if (bound.values) pick(bound, bound.values);
  return true;
}

function limit(bound: Bound, from: string, to: string): void {
  if (from > bound.from) bound.from = from;
  if (to < bound.to) bound.to = to;
}

/** Holds a field to some values, of those that were left. */
function pick(bound: Bound, values: readonly unknown[]): void {
  const before = bound.values && new Set(bound.values.map(encode));
  const picked = new Map(values.map((value) => [encode(value), value]));
  const left = [...picked.keys()]
    .filter((value) => value >= bound.from && value < bound.to && (!before || before.has(value)))
    .sort();
  bound.values = left.map((value) => picked.get(value));
  limit(bound, left[0] ?? '', left.length ? afterPrefix(left.at(-1)!) : '');
}
