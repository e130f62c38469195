import fc from 'fast-check';
import { expect, test } from 'vitest';
import { afterPrefix } from '../../src/keys.ts';
import { type Demand, demandOf, QueryError } from '../../src/query/operators.ts';
import { compareValues, encode } from '../../src/query/values.ts';
import {
  batchOf,
  type Changes,
  indexKey,
  indexPrefix,
  keyText,
  readIndexKey,
  readRowKey,
  rowChange,
  rowKey,
} from '../../src/rows.ts';
import { modelOf } from './table.ts';

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom('\0', '\x01', '\x02', 'a', '\ud7ff', '\ue000', '\uffff', '\u{10000}', '\u{10ffff}'),
  }),
);
const value = fc.oneof(
  fc.constantFrom(null, undefined, false, true),
  fc.double({ noNaN: true }),
  fc.integer(),
  fc.constantFrom(-0, 0, Number.MIN_VALUE, -Number.MIN_VALUE, 2 ** 53, -(2 ** 53)),
  text,
);

/** The order that is wanted, written another way. */
function compare(a: unknown, b: unknown): number {
  const kind = (v: unknown) =>
    [v == null, v === false, v === true, typeof v === 'number', true].indexOf(true);
  if (kind(a) !== kind(b)) return kind(a) - kind(b);
  if (typeof a === 'number') return a - (b as number);
  return typeof a === 'string' ? Buffer.compare(Buffer.from(a), Buffer.from(b as string)) : 0;
}

const sign = (x: string, y: string) => (x === y ? 0 : x < y ? -1 : 1);

test('encoded tuples are ordered as the tuples are', () => {
  const tuple = fc.tuple(value, value);
  fc.assert(
    fc.property(tuple, tuple, fc.boolean(), (a, b, same) => {
      if (same) b = [a[0], b[1]];
      const want = Math.sign(compare(a[0], b[0]) || compare(a[1], b[1])) + 0;
      expect(sign(a.map(encode).join(''), b.map(encode).join(''))).toBe(want);
      expect(Math.sign(compareValues(a[0], b[0]) || compareValues(a[1], b[1])) + 0).toBe(want);
    }),
    { numRuns: 3000 },
  );
});

test('what begins with a prefix stands before what comes after it', () => {
  fc.assert(
    fc.property(text, text, (prefix, other) => {
      const from = encode(prefix).slice(0, -1);
      const within = encode(other) >= from && encode(other) < afterPrefix(from);
      expect(within).toBe(other.startsWith(prefix));
      const longer = encode(prefix + other);
      expect(longer >= from && longer < afterPrefix(from)).toBe(true);
    }),
    { numRuns: 3000 },
  );
});

test('the bound of an operator holds all that passes it', () => {
  const operands = fc.oneof(value, fc.tuple(value, value), fc.array(value, { maxLength: 3 }));
  const ops = fc.constantFrom('eq', 'lt', 'le', 'gt', 'ge', 'between', 'in', 'beginsWith');
  let passed = 0;
  fc.assert(
    fc.property(ops, operands, value, fc.nat(3), (op, operand, any, near) => {
      const of = Array.isArray(operand) ? (operand[0] ?? null) : operand;
      const tested =
        [any, of, typeof of === 'string' ? `${of}\0` : any, typeof of === 'string' ? `${of}b` : any][near] ??
        null;
      let demand: Demand;
      try {
        demand = demandOf('T.f', op, operand);
      } catch (error) {
        expect(error).toBeInstanceOf(QueryError);
        return;
      }
      if (!demand.bound || !demand.test(tested)) return;
      passed++;
      const text = encode(tested);
      expect(text >= demand.bound.from && text < demand.bound.to).toBe(true);
      if (demand.bound.values) expect(demand.bound.values.map(([text]) => text)).toContain(text);
    }),
    { numRuns: 5000 },
  );
  expect(passed).toBeGreaterThan(300);
});

const model = modelOf({ a: 'String', b: 'Int' }, { byAB: ['a', 'b'], byB: ['b'] });

