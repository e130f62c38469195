import { readFileSync } from 'node:fs';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { QueryError } from '../../src/query/operators.ts';
import { compileOrder, type OrderBy } from '../../src/query/order.ts';
import { compileWhere, type Where } from '../../src/query/where.ts';
import type { Fields } from '../../src/schema.ts';
import { modelOf } from './table.ts';

const golden: { matches: { record: Fields; filter: unknown; matches: boolean }[]; refused: unknown[] } =
  JSON.parse(readFileSync(new URL('../../../golden/filter.json', import.meta.url), 'utf8'));

/** The model of internal/filter's tests. */
const model = modelOf({
  title: 'String',
  n: 'Int',
  price: 'Float',
  done: 'Boolean',
  tags: { type: 'String', list: true },
  kind: 'K',
  kinds: { type: 'K', list: true },
  o: 'O',
  at: 'AWSDateTime',
  createdAt: 'AWSDateTime',
});
const schema = { objects: { O: { x: { type: 'Int' } } } };
const matches = (where: unknown, record: Fields) => compileWhere(where, model, schema)(record);

describe('the golden cases, which the server passes too', () => {
  test.each(golden.matches)('$filter of $record', ({ filter, record, matches: want }) => {
    expect(matches(filter, record)).toBe(want);
  });
  test.each(golden.refused.map((filter) => [JSON.stringify(filter), filter]))('refused: %s', (_, filter) => {
    expect(() => compileWhere(filter, model, schema)).toThrow(QueryError);
  });
});

test('a bare value means eq, null too; undefined says nothing', () => {
  expect(matches({ title: 'x' }, { title: 'x' })).toBe(true);
  expect(matches({ title: 'x' }, { title: 'y' })).toBe(false);
  expect(matches({ title: null }, {})).toBe(true);
  expect(matches({ title: null }, { title: 'x' })).toBe(false);
  expect(matches({ tags: ['a'] }, { tags: ['a'] })).toBe(true);
  expect(matches({ title: undefined, n: { gt: undefined } }, { title: 'x' })).toBe(true);
});

test('what does not fit is told by name', () => {
  for (const [where, message] of [
    [{ nope: 1 }, 'Task: there is no field "nope"'],
    [{ n: { like: 1 } }, 'Task.n: there is no operator "like"'],
    [{ n: { gt: true } }, 'Task.n: gt does not take true'],
    [{ at: new Date(0) }, 'Task.at: eq does not take "1970-01-01T00:00:00.000Z"'],
    [{ at: { ge: new Date(0) } }, 'Task.at: ge does not take "1970-01-01T00:00:00.000Z"'],
    [{ n: { lt: Number.NaN } }, 'Task.n: lt does not take null'],
    [{ o: { x: 1 } }, 'Task.o is an object'],
  ] as const) {
    expect(() => compileWhere(where, model, schema)).toThrow(new QueryError(message));
  }
  expect(new QueryError('')).toBeInstanceOf(TypeError);
  for (const orderBy of ['nope', 'o', 'tags', { n: 'up' }, [{ n: 'asc' }, 'constructor']]) {
    expect(() => compileOrder(orderBy, model, schema)).toThrow(QueryError);
  }
});

interface Task {
  readonly id: string;
  readonly status: 'OPEN' | 'DONE';
  readonly due?: string | null;
  readonly rank: number | null;
  readonly done: boolean;
  readonly tags: readonly string[];
  readonly place: { readonly x: number } | null;
  readonly _version: number;
}

test('the operators are those of the type of the field', () => {
  type W = Where<Task>;
  expectTypeOf<{ status: 'OPEN'; due: { between: ['a', 'b'] }; rank: { gt: 1 } }>().toExtend<W>();
  expectTypeOf<{ due: null; tags: { contains: 'a' }; done: { ne: true } }>().toExtend<W>();
  expectTypeOf<{
    or: [{ rank: 1 }, { not: { done: true } }];
    and: { rank: { in: [1, null] } };
  }>().toExtend<W>();
  expectTypeOf<{ status: 'SHUT' }>().not.toExtend<W>();
  expectTypeOf<{ status: { eq: 'SHUT' } }>().not.toExtend<W>();
  expectTypeOf<{ rank: { gt: '1' } }>().not.toExtend<W>();
  expectTypeOf<{ rank: { beginsWith: '1' } }>().not.toExtend<W>();
  expectTypeOf<{ done: { lt: true } }>().not.toExtend<W>();
  expectTypeOf<{ tags: { contains: 1 } }>().not.toExtend<W>();
  expectTypeOf<{ or: [{ rank: 'x' }] }>().not.toExtend<W>();
  expectTypeOf<'place'>().not.toExtend<keyof W>();
  expectTypeOf<'_version'>().not.toExtend<keyof W>();

  expectTypeOf<'due'>().toExtend<OrderBy<Task>>();
  expectTypeOf<['status', { due: 'desc' }]>().toExtend<OrderBy<Task>>();
  expectTypeOf<'tags'>().not.toExtend<OrderBy<Task>>();
  expectTypeOf<{ due: 'down' }>().not.toExtend<OrderBy<Task>>();
});
