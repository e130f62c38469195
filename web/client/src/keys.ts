/** Gives the least text that comes after all that begin with a prefix. */
export function afterPrefix(prefix: string): string {
  const rest = prefix.replace(/\uffff+$/, '');
  return rest.slice(0, -1) + String.fromCharCode(rest.charCodeAt(rest.length - 1) + 1);
}

/** Keys of Entries: parts, with a separator that is in none of them but the last. */
export const separator = '\0';

export const join = (...parts: string[]): string => parts.join(separator);

/** Gives the range of the keys that begin with some parts. */
export const within = (...parts: string[]): { from: string; to: string } => {
  const from = join(...parts, '');
  return { from, to: afterPrefix(from) };
};

/** Gives a number as a text that is in its place among others. */
export const digits = (number: number): string => String(number).padStart(16, '0');

export const outboxKey = (number: number): string => join('o', digits(number));
export const rejectedKey = (number: number): string => join('x', digits(number));
export const conflictKey = (model: string, key: string, field: string): string =>
  join('c', model, key, field);
export const metaKey = (name: string): string => join('m', name);
