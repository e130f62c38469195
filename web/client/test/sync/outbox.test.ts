import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mergeValue } from '../../src/merge.ts';
import { append, nextPush, type OutboxEntry, writesOf } from '../../src/outbox.ts';
import { equal } from '../../src/query/values.ts';
import type { Json } from '../../src/schema.ts';
import { schema } from './fixture.ts';

const { tasks } = schema.collections;
let number = 0;
const entry = (op: OutboxEntry['op'], fields = {}, more: Partial<OutboxEntry> = {}): OutboxEntry => ({
  number: ++number,
  model: 'Task',
  key: 'k',
  op,
  fields,
  base: op === 'CREATE' ? 0 : 1,
  at: 0,
  ...more,
});
const queue = (...entries: OutboxEntry[]) =>
  entries.reduce<readonly OutboxEntry[]>((waiting, next) => append(waiting, next, tasks!), []);
const brief = (entries: readonly OutboxEntry[]) =>
  entries.map(({ op, fields, base, bases }) => [op, fields, base, ...(bases ? [bases] : [])]);
const sent = (counter: number, client = 'c') => ({ sent: { client, counter } });
const limit = { writes: 100, size: 1e6 };

describe('writes of one record', () => {
  test('are one where nothing tells them apart', () => {
    expect(brief(queue(entry('CREATE', { title: 'a' }), entry('UPDATE', { note: 'b' })))).toEqual([
      ['CREATE', { title: 'a', note: 'b' }, 0],
    ]);
    expect(brief(queue(entry('UPDATE', { title: 'a' }), entry('UPDATE', { title: 'b' })))).toEqual([
      ['UPDATE', { title: 'b' }, 1],
    ]);
    expect(queue(entry('CREATE', { title: 'a' }), entry('UPDATE', { note: 'b' }), entry('DELETE'))).toEqual(
      [],
    );
  });

  test('keep the version that each field was seen at first', () => {
    const first = entry('UPDATE', { title: 'a' });
    const second = entry('UPDATE', { title: 'b', note: 'b' }, { base: 4 });
    expect(brief(queue(first, second))).toEqual([['UPDATE', { title: 'b', note: 'b' }, 1, { note: 4 }]]);
    expect(brief(queue(entry('UPDATE', { title: 'a' }, sent(1)), second))[1]).toEqual([
      'UPDATE',
      { title: 'b', note: 'b' },
      4,
      { title: 1 },
    ]);
  });

  test.each([
    ['the first was sent', entry('UPDATE', {}, sent(1)), entry('UPDATE')],
    ['the first has a condition', entry('UPDATE', {}, { condition: {} }), entry('UPDATE')],
    ['the second has a condition', entry('UPDATE'), entry('UPDATE', {}, { condition: {} })],
    ['one is in a group', entry('UPDATE', {}, { group: 1 }), entry('UPDATE')],
    ['they are in different groups', entry('UPDATE', {}, { group: 1 }), entry('UPDATE', {}, { group: 2 })],
    ['the first deletes', entry('DELETE'), entry('CREATE')],
    ['the second deletes what the server has', entry('UPDATE'), entry('DELETE')],
    ['null would become the default', entry('CREATE'), entry('UPDATE', { status: null })],
  ])('stay apart where %s', (_, first, second) => {
    expect(queue(first, second)).toHaveLength(2);
  });
});

