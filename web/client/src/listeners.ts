export interface Listeners<T> {
  /** Gives the function that ends it. */
  subscribe(listener: (value: T) => void): () => void;
  tell(value: T): void;
}

/** Those who want to be told. `attach` is called for the first of them, and what it gives after the last has gone. */
export function listeners<T = void>(attach?: () => () => void): Listeners<T> {
  const all = new Set<{ tell: (value: T) => void }>();
  let detach: (() => void) | undefined;
  return {
    subscribe(tell) {
      const listener = { tell };
      if (!all.size) detach = attach?.();
      all.add(listener);
      return () => {
        if (all.delete(listener) && !all.size) detach?.();
      };
    },
    tell(value) {
      for (const { tell } of [...all]) tell(value);
    },
  };
}
