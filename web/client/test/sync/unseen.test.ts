import { expect, test } from 'vitest';
import { applyAnswers, preparePush } from '../../src/answers.ts';
import { applyFrames } from '../../src/frames.ts';
import { rowKey } from '../../src/rows.ts';
import { dropUnseen, unseenOf } from '../../src/unseen.ts';
import { frame, openLedger, put, remove, row, scope, taken, view, write } from './fixture.ts';

const limit = { writes: 100, size: 1e6 };

/** A record whose write was answered, at version 1. */
async function answered(answer: object = {}) {
  const ledger = await openLedger();
  await write(ledger, 'CREATE', 'k', { id: 'k', title: 'A' });
  const push = (await preparePush(ledger, limit))!;
  const answers = [taken(1, 1, { id: 'k', title: 'A' }, answer)];
  await ledger.change(false, (tx) => applyAnswers(tx, push, answers));
  return ledger;
}

test('what an answer showed and the log leaves out goes once the log was read to its end', async () => {
  const ledger = await answered();
  const before = unseenOf(ledger);
  expect(before).toEqual({ [rowKey('Task', 'k')]: 1 });
  expect(await view(ledger, 'k')).toMatchObject({ title: 'A' });
  await ledger.change(false, (tx) => dropUnseen(tx, before));
  expect(await row(ledger, 'k')).toBeUndefined();
  expect(unseenOf(ledger)).toEqual({});
});

test('what the log sends stays, and what came of an answer after the log was asked', async () => {
  const ledger = await answered();
  const before = unseenOf(ledger);
  await ledger.change(false, (tx) => applyFrames(tx, [frame([put('k', 1, { title: 'A' })])], scope));
  await ledger.change(false, (tx) => dropUnseen(tx, before));
  expect(await view(ledger, 'k')).toMatchObject({ title: 'A' });

  const late = await answered({ version: 1, recordVersion: 3 });
  await late.change(false, (tx) => applyFrames(tx, [frame([put('k', 2, { title: 'older' })])], scope));
  expect(unseenOf(late)).toEqual({ [rowKey('Task', 'k')]: 3 });
  await late.change(false, (tx) => dropUnseen(tx, { [rowKey('Task', 'k')]: 2 }));
  expect(await view(late, 'k')).toMatchObject({ title: 'A' });
});

test('writes that wait stay when the record under them goes', async () => {
  const ledger = await answered();
  await write(ledger, 'UPDATE', 'k', { title: 'B' });
  await ledger.change(false, (tx) => dropUnseen(tx, unseenOf(ledger)));
  expect(ledger.queue().map(({ fields }) => fields)).toEqual([{ title: 'B' }]);
  await ledger.change(false, (tx) => applyFrames(tx, [frame([remove('k', 4)])], scope));
  expect(ledger.queue()).toHaveLength(1);
});
