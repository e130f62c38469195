import { describe, expect, test } from 'vitest';
import { applyAnswers, preparePush } from '../../src/answers.ts';
import { acceptConflict, restoreConflict } from '../../src/conflicts.ts';
import { applyFrames } from '../../src/frames.ts';
import type { Ledger } from '../../src/ledger.ts';
import { memoryDisk } from '../../src/memory-disk.ts';
import { dismissRejected, retryRejected } from '../../src/rejected.ts';
import type { Change, WriteResult } from '../../src/wire.ts';
import { frame, openLedger, put, refused, remove, row, scope, taken, view, write } from './fixture.ts';

const limit = { writes: 100, size: 1e6 };
const push = async (ledger: Ledger) => (await preparePush(ledger, limit))!;
const hear = (ledger: Ledger, ...changes: Change[]) =>
  ledger.change(false, (tx) => applyFrames(tx, [frame(changes)], scope));
const answer = async (ledger: Ledger, ...answers: WriteResult[]) => {
  const sent = await push(ledger);
  await ledger.change(false, (tx) => applyAnswers(tx, sent, answers));
};

describe('a push', () => {
  test('has its counters on the disk before it leaves, and is the same after a crash', async () => {
    const platter = { values: new Map<string, unknown>() };
    const ledger = await openLedger(memoryDisk(platter));
    await write(ledger, 'CREATE', 'k', { id: 'k', title: 'a' });
    const first = await push(ledger);
    expect(first.writes).toEqual([
      { counter: 1, model: 'Task', key: 'k', op: 'CREATE', fields: { id: 'k', title: 'a' } },
    ]);
    await write(ledger, 'UPDATE', 'k', { title: 'b' });
    const again = await openLedger(memoryDisk(platter));
    expect(await push(again)).toEqual(first);
    expect(await view(again, 'k')).toMatchObject({ title: 'b' });
  });

  test('sends fields by the versions that they were seen at, lowest first', async () => {
    const ledger = await openLedger();
    await hear(ledger, put('k', 3, { title: 'a', note: 'a' }));
    await write(ledger, 'UPDATE', 'k', { title: 'mine' });
    await hear(ledger, put('k', 5, { title: 'theirs', note: 'theirs' }));
    expect(await view(ledger, 'k')).toMatchObject({ title: 'mine', note: 'theirs' });
    await write(ledger, 'UPDATE', 'k', { title: 'mine again', note: 'mine' });
    expect((await push(ledger)).writes).toEqual([
      { counter: 1, model: 'Task', key: 'k', op: 'UPDATE', fields: { title: 'mine again' }, base: 3 },
      { counter: 2, model: 'Task', key: 'k', op: 'UPDATE', fields: { note: 'mine' }, base: 5 },
    ]);
  });
});

describe('an answer', () => {
  test('is taken over, and the entry goes, in one commit', async () => {
    const ledger = await openLedger();
    await write(ledger, 'CREATE', 'k', { id: 'k', title: 'a' });
    expect(await view(ledger, 'k')).toEqual({ id: 'k', title: 'a', status: 'OPEN' });
    const batches: unknown[] = [];
    await push(ledger);
    ledger.entries.listen((batch) => batches.push(batch));
    await answer(ledger, taken(1, 1, { id: 'k', title: 'a', status: 'OPEN' }));
    expect(batches).toHaveLength(1);
    expect(ledger.outbox.size).toBe(0);
    expect(await row(ledger, 'k')).toEqual({
      version: 1,
      view: { id: 'k', title: 'a', status: 'OPEN', _version: 1, _lastChangedAt: 1 },
    });
  });

  test('that is older than what the sync brought does not move the record back', async () => {
    const ledger = await openLedger();
    await hear(ledger, put('k', 1, { title: 'a' }));
    await write(ledger, 'UPDATE', 'k', { note: 'mine' });
    const sent = await push(ledger);
    await hear(ledger, put('k', 3, { title: 'b', note: 'mine' }));
    await ledger.change(false, (tx) =>
      applyAnswers(tx, sent, [taken(1, 2, { id: 'k', title: 'a', note: 'mine' })]),
    );
    expect(await view(ledger, 'k')).toMatchObject({ title: 'b', note: 'mine' });
    expect((await row(ledger, 'k'))?.version).toBe(3);
  });

  test('to a delete hides the record from what is still on its way, until its removal comes', async () => {
    const ledger = await openLedger();
    await hear(ledger, put('k', 1, { title: 'a' }));
    await write(ledger, 'DELETE', 'k');
    await answer(ledger, taken(1, 3, null));
    await hear(ledger, put('k', 2, { title: 'b' }));
    expect(await view(ledger, 'k')).toBeNull();
    await hear(ledger, remove('k', 3));
    expect(await row(ledger, 'k')).toBeUndefined();
    await hear(ledger, put('k', 2, { title: 'shared again' }));
    expect(await view(ledger, 'k')).toMatchObject({ title: 'shared again' });
  });

  test('that is gone drops the entry where the record shows it, and keeps it among the rejected elsewhere', async () => {
    for (const shows of [true, false]) {
      const ledger = await openLedger();
      await hear(ledger, put('k', 1, { title: 'a' }));
      await write(ledger, 'UPDATE', 'k', { title: 'mine' });
      await answer(
        ledger,
        refused(1, 'gone', {
          record: { id: 'k', title: shows ? 'mine' : 'other' },
          recordVersion: 9,
          recordAt: 9,
        }),
      );
      expect(ledger.outbox.size).toBe(0);
      expect(ledger.rejected.size).toBe(shows ? 0 : 1);
      expect(await view(ledger, 'k')).toMatchObject({ title: shows ? 'mine' : 'other' });
    }
  });
});

