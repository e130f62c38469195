export interface Listeners {
  subscribe(callback: () => void): () => void;
  tell(): void;
}

/** Those who want to be told. `attach` is called for the first of them, and what it gives after the last has gone. */
export function listeners(attach?: () => () => void): Listeners {
  const all = new Set<{ callback: () => void }>();
  let detach: (() => void) | undefined;
  return {
    subscribe(callback) {
      const one = { callback };
      if (!all.size) detach = attach?.();
      all.add(one);
      return () => {
        if (all.delete(one) && !all.size) detach?.();
      };
    },
    tell() {
      for (const { callback } of [...all]) callback();
    },
  };
}
