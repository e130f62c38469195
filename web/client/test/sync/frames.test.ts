import { describe, expect, test } from 'vitest';
import { applyFrames, forget, type Scope, sweep } from '../../src/frames.ts';
import type { Ledger } from '../../src/ledger.ts';
import type { ChangeFrame } from '../../src/wire.ts';
import { frame, openLedger, put, remove, row, scope, view, write } from './fixture.ts';

const hear = (ledger: Ledger, frames: ChangeFrame[], of: Scope = scope) =>
  ledger.change(false, (tx) => applyFrames(tx, frames, of));
const finish = (ledger: Ledger, of: Scope = scope) => sweep(ledger, of, new AbortController().signal);

describe('frames', () => {
  test('that wait are applied in one commit, with the last cursor', async () => {
    const ledger = await openLedger();
    const batches: unknown[] = [];
    ledger.entries.listen((batch) => batches.push(batch));
    await hear(ledger, [
      frame([put('a', 1, { title: '1' }), put('b', 1, { title: 'b' })], { cursor: '1', upToDate: false }),
      frame([put('a', 2, { title: '2' }), remove('b', 2)], { cursor: '2' }),
    ]);
    expect(batches).toHaveLength(1);
    expect(await view(ledger, 'a')).toMatchObject({ title: '2' });
    expect(await row(ledger, 'b')).toBeUndefined();
    expect(ledger.place(scope)).toMatchObject({ cursor: '2', done: true, received: 4 });
  });

  test('that come twice change nothing', async () => {
    const ledger = await openLedger();
    await hear(ledger, [frame([put('a', 2, { title: 'a' })])]);
    const before = await row(ledger, 'a');
    await hear(ledger, [frame([put('a', 2, { title: 'a' }), put('a', 1, { title: 'old' }), remove('a', 1)])]);
    expect(await row(ledger, 'a')).toEqual(before);
  });

  test('of a model or with fields that the app does not know are kept as they are', async () => {
    const ledger = await openLedger();
    await hear(ledger, [frame([put('x', 1, { odd: { deep: [1] } }, 'Later'), put('a', 1, { odd: 1 })])]);
    expect(await view(ledger, 'x', 'Later')).toEqual({ id: 'x', odd: { deep: [1] } });
    await write(ledger, 'UPDATE', 'a', { title: 'mine' });
    expect(await view(ledger, 'a')).toEqual({ id: 'a', odd: 1, title: 'mine' });
  });

  test('go under the writes that wait', async () => {
    const ledger = await openLedger();
    await hear(ledger, [frame([put('a', 1, { title: 'a', note: 'a' })])]);
    await write(ledger, 'UPDATE', 'a', { title: 'mine' });
    await hear(ledger, [frame([put('a', 2, { title: 'theirs', note: 'theirs' })])]);
    expect(await view(ledger, 'a')).toEqual({ id: 'a', title: 'mine', note: 'theirs' });
    expect((await row(ledger, 'a'))?.server).toMatchObject({ title: 'theirs', _version: 2 });
  });

  test('that take a record away take it from the app, and leave its writes', async () => {
    const ledger = await openLedger();
    await hear(ledger, [frame([put('a', 1, { title: 'a' })])]);
    await write(ledger, 'UPDATE', 'a', { title: 'mine' });
    await hear(ledger, [frame([remove('a', 2)])]);
    expect(await row(ledger, 'a')).toEqual({ view: null, version: 0, server: null });
    expect(ledger.outbox.size).toBe(1);
    await hear(ledger, [frame([put('a', 1, { title: 'seen again' })])]);
    expect(await view(ledger, 'a')).toMatchObject({ title: 'mine' });
  });
});

describe('a reset', () => {
  test('keeps what is sent again, whatever its version, and waiting writes; it drops the rest', async () => {
    const ledger = await openLedger();
    const keys = Array.from({ length: 2500 }, (_, i) => `k${i}`);
    await hear(ledger, [frame(keys.map((key) => put(key, 9, { title: 'old' })))]);
    await write(ledger, 'UPDATE', 'k1', { title: 'mine' });
    await write(ledger, 'CREATE', 'new', { id: 'new', title: 'mine' });
    await hear(ledger, [frame([put('k0', 3, { title: 'restored' })], { reset: true, upToDate: false })]);
    expect(await view(ledger, 'k2')).toMatchObject({ title: 'old' }); // until it is known to be gone
    await hear(ledger, [frame([put('k3', 1, { title: 'restored' })])]);
    await finish(ledger);
    const left = (await ledger.entries.scan({ from: 'r\0', to: 'r\u0001' })).map(
      ([key]) => key.split('\0')[2],
    );
    expect(left.sort()).toEqual(['k0', 'k1', 'k3', 'new']);
    expect(await row(ledger, 'k0')).toMatchObject({ version: 3, view: { title: 'restored' } });
    expect(await row(ledger, 'k1')).toMatchObject({ view: null, server: null });
    expect(await view(ledger, 'new')).toMatchObject({ title: 'mine' });
    expect(ledger.queue()).toHaveLength(2);
    expect(ledger.place(scope).doubt).toBeUndefined();
  });

  test('goes on after a crash between', async () => {
    const ledger = await openLedger();
    await hear(ledger, [frame([put('a', 1, {}), put('b', 1, {})])]);
    await ledger.change(false, (tx) => forget(tx, scope));
    expect(ledger.place(scope).cursor).toBeUndefined();
    await hear(ledger, [frame([put('a', 1, {})])]);
    const stopped = new AbortController();
    stopped.abort();
    await sweep(ledger, scope, stopped.signal);
    expect(ledger.place(scope).doubt).toBeDefined();
    await finish(ledger);
    expect([await row(ledger, 'a'), await row(ledger, 'b')]).toMatchObject([{ version: 1 }, undefined]);
  });
});

describe('another scope', () => {
  const tasks: Scope = { models: ['Task'], filter: {} };
  const both: Scope = { models: ['Task', 'Plan'], filter: {} };
  const some: Scope = { models: ['Task', 'Plan'], filter: { Plan: { title: { eq: 'x' } } } };
  const filled = async () => {
    const ledger = await openLedger();
    await hear(ledger, [frame([put('t', 1, {}), put('p', 1, {}, 'Plan'), put('q', 1, {}, 'Plan')])], both);
    return ledger;
  };

  test('drops the records of models that are left out', async () => {
    const ledger = await filled();
    await hear(ledger, [frame([])], tasks);
    await finish(ledger, tasks);
    expect([await row(ledger, 't'), await row(ledger, 'p', 'Plan')]).toMatchObject([
      { version: 1 },
      undefined,
    ]);
  });

  test('keeps of a model with another filter what is sent again', async () => {
    const ledger = await filled();
    await hear(ledger, [frame([put('q', 1, { title: 'x' }, 'Plan')])], some);
    await finish(ledger, some);
    expect([
      await row(ledger, 't'),
      await row(ledger, 'p', 'Plan'),
      await row(ledger, 'q', 'Plan'),
    ]).toMatchObject([{ version: 1 }, undefined, { view: { title: 'x' } }]);
  });

  test('with more models puts nothing in doubt', async () => {
    const ledger = await openLedger();
    await hear(ledger, [frame([put('t', 1, {})])], tasks);
    await hear(ledger, [frame([put('p', 1, {}, 'Plan')])], both);
    expect(ledger.place(both)).toMatchObject({ scope: both });
    expect(ledger.place(both).doubt).toBeUndefined();
  });
});