describe('later writes of the record', () => {
  /** The second write of a record, made while the first is on its way; `theirs` is what came between. */
  const second = async (fields: object, record: object, version: number, conflicts: object[] = []) => {
    const ledger = await openLedger();
    await hear(ledger, put('k', 1, { title: 'a', note: 'a', tags: ['a'] }));
    await write(ledger, 'UPDATE', 'k', { title: 'b', tags: ['a', 'b'] });
    const sent = await push(ledger);
    await write(ledger, 'UPDATE', 'k', fields as never);
    await ledger.change(false, (tx) =>
      applyAnswers(tx, sent, [
        taken(
          1,
          version,
          { id: 'k', ...record },
          { conflicts, status: conflicts.length > 0 ? 'MERGED' : 'APPLIED' },
        ),
      ]),
    );
    return { ledger, writes: (await push(ledger)).writes.map(({ fields, base }) => [fields, base]) };
  };

  test('go on from the answer where nobody came between', async () => {
    const { writes } = await second(
      { title: 'c', note: 'c', tags: ['a', 'b', 'c'] },
      { title: 'b', note: 'a', tags: ['a', 'b'] },
      2,
    );
    expect(writes).toEqual([[{ title: 'c', note: 'c', tags: ['a', 'b', 'c'] }, 2]]);
  });

  test('keep what they saw of fields that others changed between', async () => {
    const { writes } = await second(
      { title: 'c', note: 'c' },
      { title: 'b', note: 'theirs', tags: ['a', 'b'] },
      3,
    );
    expect(writes).toEqual([
      [{ note: 'c' }, 1],
      [{ title: 'c' }, 3],
    ]);
  });

  test('are in conflict about a field that was not taken the first time', async () => {
    const clash = { field: 'title', yours: 'b', theirs: 'theirs', base: 'a' };
    const { writes } = await second({ title: 'c' }, { title: 'theirs', note: 'a', tags: ['a', 'b'] }, 2, [
      clash,
    ]);
    expect(writes).toEqual([[{ title: 'c' }, 1]]);
  });

  test('add to a list what they added, and take away what they took, of what it has become', async () => {
    const { writes } = await second({ tags: ['b', 'c'] }, { title: 'b', tags: ['a', 'theirs', 'b'] }, 3);
    expect(writes).toEqual([[{ tags: ['theirs', 'b', 'c'] }, 3]]);
  });

  test('add to what the writes between have become', async () => {
    const ledger = await openLedger();
    await hear(ledger, put('k', 1, { title: 'a', tags: ['a'] }));
    await write(ledger, 'UPDATE', 'k', { tags: ['a', 'b'] });
    const sent = await push(ledger);
    await write(ledger, 'UPDATE', 'k', { tags: ['a', 'b', 'c'] }, { condition: {} });
    await write(ledger, 'UPDATE', 'k', { tags: ['a', 'b', 'c', 'd'] });
    const now = { id: 'k', title: 'a', tags: ['a', 'theirs', 'b'] };
    await ledger.change(false, (tx) => applyAnswers(tx, sent, [taken(1, 3, now)]));
    expect(ledger.queue().map(({ fields, base }) => [fields.tags, base])).toEqual([
      [['a', 'theirs', 'b', 'c'], 3],
      [['a', 'theirs', 'b', 'c', 'd'], 3],
    ]);
  });

  test('do not undo what others changed when nothing was taken, although the version is the next one', async () => {
    const ledger = await openLedger();
    await hear(ledger, put('k', 1, { title: 'a', note: 'a' }));
    await write(ledger, 'UPDATE', 'k', { title: 'b' });
    const sent = await push(ledger);
    await write(ledger, 'UPDATE', 'k', { note: 'c' });
    await ledger.change(false, (tx) =>
      applyAnswers(tx, sent, [taken(1, 2, { id: 'k', title: 'b', note: 'theirs' })]),
    );
    expect((await push(ledger)).writes.map(({ base }) => base)).toEqual([1]);
  });

  test('of a create are on the version that it made', async () => {
    const ledger = await openLedger();
    await write(ledger, 'CREATE', 'k', { id: 'k', title: 'a' });
    const sent = await push(ledger);
    await write(ledger, 'UPDATE', 'k', { title: 'b' });
    await write(ledger, 'DELETE', 'k');
    await ledger.change(false, (tx) =>
      applyAnswers(tx, sent, [taken(1, 1, { id: 'k', title: 'theirs' }, { recordVersion: 2 })]),
    );
    expect(ledger.queue().map(({ op, base }) => [op, base])).toEqual([
      ['UPDATE', 1],
      ['DELETE', 1],
    ]);
  });
});

