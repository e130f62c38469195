/** Keys of Entries: parts, with a separator that is in none of them but the last. */
export const separator = '\0';
const afterSeparator = '\u0001';

export const join = (...parts: string[]): string => parts.join(separator);

/** Gives the range of the keys that begin with some parts. */
export const within = (...parts: string[]): { from: string; to: string } => ({
  from: join(...parts, ''),
  to: join(...parts) + afterSeparator,
});

const numbered = (kind: string, number: number): string => join(kind, String(number).padStart(16, '0'));

export const outboxKey = (number: number): string => numbered('o', number);
export const rejectedKey = (number: number): string => numbered('x', number);
export const conflictKey = (model: string, key: string, field: string): string =>
  join('c', model, key, field);
export const metaKey = (name: string): string => join('m', name);
