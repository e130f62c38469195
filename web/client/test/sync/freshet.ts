import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const root = join(import.meta.dirname, '../../../..');

export const secret = 'the-key-of-the-test';

/** The real server, in a process of its own, with its data in a directory of its own. */
export class Freshet {
  readonly #directory = mkdtempSync(join(tmpdir(), 'freshet-'));
  readonly program = join(this.#directory, 'freshet');
  readonly #flags: string[];
  #process: ChildProcess | undefined;
  #address = '127.0.0.1:0';

  constructor(sdl?: string, ...flags: string[]) {
    execFileSync('go', ['build', '-o', this.program, './cmd/freshet'], { cwd: root });
    if (sdl) writeFileSync(join(this.#directory, 'test.graphql'), sdl);
    this.#flags = sdl ? [...flags, '--schema', join(this.#directory, 'test.graphql')] : flags;
  }

  get #data(): string {
    return join(this.#directory, 'data');
  }

  get endpoint(): string {
    return `http://${this.#address}/graphql`;
  }

  /** Starts it, at the address that it had before. */
  async start(): Promise<void> {
    const args = [
      'serve',
      '--data',
      this.#data,
      '--listen',
      this.#address,
      '--api-key',
      secret,
      ...this.#flags,
    ];
    const started = spawn(this.program, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    this.#process = started;
    for await (const line of createInterface({ input: started.stdout })) {
      const [, address] = /http:\/\/(\S+)\/graphql/.exec(line) ?? [];
      if (!address) continue;
      this.#address = address;
      started.stdout.resume();
      return;
    }
    throw new Error('the server did not start');
  }

  async kill(): Promise<void> {
    const ending = this.#process;
    this.#process = undefined;
    if (!ending || ending.exitCode !== null) return;
    const ended = once(ending, 'exit');
    ending.kill('SIGKILL');
    await ended;
  }

  /** Kills it and has it begin with nothing. */
  async renew(): Promise<void> {
    await this.kill();
    rmSync(this.#data, { recursive: true });
    await this.start();
  }

  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.#directory, { recursive: true });
  }
}

/** Waits until something holds. */
export async function until(holds: () => unknown, what = String(holds), ms = 15_000): Promise<void> {
  for (const end = Date.now() + ms; !(await holds()); ) {
    if (Date.now() > end) throw new Error(`it did not come to ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