describe('conflicts', () => {
  const clash = { field: 'title', yours: 'mine', theirs: 'theirs', base: 'a' };
  const conflicted = async (resolve?: () => never) => {
    const ledger = await openLedger();
    await hear(ledger, put('k', 1, { title: 'a' }));
    await write(ledger, 'UPDATE', 'k', { title: 'mine' });
    const sent = await push(ledger);
    const answers = [taken(1, 2, { id: 'k', title: 'theirs' }, { status: 'MERGED', conflicts: [clash] })];
    await ledger.change(false, (tx) => applyAnswers(tx, sent, answers, resolve && { Task: resolve }));
    return ledger;
  };

  test('are kept until somebody decides', async () => {
    const ledger = await conflicted();
    expect(await view(ledger, 'k')).toMatchObject({ title: 'theirs' });
    const [conflict] = ledger.conflicts.values();
    expect(conflict).toMatchObject({ model: 'Task', key: 'k', ...clash });
    await ledger.change(true, (tx) => restoreConflict(tx, conflict!));
    expect(await view(ledger, 'k')).toMatchObject({ title: 'mine' });
    expect(ledger.queue()).toMatchObject([{ fields: { title: 'mine' }, base: 2 }]);
    expect(ledger.conflicts.size).toBe(0);
  });

  test('that are accepted leave the record', async () => {
    const ledger = await conflicted();
    await ledger.change(true, (tx) => acceptConflict(tx, [...ledger.conflicts.values()][0]!));
    expect([ledger.conflicts.size, ledger.outbox.size]).toEqual([0, 0]);
  });

  test.each([
    ['yours', [{ title: 'mine' }], 0],
    ['theirs', [], 0],
    [{ fields: { title: 'both' } }, [{ title: 'both' }], 0],
    [undefined, [], 1],
  ])('may be decided by the app at once: %j', async (decision, writes, left) => {
    const ledger = await conflicted(() => decision as never);
    expect(ledger.queue().map(({ fields }) => fields)).toEqual(writes);
    expect(ledger.conflicts.size).toBe(left);
  });

  test('an app that fails to decide leaves it to somebody', async () => {
    const ledger = await conflicted(() => {
      throw new Error('no');
    });
    expect([ledger.conflicts.size, ledger.outbox.size]).toEqual([1, 0]);
  });

  test('in a part of an object are restored in that part', async () => {
    const ledger = await openLedger();
    await hear(ledger, put('k', 1, { place: { city: 'Basel', street: 'A' } }));
    const conflict = {
      model: 'Task',
      key: 'k',
      field: 'place.city',
      yours: 'Bern',
      theirs: 'Basel',
      base: null,
      at: 1,
    };
    await ledger.change(true, (tx) => restoreConflict(tx, conflict));
    expect(ledger.queue()[0]?.fields).toEqual({ place: { city: 'Bern', street: 'A' } });
  });

  test('of a model that merges nothing stand beside the rejected write, and lead to it', async () => {
    const stale = async () => {
      const ledger = await openLedger();
      await hear(ledger, put('k', 1, { title: 'a', note: 'a' }, 'Plan'));
      await write(ledger, 'UPDATE', 'k', { title: 'mine', note: 'mine' }, { model: 'Plan' });
      await answer(
        ledger,
        refused(1, 'conflict', {
          record: { id: 'k', title: 'theirs', note: 'a' },
          recordVersion: 2,
          recordAt: 2,
        }),
      );
      return ledger;
    };
    const ledger = await stale();
    expect(await view(ledger, 'k', 'Plan')).toMatchObject({ title: 'theirs', note: 'a' });
    const [rejected] = ledger.rejected.values();
    const conflicts = [...ledger.conflicts.values()];
    expect(conflicts.map(({ field, rejected: of }) => [field, of])).toEqual([
      ['title', rejected!.number],
      ['note', rejected!.number],
    ]);
    await ledger.change(true, (tx) => restoreConflict(tx, conflicts[0]!));
    expect([ledger.rejected.size, ledger.conflicts.size]).toEqual([1, 1]);
    await ledger.change(true, (tx) => acceptConflict(tx, conflicts[1]!));
    expect([ledger.rejected.size, ledger.conflicts.size]).toEqual([0, 0]);
    expect(ledger.queue()).toMatchObject([{ fields: { title: 'mine' }, base: 2 }]);

    const other = await stale();
    await other.change(true, (tx) => retryRejected(tx, [...other.rejected.values()][0]!));
    expect([other.rejected.size, other.conflicts.size]).toEqual([0, 0]);
    expect(other.queue()).toMatchObject([{ fields: { title: 'mine', note: 'mine' }, base: 2 }]);
  });
});

