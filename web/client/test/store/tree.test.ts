import { describe, expect, test, vi } from 'vitest';
import { type Disk, StorageLostError } from '../../src/disk.ts';
import type { Batch, Entries } from '../../src/entries.ts';
import { memoryDisk, type Platter } from '../../src/memory-disk.ts';
import { type EntriesOptions, openEntries } from '../../src/tree.ts';
import { everything } from './disks.ts';

/** Leaves of about 4 entries; folds whatever there is, but only while a commit waits for it. */
const limits = { runs: 1000, fold: 0, leaf: 120, cache: 1000, part: { cells: 10, leaves: 3 } };
const never = () => () => {};

const names = Array.from({ length: 200 }, (_, at) => `k${String(at).padStart(3, '0')}`);

function putting(...keys: string[]): Batch {
  return { put: keys.map((key) => [key, `value of ${key}`]), delete: [], durable: false };
}

/** Opens entries and keeps what they tell and which leaves they read. */
async function opened(platter: Platter, options: EntriesOptions = {}, disk = memoryDisk(platter)) {
  const leavesRead: string[] = [];
  const get = disk.get.bind(disk);
  disk.get = (keys) => {
    leavesRead.push(...keys.filter((key) => key.startsWith('leaf/')));
    return get(keys);
  };
  const entries = await openEntries(disk, { limits, whenIdle: never, ...options });
  const told: (string[] | undefined)[] = [];
  entries.listen((batch) => told.push(batch?.put.map(([key]) => key)));
  return { entries, told, leavesRead };
}

/** Folds all there is, in a tab of its own. */
async function fold(platter: Platter): Promise<void> {
  const { entries } = await opened(platter, { limits: { ...limits, wait: 0 } });
  await entries.commit(putting());
  await entries.close();
}

/** A tab that has time after each commit, and counts what is written: first, and again when it folds. */
function idling(platter: Platter, options: EntriesOptions) {
  let idle = () => {};
  const disk = memoryDisk(platter);
  const tab = {
    written: 0,
    rewritten: 0,
    folds: 0,
    entries: opened(platter, { ...options, whenIdle }, disk).then(({ entries }) => entries),
    async commit(batch: Batch) {
      await (await tab.entries).commit(batch);
      idle();
      await new Promise((resolve) => setImmediate(resolve)); // the disk takes no time
    },
  };
  function whenIdle(callback: () => void) {
    idle = callback;
    return () => {
      idle = () => {};
    };
  }
  const commit = disk.commit.bind(disk);
  disk.commit = (expected, change) => {
    for (const [key, text] of change.put as [string, string][]) {
      if (key.startsWith('leaf/') || text.includes('"first"')) tab.rewritten += text.length;
      else if (key === 'tree') tab.folds += change.delete.some((gone) => gone.startsWith('run/')) ? 1 : 0;
      else tab.written += text.length;
    }
    return commit(expected, change);
  };
  return tab;
}

async function filled(): Promise<Platter> {
  const platter: Platter = { values: new Map() };
  const { entries } = await opened(platter);
  await entries.commit(putting(...names));
  await fold(platter);
  return platter;
}

/** Puts names in a tab that begins to fold them and halts after some parts; `finish` lets it fold the rest. */
async function halfFolded(
  platter: Platter,
  done: number,
): Promise<{ entries: Entries; finish(): Promise<void> }> {
  const disk = memoryDisk(platter);
  const commit = disk.commit.bind(disk);
  let parts = 0;
  let goOn = () => {};
  const gate = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  disk.commit = async (expected, change) => {
    if (change.put.some(([key]) => key === 'tree') && ++parts > done) await gate;
    return commit(expected, change);
  };
  let idle = () => {};
  const whenIdle = (callback: () => void) => {
    idle = callback;
    return () => {};
  };
  const { entries } = await opened(platter, { whenIdle }, disk);
  await entries.commit(putting(...names));
  idle();
  await vi.waitUntil(() => parts > done, { interval: 1 });
  return {
    entries,
    async finish() {
      goOn();
      await vi.waitUntil(() => stored(platter, 'run/0000000000000001').length === 0, { interval: 1 });
    },
  };
}

