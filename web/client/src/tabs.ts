import type { Channel, Environment } from './environment.ts';

/** What tabs tell each other. `moved`: there is something new on the disk. */
export type Notice<S> =
  | { readonly type: 'moved' | 'hello' }
  | { readonly type: 'status'; readonly status: S };

/** The other tabs that have the same store open. */
export class Tabs<S> {
  readonly #environment: Environment;
  readonly #name: string;
  readonly #channel: Channel | undefined;

  constructor(environment: Environment, name: string, heard: (notice: Notice<S>) => void) {
    this.#environment = environment;
    this.#name = `freshet:${name}`;
    this.#channel = environment.openChannel?.(this.#name);
    if (this.#channel) this.#channel.onmessage = ({ data }) => heard(data as Notice<S>);
  }

  tell(notice: Notice<S>): void {
    this.#channel?.postMessage(notice);
  }

  /** Waits until this tab is the one that syncs, and stays it until the signal ends it. */
  lead(signal: AbortSignal, begin: () => void): void {
    if (!this.#environment.lock) begin();
    else this.#environment.lock(this.#name, signal, () => held(signal, begin)).catch(() => {}); // aborted
  }

  /** Runs a task that only one tab may run at a time. */
  async alone(task: () => Promise<void>): Promise<void> {
    const { lock } = this.#environment;
    if (lock) await lock(`${this.#name}:alone`, new AbortController().signal, task);
    else await task();
  }

  close(): void {
    this.#channel?.close();
  }
}

function held(signal: AbortSignal, begin: () => void): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener('abort', () => resolve());
    begin();
  });
}