describe('a refused write', () => {
  test('that is stale is told where the record is not shown, whatever is known of it', async () => {
    for (const [record, told] of [
      [{ id: 'k', title: 'same' }, 0],
      [null, 1],
    ] as const) {
      const ledger = await openLedger();
      await hear(ledger, put('k', 1, { title: 'same' }, 'Plan'));
      await write(ledger, 'UPDATE', 'k', { title: 'same' }, { model: 'Plan' });
      await answer(ledger, refused(1, 'conflict', record ? { record, recordVersion: 2, recordAt: 2 } : {}));
      expect([ledger.rejected.size, ledger.conflicts.size]).toEqual([told, 0]);
    }
  });

  test('is undone with what rests on it; what does not goes on', async () => {
    const ledger = await openLedger();
    await hear(ledger, put('other', 1, { title: 'a' }));
    await write(ledger, 'CREATE', 'k', { id: 'k', title: 'bad' });
    const sent = await push(ledger);
    await write(ledger, 'UPDATE', 'k', { title: 'worse' });
    await write(ledger, 'UPDATE', 'k', { note: 'with the other' }, { group: 77 });
    await write(ledger, 'UPDATE', 'other', { title: 'with k' }, { group: 77 });
    await write(ledger, 'UPDATE', 'other', { note: 'alone' });
    await ledger.change(false, (tx) => applyAnswers(tx, sent, [refused(1, 'invalid')]));
    expect(await row(ledger, 'k')).toBeUndefined();
    expect(await view(ledger, 'other')).toEqual({ id: 'other', title: 'a', note: 'alone' });
    expect([...ledger.rejected.values()].map((r) => [r.write.fields, r.cause])).toEqual([
      [{ id: 'k', title: 'bad' }, 1],
      [{ title: 'worse' }, 1],
      [{ note: 'with the other' }, 1],
      [{ title: 'with k' }, 1],
    ]);
    expect(ledger.queue().map(({ fields }) => fields)).toEqual([{ note: 'alone' }]);
  });

  test('is made again as a new one, with those refused because of it; or dismissed with them', async () => {
    const ledger = await openLedger();
    await write(ledger, 'CREATE', 'k', { id: 'k', title: 'bad' });
    const sent = await push(ledger);
    await write(ledger, 'UPDATE', 'k', { note: 'n' });
    await ledger.change(false, (tx) => applyAnswers(tx, sent, [refused(1, 'invalid')]));
    await ledger.change(true, (tx) =>
      retryRejected(tx, [...ledger.rejected.values()].find((r) => r.number === 2)!),
    );
    expect(ledger.queue()).toMatchObject([{ op: 'CREATE', fields: { id: 'k', title: 'bad', note: 'n' } }]);
    expect((await push(ledger)).writes.map(({ counter }) => counter)).toEqual([2]);
    await answer(ledger, refused(2, 'invalid'));
    await ledger.change(true, (tx) => void dismissRejected(tx, [...ledger.rejected.values()][0]!));
    expect([ledger.rejected.size, ledger.outbox.size]).toEqual([0, 0]);
  });

  test('of a group takes the whole group along', async () => {
    const ledger = await openLedger();
    await write(ledger, 'CREATE', 'k', { id: 'k', title: 'a' }, { group: 9 });
    await write(ledger, 'CREATE', 'l', { id: 'l', title: 'bad' }, { group: 9 });
    expect((await push(ledger)).atomic).toBe(true);
    const skipped = { counter: 1, status: 'SKIPPED', model: 'Task', key: 'k' } as const;
    await answer(ledger, skipped, refused(2, 'invalid', { key: 'l' }));
    expect([ledger.rejected.size, ledger.outbox.size]).toEqual([2, 0]);
    expect(await row(ledger, 'k')).toBeUndefined();
  });
});