describe('the next push', () => {
  const of = (...entries: OutboxEntry[]) =>
    nextPush(entries, limit).map((e) => e.number - entries[0]!.number);

  test('is what was sent and not answered, by its counters, before anything else', () => {
    const a = entry('CREATE', {}, { key: 'a' });
    const b = entry('CREATE', {}, { key: 'b', ...sent(2) });
    const c = entry('CREATE', {}, { key: 'c', ...sent(1) });
    expect(of(a, b, c)).toEqual([2, 1]);
    expect(nextPush([a, b, { ...c, ...sent(9, 'of the disk before') }], limit)).toEqual([b]);
  });

  test('is a group alone, whole', () => {
    const group = { group: 5 };
    const [a, b, c] = ['a', 'b', 'c'].map((key) => entry('CREATE', {}, { key, ...(key !== 'a' && group) }));
    expect(of(a!, b!, c!)).toEqual([0]);
    expect(of(b!, c!, a!)).toEqual([0, 1]);
  });

  test('has one write of a record, for the answer tells the next what it is based on', () => {
    expect(of(entry('UPDATE'), entry('CREATE', {}, { key: 'l' }), entry('DELETE'))).toEqual([0, 1]);
  });

  test('keeps to the limits, and has one write at least', () => {
    const many = Array.from({ length: 150 }, (_, i) =>
      entry('CREATE', { title: 'x'.repeat(100) }, { key: `${i}` }),
    );
    expect(nextPush(many, limit)).toHaveLength(100);
    expect(nextPush(many, { writes: 100, size: 1000 }).length).toBeLessThan(10);
    expect(nextPush(many, { writes: 0, size: 0 })).toHaveLength(1);
  });

  test('sends a condition once, and what has several parts with it as one', () => {
    const both = entry(
      'UPDATE',
      { title: 'a', note: 'b' },
      { base: 4, bases: { title: 2 }, condition: { n: 1 } },
    );
    expect(writesOf(both, 7)).toEqual([
      {
        counter: 7,
        model: 'Task',
        key: 'k',
        op: 'UPDATE',
        fields: { title: 'a' },
        base: 2,
        condition: { n: 1 },
      },
      { counter: 8, model: 'Task', key: 'k', op: 'UPDATE', fields: { note: 'b' }, base: 4 },
    ]);
    expect(of(both, entry('CREATE', {}, { key: 'l' }))).toEqual([0]);
  });
});

describe('a merge', () => {
  const merge = (field: string, yours: Json, theirs: Json, base: Json) => {
    const clashes: Json[] = [];
    const value = mergeValue(schema, tasks!.fields[field]!, field, { yours, theirs, base }, (c) =>
      clashes.push(c.field),
    );
    return [value, ...clashes];
  };

  test.each([
    ['title', 'mine', 'theirs', 'a', ['theirs', 'title']],
    ['title', 'mine', null, 'a', ['mine']],
    ['title', 'a', 'theirs', 'a', ['theirs']],
    ['tags', ['a', 'mine'], ['a', 'theirs'], ['a'], [['a', 'theirs', 'mine']]],
    ['tags', [], ['a', 'theirs'], ['a'], [['theirs']]],
    ['tags', ['a', 'a'], ['b', 'a'], ['a'], [['b', 'a', 'a']]],
    [
      'place',
      { city: 'mine', street: 's' },
      { city: 'c', street: 'theirs' },
      { city: 'c', street: 's' },
      [{ city: 'mine', street: 'theirs' }],
    ],
    ['place', { city: 'mine' }, { city: 'theirs' }, { city: 'c' }, [{ city: 'theirs' }, 'place.city']],
  ] as [string, Json, Json, Json, Json[]][])(
    'of %s: %j with %j on %j',
    (field, yours, theirs, base, result) => {
      expect(merge(field, yours, theirs, base)).toEqual(result);
    },
  );

  test('of a list keeps what both added, and drops what either took away', () => {
    const items = fc.uniqueArray(fc.integer({ min: 0, max: 20 }), { maxLength: 6 });
    fc.assert(
      fc.property(items, items, items, (base, yours, theirs) => {
        const [merged] = merge('tags', yours, theirs, base) as [number[]];
        for (const item of new Set([...base, ...yours, ...theirs])) {
          const [was, mine, other] = [base, yours, theirs].map((l) => l.includes(item));
          expect(merged!.includes(item)).toBe(was ? mine! && other! : mine! || other!);
        }
      }),
    );
  });

  test('takes absent for null, and looks at nothing but the meaning', () => {
    expect(equal({ a: 1, b: null }, { a: 1 })).toBe(true);
    expect(equal({ a: 1, b: [2] }, { b: [2], a: 1 })).toBe(true);
    expect([equal([1], [1, null]), equal({ length: 1 }, { length: 2 })]).toEqual([false, false]);
    expect([equal([1, 2], [2, 1]), equal([1], [1, 2]), equal(0, false), equal({}, [])]).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });
});
