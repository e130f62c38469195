import type { Disk, DiskChange } from '../../src/disk.ts';
import type { Batch, Entry, EntryRange } from '../../src/entries.ts';

type Around = <T>(operation: 'get' | 'list' | 'commit', work: () => Promise<T>) => Promise<T>;

/** A disk with something done around each operation. */
export function wrapped(disk: Disk, around: Around): Disk {
  return {
    get: (keys) => around('get', () => disk.get(keys)),
    list: (after, before) => around('list', () => disk.list(after, before)),
    commit: (expected, change) => around('commit', () => disk.commit(expected, change)),
    close: () => disk.close(),
  };
}

/** Lets a random number of other steps go first, before and after each operation. */
export function jittered(disk: Disk, random: () => number): Disk {
  const wait = async () => {
    for (let steps = random() * 12; steps > 1; steps--) await null;
  };
  return wrapped(disk, async (_, work) => {
    await wait();
    const result = await work();
    await wait();
    return result;
  });
}

export interface Failure {
  /** How many operations go well before the one that fails. */
  readonly after: number;
  /** Whether the one that fails was done nevertheless, as when the machine stops before the answer comes. */
  readonly done: boolean;
  /** Whether all that come later fail, too. */
  readonly forGood: boolean;
}

export function failing(disk: Disk, { after, done, forGood }: Failure, each = () => {}): Disk {
  let left = after;
  return wrapped(disk, async (_, work) => {
    each();
    if (left-- > 0) return work();
    if (left < -1) {
      if (forGood) throw new Error('crashed');
      return work();
    }
    if (done) await work();
    throw new Error('crashed');
  });
}

/** Knows in which order the batches of all tabs came onto a disk, and what the entries were after each. */
export class Record {
  readonly states: ReadonlyMap<string, unknown>[] = [new Map()];
  readonly #batches = new Map<string, Batch>();

  /** Marks a batch, so that it is known again. */
  marked(batch: Batch): Batch {
    const id = `id/${this.#batches.size}!`;
    const marked = { ...batch, put: [...batch.put, [id, 0] as const] };
    this.#batches.set(id, marked);
    return marked;
  }

  get now(): number {
    return this.states.length - 1;
  }

  over(disk: Disk): Disk {
    return {
      ...wrapped(disk, (_, work) => work()),
      commit: async (expected, change) => {
        const done = await disk.commit(expected, change);
        if (done) this.#add(change);
        return done;
      },
    };
  }

  #add({ put }: DiskChange): void {
    const text = put.find(([key]) => key.startsWith('run/'))?.[1] as string;
    if (text.includes('"first"')) return;
    const id = /id\/\d+!/.exec(text)?.[0];
    if (id) this.states.push(applied(this.states.at(-1)!, this.#batches.get(id)!));
  }
}

export function applied(state: ReadonlyMap<string, unknown>, batch: Batch): Map<string, unknown> {
  const next = new Map(state);
  for (const key of batch.delete) next.delete(key);
  for (const [key, value] of batch.put) next.set(key, value);
  return next;
}

/** What a scan of a sorted map gives. */
export function scanned(
  state: ReadonlyMap<string, unknown>,
  { from, to, reverse, limit }: EntryRange,
): Entry[] {
  const found = [...state].filter(([key]) => key >= from && key < to).sort(([a], [b]) => (a < b ? -1 : 1));
  return (reverse ? found.reverse() : found).slice(0, limit);
}

export const everything: EntryRange = { from: '', to: '\uffff\uffff' };
