import type { Batch, Entries } from '../../src/entries.ts';
import { idbDisk } from '../../src/idb-disk.ts';
import { openEntries } from '../../src/tree.ts';

/** Measures a first sync and what comes after it: records of 300 bytes that two indexes have. Gives milliseconds. */
export async function measure(records: number, perCommit: number): Promise<Record<string, number>> {
  const name = `measure-${records}-${perCommit}`;
  const batches = Array.from({ length: records / perCommit }, (_, at) =>
    recordsFrom(at * perCommit, perCommit),
  );
  const figures: Record<string, number> = {};
  const fill = async (entries: Entries) => {
    for (const batch of batches) await entries.commit(batch);
  };
  const scan = (entries: Entries) =>
    entries.scan({ from: 'i\u0000Task\u0000due\u00005', to: 'j', limit: 50 });

  const whenIdle = () => () => {};
  await using(name, { whenIdle }, async (entries) => {
    figures['last commit'] = await timed(() => fill(entries));
  });
  figures['reopen before the fold'] = await timed(() => using(name, { whenIdle }, scan));
  await using(name, {}, async () => {
    figures['fold, with 200 ms of waiting before'] = await timed(() => folded(name));
  });
  figures['reopen to the first scan of 50'] = await median(9, () => using(name, { whenIdle }, scan));
  await using(name, { whenIdle }, async (entries) => {
    const ids = Array.from({ length: 50 }, (_, at) => `r\u0000Task\u0000${id(at * 1999)}`);
    figures['get of 50 scattered records'] = await timed(() => entries.get(ids));
    figures['scan of 50, again'] = await median(9, () => scan(entries));
    for (const durable of [true, false]) {
      let at = 0;
      const commit = () => entries.commit({ ...recordsFrom(at++, 1), durable });
      figures[`one commit, ${durable ? 'strict' : 'relaxed'}`] = await median(101, commit);
    }
  });
  figures['scan of all'] = await timed(() =>
    using(name, { whenIdle }, (entries) => entries.scan({ from: '', to: '\uffff' })),
  );
  return figures;
}

async function using(
  name: string,
  options: Parameters<typeof openEntries>[1],
  use: (entries: Entries) => Promise<unknown>,
): Promise<void> {
  const disk = await idbDisk(name);
  const entries = await openEntries(disk, options);
  await use(entries);
  await entries.close();
  disk.close();
}

/** Waits until the first run is gone, which the last part of a fold takes away. */
async function folded(name: string): Promise<void> {
  const disk = await idbDisk(name);
  while ((await disk.get([`run/${'1'.padStart(16, '0')}`]))[0] !== undefined) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  disk.close();
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

async function median(times: number, work: () => Promise<unknown>): Promise<number> {
  const took: number[] = [];
  for (let time = 0; time < times; time++) took.push(await timed(work));
  return took.sort((a, b) => a - b)[Math.floor(times / 2)]!;
}

function recordsFrom(from: number, count: number): Batch {
  const put: [string, unknown][] = [];
  for (let at = from; at < from + count; at++) {
    const key = id(at);
    const view = {
      id: key,
      title: `Task ${at} of many that somebody has to do one day`,
      status: at % 3 ? 'OPEN' : 'DONE',
      due: `${at % 1000}`,
      owner: `user-${at % 97}`,
      notes: 'something to remember about it, '.repeat(3).slice(0, 60),
      _version: 1,
      _deleted: false,
      _lastChangedAt: 1700000000000 + at,
    };
    put.push([`r\u0000Task\u0000${key}`, { view, version: 1 }]);
    put.push([`i\u0000Task\u0000due\u0000${view.due}\u0000${key}`, 0]);
    put.push([`i\u0000Task\u0000status\u0000${view.status}\u0000${key}`, 0]);
  }
  return { put, delete: [], durable: false };
}

/** An id as random ones are: 36 characters, in no order. */
function id(at: number): string {
  const hash = (Math.imul(at + 1, 2654435761) >>> 0).toString(16).padStart(8, '0');
  return `${hash}-0000-4000-8000-${String(at).padStart(12, '0')}`;
}