/** A disk on which something else happens before or after each read that asks for the directory. */
function interrupted(platter: Platter, moment: 'before' | 'after', happens: () => Promise<void>): Disk {
  const disk = memoryDisk(platter);
  const get = disk.get.bind(disk);
  disk.get = async (keys) => {
    const asks = keys.includes('tree');
    if (asks && moment === 'before') await happens();
    const values = await get(keys);
    if (asks && moment === 'after') await happens();
    return values;
  };
  return disk;
}

function stored({ values }: Platter, prefix: string): string[] {
  return [...values.keys()].filter((key) => key.startsWith(prefix));
}

describe('reading', () => {
  test('a scan with a limit reads the leaves that it needs, and those in memory not again', async () => {
    const platter = await filled();
    expect(stored(platter, 'leaf/').length).toBeGreaterThan(30);
    const { entries, leavesRead } = await opened(platter);
    const range = { from: 'k100', to: 'l', limit: 8 };
    expect((await entries.scan(range)).map(([key]) => key)).toEqual(names.slice(100, 108));
    expect(leavesRead.length).toBeLessThan(6);
    const read = leavesRead.length;
    await entries.scan(range);
    expect((await entries.scan({ from: 'k', to: 'k108', limit: 8, reverse: true })).at(-1)?.[0]).toBe('k100');
    expect(leavesRead).toHaveLength(read);
  });

  test('leaves that were not used for long leave the memory', async () => {
    const { entries, leavesRead } = await opened(await filled());
    await entries.get(['k000']);
    await entries.get(['k000']);
    expect(leavesRead).toHaveLength(1);
    await entries.scan(everything);
    await entries.get(['k199']);
    const read = leavesRead.length;
    await entries.get(['k000']);
    expect(leavesRead).toHaveLength(read + 1);
  });

  test('goes on when another tab has folded the leaves away', async () => {
    const platter = await filled();
    const { entries, told } = await opened(platter);
    const other = await opened(platter);
    await other.entries.commit({ put: [], delete: names.slice(0, 150), durable: false });
    await fold(platter);
    expect((await entries.scan(everything)).map(([key]) => key)).toEqual(names.slice(150));
    expect(told).toEqual([undefined]);
  });
});

describe('other tabs', () => {
  test('are followed batch by batch, and folds are not told', async () => {
    const platter: Platter = { values: new Map() };
    const [a, b] = [await opened(platter), await opened(platter)];
    await a.entries.commit(putting('a'));
    await a.entries.commit(putting('b', 'c'));
    await b.entries.refresh();
    await fold(platter);
    await b.entries.refresh();
    await a.entries.refresh();
    expect(a.told).toEqual([['a'], ['b', 'c']]);
    expect(b.told).toEqual([['a'], ['b', 'c']]);
  });

  test('what they committed and folded before it was read is told as unknown', async () => {
    const platter: Platter = { values: new Map() };
    const [a, b] = [await opened(platter), await opened(platter)];
    await a.entries.commit(putting('a'));
    await fold(platter);
    await a.entries.refresh();
    await a.entries.commit(putting('b'));
    await b.entries.refresh();
    expect(b.told).toEqual([undefined]);
    expect(await b.entries.get(['a', 'b'])).toEqual(['value of a', 'value of b']);
  });

  test('what they summed up is told as unknown where it was not read before, whatever was left as it is', async () => {
    const platter: Platter = { values: new Map() };
    const a = idling(platter, { limits: { ...limits, runs: 4, fold: 1 << 20 } });
    const b = await opened(platter);
    await a.commit(putting(...names));
    await b.entries.refresh();
    await a.commit(putting(...names.slice(0, 50)));
    for (const name of ['x', 'y', 'z']) await a.commit(putting(name));
    expect(stored(platter, 'run/').slice(0, 2)).toEqual(['run/0000000000000001', 'run/0000000000000002']);
    await b.entries.refresh();
    expect(b.told.slice(1)).toEqual([undefined]);
    expect(await b.entries.get(['x', 'y', 'z'])).toEqual(['value of x', 'value of y', 'value of z']);
  });

  test('who commits later is told what came before, and given false once', async () => {
    const platter: Platter = { values: new Map() };
    const [a, b] = [await opened(platter), await opened(platter)];
    await a.entries.commit(putting('a'));
    expect(await b.entries.commit(putting('b'))).toBe(false);
    expect(b.told).toEqual([['a']]);
    expect(await b.entries.commit(putting('b'))).toBe(true);
    expect(b.told).toEqual([['a'], ['b']]);
  });

  test('a fold of theirs makes no commit fail', async () => {
    const platter = await filled();
    const { entries } = await opened(platter);
    await fold(platter);
    await entries.refresh();
    const disk = memoryDisk(platter);
    const [head] = (await disk.get(['head'])) as [number];
    const marker = JSON.stringify({ put: [], delete: [], durable: false, moved: true });
    await disk.commit(head, {
      head: head + 1,
      put: [[`run/${String(head + 1).padStart(16, '0')}`, marker]],
      delete: [],
      durable: false,
    });
    expect(await entries.commit(putting('x'))).toBe(true);
  });

  test('a batch made from what was read before another one is refused, of the same tab too', async () => {
    const { entries } = await opened({ values: new Map() });
    const { head } = entries;
    expect(await entries.commit(putting('a'))).toBe(true);
    expect(await entries.commit(putting('a'), head)).toBe(false);
    expect(await entries.commit(putting('a'), entries.head)).toBe(true);
  });
});

