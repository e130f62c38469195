import { describe, expect, test } from 'vitest';
import { createClient, memoryDisk } from '../../src/index.ts';
import { House, type Model } from './house.ts';
import { schema } from './model.ts';
import { drawing } from './world.ts';

describe('the counter of a write', () => {
  /** Counts durable commits, and pushes that leave before their counters are on the disk. */
  const watched = () => {
    const house = new House();
    const seen = { durable: 0, early: 0 };
    const storage = async () => {
      const disk = memoryDisk(house.device.platter);
      const commit = disk.commit.bind(disk);
      disk.commit = (expected, change) => {
        if (change.durable) seen.durable++;
        return commit(expected, change);
      };
      return disk;
    };
    const answer = house.network.fetch.bind(house.network);
    house.network.fetch = (device, request) => {
      const { writes = [] } = JSON.parse(request.body).variables as { writes?: { counter: number }[] };
      const stored = [...house.device.platter.values.values()].join();
      for (const { counter } of writes) if (!stored.includes(`"counter":${counter}}`)) seen.early++;
      return answer(device, request);
    };
    return { house, seen, storage };
  };

  test('is in the commit of the write, where that is sent at once', async () => {
    const { house, seen, storage } = watched();
    const { client } = house.open({ storage });
    await house.live(client);
    seen.durable = 0;
    for (const id of ['a', 'b', 'c', 'd']) await client.notes.create({ id });
    await house.live(client);
    expect(seen).toEqual({ durable: 4, early: 0 });
    expect([...house.server.records.keys()]).toEqual(['a', 'b', 'c', 'd']);
    expect(house.server.faults).toEqual([]);
  });

  test('waits where the write does, so that later ones become one with it', async () => {
    const { house, seen, storage } = watched();
    const { client } = house.open({ storage });
    await house.live(client);
    await client.notes.create({ id: 'a' });
    for (const n of [1, 2, 3]) await client.notes.update('a', { n });
    await client.notes.create({ id: 'b' });
    await client.notes.update('b', { n: 4 });
    const brief = async () =>
      (await client.outbox.export()).map(({ key, fields, sent }) => [key, fields.n, sent !== undefined]);
    expect(await brief()).toEqual([
      ['a', undefined, true],
      ['a', 3, false],
      ['b', 4, false],
    ]);
    await house.live(client);
    expect([...house.server.records].map(([key, { version }]) => [key, version])).toEqual([
      ['a', 2],
      ['b', 1],
    ]);
    house.network.loss = 1;
    house.network.break();
    await client.notes.update('a', { n: 5 });
    await house.until(() => client.status.get().connection === 'offline' && client.status.get().error);
    await client.notes.create({ id: 'c' });
    await client.notes.update('c', { n: 6 });
    expect(await brief()).toEqual([
      ['a', 5, true],
      ['c', 6, false],
    ]);
    house.network.loss = 0;
    await house.live(client);
    expect(house.server.records.get('c')).toMatchObject({ version: 1 });
    expect([seen.early, house.server.faults]).toEqual([0, []]);
  });

  test('is of one write only, whichever tab makes it, and the same when it is sent again', async () => {
    const { house, seen, storage } = watched();
    const tabs = [house.open({ storage }).client, house.open({ storage }).client];
    await Promise.all(tabs.map(house.live));
    house.network.loss = 0.4;
    house.draw = drawing(1);
    const ids = Array.from({ length: 20 }, (_, i) => `k${i}`);
    await Promise.all(ids.map((id, i) => tabs[i % 2]!.notes.create({ id, n: i })));
    for (const id of ids) await tabs[1]!.notes.update(id, { title: id });
    house.network.loss = 0;
    await Promise.all(tabs.map(house.live));
    expect([...house.server.records.keys()].sort()).toEqual(ids.sort());
    expect([seen.early, house.server.faults]).toEqual([0, []]);
  });
});

describe('pushes', () => {
  test('that the server finds too large are halved; a write that is too large alone is put aside', async () => {
    const house = new House();
    const { client } = house.open();
    client.stop();
    for (let i = 0; i < 10; i++) await client.notes.create({ id: `k${i}` });
    house.server.largest = 3;
    client.start();
    await house.live(client);
    expect(house.server.records.size).toBe(10);
    house.server.largest = 0;
    await client.notes.update('k1', { title: 'large' });
    await house.live(client);
    expect(client.rejected.list()).toMatchObject([{ code: 'too_large', write: { key: 'k1' } }]);
    expect((await client.notes.get('k1'))?.title).toBeUndefined();
    expect(house.server.faults).toEqual([]);
  });

  test('wait longer from time to time, and not when there is a hint', async () => {
    const house = new House();
    const { environment } = house.device.tab();
    let hint = () => {};
    const client = createClient<Model>({
      endpoint: 'http://model/graphql',
      auth: 'key',
      schema,
      storage: 'memory',
      environment: {
        ...environment,
        listen: (listener) => {
          hint = listener;
          return () => {};
        },
      },
    });
    client.start();
    await house.live(client);
    house.network.loss = 1;
    house.network.break();
    await client.notes.create({ id: 'a' });
    const tries: number[] = [];
    const { network } = house;
    const answer = network.fetch.bind(network);
    network.fetch = (device, request) => {
      tries.push(house.clock.time);
      return answer(device, request);
    };
    await house.until(() => tries.length >= 9);
    const waits = tries.slice(1).map((at, i) => at - tries[i]!);
    expect(waits.at(-1)).toBeGreaterThan(10_000);
    expect(Math.max(...waits)).toBeLessThan(31_000);
    await house.until(() => network.pushes.get('d') === 0);
    const before = tries.length;
    const now = house.clock.time;
    network.loss = 0;
    hint();
    await house.until(() => tries.length > before);
    expect(house.clock.time - now).toBeLessThan(1000);
  });
});
