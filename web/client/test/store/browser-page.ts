import type { Disk } from '../../src/disk.ts';
import type { Entries } from '../../src/entries.ts';
import { idbDisk } from '../../src/idb-disk.ts';
import { openEntries } from '../../src/tree.ts';
import { change, diskSuite } from './disk-suite.ts';
import { measure } from './measure.ts';

/** A million characters that do not get fewer when they are compressed. */
const incompressible = Array.from({ length: 1 << 20 }, () =>
  String.fromCharCode(32 + Math.random() * 90),
).join('');

/** What the tests of this folder call in a page. */
const page = {
  cases: Object.keys(diskSuite),
  runCase: (name: string) => diskSuite[name]!(idbDisk, name),
  opened: {} as { disk: Disk; entries: Entries },
  told: [] as unknown[],
  async open(name: string): Promise<void> {
    const disk = await idbDisk(name);
    // Folds all the time, so that tabs fold while others read.
    const limits = { runs: 3, fold: 2000, leaf: 500, cache: 2000, part: { cells: 8, leaves: 2 } };
    const entries = await openEntries(disk, {
      limits,
      whenIdle: (callback) => clear(setTimeout(callback, 1)),
    });
    page.opened = { disk, entries };
    entries.listen((batch) => page.told.push(batch?.put));
  },
  /** Has the databases that are opened next kept where there is room for so many bytes only. */
  async confine(quota: number): Promise<void> {
    const { storageBuckets } = navigator as unknown as {
      storageBuckets: { open(name: string, options: { quota: number }): Promise<{ indexedDB: IDBFactory }> };
    };
    const bucket = await storageBuckets.open('small', { quota });
    Object.defineProperty(globalThis, 'indexedDB', { value: bucket.indexedDB });
  },
  /** Adds 1 to a counter under a key, again until it was first, and puts an entry of its own, in one batch. */
  async count(tab: number, times: number): Promise<void> {
    const { entries } = page.opened;
    for (let time = 0; time < times; ) {
      const { head } = entries;
      const [value] = await entries.get(['counter']);
      const next = ((value ?? 0) as number) + 1;
      const own = [`tab/${tab}/${String(time).padStart(4, '0')}`, 'x'.repeat(50)] as const;
      if (await entries.commit({ put: [['counter', next], own], delete: [], durable: false }, head)) time++;
    }
  },
  async state(): Promise<{ counter: unknown; own: number }> {
    const { entries } = page.opened;
    await entries.refresh();
    const own = await entries.scan({ from: 'tab/', to: 'tab0' });
    return { counter: (await entries.get(['counter']))[0], own: own.length };
  },
  /** How each kind of use of what was opened ends, by the names of errors. */
  uses(): Promise<string[]> {
    const { disk, entries } = page.opened;
    const batch = { put: [['a', incompressible]] as const, delete: [], durable: true };
    const uses = [disk.get(['a']), entries.commit(batch), entries.refresh()];
    return Promise.all(
      uses.map((use) =>
        use.then(
          () => 'went well',
          (error: Error) => error.name,
        ),
      ),
    );
  },
  worn: 0,
  /** Uses a disk in several ways at once until each of them fails, and gives the names of the errors. */
  async wear(name: string): Promise<string[]> {
    const disk = await idbDisk(name);
    let head = 0;
    const ways = [
      async () => {
        await disk.get([]);
        await disk.get(['a', 'b']);
      },
      () => disk.list('a', 'b'),
      async () => {
        await disk.commit(head, { ...change(head + 1, { a: 'x'.repeat(500) }), durable: head % 7 === 0 });
        head++;
      },
    ];
    return Promise.all(
      ways.map(async (way) => {
        for (;;) {
          try {
            await way();
            page.worn++;
          } catch (error) {
            return (error as Error).name;
          }
        }
      }),
    );
  },
  remove: (name: string): Promise<unknown> =>
    new Promise((resolve) => {
      indexedDB.deleteDatabase(name).onsuccess = resolve;
    }),
  measure,
};

function clear(timer: ReturnType<typeof setTimeout>): () => void {
  return () => clearTimeout(timer);
}

declare global {
  var store: typeof page;
}
globalThis.store = page;