describe('a fold by another tab', () => {
  test('that ends between the two reads of an opening is noticed', async () => {
    const platter: Platter = { values: new Map() };
    const { finish } = await halfFolded(platter, 0);
    await (await opened(platter)).entries.commit(putting('z'));
    const { entries } = await opened(platter, {}, interrupted(platter, 'after', finish));
    expect((await entries.scan(everything)).map(([key]) => key)).toEqual([...names, 'z']);
  });

  test('that goes on between the two reads of a tab that follows shows it no half of a batch', async () => {
    const platter: Platter = { values: new Map() };
    let happens = async () => {};
    const follower = await opened(
      platter,
      {},
      interrupted(platter, 'before', () => happens()),
    );
    const { finish } = await halfFolded(platter, 1);
    const other = await opened(platter);
    const ends = [names[0]!, names.at(-1)!]; // one before, one after where the fold is
    happens = async () => {
      happens = async () => {};
      await other.entries.commit({ put: ends.map((key) => [key, 'new']), delete: [], durable: false });
      await finish();
    };
    await follower.entries.refresh();
    expect(await follower.entries.get(ends)).toEqual(['new', 'new']);
  });
});

describe('folding', () => {
  test('is given up where another tab has folded in the meantime', async () => {
    const platter: Platter = { values: new Map() };
    const { entries, finish } = await halfFolded(platter, 1);
    await fold(platter);
    await finish();
    await entries.commit(putting('z')); // comes after what the fold still does
    await entries.close();
    for (const tab of [await opened(platter), await opened(platter)]) {
      expect((await tab.entries.scan({ ...everything, to: 'l' })).map(([key]) => key)).toEqual(names);
      await fold(platter);
    }
  });

  test('is waited for where the runs are too many for the memory', async () => {
    const platter: Platter = { values: new Map() };
    const { entries } = await opened(platter, { limits: { ...limits, wait: 500 } });
    for (const name of names) await entries.commit(putting(name));
    expect(stored(platter, 'leaf/').length).toBeGreaterThan(20);
    expect(stored(platter, 'run/').length).toBeLessThan(50);
    expect((await entries.scan(everything)).map(([key]) => key)).toEqual(names);
  });

  test('is put off where it is told to be, until the memory demands it', async () => {
    for (const wait of [undefined, 500]) {
      const platter: Platter = { values: new Map() };
      const disk = idling(platter, { limits: { ...limits, ...(wait && { wait }) }, folds: () => false });
      for (const name of names) await disk.commit(putting(name));
      expect(stored(platter, 'leaf/').length > 0).toBe(wait !== undefined);
    }
  });

  test('takes small runs together, each some times, and leaves the large ones alone', async () => {
    const platter: Platter = { values: new Map() };
    const large = putting(...names.map((name) => `large ${name}`));
    const tab = idling(platter, { limits: { ...limits, runs: 8, fold: 1 << 20 } });
    await tab.commit(large);
    const before = tab.written;
    for (const name of names) await tab.commit(putting(name, 'same'));
    expect(stored(platter, 'run/').length).toBeLessThan(10);
    expect(stored(platter, 'leaf/')).toEqual([]);
    expect(tab.rewritten).toBeLessThan((tab.written - before) * Math.log2(names.length));
    const { entries } = await opened(platter);
    expect(await entries.scan(everything)).toEqual(await (await tab.entries).scan(everything));
    expect(await entries.scan(everything)).toHaveLength(2 * names.length + 1);
  });

  test('writes what is there some times in all, where there is time for it after each commit', async () => {
    const platter: Platter = { values: new Map() };
    const tab = idling(platter, { limits: { ...limits, fold: 2000 } });
    for (let page = 0; page < 200; page++) {
      const scattered = Array.from({ length: 10 }, (_, at) => `k${(page * 7919 + at * 104_729) % 100_003}`);
      await tab.commit(putting(...scattered));
    }
    expect(tab.folds).toBeGreaterThan(4);
    expect(tab.folds).toBeLessThan(20); // and not once for each 2000 of the 100,000 characters
    expect(tab.rewritten).toBeLessThan(4 * tab.written);
  });

  test('leaves nothing behind when everything is deleted', async () => {
    const platter = await filled();
    const { entries } = await opened(platter);
    await entries.commit({ put: [], delete: names, durable: false });
    await fold(platter);
    expect(stored(platter, 'leaf/')).toEqual([]);
    expect(await (await opened(platter)).entries.scan(everything)).toEqual([]);
  });
});

