import { describe, expect, test, vi } from 'vitest';
import type { Credentials } from '../../src/auth/credentials.ts';
import { tokens } from '../../src/auth/tokens.ts';
import {
  type Client,
  type ClientOptions,
  createClient,
  memoryDisk,
  type Schema,
  type Status,
  StorageLostError,
} from '../../src/index.ts';
import { Server, schema } from './model.ts';
import { Clock, Device, type Draw, drawing, Network } from './world.ts';

type Model = typeof schema extends Schema<infer C> ? C : never;
type Notes = Client<Model>;

/** A device with some tabs, and the model server. */
class House {
  readonly clock = new Clock();
  readonly server = new Server();
  draw: Draw = () => 0.5;
  readonly network = new Network(this.clock, this.server, () => this.draw());
  readonly device = new Device('d', this.network);

  open(options: Partial<ClientOptions<Model>> = {}, of = this.device): { client: Notes; crash: () => void } {
    const { environment, crash } = of.tab();
    const storage = async () => memoryDisk(of.platter);
    const base = { endpoint: 'http://model/graphql', auth: 'key', schema, storage, environment };
    const client = createClient({ ...base, ...options });
    client.start();
    return { client, crash };
  }

  /** Lets time go on until something holds. */
  async until(holds: () => unknown): Promise<void> {
    for (let i = 0; !(await holds()); i++) {
      if (i > 3000) throw new Error(`it did not come to ${holds}`);
      await this.clock.step();
    }
  }

  live = (client: Notes) =>
    this.until(() => client.status.get().connection === 'live' && client.status.get().pending === 0);
}

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

describe('credentials', () => {
  const changing = () => {
    const listeners = new Set<() => void>();
    const tell = () => {
      for (const listener of [...listeners]) listener();
    };
    const state = { good: true, renews: true, asked: 0, user: 'ana' as string | undefined, tell };
    const auth: Credentials = {
      get user() {
        return state.user;
      },
      headers: async () => ({ Authorization: state.good ? 'good' : 'bad' }),
      renew: async () => {
        state.asked++;
        if (state.renews) state.good = true;
        return state.renews;
      },
      subscribe: (callback) => {
        listeners.add(callback);
        return () => listeners.delete(callback);
      },
    };
    return { state, auth };
  };

  test('that are refused are renewed; where they cannot be, everything waits for somebody to sign in', async () => {
    const house = new House();
    const { state, auth } = changing();
    const { client } = house.open({ auth });
    await house.live(client);
    house.network.denies = (headers) => headers['Authorization'] !== 'good';
    state.good = false;
    await client.notes.create({ id: 'a' });
    await house.live(client);
    expect(state.asked).toBe(1);
    Object.assign(state, { good: false, renews: false });
    house.network.break();
    await client.notes.create({ id: 'b' });
    await house.until(() => client.status.get().connection === 'unauthenticated');
    for (let i = 0; i < 50; i++) await house.clock.step();
    expect(client.status.get()).toMatchObject({ pending: 1, rejected: 0 });
    state.good = true;
    state.tell();
    await house.live(client);
    expect([...house.server.records.keys()]).toEqual(['a', 'b']);
  });

  test('that end on a socket, while pushes have had others since, are not waited for', async () => {
    const house = new House();
    let token = 'first';
    const { client } = house.open({ auth: tokens(async () => token) });
    await house.live(client);
    token = 'second';
    await client.notes.create({ id: 'a' });
    await house.live(client);
    house.network.denies = (headers) => headers.Authorization !== 'second';
    house.network.break(4403);
    await house.until(() => client.status.get().connection !== 'live');
    await house.live(client);
    house.network.denies = () => true;
    house.network.break(4403);
    for (let i = 0; i < 50; i++) await house.clock.step();
    expect(client.status.get().connection).toBe('unauthenticated');
  });

  test('of somebody else have a store of their own, and send nothing that the first wrote', async () => {
    const house = new House();
    const { state, auth } = changing();
    const platters = new Map<string | undefined, Device>();
    const storage = async () => {
      const of = platters.get(state.user) ?? new Device(`${state.user}`, house.network);
      platters.set(state.user, of);
      return memoryDisk(of.platter);
    };
    const { client } = house.open({ auth, storage });
    await house.live(client);
    house.network.loss = 1;
    await client.notes.create({ id: 'ana', title: 'of Ana' });
    state.user = 'ben';
    state.tell();
    await house.until(async () => (await client.notes.query()).length === 0);
    house.network.loss = 0;
    await house.live(client);
    expect(house.server.records.size).toBe(0);
    state.user = 'ana';
    state.tell();
    await house.until(() => house.server.records.has('ana'));
  });
});

