import { describe, expect, test } from 'vitest';
import { preparePush } from '../../src/answers.ts';
import { applyFrames } from '../../src/frames.ts';
import { memoryDisk } from '../../src/memory-disk.ts';
import type { Schema } from '../../src/schema.ts';
import { upgrade } from '../../src/upgrade.ts';
import { frame, openLedger, put, row, schema, scope, view, write } from './fixture.ts';

const platter = () => ({ values: new Map<string, unknown>() });

describe('a change', () => {
  test('has the write and what the app sees of it in one durable commit', async () => {
    const ledger = await openLedger();
    const batches: { durable: boolean; put: readonly (readonly [string, unknown])[] }[] = [];
    ledger.entries.listen((batch) => batches.push(batch!));
    await write(ledger, 'CREATE', 'k', { id: 'k', title: 'a' });
    expect(batches).toHaveLength(1);
    expect(batches[0]!.durable).toBe(true);
    expect(batches[0]!.put.map(([key]) => key.split('\0')[0]).sort()).toEqual(['i', 'm', 'o', 'r']);
  });

  test('is made again where another tab was faster', async () => {
    const shared = platter();
    const [one, two] = [await openLedger(memoryDisk(shared)), await openLedger(memoryDisk(shared))];
    await one.change(false, (tx) =>
      applyFrames(tx, [frame([put('k', 1, { title: 'a', note: 'a' })])], scope),
    );
    await Promise.all([
      write(one, 'UPDATE', 'k', { title: 'one' }),
      write(two, 'UPDATE', 'k', { note: 'two' }),
      write(two, 'CREATE', 'l', { id: 'l' }),
      write(one, 'CREATE', 'm', { id: 'm' }),
    ]);
    await one.entries.refresh();
    await two.entries.refresh();
    expect(await view(one, 'k')).toMatchObject({ title: 'one', note: 'two' });
    expect(await view(two, 'k')).toEqual(await view(one, 'k'));
    expect(two.queue()).toEqual(one.queue());
    expect(new Set(one.queue().map((entry) => entry.number)).size).toBe(3);
  });

  test('is not made from what another tab has changed meanwhile', async () => {
    const shared = platter();
    const [one, two] = [await openLedger(memoryDisk(shared)), await openLedger(memoryDisk(shared))];
    let runs = 0;
    await one.change(true, async (tx) => {
      runs++;
      const record = await tx.readOne('Task', 'k');
      if (runs === 1) {
        await write(two, 'CREATE', 'k', { id: 'k', title: 'two' });
        await one.entries.refresh(); // so that the commit alone would not notice
      }
      if (!tx.view(record)) tx.enqueue(record, { op: 'CREATE', fields: { id: 'k', title: 'one' } });
    });
    expect(runs).toBe(2);
    expect(one.queue().map(({ fields }) => fields)).toEqual([{ id: 'k', title: 'two' }]);
  });

  test('of the user and frames come one after the other', async () => {
    const ledger = await openLedger();
    const hears = Array.from({ length: 20 }, (_, i) =>
      ledger.change(false, (tx) =>
        applyFrames(tx, [frame([put('k', i + 1, { title: `t${i}`, note: `n${i}` })])], scope),
      ),
    );
    const writes = Array.from({ length: 20 }, (_, i) => write(ledger, 'UPDATE', 'k', { status: `s${i}` }));
    await Promise.all([...hears, ...writes]);
    expect(await view(ledger, 'k')).toEqual({ id: 'k', title: 't19', note: 'n19', status: 's19' });
    expect(ledger.queue()).toHaveLength(1);
  });

  test('that another tab freezes is seen by the tab that takes over, in the same words', async () => {
    const shared = platter();
    const [one, two] = [await openLedger(memoryDisk(shared)), await openLedger(memoryDisk(shared))];
    await write(one, 'CREATE', 'k', { id: 'k', title: 'a' });
    const first = await preparePush(one, { writes: 100, size: 1e6 });
    await write(two, 'UPDATE', 'k', { title: 'b' });
    expect(await preparePush(two, { writes: 100, size: 1e6 })).toEqual(first);
    expect(two.queue()).toHaveLength(2);
  });
});

describe('another schema', () => {
  const { tasks, plans } = schema.collections;
  const later: Schema = {
    ...schema,
    version: '2',
    collections: { plans: plans!, tasks: { ...tasks!, indexes: { byNote: ['note'] } } },
  };
  const old = async () => {
    const shared = platter();
    const ledger = await openLedger(memoryDisk(shared));
    await upgrade(ledger);
    const puts = Array.from({ length: 4500 }, (_, i) => put(`k${i}`, 1, { title: `t${i}`, note: `n${i}` }));
    await ledger.change(false, (tx) => applyFrames(tx, [frame(puts)], scope));
    await write(ledger, 'UPDATE', 'k0', { title: 'sent' });
    await preparePush(ledger, { writes: 100, size: 1e6 });
    await write(ledger, 'UPDATE', 'k1', { title: 'waits', odd: 1 });
    return shared;
  };
  const indexes = async (ledger: Awaited<ReturnType<typeof openLedger>>) =>
    new Set((await ledger.entries.scan({ from: 'i\0', to: 'i\u0001' })).map(([key]) => key.split('\0')[2]));

  test('has its own indexes, and every record and write', async () => {
    const ledger = await openLedger(memoryDisk(await old()), later);
    await upgrade(ledger);
    expect(await indexes(ledger)).toEqual(new Set(['byNote']));
    expect(await ledger.entries.scan({ from: 'i\0', to: 'i\u0001' })).toHaveLength(4500);
    expect(await view(ledger, 'k1')).toEqual({ id: 'k1', title: 'waits', note: 'n1', odd: 1 });
    expect(ledger.queue().map(({ fields }) => fields)).toEqual([
      { title: 'sent' },
      { title: 'waits', odd: 1 },
    ]);
    expect(ledger.meta.get('schema')).toBe('2');
  });

  test('may move what is stored, but not what was sent', async () => {
    const ledger = await openLedger(memoryDisk(await old()), later);
    const moved: string[] = [];
    await upgrade(ledger, ({ from, records, outbox }) => {
      moved.push(from);
      records('Task', ({ note, ...record }) => ({ ...record, note: `${note}!` }));
      outbox((w) => ({ ...w, fields: { ...w.fields, title: 'moved' }, number: 999 }));
    });
    expect(moved).toEqual(['1']);
    expect(await view(ledger, 'k0')).toMatchObject({ title: 'sent', note: 'n0!' });
    expect(await view(ledger, 'k1')).toMatchObject({ title: 'moved', note: 'n1!' });
    expect(await view(ledger, 'k4499')).toMatchObject({ note: 'n4499!' });
  });

  test('goes on where an upgrade was broken off, and maps nothing twice', async () => {
    const shared = await old();
    const ledger = await openLedger(memoryDisk(shared), later);
    let left = 3000;
    const migrate: Parameters<typeof upgrade>[1] = ({ records }) =>
      records('Task', (record) => {
        if (left-- === 0) throw new Error('the tab is closed');
        return { ...record, note: `${record['note']}!` };
      });
    await expect(upgrade(ledger, migrate)).rejects.toThrow('closed');
    left = 1e6;
    const again = await openLedger(memoryDisk(shared), later);
    await upgrade(again, migrate);
    const rows = await again.entries.scan({ from: 'r\0', to: 'r\u0001' });
    expect(rows.filter(([, r]) => !/^n\d+!$/.test((r as { view: { note: string } }).view.note))).toEqual([]);
    expect((await row(again, 'k2'))?.version).toBe(1);
  });
});
