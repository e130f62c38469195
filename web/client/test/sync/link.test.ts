import { describe, expect, test } from 'vitest';
import type { Credentials } from '../../src/auth/credentials.ts';
import { tokens } from '../../src/auth/tokens.ts';
import { memoryDisk } from '../../src/index.ts';
import { House } from './house.ts';
import { Device } from './world.ts';

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

describe('a link that is made anew', () => {
  test.each([false, true])(
    'is told of records hidden since by pushes that are answered later: %s',
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

  test('goes on from what the last one brought and was still being stored', async () => {
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
});
