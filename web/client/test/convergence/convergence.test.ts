import { afterAll, beforeAll, expect, test } from 'vitest';
import { Freshet, secret } from '../sync/freshet.ts';
import { Issuer } from './issuer.ts';
import { Life, type Place } from './life.ts';
import { ask } from './network.ts';
import { sdl } from './teams.ts';

// Lives of clients at random, at the real server. RUNS gives how many there are, SEED the seed of the first one; a fault
// names the seed of its life. The same seed makes the same choices again; when things happen is for the machine to say.

const { RUNS, SEED } = process.env;
const runs = Number(RUNS ?? (SEED ? 1 : 1000));
const first = Number(SEED ?? 1);
const batch = 100; // lives at one store
const together = 8; // lives at a time
const killEach = 50; // in the life with such a seed, the server is killed

const issuer = new Issuer();
let freshet: Freshet;

beforeAll(async () => {
  freshet = new Freshet(sdl, ...issuer.flags);
  await freshet.start();
}, 120_000);
afterAll(async () => {
  await freshet?.remove();
  issuer.remove();
});

async function cursorOfNow(): Promise<string> {
  const query = '{ changes { cursor } }';
  const data = await ask<{ changes: { cursor: string } }>(freshet.endpoint, { 'x-api-key': secret }, query);
  return data.changes.cursor;
}

/** Gives the server a new store. */
async function newPlace(): Promise<Place> {
  const strayCursor = await cursorOfNow();
  await freshet.renew();
  let killing: Promise<void> | undefined;
  const killServer = async () => {
    await freshet.kill();
    await freshet.start();
    killing = undefined;
  };
  return {
    endpoint: freshet.endpoint,
    issuer,
    apiKey: secret,
    strayCursor,
    killServer: () => (killing ??= killServer()),
  };
}

/** Gives what went wrong in a life. */
async function run(seed: number, place: Place): Promise<string[]> {
  const life = new Life(seed, place);
  try {
    const living = life.live();
    if (seed % killEach === 0) await place.killServer();
    await living;
    await life.settle();
    return (await life.judge()).map((fault) => `SEED=${seed}: ${fault}`);
  } catch (error) {
    return [`SEED=${seed}: ${(error as Error).stack}`];
  } finally {
    life.end();
  }
}

for (let from = first; from < first + runs; from += batch) {
  const to = Math.min(from + batch, first + runs);
  test(`SEED=${from} RUNS=${to - from}`, { timeout: 300_000 }, async () => {
    const place = await newPlace();
    const faults: string[] = [];
    let next = from;
    const lane = async () => {
      while (next < to) faults.push(...(await run(next++, place)));
    };
    await Promise.all(Array.from({ length: together }, lane));
    expect(faults).toEqual([]);
  });
}
