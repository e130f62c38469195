import type { Channel, Environment, Request, Response, Socket } from '../../src/environment.ts';
import type { Server } from './model.ts';

/** Gives numbers from 0 to below 1. */
export type Draw = () => number;

/** Gives numbers that look random, the same ones for the same seed: mulberry32. */
export function drawing(seed: number): Draw {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What devices are in: a time, and a network. */
export interface World {
  readonly clock: Pick<Environment, 'now' | 'setTimeout' | 'clearTimeout'>;
  readonly draw: Draw;
  fetch(device: string, request: Request, url: string): Promise<Response>;
  openSocket(device: string, url: string, protocol: string): Socket;
}

/** A clock that goes on only when told, and what happens at its times. */
export class Clock {
  time = 1_000_000;
  #next = 1;
  readonly #timers = new Map<number, { at: number; run: () => void }>();

  now(): number {
    return this.time;
  }

  setTimeout(run: () => void, ms: number): number {
    this.#timers.set(this.#next, { at: this.time + ms, run });
    return this.#next++;
  }

  clearTimeout(timer: unknown): void {
    this.#timers.delete(timer as number);
  }

  wait(ms: number): Promise<void> {
    return new Promise((resolve) => this.setTimeout(resolve, ms));
  }

  /** Lets everything happen that can, then goes on to the next time at which something is to happen. */
  async step(): Promise<void> {
    for (let i = 0; i < 6; i++) await new Promise((resolve) => setImmediate(resolve));
    let first: [number, { at: number; run: () => void }] | undefined;
    for (const timer of this.#timers) if (!first || timer[1].at < first[1].at) first = timer;
    if (!first) return;
    this.#timers.delete(first[0]);
    this.time = Math.max(this.time, first[1].at);
    first[1].run();
  }
}

/** A network that is slow, loses requests and answers, and breaks sockets, as often as told. */
export class Network implements World {
  /** From 0 to 1: how much of what is sent is lost. */
  loss = 0;
  /** Tells which credentials are refused. */
  denies: (headers: Record<string, string>) => boolean = () => false;
  /** Pushes under way, and the most at once, by device. */
  readonly pushes = new Map<string, number>();
  mostPushes = 0;
  readonly #sockets = new Set<ModelSocket>();

  constructor(
    readonly clock: Clock,
    readonly server: Server,
    readonly draw: Draw,
  ) {
    server.committed = () => {
      for (const socket of this.#sockets) socket.wake();
    };
  }

  lost(): boolean {
    return this.draw() < this.loss;
  }

  delay(): Promise<void> {
    return this.clock.wait(1 + this.draw() * 50);
  }

  /** Breaks every socket, as the server closes it where a code is given. */
  break(code = 1006): void {
    for (const socket of [...this.#sockets]) socket.drop(code);
  }

  async fetch(device: string, { headers, body, signal }: Request): Promise<Response> {
    const push = body.includes('push(');
    const count = (by: number) => {
      const now = (this.pushes.get(device) ?? 0) + by;
      this.pushes.set(device, now);
      this.mostPushes = Math.max(this.mostPushes, now);
    };
    if (push) count(1);
    const answered = this.denies(headers) ? this.delay().then(() => denied) : this.#answer(body);
    try {
      const text = await unlessAborted(answered, signal);
      return { status: 200, text: async () => text };
    } finally {
      answered.catch(() => {});
      if (push) count(-1);
    }
  }

  async #answer(body: string): Promise<string> {
    await this.delay();
    if (this.lost()) throw new TypeError('the request is lost');
    const text = this.server.execute(JSON.parse(body));
    await this.delay();
    if (this.lost()) throw new TypeError('the answer is lost');
    return text;
  }

  openSocket(): Socket {
    const socket = new ModelSocket(this);
    this.#sockets.add(socket);
    return socket;
  }

  forget(socket: ModelSocket): void {
    this.#sockets.delete(socket);
  }
}

/** Gives an answer, unless the signal comes first. */
export async function unlessAborted<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
  let abort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(new Error('aborted'));
  });
  signal.addEventListener('abort', abort);
  try {
    return await Promise.race([answer, aborted]);
  } finally {
    signal.removeEventListener('abort', abort); // Node keeps a signal that somebody listens to
  }
}

const denied = '{"errors":[{"message":"no","errorInfo":{"code":"unauthenticated"}}]}';

class ModelSocket implements Socket {
  onopen: Socket['onopen'] = null;
  onmessage: Socket['onmessage'] = null;
  onclose: Socket['onclose'] = null;
  onerror: Socket['onerror'] = null;
  readonly #network: Network;
  #cursor: string | undefined;
  #busy = false;
  #again = false;
  #open = true;

  constructor(network: Network) {
    this.#network = network;
    void network.delay().then(() => {
      if (network.lost()) this.drop(1006);
      else this.onopen?.(undefined as never);
    });
  }

  send(text: string): void {
    const message = JSON.parse(text) as { type: string; payload: { variables: { after: string } } };
    const headers = message.payload as unknown as Record<string, string>;
    if (message.type === 'connection_init' && this.#network.denies(headers)) this.drop(4403);
    if (message.type === 'ping') void this.#tell({ type: 'pong' });
    if (message.type !== 'subscribe' || !this.#open) return;
    this.#cursor = message.payload.variables.after;
    this.wake(true);
  }

  close(): void {
    this.#open = false;
    this.#network.forget(this);
  }

  drop(code: number): void {
    if (!this.#open) return;
    this.close();
    this.onclose?.({ code, reason: '' });
  }

  /** Sends what came after the cursor, frame by frame. */
  wake(first = false): void {
    if (this.#cursor === undefined) return;
    this.#again = true;
    if (!this.#busy) void this.#run(first);
  }

  async #run(first: boolean): Promise<void> {
    this.#busy = true;
    while (this.#again && this.#open) {
      this.#again = false;
      const frame = this.#network.server.changes(this.#cursor, 4);
      this.#cursor = frame.cursor;
      if (!frame.upToDate) this.#again = true;
      if (first || frame.changes.length > 0)
        await this.#tell({ type: 'next', id: '1', payload: { data: { changes: frame } } });
      first = false;
    }
    this.#busy = false;
  }

  async #tell(message: object): Promise<void> {
    await this.#network.delay();
    if (!this.#open) return;
    if (this.#network.lost()) this.drop(1006);
    else this.onmessage?.({ data: JSON.stringify(message) });
  }
}

/** A device: its tabs share a disk, locks and a channel. */
export class Device {
  readonly platter = { values: new Map<string, unknown>() };
  readonly #locks = new Map<string, Promise<unknown>>();
  readonly #channels = new Set<Channel>();
  #ids = 0;

  constructor(
    readonly name: string,
    readonly world: World,
  ) {}

  /** Gives the environment of a new tab, and what ends it without a farewell. */
  tab(): { environment: Environment; crash: () => void } {
    const { clock, draw } = this.world;
    const channels: Channel[] = [];
    const ends: (() => void)[] = [];
    const ended = new AbortController();
    let alive = true;
    const never = new Promise<never>(() => {});
    const environment: Environment = {
      now: () => clock.now(),
      setTimeout: (run, ms) => clock.setTimeout(() => alive && run(), ms),
      clearTimeout: (timer) => clock.clearTimeout(timer),
      random: draw,
      uuid: () => `${this.name}-${this.#ids++}`,
      fetch: (url, request) => {
        if (!alive) return never;
        const signal = AbortSignal.any([request.signal, ended.signal]);
        const answer = this.world.fetch(this.name, { ...request, signal }, url);
        return answer.finally(() => (alive ? undefined : never));
      },
      openSocket: (url, protocol) => {
        const socket = this.world.openSocket(this.name, url, protocol);
        ends.push(() => socket.close());
        return socket;
      },
      lock: (name, signal, task) =>
        this.#lock(name, signal, () => (alive ? Promise.race([task(), dead]) : Promise.resolve())),
      openChannel: () => {
        const channel: Channel = {
          onmessage: null,
          postMessage: (message) => alive && this.#post(channel, structuredClone(message)),
          close: () => void this.#channels.delete(channel),
        };
        channels.push(channel);
        this.#channels.add(channel);
        return channel;
      },
    };
    const dead = new Promise<void>((resolve) => {
      ends.push(resolve);
    });
    const crash = () => {
      alive = false;
      ended.abort();
      for (const channel of channels) this.#channels.delete(channel);
      for (const end of ends) end();
    };
    return { environment, crash };
  }

  async #lock(name: string, signal: AbortSignal, task: () => Promise<void>): Promise<void> {
    const before = this.#locks.get(name) ?? Promise.resolve();
    const own = before.then(() => (signal.aborted ? undefined : task()));
    this.#locks.set(
      name,
      own.catch(() => {}),
    );
    await own;
  }

  #post(from: Channel, data: unknown): void {
    for (const channel of this.#channels) {
      if (channel !== from) this.world.clock.setTimeout(() => channel.onmessage?.({ data }), 1);
    }
  }
}
