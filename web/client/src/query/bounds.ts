import type { Demand } from './operators.ts';

/** What a filter demands of a field at least: encoded values in a range, of certain ones where it names them. */
export interface Bound {
  /** Inclusive. */
  readonly from: string;
  /** Exclusive. */
  readonly to: string;
  /** The values by their encodings, sorted. */
  readonly values?: readonly (readonly [text: string, value: unknown])[] | undefined;
}

/** By the names of the fields. */
export type Bounds = Map<string, Bound>;

/** Takes a demand into the bounds. */
export function narrow(bounds: Bounds, field: string, { bound }: Demand): void {
  if (!bound) return;
  const before = bounds.get(field) ?? bound;
  const [, from = ''] = [before.from, bound.from].sort(); // the later one
  const [to = ''] = [before.to, bound.to].sort();
  const values = (before.values ?? bound.values)?.filter(([text]) => text >= from && text < to);
  bounds.set(field, { from, to, values });
}
