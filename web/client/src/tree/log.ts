import { type Disk, headKey, StorageLostError } from '../disk.ts';
import type { Batch } from '../entries.ts';

/** One commit, as it stands on the disk under the head that it made. */
export interface Run extends Batch {
  readonly number: number;
  /** The length of its text. */
  readonly size: number;
  /** It only sums up the runs from this number to its own, which went when it came. */
  readonly first?: number;
  /** It only tells that the directory was changed with it. */
  readonly moved?: true;
}

/** Where the leaves are. Written anew, under another `next`, whenever one of them is. */
export interface Directory {
  /** Runs up to this number are in the leaves. Leaves may hold later ones too, which change nothing when laid over. */
  readonly folded: number;
  /** The number of the next leaf; numbers are not used again. */
  readonly next: number;
  /** How many entries the leaves have. */
  readonly count: number;
  /** In order. A leaf has the entries from its first key up to the first key of the next. */
  readonly leaves: readonly (readonly [first: string, id: number])[];
}

export interface Log {
  readonly directory: Directory;
  readonly runs: readonly Run[];
}

export const directoryKey = 'tree';
export const leafKey = (id: number): string => `leaf/${id}`;
export const runKey = (number: number): string => runs + String(number).padStart(16, '0');
const runs = 'run/';

export function runText({ put, delete: gone, durable, first, moved }: Omit<Run, 'number' | 'size'>): string {
  return JSON.stringify({ put, delete: gone, durable, first, moved });
}

/** Gives the runs after a number, in their order and without a hole. */
export async function runsAfter(disk: Disk, number: number): Promise<Run[]> {
  const found = (await disk.list(runs, runKey(number))) as [string, string][];
  return found.map(([key, text]) => ({
    ...(JSON.parse(text) as Batch),
    number: Number(key.slice(runs.length)),
    size: text.length,
  }));
}

/** Reads the directory and the runs that came after what is in its leaves, as far as it is the directory of them. */
export async function readLog(disk: Disk): Promise<Log> {
  for (let before = -1; ; ) {
    const [head = 0, text] = (await disk.get([headKey, directoryKey])) as [number?, string?];
    const directory = readDirectory(text);
    const runs = await runsAfter(disk, directory.folded);
    const moved = runs.findIndex((run) => run.moved && run.number > head);
    if (complete(runs, directory.folded, head))
      return { directory, runs: runs.slice(0, moved < 0 ? undefined : moved) };
    // Another tab took runs away between the two reads, and so moved the head.
    if (head === before) throw new StorageLostError('the disk contradicts itself');
    before = head;
  }
}

/** Tells whether the runs go on from what is folded, and up to the head at least. */
function complete(runs: readonly Run[], folded: number, head: number): boolean {
  const run = runs[0];
  if (!run) return head === 0;
  if (run.first !== undefined && run.number > head) return false; // the directory may be older than what it sums up
  return (run.first ?? run.number) <= folded + 1 && runs.at(-1)!.number >= head;
}

export function readDirectory(text: unknown): Directory {
  return text === undefined ? { folded: 0, next: 1, count: 0, leaves: [] } : JSON.parse(text as string);
}
