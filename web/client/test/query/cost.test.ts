import { beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { LiveQueries } from '../../src/query/live.ts';
import { comparer, compileOrder } from '../../src/query/order.ts';
import type { Query } from '../../src/query/plan.ts';
import type { Fields } from '../../src/schema.ts';
import { MemoryEntries } from './memory-entries.ts';
import { modelOf, Table } from './table.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const count = 100_000;
const model = modelOf(
  { rank: 'Int', status: 'String', title: 'String' },
  { byRank: ['rank'], byStatusRank: ['status', 'rank'] },
);
const task = (n: number, rank = n) => ({
  id: `t${n}`,
  rank,
  status: n % 10 ? 'DONE' : 'OPEN',
  title: `${n % 7}`,
});
const entries = new MemoryEntries();
const table = new Table(entries, model);

beforeAll(async () => {
  for (let n = 0; n < count; n += 10_000)
    await table.write(...Array.from({ length: 10_000 }, (_, i) => task(n + i)));
});

beforeEach(() => {
  Object.assign(entries.reads, { scans: 0, scanned: 0, got: 0 });
});

/** Observes a query, gives what its first run read, and then what `change` made it read. */
async function cost(query: Query<Fields>, change: () => Promise<void>) {
  const live = new LiveQueries(entries, { objects: {} });
  let told = 0;
  live.observe(model, query, () => told++);
  await entries.idle();
  const first = { ...entries.reads };
  Object.assign(entries.reads, { scans: 0, scanned: 0, got: 0 });
  await change();
  await entries.idle();
  const then = { ...entries.reads };
  live.close();
  return { first, then, told };
}

const nothing = { scans: 0, scanned: 0, got: 0 };

test('one change to 100,000 rows reads nothing', async () => {
  const { first, then, told } = await cost({ orderBy: 'title' } as object, () => table.write(task(5, -5)));
  expect(first.scanned).toBe(count);
  expect(then).toEqual(nothing);
  expect(told).toBe(2);
  await table.write(task(5));
});

/** Counts, while something is done, the elements that arrays are walked over or are made of, one by one. */
async function walked(work: () => Promise<void>): Promise<number> {
  let elements = 0;
  const methods = Array.prototype as unknown as Record<string, (...given: unknown[]) => unknown>;
  const names = ['every', 'filter', 'flat', 'flatMap', 'forEach', 'map', 'push', 'some', 'sort'];
  const originals = names.map((name) => [name, methods[name]!] as const);
  for (const [name, method] of originals) {
    methods[name] = function (this: unknown[], ...given) {
      elements += name === 'push' ? given.length : this.length;
      return method.apply(this, given);
    };
  }
  await work();
  Object.assign(methods, Object.fromEntries(originals));
  return elements;
}

test.each([{}, { orderBy: 'title' }, { orderBy: 'rank', limit: 50_000 }])(
  'one change to tens of thousands of rows finds its places by halves, and looks at no other row: %j',
  async (query) => {
    let keys = 0;
    const counting = {
      ...model,
      get key() {
        keys++;
        return model.key;
      },
    };
    const live = new LiveQueries(entries, { objects: {} });
    let last: readonly Fields[] = [];
    live.observe(counting, query as Query<Fields>, (records) => {
      last = records;
    });
    await entries.idle();
    const first = last;
    keys = 0;
    const changes = [[{ ...task(70), title: '9' }], [task(70, -70)], ['t70'], [task(70), task(80, 7)]];
    const elements = await walked(async () => {
      for (const change of changes) await table.write(...change);
    });
    const positions = 2 * 5; // of each record that changes, before and after
    expect(keys).toBeGreaterThan(0);
    expect(keys).toBeLessThan(positions * 20 * 4); // halvings, and how often a comparison reads the key
    expect(elements).toBeLessThan(1000);
    expect(last).not.toBe(first);
    const order = comparer(
      compileOrder((query as { orderBy?: string }).orderBy, model, { objects: {} }),
      model,
    );
    expect(last).toEqual(table.records.sort(order).slice(0, first.length));
    live.close();
    await table.write(task(80));
  },
);

test('many changes at once are all found', async () => {
  const live = new LiveQueries(entries, { objects: {} });
  let last: readonly Fields[] = [];
  live.observe(model, { orderBy: 'rank' } as object, (records) => {
    last = records;
  });
  await entries.idle();
  const some = Array.from({ length: 5000 }, (_, i) => i * 20);
  await table.write(...some.map((n) => (n % 3 ? task(n, count - n) : `t${n}`)));
  const order = comparer(compileOrder('rank', model, { objects: {} }), model);
  expect(last).toEqual(table.records.sort(order));
  live.close();
  await table.write(...some.map((n) => task(n)));
});

test('a limit reads what it gives and a little more', async () => {
  for (const query of [
    { orderBy: 'rank', limit: 20 },
    { orderBy: { rank: 'desc' }, limit: 20 },
    { where: { status: 'OPEN' }, orderBy: 'rank', limit: 20 },
    { where: { rank: { between: [70_000, 90_000] } }, orderBy: { rank: 'desc' }, limit: 20 },
    { limit: 20 },
  ]) {
    const { first, then, told } = await cost(query as object, () => table.write(task(50_001)));
    expect(first.scans).toBe(1);
    expect(first.scanned).toBeLessThanOrEqual(36);
    expect(first.got).toBeLessThanOrEqual(36);
    expect(then).toEqual(nothing);
    expect(told).toBe(1);
    Object.assign(entries.reads, nothing);
  }
});

test('a limit with a filter stops when it has enough', async () => {
  const query = { where: { title: '3' }, orderBy: 'rank', limit: 20 } as object;
  const { first } = await cost(query, async () => {});
  expect(first.scanned).toBeLessThan(36 * 7 * 2);
});

test('keys read their rows alone', async () => {
  const { first } = await cost({ where: { id: { in: ['t1', 't2', 'none'] } } } as object, async () => {});
  expect(first).toEqual({ scans: 0, scanned: 0, got: 3 });
});

test('a range reads what is in it', async () => {
  const { first } = await cost({ where: { rank: { ge: 500, lt: 600 } } } as object, async () => {});
  expect(first).toEqual({ scans: 1, scanned: 100, got: 100 });
});

test('removals from a window read on once for many', async () => {
  const query = { orderBy: 'rank', limit: 20 } as object;
  const remove = async (n: number) => {
    for (let i = 0; i < n; i++) {
      await table.write(`t${i}`);
      await entries.idle();
    }
  };
  const few = await cost(query, () => remove(16));
  expect([few.then, few.told]).toEqual([nothing, 17]);
  await table.write(...Array.from({ length: 16 }, (_, n) => task(n)));

  const many = await cost(query, () => remove(170));
  expect(many.told).toBe(171);
  expect(many.then.scans).toBeLessThanOrEqual(10);
  expect(many.then.scanned).toBeLessThanOrEqual(10 * 36);
  await table.write(...Array.from({ length: 170 }, (_, n) => task(n)));
});

test('a window that grows is cut back, and stays true', async () => {
  const live = new LiveQueries(entries, { objects: {} });
  let last: readonly Fields[] = [];
  live.observe(model, { orderBy: 'rank', limit: 20 } as object, (records) => {
    last = records;
  });
  await entries.idle();
  Object.assign(entries.reads, nothing);
  for (let i = 1; i <= 200; i++) await table.write(task(count + i, -i));
  expect(entries.reads).toEqual(nothing);
  expect(last.map(({ rank }) => rank)).toEqual(Array.from({ length: 20 }, (_, i) => i - 200));
  for (let i = 200; i > 0; i--) await table.write(`t${count + i}`);
  await entries.idle();
  expect(last.map(({ rank }) => rank)).toEqual(Array.from({ length: 20 }, (_, i) => i));
  live.close();
});

test('a window that no index orders is sorted again only when it runs out', async () => {
  const live = new LiveQueries(entries, { objects: {} });
  const order = (a: Fields, b: Fields) =>
    Number(a.title) - Number(b.title) || (`${a.id}` < `${b.id}` ? -1 : 1);
  const sorted = table.records.sort(order);
  let last: readonly Fields[] = [];
  live.observe(model, { orderBy: 'title', limit: 20 } as object, (records) => {
    last = records;
  });
  await entries.idle();
  expect(last).toEqual(sorted.slice(0, 20));
  Object.assign(entries.reads, nothing);
  for (let gone = 0; gone < 1200; gone += 40) {
    await table.write(...sorted.slice(gone, gone + 40).map(({ id }) => `${id}`));
    await entries.idle();
    expect(last).toEqual(sorted.slice(gone + 40, gone + 60));
  }
  expect(entries.reads.scanned).toBeGreaterThan(count);
  expect(entries.reads.scanned).toBeLessThan(3 * count);
  live.close();
});
