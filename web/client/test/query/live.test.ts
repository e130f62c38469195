import { beforeEach, expect, test, vi } from 'vitest';
import { LiveQueries } from '../../src/query/live.ts';
import { QueryError } from '../../src/query/operators.ts';
import type { Fields } from '../../src/schema.ts';
import { MemoryEntries, turn } from './memory-entries.ts';
import { modelOf, Table } from './table.ts';

interface Task {
  id: string;
  title: string;
  rank: number;
}

const model = modelOf({ title: 'String', rank: 'Int' }, { byRank: ['rank'] });
const task = (id: number, rank = id) => ({ id: `t${id}`, title: `task ${id}`, rank });
let entries: MemoryEntries;
let table: Table;
let live: LiveQueries;

beforeEach(async () => {
  entries = new MemoryEntries();
  table = new Table(entries, model);
  live = new LiveQueries(entries, { objects: {} });
  await table.write(task(1), task(2), task(3));
});

/** Observes and notes the ids of each result. */
function ids(query: Parameters<typeof live.observe<Task>>[1]): {
  seen: string[];
  last: readonly Task[];
  stop: () => void;
} {
  const notes = { seen: [] as string[], last: [] as readonly Task[], stop: () => {} };
  notes.stop = live.observe<Task>(model, query, (records) => {
    notes.last = records;
    notes.seen.push(records.map(({ id }) => id).join(' '));
  });
  return notes;
}

test('nothing is told while nothing changes, and what did not change stays the same', async () => {
  const all = ids({ orderBy: 'rank' });
  const high = ids({ where: { rank: { ge: 3 } } });
  await entries.idle();
  const [first, , third] = all.last;
  await table.write(task(2), task(1));
  await entries.idle();
  expect([all.seen, high.seen]).toEqual([['t1 t2 t3'], ['t3']]);

  await table.write(task(2, 9));
  expect([all.seen, high.seen]).toEqual([
    ['t1 t2 t3', 't1 t3 t2'],
    ['t3', 't2 t3'],
  ]);
  expect([all.last[0], all.last[1]]).toEqual([first, third]);
  expect(all.last[0]).toBe(first);
  expect(all.last[1]).toBe(third);
  expect(Object.isFrozen(all.last) && all.last.every(Object.isFrozen)).toBe(true);

  await table.write('t1');
  expect([all.seen.length, high.seen.length]).toEqual([3, 2]);
});

test('a batch of many rows is told once', async () => {
  const all = ids({});
  await entries.idle();
  await table.write(...Array.from({ length: 500 }, (_, i) => task(i)));
  expect(all.seen.length).toBe(2);
  expect(all.last.length).toBe(500);
});

test('observers of one query share its result, and a late one gets it without reading', async () => {
  const one = ids({ where: { rank: { gt: 1 } }, limit: 2 });
  await entries.idle();
  const scans = entries.reads.scans;
  const two = ids({ where: { rank: { gt: 1 } }, limit: 2 });
  expect(two.seen).toEqual([]);
  await entries.idle();
  expect(two.last).toBe(one.last);
  expect(one.seen.length).toBe(1);
  one.stop();
  await table.write('t2');
  expect([one.seen, two.seen]).toEqual([['t2 t3'], ['t2 t3', 't3']]);
  expect(entries.reads.scans).toBe(scans);

  two.stop();
  two.stop();
  const again = ids({ where: { rank: { gt: 1 } }, limit: 2 });
  await entries.idle();
  expect(again.seen).toEqual(['t3']);
  expect(entries.reads.scans).toBeGreaterThan(scans);
});

test('a lost history is read again, and told only where something differs', async () => {
  const all = ids({});
  const none = ids({ where: { rank: 100 } });
  await entries.idle();
  const before = all.last;
  entries.tell(undefined);
  await entries.idle();
  expect(all.last).toBe(before);
  expect([all.seen.length, none.seen.length]).toEqual([1, 1]);

  entries.delay = () => [2, 2];
  entries.tell(undefined);
  await turn();
  entries.tell(undefined);
  await table.write(task(4));
  await entries.idle();
  expect(all.seen).toEqual(['t1 t2 t3', 't1 t2 t3 t4']);
  expect(all.last[0]).toBe(before[0]);
});

