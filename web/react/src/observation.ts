/** How something is observed: it calls back with each new value, and gives the function that ends it. */
export type Observe<T> = (next: (value: T) => void, failed: (error: unknown) => void) => () => void;

/** What is known: nothing before the first result. */
export interface State<T> {
  readonly value?: T;
  readonly error?: unknown;
}

/** How long a result is kept true without subscribers, in ms: a suspended component, or its user, may come back. */
const grace = 5000;

/** One observation that components share, in the shape that useSyncExternalStore wants. */
export class Observation<T> {
  /** Resolves with the first result, be it a value or an error. */
  readonly first: Promise<void>;
  readonly #observe: Observe<T>;
  readonly #ended: () => void;
  readonly #subscribers = new Set<() => void>();
  #resolve!: () => void;
  #state: State<T> = {};
  #stop: (() => void) | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(observe: Observe<T>, ended: () => void) {
    this.#observe = observe;
    this.#ended = ended;
    this.first = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  readonly subscribe = (changed: () => void): (() => void) => {
    const own = () => changed();
    this.#subscribers.add(own);
    clearTimeout(this.#timer);
    this.begin();
    return () => {
      this.#subscribers.delete(own);
      if ('error' in this.#state)
        this.#end(); // who comes back tries again
      else this.#endLater();
    };
  };

  /** Gives the latest result; the same object until there is another. */
  readonly get = (): State<T> => this.#state;

  begin(): void {
    this.#stop ??= this.#observe(
      (value) => this.#tell({ value }),
      (error) => this.#tell({ error }),
    );
  }

  #tell(state: State<T>): void {
    this.#state = state;
    this.#resolve();
    for (const changed of [...this.#subscribers]) changed();
    this.#endLater();
  }

  /** Whoever waits for the first result has not subscribed yet. */
  #endLater(): void {
    clearTimeout(this.#timer);
    if ('value' in this.#state || 'error' in this.#state) this.#timer = setTimeout(() => this.#end(), grace);
  }

  #end(): void {
    if (this.#subscribers.size > 0) return;
    this.#stop?.();
    this.#stop = undefined;
    this.#ended();
  }
}

const shared = new WeakMap<object, Map<string, Observation<unknown>>>();

/** Gives the observation of a client's that has a name, and makes it where there is none. */
export function observationOf<T>(client: object, name: string, observe: Observe<T>): Observation<T> {
  const observations = shared.get(client) ?? new Map<string, Observation<unknown>>();
  shared.set(client, observations);
  const found = observations.get(name) as Observation<T> | undefined;
  if (found) return found;
  const made = new Observation(observe, () => observations.get(name) === made && observations.delete(name));
  observations.set(name, made as Observation<unknown>);
  return made;
}
