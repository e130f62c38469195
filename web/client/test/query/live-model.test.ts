import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LiveQueries } from '../../src/query/live.ts';
import { comparer, compileOrder } from '../../src/query/order.ts';
import { planQuery, type Query } from '../../src/query/plan.ts';
import { compileWhere } from '../../src/query/where.ts';
import { indexKey, keyText, rowKey } from '../../src/rows.ts';
import type { Fields, ModelSchema } from '../../src/schema.ts';
import { MemoryEntries, turn } from './memory-entries.ts';
import { modelOf, Table } from './table.ts';

const schema = { objects: {} };
const types = { a: 'Int', b: 'String', c: 'Boolean', d: 'Float' };
const names = Object.keys(types);

const text = fc.constantFrom(
  '',
  'a',
  'ab',
  'b',
  'a\0',
  'a\0b',
  '\x01',
  '\uffff',
  '\ud83d\ude00',
  '\ud83d\udfff',
  '\ue000',
);
const values = {
  a: fc.integer({ min: -2, max: 3 }),
  b: text,
  c: fc.boolean(),
  d: fc.constantFrom(-1e9, -0.5, -0, 0, 1e-9, 2, 1e300),
};
const id = fc.integer({ min: 0, max: 40 }).map((n) => `k${n}`);
const optional = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: null, freq: 5 });
const record = fc
  .record({ id, p: fc.constantFrom('x', 'x<', 'y"'), ...mapValues((of) => optional(of)) })
  .map((fields): Fields => fields);

function mapValues<T>(map: (of: fc.Arbitrary<string | number | boolean>) => T) {
  return Object.fromEntries(
    Object.entries(values).map(([name, of]) => [name, map(of as fc.Arbitrary<string>)]),
  );
}

const model = fc
  .record({
    indexes: fc.array(fc.shuffledSubarray([...names, 'p'], { minLength: 1, maxLength: 3 }), {
      minLength: 1,
      maxLength: 4,
    }),
    key: fc.constantFrom(['id'], ['id'], ['p', 'id']),
  })
  .map(({ indexes, key }) =>
    modelOf(
      { p: 'String', ...types },
      Object.fromEntries(indexes.map((fields, i) => [`by${i}`, fields])),
      key,
    ),
  );

/** One operator with its operand, of those that a field takes. */
function testOf(name: string): fc.Arbitrary<unknown> {
  const value = values[name as keyof typeof values] as fc.Arbitrary<string>;
  const pair = fc.tuple(value, value);
  const one = (op: string, operand: fc.Arbitrary<unknown>) => operand.map((x) => ({ [op]: x }));
  const range = ['lt', 'le', 'gt', 'ge'].map((op) => one(op, value));
  return fc.oneof(
    value,
    optional(value),
    ...['eq', 'ne'].map((op) => one(op, optional(value))),
    one('in', fc.array(optional(value), { maxLength: 3 })),
    one('attributeExists', fc.boolean()),
    ...(name === 'c' ? [] : [...range, ...range, one('between', pair), pair.map(([gt, le]) => ({ gt, le }))]),
    ...(name === 'b' ? ['beginsWith', 'contains', 'notContains'].map((op) => one(op, value)) : []),
  );
}
const demandOn = (name: string) => testOf(name).map((test) => ({ [name]: test }));
const idTest = fc.oneof(id, fc.array(id, { maxLength: 4 }).map((ids) => ({ in: ids }))); // biome-ignore format: one line
const demand = fc.oneof(
  ...names.map(demandOn),
  idTest.map((test) => ({ id: test })),
  fc.constantFrom('x', 'x<', 'z').map((p) => ({ p })),
);
const where = fc.letrec<{ where: object; part: object }>((tie) => ({
  where: fc.array(tie('part'), { maxLength: 3 }).map((parts) => Object.assign({}, ...parts)),
  part: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    demand,
    demand,
    demand,
    fc.array(tie('where'), { maxLength: 2 }).map((and) => ({ and })),
    fc.array(tie('where'), { maxLength: 2 }).map((or) => ({ or })),
    tie('where').map((not) => ({ not })),
  ),
})).where;
const direction = fc.constantFrom('asc', 'desc');
const orderBy = fc.oneof(
  fc.constantFrom(...names),
  fc.tuple(fc.shuffledSubarray(names), direction).map(([fields, d]) => fields.map((name) => ({ [name]: d }))),
  fc.array(
    fc.tuple(fc.constantFrom(...names, 'id'), direction).map(([name, d]) => ({ [name]: d })),
    { maxLength: 3 },
  ),
);
const limit = fc.integer({ min: 0, max: 12 });
const anyQuery = fc.record({ where, orderBy, limit }, { requiredKeys: [] });

