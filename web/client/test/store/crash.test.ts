import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Disk, StorageFullError } from '../../src/disk.ts';
import type { Batch } from '../../src/entries.ts';
import { memoryDisk, type Platter } from '../../src/memory-disk.ts';
import { openEntries } from '../../src/tree.ts';
import { everything, type Failure, failing, Record, scanned } from './disks.ts';
import { batch, tiny } from './tab.ts';

const batches = fc.array(batch, { minLength: 4, maxLength: 12 });

/** Opens entries that fold at once, commits batches and gives how many were answered before something failed. */
async function session(disk: Disk, record: Record, batches: readonly Batch[]): Promise<number> {
  let idle: (() => void) | undefined;
  const whenIdle = (callback: () => void) => {
    idle = callback;
    return () => {
      idle = undefined;
    };
  };
  const entries = await openEntries(disk, { limits: { ...tiny, wait: 600 }, whenIdle });
  for (const [at, batch] of batches.entries()) {
    const done = await entries.commit(record.marked(batch)).catch(() => undefined);
    if (done === undefined) return at;
    idle?.();
    if (at % 3 === 0) await entries.refresh().catch(() => {});
  }
  await entries.close();
  return batches.length;
}

async function holds(platter: Platter, record: Record): Promise<void> {
  const entries = await openEntries(memoryDisk(platter), { folds: () => false });
  expect(await entries.scan(everything)).toEqual(scanned(record.states.at(-1)!, everything));
  await entries.close();
}

async function operations(batches: readonly Batch[]): Promise<number> {
  let count = 0;
  const disk = failing(
    memoryDisk(),
    { after: Number.POSITIVE_INFINITY, done: false, forGood: false },
    () => count++,
  );
  await session(disk, new Record(), batches);
  return count;
}

describe('a crash', () => {
  for (const done of [false, true]) {
    test(`at any operation, ${done ? 'just after' : 'before'} it was done, leaves what was committed`, async () => {
      await fc.assert(
        fc.asyncProperty(batches, async (batches) => {
          const total = await operations(batches);
          for (let after = 1; after < total; after++) await crash(batches, { after, done, forGood: true });
        }),
        { numRuns: 6 },
      );
    }, 60_000);
  }

  async function crash(batches: readonly Batch[], failure: Failure): Promise<void> {
    const platter: Platter = { values: new Map() };
    const record = new Record();
    const answered = await session(failing(record.over(memoryDisk(platter)), failure), record, batches).catch(
      () => 0,
    );
    // What was answered is there; of the batch that was under way, all or nothing.
    expect([answered, answered + 1]).toContain(record.now);
    await holds(platter, record);
    expect(await session(record.over(memoryDisk(platter)), record, batches)).toBe(batches.length);
    await holds(platter, record);
  }
});

describe('an operation that fails once', () => {
  test('leaves entries that can be used on', async () => {
    const failure = fc.record({
      after: fc.integer({ min: 2, max: 60 }),
      done: fc.boolean(),
      forGood: fc.constant(false),
    });
    await fc.assert(
      fc.asyncProperty(batches, failure, async (batches, failure) => {
        const platter: Platter = { values: new Map() };
        const record = new Record();
        const disk = failing(record.over(memoryDisk(platter)), failure);
        const entries = await openEntries(disk, { limits: { ...tiny, wait: 300 } });
        for (const batch of batches) await entries.commit(record.marked(batch)).catch(() => {});
        await entries.refresh().catch(() => entries.refresh());
        const found = await entries.scan(everything).catch(() => entries.scan(everything));
        expect(found).toEqual(scanned(record.states.at(-1)!, everything));
        await entries.close();
        await holds(platter, record);
      }),
      { numRuns: 200 },
    );
  }, 60_000);

  test('as when the disk is full, is told to who commits and not while folding', async () => {
    const platter: Platter = { values: new Map() };
    let room = true;
    const disk = memoryDisk(platter);
    const commit = disk.commit.bind(disk);
    disk.commit = async (expected, change) => {
      if (!room && change.put.length > 1) throw new StorageFullError();
      return commit(expected, change);
    };
    const entries = await openEntries(disk, { limits: { ...tiny, wait: 0 } });
    const put = (at: number) => ({
      put: [[`key ${at}`, 'x'.repeat(200)] as const],
      delete: [],
      durable: true,
    });
    room = false;
    for (let at = 0; at < 10; at++) expect(await entries.commit(put(at))).toBe(true);
    expect(platter.values.has('tree')).toBe(false);
    room = true;
    expect(await entries.commit(put(10))).toBe(true);
    expect(platter.values.has('tree')).toBe(true);
    expect(await entries.scan({ ...everything, limit: 20 })).toHaveLength(11);
  });
});
