import type { Environment } from './environment.ts';

/** What tabs tell each other. `moved`: there is something new on the disk. */
export type Notice<S> =
  | { readonly type: 'moved' | 'hello' }
  | { readonly type: 'status'; readonly status: S };

/** The other tabs that have the same store open. */
export interface Tabs<S> {
  tell(notice: Notice<S>): void;
  /** Waits until this tab is the one that syncs, and stays it until the signal ends it. */
  lead(signal: AbortSignal, begin: () => void): void;
  /** Runs a task that only one tab may run at a time. */
  alone(task: () => Promise<void>): Promise<void>;
  close(): void;
}

export function openTabs<S>(
  environment: Environment,
  name: string,
  heard: (notice: Notice<S>) => void,
): Tabs<S> {
  const own = `freshet:${name}`;
  const channel = environment.openChannel?.(own);
  if (channel) channel.onmessage = ({ data }) => heard(data as Notice<S>);
  return {
    tell: (notice) => channel?.postMessage(notice),
    lead(signal, begin) {
      if (!environment.lock) begin();
      else environment.lock(own, signal, () => held(signal, begin)).catch(() => {}); // aborted
    },
    alone: (task) => environment.lock?.(`${own}:alone`, new AbortController().signal, task) ?? task(),
    close: () => channel?.close(),
  };
}

function held(signal: AbortSignal, begin: () => void): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener('abort', () => resolve());
    begin();
  });
}
