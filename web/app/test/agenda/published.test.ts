import { expect, test } from 'vitest';
import { published } from '../../src/agenda/published.ts';

const event = (id: string, owner: string | null, at = 1, occurrence?: string) => ({
  id,
  owner,
  _lastChangedAt: at,
  ...(occurrence && { series: 'series', occurrence }),
});
const shown = (events: Parameters<typeof published>[1], sharedWith: string[] | null = ['ben', 'cleo']) =>
  published({ owner: 'ana', sharedWith }, events).map(({ id }) => id);

test('a calendar shows what its owner put there, and those it is shared with', () => {
  const events = [event('a', 'ana'), event('b', 'ben'), event('e', 'eve'), event('nobody', null)];
  expect(shown(events)).toEqual(['a', 'b']);
  expect(shown(events, null)).toEqual(['a']);
  expect(published({ owner: null, sharedWith: null }, events)).toEqual([]);
});

test('of several in one place it shows the one that was written last', () => {
  const [monday, tuesday] = ['2026-03-02T08:00:00.000Z', '2026-03-03T08:00:00.000Z'];
  const events = [
    event('series', 'ana'),
    event('first', 'ana', 5, monday),
    event('last', 'ben', 7, monday),
    event('middle', 'ana', 6, monday),
    event('stranger', 'eve', 9, monday),
    event('other', 'ana', 1, tuesday),
  ];
  expect(shown(events)).toEqual(['series', 'last', 'other']);
});