test('what nobody waits for any more is not told', async () => {
  const all = ids({});
  all.stop();
  const other = ids({ limit: 1 });
  entries.delay = () => [1, 1];
  await turn();
  other.stop();
  await entries.idle();
  await table.write(task(9));
  expect([...all.seen, ...other.seen]).toEqual([]);
});

test('a record by its key', async () => {
  const seen: (Task | undefined)[] = [];
  live.observeRecord<Task>(model, 't2', (record) => seen.push(record));
  const absent: (Task | undefined)[] = [];
  live.observeRecord<Task>(model, 't7', (record) => absent.push(record));
  await entries.idle();
  await table.write(task(1, 5));
  await table.write(task(2, 5), task(7));
  await table.write('t2');
  expect(seen).toEqual([task(2), task(2, 5), undefined]);
  expect(absent).toEqual([undefined, task(7)]);
  expect(entries.reads).toEqual({ scans: 0, scanned: 0, got: 2 });
});

test('a record by a key of any kind', async () => {
  for (const [type, key, text] of [
    ['Int', 7, '7'],
    ['Float', 1e6, '1e+06'],
    ['Boolean', true, 'true'],
  ] as const) {
    const of = modelOf({ k: type }, {}, ['k']);
    await new Table(entries, of).write({ k: key });
    const seen: unknown[] = [];
    live.observeRecord(of, text, (record) => seen.push(record));
    await entries.idle();
    expect(seen).toEqual([{ k: key }]);
  }
});

test('a query once', async () => {
  expect(await live.query(model, { orderBy: { rank: 'desc' }, limit: 2 } as object)).toEqual([
    task(3),
    task(2),
  ]);
  const all = live.query<Fields>(model, {});
  await table.write(task(0));
  expect((await all).length).toBe(4);
  await expect(live.query(model, { where: { nope: 1 } } as object)).rejects.toThrow(QueryError);
  entries.failure = new Error('the disk is gone');
  await expect(live.query(model, {})).rejects.toThrow('the disk is gone');
});

test('a read that fails is told, and tried again with the next change', async () => {
  const next = vi.fn();
  const failed = vi.fn();
  entries.failure = new Error('the disk is gone');
  live.observe(model, {}, next, failed);
  await entries.idle();
  expect([next.mock.calls.length, failed.mock.calls]).toEqual([0, [[entries.failure]]]);
  entries.failure = undefined;
  await table.write(task(4));
  await entries.idle();
  expect([next.mock.calls.length, failed.mock.calls.length]).toEqual([1, 1]);
  expect(next.mock.calls[0]![0]).toHaveLength(4);
});

test('an observer that throws does not keep the others from seeing', async () => {
  const faults: unknown[] = [];
  const catching = (error: unknown) => faults.push(error);
  const before = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException').on('uncaughtException', catching);
  try {
    live.observe(model, {}, () => {
      throw new Error('mine');
    });
    const other = ids({});
    await entries.idle();
    expect(other.seen).toEqual(['t1 t2 t3']);
    expect(faults).toEqual([new Error('mine')]);
  } finally {
    process.removeAllListeners('uncaughtException');
    for (const listener of before) process.on('uncaughtException', listener);
  }
});

test('an observer may stop, observe and write while it is told', async () => {
  const seen: number[] = [];
  const stop = live.observe(model, {}, (records) => {
    seen.push(records.length);
    if (records.length < 6) void table.write(task(records.length + 1));
    else stop();
  });
  await entries.idle();
  await table.write(task(20));
  expect(seen).toEqual([3, 4, 5, 6]);
});

test('after close nothing is told', async () => {
  const all = ids({});
  await entries.idle();
  live.close();
  await table.write(task(4));
  await entries.idle();
  expect(all.seen.length).toBe(1);
});
