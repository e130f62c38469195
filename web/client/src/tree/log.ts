import { type Disk, headKey, StorageLostError } from '../disk.ts';
import type { Batch } from '../entries.ts';
import { afterPrefix, digits } from '../keys.ts';

/** One commit, as it stands on the disk under the head that it made. All texts are JSON: quicker than many clones. */
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
export const runKey = (number: number): string => runs + digits(number);
const runs = 'run/';

/** Gives the runs after a number, in their order. */
export async function runsAfter(disk: Disk, number: number): Promise<Run[]> {
  const found = (await disk.list(runKey(number), afterPrefix(runs))) as [string, string][];
  return found.map(([key, text]) => ({
    ...(JSON.parse(text) as Batch),
    number: Number(key.slice(runs.length)),
    size: text.length,
  }));
}

/** Reads the directory, and the runs that came after what is in its leaves, as they were at one moment. */
export async function readLog(disk: Disk): Promise<Log> {
  for (let before = -1; ; ) {
    const [head = 0, text] = (await disk.get([headKey, directoryKey])) as [number?, string?];
    const directory = readDirectory(text);
    const runs = (await runsAfter(disk, directory.folded)).filter((run) => run.number <= head);
    const { number = 0, first = number } = runs[0] ?? {};
    if (first <= directory.folded + 1 && (runs.at(-1)?.number ?? 0) === head) return { directory, runs };
    // Another tab took runs away between the two reads, and so moved the head.
    if (head === before) throw new StorageLostError('damaged');
    before = head;
  }
}

export function readDirectory(text: unknown): Directory {
  return text === undefined ? { folded: 0, next: 1, count: 0, leaves: [] } : JSON.parse(text as string);
}
