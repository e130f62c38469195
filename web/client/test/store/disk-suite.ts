import { type Disk, headKey, StorageLostError } from '../../src/disk.ts';

/** Opens a disk by name: the same name gives the same disk to several tabs, and a new name an empty one. */
export type OpenDisk = (name: string) => Promise<Disk>;

/** What every disk does. It runs in Node and in pages, so it brings its own checks. */
export const diskSuite: Record<string, (open: OpenDisk, name: string) => Promise<void>> = {
  'an empty disk has no head': async (open, name) => {
    const disk = await open(name);
    same(await disk.get([headKey, 'a']), [undefined, undefined]);
    same(await disk.get([]), []);
    same(await disk.list('a', 'b'), []);
  },

  'a commit puts and deletes, and moves the head': async (open, name) => {
    const disk = await open(name);
    same(await disk.commit(0, change(1, { a: 1, b: 'text' })), true);
    same(await disk.commit(1, change(7, { a: 'again' }, ['b', 'absent'])), true);
    same(await disk.get([headKey, 'a', 'b', 'a']), [7, 'again', undefined, 'again']);
  },

  'a commit from a head that is past changes nothing': async (open, name) => {
    const disk = await open(name);
    await disk.commit(0, change(1, { a: 1 }));
    same(await disk.commit(0, change(1, { a: 2 }, ['a'])), false);
    same(await disk.commit(2, change(3, { a: 2 })), false);
    same(await disk.get([headKey, 'a']), [1, 1]);
  },

  'list gives what is between two keys, in order': async (open, name) => {
    const disk = await open(name);
    const keys = [
      'o/z',
      'p/',
      'p/\u0000',
      'p/a',
      'p/b',
      'p/\ud83d\ude00',
      'p/\uffff',
      'p/\uffffz',
      'p0',
      'q',
    ];
    await disk.commit(0, change(1, Object.fromEntries([...keys].reverse().map((key) => [key, key]))));
    const all = keys.map((key) => [key, key]);
    same(await disk.list('p/', 'p0'), all.slice(2, 8));
    same(await disk.list('p/a', 'p0'), all.slice(4, 8));
    same(await disk.list('p/aa', 'p0'), all.slice(4, 8));
    same(await disk.list('i', 'p/b'), all.slice(0, 4));
    same(await disk.list('p/\uffffz', 'p0'), []);
    same(await disk.list('r', 's'), []);
  },

  'several see one disk, and of those who commit from one head one wins': async (open, name) => {
    const tabs = await Promise.all([open(name), open(name), open(name)]);
    for (let head = 0; head < 5; head++) {
      const won = await Promise.all(
        tabs.map((tab, at) => tab.commit(head, change(head + 1, { winner: at }))),
      );
      same(won.filter(Boolean).length, 1);
      for (const tab of tabs) same(await tab.get([headKey, 'winner']), [head + 1, won.indexOf(true)]);
    }
  },

  'what was committed is there for who opens it again': async (open, name) => {
    const disk = await open(name);
    await disk.commit(0, { ...change(1, { a: 1 }), durable: true });
    disk.close();
    same(await (await open(name)).get([headKey, 'a']), [1, 1]);
    same(await (await open(`${name}-other`)).get([headKey, 'a']), [undefined, undefined]);
  },

  'a closed disk is lost to who closed it': async (open, name) => {
    const [disk, other] = [await open(name), await open(name)];
    disk.close();
    disk.close();
    await isLost(disk);
    same(await other.commit(0, change(1, {})), true);
  },
};

export function change(head: number, put: Record<string, string | number>, gone: string[] = []) {
  return { head, put: Object.entries(put), delete: gone, durable: false };
}

export async function isLost(disk: Disk): Promise<void> {
  await fails(disk.get(['a']), StorageLostError.name);
  await fails(disk.list('a', 'b'), StorageLostError.name);
  await fails(disk.commit(1, change(2, {})), StorageLostError.name);
}

export async function fails(promise: Promise<unknown>, name: string): Promise<void> {
  const outcome = await promise.then(
    (value) => `gave ${JSON.stringify(value)}`,
    (error: Error) => error.name,
  );
  same(outcome, name);
}

export function same(actual: unknown, expected: unknown): void {
  const [a, b] = [actual, expected].map((value) =>
    JSON.stringify(value, (_, inner) => (inner === undefined ? '(undefined)' : inner)),
  );
  if (a !== b) throw new Error(`got ${a} where ${b} was expected`);
}
