import type { Conflict, List, Rejected, Status } from '@freshet/client';
import { useCallback, useSyncExternalStore } from 'react';
import { useClient } from './provider.tsx';

/**
 * Gives how the client stands: its connection, the writes that wait, when it had everything last. With `select` it
 * gives a part of that, and renders again when that part is another: `useStatus((status) => status.pending)`.
 */
export function useStatus(): Status;
export function useStatus<T>(select: (status: Status) => T): T;
export function useStatus(select: (status: Status) => unknown = (status) => status): unknown {
  const { status } = useClient();
  const subscribe = useCallback((changed: () => void) => status.subscribe(changed), [status]);
  const get = () => select(status.get());
  return useSyncExternalStore(subscribe, get, get);
}

const useList = <T>({ subscribe, list }: List<T>): readonly T[] =>
  useSyncExternalStore(subscribe, list, list);

/** Gives the fields of yours that records did not take, and what may be done about one. */
export function useConflicts(): {
  readonly conflicts: readonly Conflict[];
  /** Leaves the record as it is. */
  readonly accept: (conflict: Conflict) => Promise<void>;
  /** Writes your value again. */
  readonly restore: (conflict: Conflict) => Promise<void>;
} {
  const { accept, restore, ...list } = useClient().conflicts;
  return { conflicts: useList(list), accept, restore };
}

/** Gives the writes that the server refused, and what may be done about one. */
export function useRejected(): {
  readonly rejected: readonly Rejected[];
  readonly dismiss: (rejected: Rejected) => Promise<void>;
  /** Makes the write once more. */
  readonly retry: (rejected: Rejected) => Promise<void>;
} {
  const { dismiss, retry, ...list } = useClient().rejected;
  return { rejected: useList(list), dismiss, retry };
}
