import { keyText } from '../rows.ts';
import { type Fields, isFields, type ModelSchema } from '../schema.ts';
import { listOf, unfit } from './operators.ts';
import { compareValues } from './values.ts';
import { fieldOf, type Objects, type SortField } from './where.ts';

/** By which fields a result is ordered: `'due'`, `{ due: 'desc' }`, or a list of them. */
export type OrderBy<R> = Term<R> | readonly Term<R>[];
type Term<R> = SortField<R> | { readonly [F in SortField<R>]?: 'asc' | 'desc' | undefined };

/** An order of all records: by some fields, null first, and then by the key in the direction of the last field. */
export interface Order {
  readonly fields: readonly { readonly name: string; readonly desc: boolean }[];
  /** The direction of the key. */
  readonly desc: boolean;
}

/** Reads an orderBy; absent it is the order of the keys. Throws a QueryError. */
export function compileOrder(orderBy: unknown, model: ModelSchema, schema: Objects): Order {
  const fields = (orderBy == null ? [] : listOf(orderBy)).flatMap((term) =>
    Object.entries(isFields(term) ? term : { [String(term)]: 'asc' })
      .filter(([, direction]) => direction !== undefined)
      .map(([name, direction]) => {
        if (fieldOf(name, model, schema).list || (direction !== 'asc' && direction !== 'desc')) {
          throw unfit(`${model.model}: orderBy`, term);
        }
        return { name, desc: direction === 'desc' };
      }),
  );
  return { fields, desc: fields.at(-1)?.desc ?? false };
}

/** Gives the comparison that an order stands for. It is 0 for the same record only. */
export function comparer(order: Order, model: ModelSchema): (a: Fields, b: Fields) => number {
  return (a, b) => {
    for (const { name, desc } of order.fields) {
      const difference = compareValues(a[name], b[name]);
      if (difference) return desc ? -difference : difference;
    }
    const [x, y] = [keyText(model, a), keyText(model, b)];
    return x === y ? 0 : x < y === order.desc ? 1 : -1;
  };
}