describe('tabs', () => {
  test('see what the others write, and one of them syncs', async () => {
    const house = new House();
    const [one, two] = [house.open().client, house.open().client];
    await Promise.all([house.live(one), house.live(two)]);
    let seen: readonly object[] = [];
    two.notes.observe({}, (notes) => {
      seen = notes;
    });
    await one.notes.create({ id: 'a', title: 'a' });
    await house.until(() => seen.length === 1);
    await house.live(two);
    expect(house.network.mostPushes).toBe(1);
  });

  test('that follow say what they are told of the connection, whatever they do', async () => {
    const house = new House();
    const [one, two] = [house.open().client, house.open().client];
    await Promise.all([house.live(one), house.live(two)]);
    const said = new Set<string>();
    two.status.subscribe(({ connection }) => said.add(connection));
    await two.notes.create({ id: 'a' });
    await house.live(two);
    expect([...said]).toEqual(['live']);
  });

  test('one takes over from another that ends in the middle of a push, which is sent again and applied once', async () => {
    const house = new House();
    const one = house.open();
    const { client } = house.open();
    await house.live(one.client);
    await house.live(client);
    await one.client.notes.create({ id: 'a', tags: ['x'] });
    await house.until(() => house.server.records.has('a')); // the answer is on its way
    one.crash();
    await client.notes.update('a', (note) => ({ tags: [...(note.tags ?? []), 'y'] }));
    await house.live(client);
    expect(house.server.records.get('a')).toMatchObject({ version: 2, fields: { tags: ['x', 'y'] } });
    expect(house.server.faults).toEqual([]);
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

  test.each([false, true])(
    'that are answered after the log was asked anew tell of records hidden since: %s',
    async (hidden) => {
      const house = new House();
      const { environment } = house.device.tab();
      let [sockets, answer] = [0, () => {}];
      const held = new Promise<void>((resolve) => {
        answer = resolve;
      });
      const { client } = house.open({
        environment: {
          ...environment,
          openSocket: (...to) => {
            sockets++;
            return environment.openSocket(...to);
          },
          fetch: async (url, request) => {
            const response = await environment.fetch(url, request);
            if (request.body.includes('push(')) await held;
            return response;
          },
        },
      });
      await house.live(client);
      if (hidden) house.server.hidden.add('a');
      await client.notes.create({ id: 'a' });
      await house.until(() => house.server.records.has('a'));
      house.network.break();
      await house.until(() => sockets === 2 && client.status.get().connection === 'live');
      for (let i = 0; i < 5; i++) {
        await client.transact((tx) => {
          tx.notes.create({ id: `${i}` });
          tx.notes.create({ id: `${i}+` });
        });
      }
      answer();
      await house.live(client);
      for (let i = 0; i < 50; i++) await house.clock.step();
      expect(client.status.get().connection).toBe('live');
      expect(await client.notes.query()).toHaveLength(hidden ? 10 : 11);
      expect(sockets).toBe(hidden ? 3 : 2);
    },
  );

  test('do not mix with a link that was made anew while what the last one brought was being stored', async () => {
    const house = new House();
    const { environment } = house.device.tab();
    const asked: string[] = [];
    let held: Promise<void> | undefined;
    let release = () => {};
    const { client } = house.open({
      storage: async () => {
        const disk = memoryDisk(house.device.platter);
        const commit = disk.commit.bind(disk);
        disk.commit = async (...change) => {
          await held;
          return commit(...change);
        };
        return disk;
      },
      environment: {
        ...environment,
        openSocket: (...to) => {
          const socket = environment.openSocket(...to);
          const send = socket.send.bind(socket);
          socket.send = (text) => {
            const after = JSON.parse(text).payload?.variables?.after;
            if (after) asked.push(after);
            send(text);
          };
          return socket;
        },
      },
    });
    await house.live(client);
    held = new Promise((resolve) => {
      release = resolve;
    });
    house.server.push('x', [{ counter: 1, model: 'Note', op: 'CREATE', key: 'a', fields: {} }], false);
    house.server.committed();
    for (let i = 0; i < 20; i++) await house.clock.step(); // the frame is here, and waits for the disk
    house.network.break();
    await house.until(() => asked.length === 2);
    for (let i = 0; i < 20; i++) await house.clock.step(); // what the new link brought waits behind it
    held = undefined;
    release();
    await house.until(() => asked.length === 3);
    await house.live(client);
    expect(asked).toEqual(['1:0', '1:0', '1:1']);
    expect(await client.notes.query()).toHaveLength(1);
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
