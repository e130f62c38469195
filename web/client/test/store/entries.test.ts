import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { memoryDisk, type Platter } from '../../src/memory-disk.ts';
import { jittered, Record } from './disks.ts';
import { type Action, action, Tab } from './tab.ts';

/** A generator of numbers from 0 to 1, so that a failure can be repeated. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1664525 + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

describe('entries', () => {
  test('are as a sorted map, whatever is committed, folded and reopened', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 60 }), async (actions) => {
        const platter: Platter = { values: new Map() };
        const record = new Record();
        const tab = await new Tab(record, () => record.over(memoryDisk(platter))).open();
        for (const action of actions) await tab.run(action);
        expect(tab.mirror).toBeDefined(); // alone, a tab is always able to follow
        await tab.check();
      }),
      { numRuns: 200 },
    );
  }, 60_000);

  test('have one history, when several tabs race', async () => {
    const turn = fc.tuple(fc.integer({ min: 0, max: 2 }), action);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(turn, { maxLength: 9 }), { maxLength: 12 }),
        fc.nat(),
        async (rounds, seed) => {
          const platter: Platter = { values: new Map() };
          const record = new Record();
          const random = randomFrom(seed);
          const open = () => jittered(record.over(memoryDisk(platter)), random);
          const tabs = await Promise.all([0, 1, 2].map(() => new Tab(record, open).open()));
          for (const round of rounds) {
            const turns = tabs.map((tab, at) =>
              inOrder(
                tab,
                round.flatMap(([who, todo]) => (who === at ? [todo] : [])),
              ),
            );
            await Promise.all(turns);
          }
          for (const tab of tabs) await tab.check();
          const counted = tabs.reduce((sum, tab) => sum + tab.counted, 0);
          expect(record.states.at(-1)!.get('counter') ?? 0).toBe(counted);
        },
      ),
      { numRuns: 150 },
    );
  }, 60_000);
});

async function inOrder(tab: Tab, actions: Action[]): Promise<void> {
  for (const action of actions) await tab.run(action);
}
