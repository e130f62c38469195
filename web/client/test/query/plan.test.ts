import { expect, test } from 'vitest';
import { QueryError } from '../../src/query/operators.ts';
import { explain, planQuery, type Query } from '../../src/query/plan.ts';
import type { Fields } from '../../src/schema.ts';
import { modelOf } from './table.ts';

const fields = { status: 'String', due: 'AWSDate', rank: 'Int', owner: 'String' };
const model = modelOf(fields, { byStatus: ['status'], byStatusDue: ['status', 'due'], byRank: ['rank'] });
const composite = modelOf(fields, {}, ['owner', 'rank']);
const plan = (query: Query<object>, of = model) =>
  explain(planQuery(query as Query<Fields>, of, { objects: {} }));
const where = (where: object, more: object = {}, of = model) => plan({ where, ...more } as Query<object>, of);

test.each([
  ['a key is looked up', where({ id: '1' }), '1 keys'],
  ['several are, each once', where({ id: { in: ['1', '2', '1'] } }), '2 keys'],
  ['not both of two', where({ id: '1', and: [{ id: '2' }] }), '0 keys'],
  ['nothing is known', plan({}), '1 ranges of the table in order'],
  [
    'not and or tell nothing',
    where({ not: { status: 'A' }, or: [{ rank: 1 }] }),
    '1 ranges of the table in order',
  ],
  ['ne tells nothing', where({ status: { ne: 'A' } }), '1 ranges of the table in order'],
  ['equality', where({ status: 'A' }), '1 ranges of index byStatus in order'],
  ['equality in and', where({ and: [{ status: { eq: 'A' } }] }), '1 ranges of index byStatus in order'],
  ['absent', where({ status: null }), '1 ranges of index byStatus in order'],
  ['one of', where({ status: { in: ['A', 'B'] } }), '2 ranges of index byStatus'],
  ['none of', where({ status: { in: [] } }), '0 ranges of index byStatus'],
  ['a range', where({ rank: { gt: 1, le: 5 } }), '1 ranges of index byRank'],
  ['an empty range', where({ rank: { gt: 5, lt: 5 } }), '0 ranges of index byRank'],
  ['of two types', where({ rank: { gt: 5, lt: 'x' } }), '0 ranges of index byRank'],
  ['a beginning', where({ status: { beginsWith: 'A' } }), '1 ranges of index byStatus'],
  ['equality and a range', where({ status: 'A', due: { ge: 'x' } }), '1 ranges of index byStatusDue'],
  ['equality before a range', where({ status: 'A', rank: { gt: 1 } }), '1 ranges of index byStatus in order'],
  [
    'an order with a limit',
    plan({ orderBy: 'rank', limit: 9 } as Query<object>),
    '1 ranges of index byRank in order',
  ],
  ['an order without a limit', plan({ orderBy: 'rank' } as Query<object>), '1 ranges of the table'],
  [
    'the other way',
    plan({ orderBy: { rank: 'desc' }, limit: 9 } as Query<object>),
    '1 ranges of index byRank in reverse order',
  ],
  [
    'ties are by key',
    plan({ orderBy: 'status', limit: 9 } as Query<object>),
    '1 ranges of index byStatus in order',
  ],
  [
    'both',
    where({ status: 'A' }, { orderBy: { due: 'desc' }, limit: 9 }),
    '1 ranges of index byStatusDue in reverse order',
  ],
  [
    'both, spelled out',
    where({ status: 'A' }, { orderBy: ['status', 'due'], limit: 9 }),
    '1 ranges of index byStatusDue in order',
  ],
  [
    'two directions',
    plan({ orderBy: [{ status: 'asc' }, { due: 'desc' }], limit: 9 } as Query<object>),
    '1 ranges of the table',
  ],
  ['a part of a composite key', where({ owner: 'ana' }, {}, composite), '1 ranges of the table in order'],
  ['all of a composite key', where({ owner: 'ana', rank: { in: [1, 2] } }, {}, composite), '2 keys'],
])('%s', (_, found, want) => {
  expect(found).toBe(want);
});

test('a limit is a whole number', () => {
  for (const limit of [-1, 0.5, Number.NaN]) expect(() => plan({ limit })).toThrow(QueryError);
});
