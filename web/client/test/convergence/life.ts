import { expect } from 'vitest';
import { tokens } from '../../src/accounts.ts';
import {
  type Client,
  createClient,
  type Disk,
  FreshetError,
  memoryDisk,
  type Schema,
} from '../../src/index.ts';
import { Device, type Draw, drawing } from '../sync/world.ts';
import type { Issuer } from './issuer.ts';
import { ask, Network } from './network.ts';
import { type Doc, listing, type Name, names, schema } from './teams.ts';
import { type Told, Witness } from './witness.ts';

type Teams = Client<typeof schema extends Schema<infer C> ? C : never>;

/** The server that lives go on at. */
export interface Place {
  readonly endpoint: string;
  readonly issuer: Issuer;
  /** Lets in to everything. */
  readonly apiKey: string;
  /** A cursor of another log. */
  readonly strayCursor: string;
  /** Ends the server in the middle of what it does, and starts it again. */
  killServer(): Promise<void>;
}

interface Tab {
  readonly user: string;
  readonly device: Device;
  readonly models: readonly string[] | undefined;
  client: Teams;
  crash: () => void;
}

const actions = [
  ...['create', 'create', 'create', 'tag', 'tag', 'tag', 'title', 'title', 'both', 'patch', 'patch', 'blank'],
  ...['tag', 'delete', 'bad', 'condition', 'transact', 'badTransact', 'share', 'share', 'regroup', 'regroup'],
  ...[
    'offline',
    'online',
    'online',
    'stop',
    'start',
    'crash',
    'crashAmid',
    'cut',
    'stray',
    'trouble',
    'calm',
    'wait',
  ],
] as const;
type Action = (typeof actions)[number];

/** What some users do with their devices, at random. All that they have names its seed, so that lives do not meet. */
export class Life {
  readonly witness = new Witness();
  readonly network: Network;
  readonly tabs: Tab[] = [];
  readonly #draw: Draw;
  readonly #groups = new Map<string, Set<string>>();
  #next = 0;

  constructor(
    readonly seed: number,
    readonly place: Place,
  ) {
    this.#draw = drawing(seed);
    this.network = new Network(seed + 0.5, place.strayCursor, this.witness);
    this.#user('ana', ['red'], [2, 1]);
    this.#user('ben', ['red', 'blue'], [1, 1]);
    this.#user('cid', ['blue'], [2]);
  }

