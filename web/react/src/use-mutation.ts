import { useCallback, useLayoutEffect, useRef, useState } from 'react';
import { useClient } from './provider.tsx';
import type { AppClient } from './register.ts';

export interface Mutation<A extends readonly unknown[], T> {
  /**
   * Makes the write. It resolves when the write is safe on this device; whether there is a network plays no part.
   */
  readonly run: (...args: A) => Promise<T>;
  readonly pending: boolean;
  /** Why the last one failed; undefined after one that did not. */
  readonly error: unknown;
}

/** Wraps a write: `const { run } = useMutation((client, title: string) => client.tasks.create({ title }))`. */
export function useMutation<A extends readonly unknown[], T>(
  write: (client: AppClient, ...args: A) => Promise<T>,
): Mutation<A, T> {
  const client = useClient();
  const [{ pending, error }, setState] = useState<{ pending: number; error?: unknown }>({ pending: 0 });
  const latest = useRef(write);
  useLayoutEffect(() => {
    latest.current = write;
  });
  const run = useCallback(
    (...args: A): Promise<T> => {
      setState(({ pending }) => ({ pending: pending + 1 }));
      const done = Promise.resolve().then(() => latest.current(client, ...args));
      done.then(
        () => setState(({ pending, error }) => ({ pending: pending - 1, error })),
        (error: unknown) => setState(({ pending }) => ({ pending: pending - 1, error })), // and no unhandled rejection
      );
      return done;
    },
    [client],
  );
  return { run, pending: pending > 0, error };
}
