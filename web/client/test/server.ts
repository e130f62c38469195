import { execFile, execFileSync, spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { vi } from 'vitest';

/** A server: the real one, on a data directory of its own. */
export interface Server {
  readonly url: string;
  readonly apiKey: string;
  /** Runs a command of the operator's. */
  operate(...args: string[]): Promise<string>;
  /** Gives the latest letter to somebody in the local mailbox, once there is one with a subject. */
  letter(to: string, subject: RegExp): Promise<string>;
  stop(): Promise<void>;
}

const repository = fileURLToPath(new URL('../../..', import.meta.url));

/** Builds the server and starts it. */
export async function startServer(...flags: string[]): Promise<Server> {
  const home = mkdtempSync(join(tmpdir(), 'freshet-'));
  const binary = join(home, 'freshet');
  execFileSync('go', ['build', '-o', binary, './cmd/freshet'], { cwd: repository });
  const data = join(home, 'data');
  const process = spawn(binary, ['serve', '--data', data, '--listen', '127.0.0.1:0', ...flags], {
    cwd: home,
  });
  const exited = new Promise<void>((resolve) => process.once('exit', () => resolve()));
  let said = '';
  process.stderr.on('data', (chunk) => {
    said += chunk;
  });
  const greeting = await new Promise<RegExpMatchArray>((resolve, reject) => {
    let text = '';
    process.stdout.on('data', (chunk) => {
      text += chunk;
      const found = text.match(/serves on (\S+)\/graphql\s+API key\s+(\S+)/);
      if (found) resolve(found);
    });
    exited.then(() => reject(new Error(`the server ended: ${said}`)));
  });
  const operate = async (...args: string[]) =>
    (await promisify(execFile)(binary, [...args, '--data', data], { cwd: home })).stdout;
  return {
    url: greeting[1]!,
    apiKey: greeting[2]!,
    operate,
    letter: (to, subject) =>
      vi.waitFor(
        async () => {
          const lines = (await operate('mail', 'list')).split('\n');
          const line = lines.find((l) => l.includes(to) && subject.test(l));
          if (!line) throw new Error(`no letter to ${to} about ${subject}: ${lines.join('\n')}`);
          return operate('mail', 'show', line.split(' ')[0]!);
        },
        { timeout: 10_000, interval: 50 },
      ),
    async stop() {
      process.kill('SIGTERM');
      await exited;
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** The code in a letter. */
export const codeIn = (letter: string): string => letter.match(/\b\d{6}\b/)![0];

/** What an authenticator app shows at a time in ms. */
export function totpAt(secret: string, time: number): string {
  const bits = [...secret].map((c) =>
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0'),
  );
  const key = Buffer.from(
    bits
      .join('')
      .match(/.{8}/g)!
      .map((byte) => Number.parseInt(byte, 2)),
  );
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(time / 30_000)));
  const sum = createHmac('sha1', key).update(counter).digest();
  return String((sum.readUInt32BE(sum.at(-1)! & 0xf) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

/** Asks the API for its name, and gives the HTTP status. */
export async function statusWith(url: string, headers: Record<string, string>): Promise<number> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: '{"query":"{ __typename }"}',
  });
  return response.status;
}
