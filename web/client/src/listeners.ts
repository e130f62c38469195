export interface Listeners<T> {
  /** Gives the function that ends it. */
  subscribe(listener: (value: T) => void): () => void;
  tell(value: T): void;
}

/** Those who want to be told. */
export function listeners<T = void>(): Listeners<T> {
  const all = new Set<{ tell: (value: T) => void }>();
  return {
    subscribe(tell) {
      const listener = { tell };
      all.add(listener);
      return () => void all.delete(listener);
    },
    tell(value) {
      for (const { tell } of [...all]) tell(value);
    },
  };
}