describe('the end', () => {
  test('close waits for what is under way, and nothing goes after it', async () => {
    const platter: Platter = { values: new Map() };
    const { entries, told } = await opened(platter);
    const under = [entries.commit(putting('a')), entries.scan(everything), entries.refresh()];
    await entries.close();
    expect(told).toEqual([['a']]);
    await Promise.all(under);
    await expect(entries.get(['a'])).rejects.toThrow(StorageLostError);
    await expect(entries.commit(putting('b'))).rejects.toThrow(StorageLostError);
    await entries.close();
  });

  test('a fold that is under way ends after its part', async () => {
    const platter: Platter = { values: new Map() };
    let idle = () => {};
    const whenIdle = (callback: () => void) => {
      idle = callback;
      return () => {};
    };
    const { entries } = await opened(platter, { whenIdle });
    await entries.commit(putting(...names));
    idle();
    await entries.close();
    expect(stored(platter, 'run/')).toHaveLength(2);
    expect(stored(platter, 'leaf/').length).toBeLessThan(5);
    expect(await (await opened(platter)).entries.scan(everything)).toHaveLength(names.length);
  });

  test('a disk that contradicts itself is lost, and nobody waits for ever', async () => {
    const platter = await filled();
    const { entries } = await opened(platter);
    for (const key of stored(platter, 'leaf/')) platter.values.delete(key);
    await expect(entries.scan(everything)).rejects.toThrow(StorageLostError);
    for (const key of stored(platter, 'run/')) platter.values.delete(key);
    await expect(opened(platter)).rejects.toThrow(StorageLostError);
  });

  test('a disk that is deleted is lost to who reads and who commits', async () => {
    const platter = await filled();
    const { entries } = await opened(platter);
    platter.values = new Map();
    await expect(entries.get(['k000'])).rejects.toThrow(StorageLostError);
    await expect(entries.commit(putting('b'))).rejects.toThrow(StorageLostError);
    await expect(entries.refresh()).rejects.toThrow(StorageLostError);
  });
});