/** A query that an index can answer, or nearly: demands on its first fields, an order by the others. */
const indexQuery = (fields: readonly string[]) =>
  fc
    .record({
      demands: fc.tuple(...fields.map((name) => (name === 'p' ? fc.constant({ p: 'x' }) : demandOn(name)))),
      demanded: fc.nat(fields.length),
      ordered: fc.nat(fields.length),
      direction,
      more: fc.option(where, { freq: 3 }),
      limit: fc.option(limit, { nil: undefined, freq: 3 }),
    })
    .map(({ demands, demanded, ordered, direction, more, limit }) => ({
      where: { and: [...demands.slice(0, demanded), ...(more ? [more] : [])] },
      orderBy: fields.slice(ordered).map((name) => ({ [name]: direction })),
      ...(limit !== undefined && { limit }),
    }));
const queryOf = (of: ModelSchema) =>
  fc.oneof(anyQuery, ...Object.values(of.indexes).map(indexQuery)).map((one) => one as Query<Fields>);

function bruteForce(
  records: readonly Fields[],
  { where, orderBy, limit }: Query<Fields>,
  of: ModelSchema,
): Fields[] {
  const compare = comparer(compileOrder(orderBy, of, schema), of);
  return records
    .filter(compileWhere(where, of, schema))
    .sort(compare)
    .slice(0, limit);
}

/** What to write; of `top`, that many of the first records seen are deleted. */
type Step = {
  top?: number;
  writes: (Fields | { gone: Fields } | { hidden: Fields })[];
  wait: number;
  lost: boolean;
};
const write = fc.oneof(
  { weight: 4, arbitrary: record },
  { weight: 3, arbitrary: record.map((gone) => ({ gone })) },
  { weight: 1, arbitrary: record.map((hidden) => ({ hidden })) },
);
const step: fc.Arbitrary<Step> = fc.record({
  writes: fc.array(write, { minLength: 1, maxLength: 6 }),
  wait: fc.integer({ min: 0, max: 4 }),
  lost: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
});

function apply(table: Table, { writes }: Step): Promise<void> {
  return table.writeRows(
    ...writes.map((one): [string, { view: Fields | null; version: number } | undefined] => {
      if ('gone' in one) return [keyText(table.model, one.gone as Fields), undefined];
      if ('hidden' in one) return [keyText(table.model, one.hidden as Fields), { view: null, version: 1 }];
      return [keyText(table.model, one), { view: one, version: 1 }];
    }),
  );
}

async function check(
  {
    of,
    queries,
    first,
    steps,
    delays,
  }: {
    of: ModelSchema;
    queries: Query<Fields>[];
    first: Fields[];
    steps: Step[];
    delays: [number, number][];
  },
  settled: boolean,
): Promise<void> {
  const entries = new MemoryEntries();
  let calls = 0;
  entries.delay = () => delays[calls++ % delays.length]!;
  const table = new Table(entries, of);
  await table.write(...first);
  const live = new LiveQueries(entries, schema);
  const seen: (readonly Fields[] | undefined)[] = queries.map(() => undefined);
  /** What was written with another meaning since it was seen; it may come back as another object. */
  const dirty = queries.map(() => new Set<string>());
  queries.forEach((one, i) => {
    live.observe<Fields>(of, one, (records) => {
      expect(records).not.toBe(seen[i]);
      if (seen[i])
        expect(records.length === seen[i].length && records.every((r, n) => r === seen[i]![n])).toBe(false);
      expect(Object.isFrozen(records)).toBe(true);
      const old = new Map(seen[i]?.map((r) => [keyText(of, r), r]));
      for (const r of records) {
        const before = old.get(keyText(of, r));
        if (before && !dirty[i]!.has(keyText(of, r)) && JSON.stringify(before) === JSON.stringify(r))
          expect(r).toBe(before);
      }
      seen[i] = records;
      dirty[i]!.clear();
    });
  });
  const agree = () =>
    queries.forEach((one, i) => {
      expect(seen[i], JSON.stringify(one)).toEqual(bruteForce(table.records, one, of));
    });
  if (settled) await entries.idle().then(agree);
  for (const { top, ...step } of steps) {
    const first = seen.flatMap((records) => records?.slice(0, top) ?? []).slice(0, top);
    const one = { ...step, writes: [...step.writes, ...(top ? first.map((gone) => ({ gone })) : [])] };
    for (const each of one.writes) {
      const fields = 'gone' in each ? each.gone : 'hidden' in each ? each.hidden : each;
      const key = keyText(of, fields as Fields);
      const text = JSON.stringify(each);
      seen.forEach((records, i) => {
        const shown = records?.find((r) => keyText(of, r) === key);
        if (JSON.stringify(shown) !== text) dirty[i]!.add(key);
      });
    }
    entries.lossy = one.lost;
    await apply(table, one);
    if (settled) await entries.idle().then(agree);
    else for (let i = 0; i < one.wait; i++) await turn();
  }
  await entries.idle();
  agree();
  live.close();
}

