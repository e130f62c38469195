import type { Json } from './schema.ts';

/** Gives a filter as the server reads it: every value under an operator, and `in` as a choice. */
export function wireFilter(where: Json): Json {
  if (!isObject(where)) return where;
  const all = Object.entries(where).map(([name, value]): Json => {
    if (name === 'not') return { not: wireFilter(value) };
    if (name === 'and' || name === 'or') return { [name]: list(value).map(wireFilter) };
    if (!isObject(value)) return { [name]: { eq: value } };
    const { in: choice, ...operators } = value;
    if (choice === undefined) return { [name]: operators };
    return { and: [{ [name]: operators }, { or: list(choice).map((one) => ({ [name]: { eq: one } })) }] };
  });
  return all.length === 1 ? all[0]! : { and: all };
}

const isObject = (value: Json | undefined): value is { readonly [name: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const list = (value: Json): readonly Json[] => (Array.isArray(value) ? value : [value]);