test('an index entry gives its key back, whatever the values and the key hold', () => {
  fc.assert(
    fc.property(value, value, text, (a, b, key) => {
      const record = { a: a ?? null, b: b ?? null };
      const entry = indexKey(model, 'byAB', record, key);
      expect(entry.startsWith(indexPrefix('Task', 'byAB') + encode(a))).toBe(true);
      expect(readIndexKey(entry, 2)).toBe(key);
      expect(readRowKey(rowKey('Task', key))).toEqual(['Task', key]);
    }),
  );
  expect(readRowKey(indexKey(model, 'byB', {}, 'k'))).toBeUndefined();
});

test('a row that changes moves in those indexes only whose values change', () => {
  const row = (a: string | null, b: number) => ({ view: { id: '1', a, b }, version: 1 });
  const entry = (index: string, a: string | null, b: number) => indexKey(model, index, { a, b }, '1');
  const changesOf = (...states: (ReturnType<typeof row> | { view: null; version: 0 } | undefined)[]) => {
    const changes: Changes = new Map();
    for (let i = 1; i < states.length; i++) rowChange(model, '1', states[i - 1], states[i], changes);
    return Object.fromEntries(changes);
  };
  const key = rowKey('Task', '1');
  const [x, y] = [row('x', 1), row('y', 1)];
  expect(changesOf(undefined, x)).toEqual({
    [key]: x,
    [entry('byAB', 'x', 1)]: 0,
    [entry('byB', 'x', 1)]: 0,
  });
  expect(changesOf(x, y)).toEqual({
    [key]: y,
    [entry('byAB', 'x', 1)]: undefined,
    [entry('byAB', 'y', 1)]: 0,
  });
  expect(changesOf(x, x)).toEqual({ [key]: x });
  expect(changesOf(x, y, x)).toEqual({
    [key]: x,
    [entry('byAB', 'x', 1)]: 0,
    [entry('byAB', 'y', 1)]: undefined,
  });
  const gone = { [entry('byAB', 'x', 1)]: undefined, [entry('byB', 'x', 1)]: undefined };
  expect(changesOf(x, undefined)).toEqual({ [key]: undefined, ...gone });
  expect(changesOf(x, { view: null, version: 0 })).toEqual({ [key]: { view: null, version: 0 }, ...gone });

  const batch = batchOf(new Map<string, unknown>([['a', 1], ['b', undefined], ['c', 0]]), true); // biome-ignore format: one line
  expect(batch).toEqual({
    put: [
      ['a', 1],
      ['c', 0],
    ],
    delete: ['b'],
    durable: true,
  });
});

test('a key reads as the server writes it', () => {
  const single = (type: string) => modelOf({ k: type }, {}, ['k']);
  for (const [type, value, want] of [
    ['String', 'a,"b"\0', 'a,"b"\0'],
    ['Int', -7, '-7'],
    ['AWSTimestamp', 1_700_000_000_000, '1700000000000'],
    ['Boolean', true, 'true'],
    ['Float', -0, '0'],
    ['Float', 999999.5, '999999.5'],
    ['Float', 1e6, '1e+06'],
    ['Float', -1234567, '-1.234567e+06'],
    ['Float', 1e-4, '0.0001'],
    ['Float', 1.5e-7, '1.5e-07'],
    ['Float', 1e100, '1e+100'],
  ] as const) {
    expect(keyText(single(type), { k: value })).toBe(want);
  }

  const composite = modelOf({ s: 'String', b: 'Boolean', f: 'Float' }, {}, ['s', 'b', 'f']);
  const fields = { s: 'a<b>&"\\/\u2028\u2029\0\u001f\u007f\b\f\n\té\u{1f600}', b: false, f: 1e6 };
  const want =
    '["a\\u003cb\\u003e\\u0026\\"\\\\/\\u2028\\u2029\\u0000\\u001f\u007f\\b\\f\\n\\té\u{1f600}",false,1000000]';
  expect(keyText(composite, fields)).toBe(want);
});
