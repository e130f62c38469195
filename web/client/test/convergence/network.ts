import { platform, type Request, type Response, type Socket } from '../../src/environment.ts';
import { type Draw, drawing, unlessAborted, type World } from '../sync/world.ts';
import type { Witness } from './witness.ts';

/**
 * The network between devices and the real server: it is slow by turns, loses requests and answers, lets copies of
 * requests come late, cuts sockets, and has devices lose their place in the log, as often as told.
 */
export class Network implements World {
  /** From 0 to 1: how much goes wrong. */
  trouble = 0;
  readonly offline = new Set<string>();
  /** Devices that name a cursor of another log the next time they are asked for theirs. */
  readonly strayed = new Set<string>();
  /** Requests that the server may still come to know. */
  underWay = 0;
  readonly #sockets = new Set<CutSocket>();
  readonly #draw: Draw;

  constructor(
    seed: number,
    readonly strayCursor: string,
    readonly witness: Witness,
  ) {
    this.#draw = drawing(seed);
  }

  readonly clock = platform();

  /** Of waits, a small part: what failed comes back soon. */
  readonly draw = (): number => this.#draw() * 0.02;

  wrong(): boolean {
    return this.#draw() < this.trouble;
  }

  wait(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, this.#draw() * ms));
  }

  async fetch(device: string, request: Request, url: string): Promise<Response> {
    if (this.wrong()) await this.wait(10);
    if (this.offline.has(device) || this.wrong()) throw new TypeError('the request is lost');
    const { headers, signal } = request;
    const body = this.astray(device, request.body, (said) => said.variables);
    const pass = () => this.#pass(device, url, headers, body);
    if (this.wrong()) void this.#later(pass);
    const answer = await unlessAborted(pass(), signal);
    if (this.wrong()) await this.wait(10);
    if (this.offline.has(device) || this.wrong()) throw new TypeError('the answer is lost');
    return answer;
  }

  async #later(pass: () => Promise<Response>): Promise<void> {
    this.underWay++;
    await this.wait(30);
    await pass().catch(() => {}); // nobody waits for it
    this.underWay--;
  }

  /** What has left cannot be called back. */
  async #pass(device: string, url: string, headers: Record<string, string>, body: string): Promise<Response> {
    this.underWay++;
    try {
      this.witness.sends(device, body);
      const response = await fetch(url, { method: 'POST', headers, body });
      const text = await response.text();
      this.witness.answers(body, text);
      return { status: response.status, text: async () => text };
    } finally {
      this.underWay--;
    }
  }

  openSocket(device: string, url: string, protocol: string): Socket {
    const socket = new CutSocket(this, device, url, protocol);
    this.#sockets.add(socket);
    return socket;
  }

  forget(socket: CutSocket): void {
    this.#sockets.delete(socket);
  }

  /** Cuts the sockets of a device, or all. */
  cut(device?: string): void {
    for (const socket of [...this.#sockets]) if (!device || socket.device === device) socket.drop();
  }

  /** Replaces the cursor in what a device says where it has strayed. */
  astray(device: string, said: string, variablesOf: (said: Said) => { after?: string } | undefined): string {
    if (!this.strayed.has(device)) return said;
    const parsed = JSON.parse(said);
    const variables = variablesOf(parsed);
    if (!variables?.after) return said;
    this.strayed.delete(device);
    variables.after = this.strayCursor;
    return JSON.stringify(parsed);
  }
}

interface Said {
  variables?: { after?: string };
  payload?: Said;
}

class CutSocket implements Socket {
  onopen: Socket['onopen'] = null;
  onmessage: Socket['onmessage'] = null;
  onclose: Socket['onclose'] = null;
  onerror: Socket['onerror'] = null;
  readonly #socket: WebSocket;
  #last: Promise<unknown> = Promise.resolve();
  #open = true;

  constructor(
    readonly network: Network,
    readonly device: string,
    url: string,
    protocol: string,
  ) {
    this.#socket = new WebSocket(url, protocol);
    // One that is opened while the server is killed may hang.
    const hanging = setTimeout(() => this.drop(), 1000);
    this.#socket.onopen = () => {
      clearTimeout(hanging);
      if (network.offline.has(device)) this.drop();
      else this.onopen?.(undefined as never);
    };
    this.#socket.onmessage = ({ data }) => this.#inOrder(() => this.#tell(data));
    this.#socket.onclose = ({ code, reason }) => this.#inOrder(() => this.#end(code, reason));
  }

  send(text: string): void {
    this.#socket.send(this.network.astray(this.device, text, ({ payload }) => payload?.variables));
  }

  close(): void {
    this.#open = false;
    this.network.forget(this);
    this.#socket.onmessage = this.#socket.onclose = null;
    this.#socket.close();
  }

  drop(): void {
    if (!this.#open) return;
    this.close();
    this.onclose?.({ code: 1006, reason: 'cut' });
  }

  #inOrder(then: () => void): void {
    const pause = this.network.wrong() ? this.network.wait(20) : undefined;
    this.#last = this.#last.then(() => pause).then(() => this.#open && then());
  }

  #tell(data: unknown): void {
    if (this.network.wrong() && this.network.wrong()) this.drop();
    else this.onmessage?.({ data });
  }

  #end(code: number, reason: string): void {
    this.close();
    this.onclose?.({ code, reason });
  }
}

/** Makes a request that nothing happens to on its way. */
export async function ask<T>(
  endpoint: string,
  headers: Record<string, string>,
  query: string,
  variables: object = {},
): Promise<T> {
  const response = await insistent(() =>
    fetch(endpoint, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
    }),
  );
  const { data, errors } = (await response.json()) as { data: T; errors?: unknown };
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

/** Tries until the server is there: another life may have killed it. */
async function insistent<T>(work: () => Promise<T>): Promise<T> {
  for (let left = 100; ; left--) {
    try {
      return await work();
    } catch (error) {
      if (left === 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
