import { describe, expect, test, vi } from 'vitest';
import { memoryDisk, type Status, StorageLostError } from '../../src/index.ts';
import { House } from './house.ts';
import { Device } from './world.ts';

describe('status', () => {
  test('tells how the first sync goes, and shows rows before it is done', async () => {
    const house = new House();
    house.server.push(
      'x',
      Array.from({ length: 12 }, (_, i) => ({
        counter: i + 1,
        model: 'Note',
        op: 'CREATE',
        key: `k${i}`,
        fields: { title: `${i}` },
      })),
      false,
    );
    const { client } = house.open();
    const seen: Status[] = [];
    client.status.subscribe((status) => seen.push(status));
    let whileSyncing = 0;
    await house.until(async () => {
      if (!client.status.get().firstSync.done)
        whileSyncing = Math.max(whileSyncing, (await client.notes.query()).length);
      return client.status.get().connection === 'live';
    });
    expect(whileSyncing).toBeGreaterThan(0);
    expect([...new Set(seen.map((s) => s.connection))]).toEqual(
      ['connecting', 'syncing', 'connecting', 'live'].filter((c, i, all) => all.indexOf(c) === i),
    );
    expect(client.status.get()).toMatchObject({
      firstSync: { done: true, received: 12 },
      pending: 0,
      error: undefined,
    });
    expect(client.status.get().lastSynced).toBeGreaterThan(0);
  });

  test('counts what waits, and says why it cannot be sent', async () => {
    const house = new House();
    const { client } = house.open();
    await house.live(client);
    house.network.loss = 1;
    house.network.break();
    await client.notes.create({ id: 'a', title: 'a' });
    await house.until(() => client.status.get().connection === 'offline' && client.status.get().error);
    expect(client.status.get()).toMatchObject({ pending: 1 });
    house.network.loss = 0;
    await house.live(client);
    expect(client.status.get().error).toBeUndefined();
    expect(house.server.records.get('a')).toMatchObject({ version: 1 });
  });
});

describe('folding', () => {
  test('waits until the client has caught up, the first time and later', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }); // the store's; the client's are of its environment
    const house = new House();
    let counter = 0;
    const others = () =>
      house.server.push(
        'x',
        Array.from({ length: 40 }, () => ({
          counter: ++counter,
          model: 'Note',
          op: 'CREATE',
          key: `k${counter}`,
          fields: { title: 'x'.repeat(100_000) },
        })),
        false,
      );
    let folds = 0;
    const storage = async () => {
      const disk = memoryDisk(house.device.platter);
      const commit = disk.commit.bind(disk);
      disk.commit = (expected, change) => {
        if (change.put.some(([key]) => key === 'tree')) folds++;
        return commit(expected, change);
      };
      return disk;
    };
    others();
    const { client } = house.open({ storage });
    for (const round of [1, 2]) {
      const { lastSynced } = client.status.get();
      await house.until(() => {
        if (client.status.get().lastSynced !== lastSynced) return true;
        vi.advanceTimersByTime(1000); // as if each page took long
        return false;
      });
      expect(await client.notes.query()).toHaveLength(40 * round);
      expect(folds).toBe(0);
      vi.advanceTimersByTime(1000);
      const runs = () => [...house.device.platter.values.keys()].filter((key) => key.startsWith('run/'));
      await house.until(() => folds > 0 && runs().length < 5);
      await house.live(client);
      client.stop();
      others();
      folds = 0;
      client.start();
    }
    vi.useRealTimers();
  });
});

describe('the store', () => {
  test('that is lost is begun anew, with what waits; it is told', async () => {
    const house = new House();
    const { client } = house.open();
    await house.live(client);
    await client.notes.create({ id: 'kept', title: 'kept' });
    await house.live(client);
    let seen: readonly { id: string }[] = [];
    client.notes.observe({}, (notes) => {
      seen = notes;
    });
    house.network.loss = 1;
    house.network.break();
    await client.notes.create({ id: 'waits', title: 'waits' });
    await house.until(() => client.status.get().connection === 'offline');
    house.device.platter.values = new Map();
    await client.notes.create({ id: 'after', title: 'after' });
    expect(client.status.get()).toMatchObject({ pending: 2, storage: { lost: true } });
    house.network.loss = 0;
    await house.live(client);
    await house.until(() => seen.length === 3);
    expect([...house.server.records].map(([key, { version }]) => [key, version])).toEqual([
      ['kept', 1],
      ['waits', 1],
      ['after', 1],
    ]);
    expect(client.rejected.list()).toEqual([]);
  });

  test('that goes away while it is opened is opened again, a few times', async () => {
    const house = new House();
    let opened = 0;
    const lost = (times: number) => async () => {
      const disk = memoryDisk(house.device.platter);
      if (opened++ < times) disk.close();
      return disk;
    };
    await house.live(house.open({ storage: lost(3) }).client);
    expect(opened).toBe(4);
    const never = house.open({ storage: lost(Number.POSITIVE_INFINITY) }).client;
    await expect(never.notes.query()).rejects.toThrow(StorageLostError);
    expect(opened).toBeLessThan(10);
  });
});

describe('a store that was put back from a copy', () => {
  test('has counters that the server knows by other writes; then the client gets another name', async () => {
    const house = new House();
    const { client } = house.open();
    await house.live(client);
    const copy = new Device('copy', house.network);
    for (const [key, value] of house.device.platter.values)
      copy.platter.values.set(key, structuredClone(value));
    await client.notes.create({ id: 'a', title: 'a' });
    await house.live(client);
    const restored = house.open({}, copy).client;
    await restored.notes.create({ id: 'b', title: 'b' });
    await house.live(restored);
    expect([...house.server.records.keys()]).toEqual(['a', 'b']);
    expect(await restored.notes.query()).toHaveLength(2);
    expect(house.server.faults).toHaveLength(1);
  });
});

describe('writes', () => {
  test('that certainly cannot be are refused on the spot', async () => {
    const { client } = new House().open();
    client.stop();
    const bad = (fields: object) => client.notes.create(fields as never);
    await expect(bad({ odd: 1 })).rejects.toMatchObject({ code: 'invalid' });
    await expect(client.notes.update('none', { title: 'x' })).rejects.toMatchObject({ code: 'not_found' });
    await expect(client.notes.delete('none')).rejects.toMatchObject({ code: 'not_found' });
    await client.notes.create({ id: 'a' });
    await expect(bad({ id: 'a' })).rejects.toMatchObject({ code: 'conflict' });
    await expect(client.notes.update('a', { id: 'b' } as never)).rejects.toMatchObject({ code: 'invalid' });
    expect(await client.outbox.export()).toHaveLength(1);
  });

  test('of a transaction are made together, or none is', async () => {
    const { client } = new House().open();
    client.stop();
    const half = client.transact((tx) => {
      tx.notes.create({ id: 'a' });
      tx.notes.update('none', { title: 'x' });
    });
    await expect(half).rejects.toMatchObject({ code: 'not_found' });
    expect(await client.notes.query()).toEqual([]);
    const many = client.transact((tx) => {
      for (let i = 0; i <= 100; i++) tx.notes.create({});
    });
    await expect(many).rejects.toMatchObject({ code: 'too_large' });
    await client.transact((tx) => {
      const { id } = tx.notes.create({ title: 'a' });
      tx.notes.update(id as string, { n: 1 });
    });
    expect(await client.notes.query()).toMatchObject([{ title: 'a', n: 1 }]);
  });
});