const delays = fc.array(fc.tuple(fc.nat(3), fc.nat(3)), { minLength: 1, maxLength: 5 });
const run = model.chain((of) =>
  fc.record({
    of: fc.constant(of),
    queries: fc.array(queryOf(of), { minLength: 1, maxLength: 3 }),
    first: fc.array(record, { maxLength: 60 }),
    steps: fc.array(step, { maxLength: 12 }),
    delays,
  }),
);
const numRuns = Number(process.env.RUNS ?? 400);

test('a live result is what a fresh query gives, after each batch', async () => {
  await fc.assert(
    fc.asyncProperty(run, (all) => check({ ...all, delays: [[0, 0]] }, true)),
    { numRuns },
  );
}, 120_000);

test('batches that come while it reads are neither lost nor applied twice', async () => {
  await fc.assert(
    fc.asyncProperty(run, (all) => check(all, false)),
    { numRuns },
  );
}, 120_000);

test('a window over many rows reads on where it runs out, whatever comes meanwhile', async () => {
  const many = fc.nat(300).map((n) => `k${n}`);
  const busy = fc.record({ id: many, a: values.a, b: fc.constantFrom('a', 'b'), c: fc.boolean() });
  const churn = fc.record({
    of: fc.constant(modelOf({ p: 'String', ...types }, { byA: ['a'], byBA: ['b', 'a'] })),
    queries: fc.constant([
      { orderBy: 'a', limit: 3 },
      { orderBy: { a: 'desc' }, limit: 2 },
      { where: { c: true }, orderBy: 'a', limit: 2 },
      { where: { b: 'a' }, orderBy: { a: 'desc' }, limit: 1 },
      { where: { b: { in: ['a', 'b'] } }, limit: 2 },
      { orderBy: ['b', 'd'], limit: 2 },
      { limit: 5 },
    ] as Query<Fields>[]),
    first: fc.array(busy, { minLength: 100, maxLength: 400, size: 'max' }),
    steps: fc.array(
      fc.record({
        top: fc.nat(8),
        writes: fc.array(
          fc.oneof(
            many.map((id) => ({ gone: { id } })),
            busy,
          ),
          { maxLength: 12 },
        ),
        wait: fc.nat(6),
        lost: fc.integer({ min: 0, max: 30 }).map((n) => n === 0),
      }),
      { maxLength: 30, size: 'max' },
    ),
    delays,
  });
  await fc.assert(
    fc.asyncProperty(churn, fc.boolean(), (all, settled) => check(all, settled)),
    { numRuns: numRuns / 2 },
  );
}, 120_000);

const planned = model.chain((of) =>
  fc.tuple(fc.constant(of), queryOf(of), fc.array(record, { maxLength: 20 })),
);

test('what a plan scans holds all that matches once, in order where it says so', () => {
  fc.assert(
    fc.property(planned, ([of, one, records]) => {
      const plan = planQuery(one, of, schema);
      const unique = [...new Map(records.map((each) => [keyText(of, each), each])).values()];
      const matching = unique.filter(plan.match).sort(plan.compare);
      const places = matching.map((each) => {
        const key = keyText(of, each);
        if (plan.keys) expect(plan.keys.filter((named) => named === key)).toHaveLength(1);
        const entry = plan.index ? indexKey(of, plan.index, each, key) : rowKey(of.model, key);
        const range = plan.ranges.findIndex(({ from, to }) => entry >= from && entry < to);
        if (!plan.keys) expect(range).toBeGreaterThanOrEqual(0);
        expect(plan.ranges.filter(({ from, to }) => entry >= from && entry < to).length).toBeLessThanOrEqual(
          1,
        );
        return { range, entry };
      });
      if (!plan.ordered) return;
      const sign = plan.ranges[0]?.reverse ? -1 : 1;
      const scanned = [...places].sort((a, b) => a.range - b.range || (a.entry < b.entry ? -sign : sign));
      expect(places).toEqual(scanned);
    }),
    { numRuns: 5 * numRuns },
  );
});
