import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type Client,
  createClient,
  type Environment,
  memoryDisk,
  platform,
  type Schema,
} from '../../src/index.ts';
import { Freshet, secret, until } from './freshet.ts';
import { schema } from './model.ts';

// Two clients write to the same records of the real server, now together, now apart. What each adds to a list is in it
// once in the end, what nobody else wrote is taken, and what somebody else wrote too is taken or told.

const freshet = new Freshet(
  'type Note @model @auth(rules: [{allow: public}]) { title: String n: Int tags: [String] }',
);

beforeAll(() => freshet.start(), 60_000);
afterAll(() => freshet.remove());

type Notes = Client<typeof schema extends Schema<infer C> ? C : never>;

const environment: Environment = { ...platform(), random: () => 0.02 };

function connect(): Notes {
  const disk = memoryDisk();
  const storage = async () => disk;
  const client = createClient({ endpoint: freshet.endpoint, auth: secret, schema, storage, environment });
  client.start();
  return client;
}

const settled = (clients: readonly Notes[]) =>
  until(
    () => clients.every(({ status }) => status.get().connection === 'live' && status.get().pending === 0),
    'an end of all writes',
  );

const act = fc.record({
  who: fc.nat(1),
  what: fc.constantFrom('tag', 'tag', 'untag', 'title', 'n', 'apart', 'together', 'pause', 'condition'),
});

let next = 0;

test('whatever two write, together and apart', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 6, maxLength: 25, size: 'max' }), async (plan) => {
      const clients = [connect(), connect()];
      const id = `r${next++}`;
      await clients[0]!.notes.create({ id, title: 'begun', n: 0, tags: [] });
      await settled(clients);
      await until(() => clients[1]!.notes.get(id));
      const tags = new Set<string>();
      const titles = ['begun'];
      for (const { who, what } of plan) {
        const client = clients[who]!;
        const name = `v${next++}`;
        if (what === 'tag') {
          await client.notes.update(id, (now) => ({ tags: [...(now.tags ?? []), name] }));
          tags.add(name);
        } else if (what === 'untag') {
          const [gone] = (await client.notes.get(id))?.tags ?? [];
          if (gone === undefined) continue;
          await client.notes.update(id, (now) => ({ tags: (now.tags ?? []).filter((tag) => tag !== gone) }));
          tags.delete(gone);
        } else if (what === 'title') {
          await client.notes.update(id, { title: name });
          titles.push(name);
        } else if (what === 'n') await client.notes.update(id, { n: next });
        else if (what === 'condition') {
          await client.notes.update(id, (now) => ({ tags: [...(now.tags ?? []), name] }), {
            condition: { n: { ge: 0 } },
          });
          tags.add(name);
        } else if (what === 'apart') client.stop();
        else if (what === 'together') client.start();
        else await new Promise((resolve) => setTimeout(resolve, 8));
      }
      for (const client of clients) client.start();
      await settled(clients);
      await until(async () => {
        const [a, b] = await Promise.all(clients.map((client) => client.notes.get(id)));
        return a?._version === b?._version;
      }, 'the same version');
      const [a, b] = await Promise.all(clients.map((client) => client.notes.get(id)));
      expect(a).toEqual(b);
      expect([...(a?.tags ?? [])].sort()).toEqual([...tags].sort());
      const told = clients
        .flatMap((client) => client.conflicts.list())
        .flatMap(({ yours, theirs }) => [yours, theirs]);
      const last = titles.at(-1)!;
      expect([a?.title, ...told], 'the last title').toContain(last);
      expect(clients.flatMap((client) => client.rejected.list())).toEqual([]);
      await Promise.all(clients.map((client) => client.close()));
    }),
    { numRuns: Number(process.env.RUNS ?? 25), ...(process.env.SEED && { seed: Number(process.env.SEED) }) },
  );
}, 300_000);