  #user(name: string, groups: string[], devices: number[]): void {
    const user = this.named(name);
    this.#groups.set(user, new Set(groups.map((group) => this.named(group))));
    devices.forEach((tabs, i) => {
      const device = new Device(`${user}-${i}`, this.network);
      const models = this.#draw() < 0.2 ? kept.map((name) => names[name]) : undefined;
      for (let tab = 0; tab < tabs; tab++)
        this.tabs.push({ user, device, models, ...this.#open(user, device, models) });
    });
  }

  /** Gives a name that no other life has. */
  named(name: string): string {
    return `s${this.seed}-${name}`;
  }

  #pick<T>(of: readonly T[]): T {
    return of[Math.floor(this.#draw() * of.length)]!;
  }

  token(user: string, seconds = 3600): string {
    return this.place.issuer.token(user, [...this.#groups.get(user)!], seconds);
  }

  #open(user: string, device: Device, models: Tab['models']): Pick<Tab, 'client' | 'crash'> {
    const { environment, crash } = device.tab();
    const end = new AbortController();
    const give = async ({ renew }: { renew: boolean }) =>
      this.token(user, !renew && this.network.wrong() && this.network.wrong() ? -3600 : 3600);
    const client = createClient({
      endpoint: this.place.endpoint,
      auth: tokens(give),
      schema,
      ...(models && { models }),
      storage: async () => stoppable(memoryDisk(device.platter), end.signal),
      environment,
      name: device.name,
    });
    client.start();
    return {
      client,
      crash: () => {
        end.abort();
        crash();
      },
    };
  }

  async live(): Promise<void> {
    for (let left = 50 + Math.floor(this.#draw() * 50); left > 0; left--) {
      await this.act(this.#pick(actions), this.#pick(this.tabs));
      const pause = this.#draw() * 4;
      await new Promise((resolve) => (pause < 1 ? setTimeout(resolve, 4 * pause) : setImmediate(resolve)));
    }
  }

  async act(what: Action, tab: Tab): Promise<void> {
    const { network } = this;
    const { client, device, user } = tab;
    if (what === 'offline') {
      network.offline.add(device.name);
      network.cut(device.name);
    } else if (what === 'online') network.offline.delete(device.name);
    else if (what === 'stop') client.stop();
    else if (what === 'start') client.start();
    else if (what === 'cut') network.cut(device.name);
    else if (what === 'stray') {
      network.strayed.add(device.name);
      network.cut(device.name);
    } else if (what === 'trouble') network.trouble = 0.15;
    else if (what === 'calm') network.trouble = 0;
    else if (what === 'wait') await new Promise((resolve) => setTimeout(resolve, this.#draw() * 30));
    else if (what === 'regroup') this.#regroup(user);
    else if (what === 'crash') this.#crash(tab);
    else if (what === 'crashAmid') {
      void this.#write('both', tab);
      this.#crash(tab);
    } else await this.#write(what, tab);
  }

  #crash(tab: Tab): void {
    tab.crash();
    Object.assign(tab, this.#open(tab.user, tab.device, tab.models));
  }

  /** Has a user join or leave a group; connections that are open keep the rights that they have. */
  #regroup(user: string): void {
    const groups = this.#groups.get(user)!;
    const group = this.named(this.#pick(['red', 'blue']));
    if (!groups.delete(group)) groups.add(group);
    if (this.#draw() < 0.5)
      for (const tab of this.tabs) if (tab.user === user) this.network.cut(tab.device.name);
  }

  async #write(what: Action, tab: Tab): Promise<void> {
    const collection = this.#pick(tab.models ? kept : all);
    const id = this.named(`${collection}${Math.floor(this.#draw() * 2)}`);
    const value = `v${this.#next++}`;
    const [team, sharer] = [
      this.named(this.#pick(['red', 'blue'])),
      this.named(this.#pick(['ana', 'ben', 'cid'])),
    ];
    const own = collection === 'notes' ? { sharedWith: [sharer] } : { team };
    const docs = tab.client[collection];
    const fields: { [name in 'title' | 'text' | 'tags']?: string } = {};
    const tagged = (doc: Doc) => ({ tags: [...(doc.tags ?? []), value] });
    const title = { title: value };
    const change = async (): Promise<unknown> => {
      if (what === 'create') {
        Object.assign(fields, { title: value, tags: value });
        return docs.create({ id, ...title, tags: [value], ...own });
      }
      if (what === 'tag') {
        fields.tags = value;
        return docs.update(id, tagged);
      }
      if (what === 'both') {
        Object.assign(fields, { title: value, tags: value });
        return docs.update(id, (doc) => ({ ...title, ...tagged(doc) }));
      }
      if (what === 'title' || what === 'patch') {
        fields[what === 'title' ? 'title' : 'text'] = value;
        return docs.update(id, what === 'title' ? title : { text: value });
      }
      if (what === 'condition') {
        const seen = await docs.get(id);
        fields.text = value;
        return docs.update(id, { text: value }, { condition: { title: { eq: seen?.title ?? 'none' } } });
      }
      if (what === 'transact' || what === 'badTransact') {
        fields.title = value;
        return tab.client.transact((tx) => {
          tx[collection].update(id, what === 'transact' ? title : { ...title, due: 'some day' });
          tx.notes.create({ id: this.named(value), ...title });
        });
      }
      if (what === 'bad') return docs.update(id, { due: 'some day' });
      if (what === 'blank') return docs.update(id, { due: null });
      if (what === 'share') return docs.update(id, own);
      return docs.delete(id);
    };
    try {
      await change();
      if (what === 'delete') this.witness.forget(tab.device.name, id);
      for (const [field, value] of Object.entries(fields))
        this.witness.acknowledge({ device: tab.device.name, key: id, field: field as keyof Doc, value });
    } catch (error) {
      if (!(error instanceof FreshetError)) throw error; // such a write is refused on the spot: nothing was promised
    }
  }

  /** Makes everything good, and waits until all hold what they are shown. */
  async settle(): Promise<void> {
    const { network } = this;
    network.trouble = 0;
    network.offline.clear();
    network.strayed.clear();
    network.cut();
    for (const { client } of this.tabs) client.start();
    const end = Date.now() + patience;
    for (let pause = 1; ; pause = Math.min(2 * pause, 100)) {
      const wrong = this.quiet() ? await this.#differences() : `requests under way: ${this.network.underWay}`;
      if (!wrong) return;
      if (Date.now() > end) throw wrong instanceof Error ? wrong : new Error(`${wrong}, ${this.#statuses()}`);
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }

  quiet(): boolean {
    return (
      this.network.underWay === 0 &&
      this.tabs.every(({ client }) => {
        const { connection, pending } = client.status.get();
        return connection === 'live' && pending === 0;
      })
    );
  }

  #statuses(): string {
    return JSON.stringify(this.tabs.map(({ client, device }) => [device.name, client.status.get()]));
  }

  async #differences(): Promise<unknown> {
    const shown = new Map<string, Awaited<ReturnType<typeof this.shown>>>();
    for (const user of this.#groups.keys())
      shown.set(user, await this.shown({ Authorization: this.token(user) }));
    try {
      for (const { user, device, models, client } of this.tabs) {
        for (const name of Object.keys(names) as Name[]) {
          const held = models && !models.includes(names[name]) ? [] : shown.get(user)![name];
          expect(sorted(await client[name].query()), `${name} of ${device.name}`).toEqual(held);
        }
        expect(toldBy(client), device.name).toEqual(this.told(device.name));
      }
      return undefined;
    } catch (error) {
      return error;
    }
  }

  /** Gives what the server lists of this life's. */
  async shown(headers: Record<string, string>): Promise<{ readonly [name in Name]: Doc[] }> {
    type Shown = { [name in Name]: { items: Doc[] } };
    const variables = { filter: this.named('') };
    const data = await ask<Shown>(this.place.endpoint, headers, listing, variables);
    return {
      notes: sorted(data.notes.items),
      boards: sorted(data.boards.items),
      plans: sorted(data.plans.items),
    };
  }

  told(device: string): Told {
    return toldBy(this.tabs.find((tab) => tab.device.name === device)!.client);
  }

  /** Gives what is wrong with how it ended. */
  async judge(): Promise<string[]> {
    const { notes, boards, plans } = await this.shown({ 'x-api-key': this.place.apiKey });
    const records = new Map([...notes, ...boards, ...plans].map((doc) => [doc.id, doc]));
    return this.witness.judge(records, (device) => this.told(device));
  }

  end(): void {
    for (const tab of this.tabs) tab.crash();
  }
}

const patience = 30_000;
const all = ['notes', 'notes', 'boards', 'plans'] as const;
const kept = ['notes', 'boards'] as const; // of some devices

const toldBy = ({ rejected, conflicts }: Teams): Told => ({
  rejected: rejected.list(),
  conflicts: conflicts.list(),
});

/** What has no value may be there or not. */
const sorted = (docs: readonly Doc[]): Doc[] =>
  docs
    .map(
      (doc) =>
        Object.fromEntries(Object.entries(doc).filter(([, value]) => value !== null)) as unknown as Doc,
    )
    .sort((a, b) => (a.id < b.id ? -1 : 1));

/** A disk that a tab that has crashed does not reach any more. */
function stoppable(disk: Disk, stopped: AbortSignal): Disk {
  const reach = <T>(work: () => Promise<T>): Promise<T> => (stopped.aborted ? new Promise(() => {}) : work());
  return {
    get: (keys) => reach(() => disk.get(keys)),
    list: (after, before) => reach(() => disk.list(after, before)),
    commit: (expected, change) => reach(() => disk.commit(expected, change)),
    close: () => disk.close(),
  };
}
