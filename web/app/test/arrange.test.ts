import { describe, expect, test } from 'vitest';
import type { Task } from '../src/generated/schema.ts';
import { arrange, searchOf, usualView, type View, viewOf } from '../src/pages/tasks/arrange.ts';
import { dueOf, dueText, inDays, partsOf, toMonday, urgencyOf } from '../src/pages/tasks/due.ts';
import { changedElsewhere } from '../src/pages/tasks/fresh.ts';
import { newId } from '../src/pages/tasks/ids.ts';
import { isPage } from '../src/router/paths.ts';
import { match } from '../src/router/router.tsx';

const task = (id: string, fields: Partial<Task> = {}): Task => ({
  id,
  title: id,
  status: 'OPEN',
  owner: 'ana',
  createdAt: `2026-01-0${id.length}T10:00:00Z`,
  updatedAt: `2026-01-0${id.length}T10:00:00Z`,
  _version: 1,
  _lastChangedAt: 0,
  ...fields,
});
const shown = (tasks: readonly Task[], view: Partial<View>) =>
  arrange(tasks, { ...usualView, ...view }, 'ana').map(({ id }) => id);

describe('arrange', () => {
  const tasks = [
    task('a', { due: '2026-03-02T00:00:00Z', title: 'Café 10' }),
    task('bb', { status: 'DONE', title: 'cafe 9', description: 'with Ångström' }),
    task('ccc', { due: '2026-03-01T00:00:00Z', owner: 'ben', updatedAt: '2026-02-01T00:00:00Z' }),
  ];
  test('which', () => {
    expect(shown(tasks, {})).toEqual(['ccc', 'a']);
    expect(shown(tasks, { show: 'done' })).toEqual(['bb']);
    expect(shown(tasks, { show: 'all' })).toEqual(['ccc', 'bb', 'a']);
    expect(shown(tasks, { show: 'all', who: 'mine' })).toEqual(['bb', 'a']);
    expect(shown(tasks, { who: 'shared' })).toEqual(['ccc']);
  });
  test('in which order', () => {
    expect(shown(tasks, { show: 'all', sort: 'due' })).toEqual(['ccc', 'a', 'bb']); // without a date last
    expect(shown(tasks, { show: 'all', sort: 'title' })).toEqual(['bb', 'a', 'ccc']); // numbers as numbers
    expect(shown(tasks, { show: 'all', sort: 'changed' })).toEqual(['ccc', 'bb', 'a']);
  });
  test('what was created together, by when it was written', () => {
    const at = Date.UTC(2026, 2, 1);
    const ids = [newId(at), newId(at + 1), newId(at + 70_000)];
    expect(ids[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    const together = ids.map((id) => task(id, { createdAt: '2026-01-01T10:00:00Z' }));
    expect(shown(together, {})).toEqual(ids.toReversed());
  });
  test('what waits is newer than what the server had, whatever their clocks say', () => {
    const [first, second, third] = [newId(1), newId(2), newId(3)];
    const written = [
      task(third, { createdAt: '2026-01-01T10:00:00.020Z', _version: 0 }),
      task(first, { createdAt: '2026-01-01T10:00:00.900Z' }),
      task(second, { createdAt: '2026-01-01T10:00:00.010Z', _version: 0 }),
    ];
    expect(shown(written, {})).toEqual([third, second, first]);
  });
  test('with which words', () => {
    expect(shown(tasks, { show: 'all', words: 'CAFE' })).toEqual(['bb', 'a']);
    expect(shown(tasks, { show: 'all', words: 'angstrom cafe' })).toEqual(['bb']);
    expect(shown(tasks, { words: 'tea' })).toEqual([]);
  });
  test('a view is an address, and back', () => {
    const view: View = { show: 'done', sort: 'due', who: 'shared', words: 'a & b' };
    expect(viewOf(new URLSearchParams(searchOf(view)))).toEqual(view);
    expect(searchOf(usualView)).toBe('');
    expect(viewOf(new URLSearchParams('?show=x&sort=y'))).toEqual(usualView);
  });
});

describe('due dates', () => {
  const now = new Date(2026, 2, 4, 12).getTime(); // a Wednesday
  test('a day without a time ends with it', () => {
    const due = dueOf('2026-03-04', '')!;
    expect(partsOf(due)).toEqual({ date: '2026-03-04', time: '' });
    expect(urgencyOf(due, now)).toBe('today');
    expect(partsOf(dueOf('2026-03-04', '09:30'))).toEqual({ date: '2026-03-04', time: '09:30' });
    expect(urgencyOf(dueOf('2026-03-04', '09:30')!, now)).toBe('overdue');
    expect(urgencyOf(dueOf('2026-03-05', '00:00')!, now)).toBe('later');
    expect([dueOf('', ''), dueOf('', '10:00'), partsOf(null).date, partsOf('soon').date]).toEqual([
      null,
      null,
      '',
      '',
    ]);
  });
  test('in words', () => {
    const text = (date: string, time = '') => dueText(dueOf(date, time)!, now);
    expect([text('2026-03-03'), text('2026-03-04'), text('2026-03-05')]).toEqual([
      'Yesterday',
      'Today',
      'Tomorrow',
    ]);
    expect(text('2026-03-06')).toBe('Friday');
    expect(text('2026-03-12')).toMatch(/12/);
    expect(text('2027-03-06')).toMatch(/2027/);
    expect(text('2026-03-05', '09:30')).toMatch(/^Tomorrow, 0?9:30/);
  });
  test('days ahead, over the end of a month and of summer time', () => {
    expect(inDays(1, new Date(2026, 1, 28, 23, 59))).toBe('2026-03-01');
    expect(inDays(1, new Date(2026, 9, 24, 12))).toBe('2026-10-25');
    expect(
      [new Date(2026, 2, 1), new Date(2026, 2, 2), new Date(2026, 2, 7)].map((day) => toMonday(day)),
    ).toEqual([1, 7, 2]);
  });
});

describe('what others changed', () => {
  const before = task('a', { _version: 2 });
  test('grows the version and changes a field', () => {
    expect(changedElsewhere(before, { ...before, _version: 3, title: 'b' })).toEqual(['title']);
    expect(changedElsewhere(undefined, { ...before, _version: 1 })).toContain('title');
  });
  test('is not what was written here', () => {
    expect(changedElsewhere(before, { ...before, title: 'b' })).toEqual([]);
    expect(
      changedElsewhere({ ...before, title: 'b' }, { ...before, title: 'b', _version: 3, updatedAt: 'x' }),
    ).toEqual([]);
    expect(changedElsewhere(undefined, { ...before, _version: 0 })).toEqual([]);
  });
});

describe('addresses', () => {
  test('match patterns', () => {
    expect(match('/tasks/:id?', '/tasks')).toEqual({});
    expect(match('/tasks/:id?', '/tasks/a%2Fb')).toEqual({ id: 'a/b' });
    expect(match('/calendar/:id', '/calendar')).toBeUndefined();
    expect(match('/tasks/:id?', '/tasks/a/b')).toBeUndefined();
    expect(match('/tasks', '/agenda')).toBeUndefined();
  });
  test('are pages, or the server’s', () => {
    for (const path of ['/', '/tasks', '/tasks/a', '/calendar/a', '/setup', '/agenda/new'])
      expect(isPage(path), path).toBe(true);
    for (const path of [
      '/graphql',
      '/console/mail',
      '/idp',
      '/oauth2/authorize',
      '/calendar/a.ics',
      '/agenda/import',
      '/healthz',
    ]) {
      expect(isPage(path), path).toBe(false);
    }
  });
});
