import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Client, createClient, memoryDisk, type Schema } from '../../src/index.ts';
import { Server, schema } from './model.ts';
import { Clock, Device, drawing, Network } from './world.ts';

// Whole lives of some devices, on a clock of their own, with a network that loses and tabs that crash. Whatever happens,
// in the end all hold what the server holds, and every write that resolved is in it once, or is told of.

type Notes = Client<typeof schema extends Schema<infer C> ? C : never>;

const actions = [
  'create',
  'tag',
  'tag',
  'tag',
  'title',
  'both',
  'count',
  'delete',
  'bad',
  'stop',
  'start',
  'crash',
  'wait',
  'wait',
  'lose',
  'heal',
  'break',
  'reset',
  'transact',
] as const;
const action = fc.record({
  what: fc.constantFrom(...actions),
  device: fc.nat(1),
  tab: fc.nat(1),
  record: fc.nat(2),
});

interface Tab {
  client: Notes;
  crash: () => void;
}

class Life {
  readonly clock = new Clock();
  readonly server = new Server();
  readonly network: Network;
  readonly devices: Device[];
  readonly tabs: Tab[][];
  /** What was added to the list of a record by a write that resolved. */
  readonly tags = new Map<string, string>();
  readonly deleted = new Set<string>();
  #next = 0;

  constructor(draw: () => number) {
    this.network = new Network(this.clock, this.server, draw);
    this.devices = ['a', 'b'].map((name) => new Device(name, this.network));
    this.tabs = this.devices.map((device) => [this.open(device), this.open(device)]);
  }

  open(device: Device): Tab {
    const { environment, crash } = device.tab();
    let gone = false;
    const storage = () => (gone ? new Promise<never>(() => {}) : Promise.resolve(memoryDisk(device.platter)));
    const client = createClient({
      endpoint: 'http://model/graphql',
      auth: 'key',
      schema,
      storage,
      environment,
      name: device.name,
    });
    client.start();
    return {
      client,
      crash: () => {
        gone = true;
        crash();
      },
    };
  }

  /** Waits for a promise while the clock goes on. */
  async during<T>(promise: Promise<T>): Promise<T | undefined> {
    let done = false;
    let result: T | undefined;
    promise
      .then((value) => {
        result = value;
      }, refusedHere)
      .finally(() => {
        done = true;
      });
    for (let i = 0; i < 2000 && !done; i++) await this.clock.step();
    return result;
  }

  async act({
    what,
    device,
    tab,
    record,
  }: {
    what: (typeof actions)[number];
    device: number;
    tab: number;
    record: number;
  }): Promise<void> {
    const { client } = this.tabs[device]![tab]!;
    const id = `r${record}`;
    const name = `t${this.#next++}`;
    const note = await this.during(client.notes.get(id));
    if (what === 'create') {
      if (await this.during(client.notes.create({ id, title: name, tags: [name] }))) this.tags.set(name, id);
    } else if ((what === 'tag' || what === 'both') && note) {
      const title = what === 'both' && { title: name };
      const adding = client.notes.update(id, (now) => ({ tags: [...(now.tags ?? []), name], ...title }));
      if (await this.during(adding)) this.tags.set(name, id);
    } else if (what === 'title') await this.during(client.notes.update(id, { title: name }));
    else if (what === 'count') await this.during(client.notes.update(id, { n: this.#next }));
    else if (what === 'bad') await this.during(client.notes.update(id, { title: 'bad' }));
    else if (what === 'delete') {
      this.deleted.add(id);
      await this.during(client.notes.delete(id));
    } else if (what === 'transact') {
      await this.during(
        client.transact((tx) => {
          tx.notes.update(id, { title: name });
          tx.notes.create({ id: `x${name}`, title: this.#next % 3 === 0 ? 'bad' : name });
        }),
      );
    } else if (what === 'stop') client.stop();
    else if (what === 'start') client.start();
    else if (what === 'crash') {
      this.tabs[device]![tab]!.crash();
      this.tabs[device]![tab] = this.open(this.devices[device]!);
    } else if (what === 'wait') for (let i = 0; i < 60; i++) await this.clock.step();
    else if (what === 'lose') this.network.loss = 0.4;
    else if (what === 'heal') this.network.loss = 0;
    else if (what === 'break') this.network.break();
    else if (what === 'reset') this.server.epoch++;
  }

  get clients(): Notes[] {
    return this.tabs.flat().map((tab) => tab.client);
  }

  /** Makes everything good, and waits until nobody has anything to do. */
  async settle(): Promise<void> {
    this.network.loss = 0;
    this.network.break();
    for (const client of this.clients) client.start();
    const settled = () =>
      this.clients.every(
        (client) => client.status.get().connection === 'live' && client.status.get().pending === 0,
      );
    for (let i = 0, calm = 0; calm < 300; calm = settled() ? calm + 1 : 0) {
      if (i++ > 20_000)
        throw new Error(`it does not settle: ${JSON.stringify(this.clients.map((c) => c.status.get()))}`);
      await this.clock.step();
    }
  }
}

/** A write may be refused on the spot: there is no such record. */
function refusedHere(): void {}

test('many lives', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(action, { minLength: 5, maxLength: 60, size: 'max' }),
      fc.integer(),
      async (plan, seed) => {
        const life = new Life(drawing(seed));
        for (const step of plan) await life.act(step);
        await life.settle();
        const { server, network } = life;
        expect(server.faults).toEqual([]);
        expect(network.mostPushes).toBeLessThanOrEqual(1);
        const held = Object.fromEntries(
          [...server.records]
            .filter(([, r]) => !r.deleted)
            .map(([key, r]) => [key, { ...r.fields, _version: r.version }]),
        );
        for (const client of life.clients) {
          const notes = (await life.during(client.notes.query()))!;
          expect(
            Object.fromEntries(notes.map((note) => [note.id, { ...note, _lastChangedAt: undefined }])),
          ).toEqual(held);
        }
        const rejected = life.clients.flatMap((client) => client.rejected.list());
        for (const [tag, id] of life.tags) {
          const record = server.records.get(id);
          const told = rejected.some((r) => (r.write.fields.tags as string[] | undefined)?.includes(tag));
          if (told || life.deleted.has(id)) continue;
          expect(
            ((record?.fields.tags ?? []) as string[]).filter((t) => t === tag),
            `${tag} of ${id}`,
          ).toHaveLength(1);
        }
        for (const tab of life.tabs.flat()) tab.crash();
      },
    ),
    {
      numRuns: Number(process.env.RUNS ?? 60),
      ...(process.env.SEED && { seed: Number(process.env.SEED) }),
    },
  );
}, 600_000);
