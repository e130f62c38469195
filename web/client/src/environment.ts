/** What the client needs of the platform. Simulations bring their own, on a clock of their own. */
export interface Environment {
  /** Milliseconds since 1970. */
  now(): number;
  setTimeout(run: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
  /** From 0 to below 1. */
  random(): number;
  uuid(): string;
  fetch(url: string, request: Request): Promise<Response>;
  openSocket(url: string, protocol: string): Socket;
  /** Runs a task while it holds a lock that no other tab holds; without it this client is the only one. */
  lock?(name: string, signal: AbortSignal, task: () => Promise<void>): Promise<void>;
  /** What tabs tell each other. */
  openChannel?(name: string): Channel;
  /** Calls back when it is worth trying again: there is a network, or somebody looks. */
  listen?(hint: () => void): () => void;
  /** Tells whether the store stays when the disk gets full; with `ask` it asks for that first. */
  persist?(ask: boolean): Promise<boolean>;
}

/** The parts of RequestInit, Response, WebSocket and BroadcastChannel that the client uses. */
export interface Request {
  readonly method: 'POST';
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly signal: AbortSignal;
}

export interface Response {
  readonly status: number;
  text(): Promise<string>;
}

export interface Socket {
  onopen: ((event: never) => unknown) | null;
  onmessage: ((event: { readonly data: unknown }) => unknown) | null;
  onerror: ((event: never) => unknown) | null;
  onclose: ((event: { readonly code: number; readonly reason: string }) => unknown) | null;
  send(text: string): void;
  close(code?: number): void;
}

export interface Channel {
  onmessage: ((event: { readonly data: unknown }) => unknown) | null;
  postMessage(message: unknown): void;
  close(): void;
}

/** The environment of a browser, a worker or Node. */
export function platform(): Environment {
  const environment: Environment = {
    now: () => Date.now(),
    setTimeout: (run, ms) => setTimeout(run, ms),
    clearTimeout: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
    random: () => Math.random(),
    uuid: () => crypto.randomUUID(),
    fetch: (url, request) => fetch(url, request),
    openSocket: (url, protocol) => new WebSocket(url, protocol) as Socket,
    listen: (hint) => {
      const seen = () => globalThis.document?.visibilityState === 'hidden' || hint();
      const end = new AbortController();
      globalThis.addEventListener?.('online', seen, { signal: end.signal });
      globalThis.document?.addEventListener('visibilitychange', seen, { signal: end.signal });
      return () => end.abort();
    },
  };
  const navigator = globalThis.navigator as Navigator | undefined;
  if (navigator?.locks) {
    environment.lock = (name, signal, task) => navigator.locks.request(name, { signal }, task);
    environment.openChannel = (name) => new BroadcastChannel(name) as Channel;
  }
  if (navigator?.storage?.persist) {
    environment.persist = async (ask) =>
      (await navigator.storage.persisted()) || (ask && (await navigator.storage.persist()));
  }
  return environment;
}
