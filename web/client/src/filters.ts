import { listOf } from './query/operators.ts';
import { isFields, type Json } from './schema.ts';

/** Gives a filter as the server reads it: every value under an operator, and `in` as a choice. */
export function wireFilter(where: Json): Json {
  if (!isFields(where)) return where;
  const all = Object.entries(where).map(([name, value]): Json => {
    if (name === 'not') return { not: wireFilter(value) };
    if (name === 'and' || name === 'or') return { [name]: listOf(value).map(wireFilter) };
    if (!isFields(value)) return { [name]: { eq: value } };
    const { in: choice, ...operators } = value;
    if (choice === undefined) return { [name]: operators };
    return { and: [{ [name]: operators }, { or: listOf(choice).map((one) => ({ [name]: { eq: one } })) }] };
  });
  return all.length === 1 ? all[0]! : { and: all };
}
