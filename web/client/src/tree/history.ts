import { type Disk, headKey, StorageLostError } from '../disk.ts';
import type { Batch } from '../entries.ts';
import { serial } from '../serial.ts';
import { type Directory, directoryKey, type Run, readDirectory, readLog, runKey, runsAfter } from './log.ts';
import { View } from './view.ts';

/** What a fold changes besides the runs. */
export interface FoldChange {
  readonly put?: readonly (readonly [key: string, text: string])[];
  readonly delete?: readonly string[];
  readonly directory?: Directory;
}

/** Keeps the view of one tab in step with the disk that it shares. Whatever changes the view goes through `queued`. */
export class History {
  readonly queued = serial();
  readonly #disk: Disk;
  readonly #moved: (batches: readonly (Batch | undefined)[]) => void;
  #view: View;

  /** @param moved is called after the view went on, with the batches that others committed; see Entries.listen */
  constructor(disk: Disk, view: View, moved: (batches: readonly (Batch | undefined)[]) => void) {
    this.#disk = disk;
    this.#view = view;
    this.#moved = moved;
  }

  get view(): View {
    return this.#view;
  }

  /** Commits the next run. False: another tab was faster. */
  async append(run: Omit<Run, 'number' | 'size'>, fold: FoldChange = {}): Promise<boolean> {
    const { put = [], delete: gone = [], directory } = fold;
    const { head } = this.#view;
    const number = head + 1;
    const text = JSON.stringify(run);
    const change = {
      head: number,
      put: [...put, [runKey(number), text]] as const,
      delete: gone,
      durable: run.durable,
    };
    const committed = await this.#disk.commit(head, change);
    if (committed) this.#view.add([{ ...run, number, size: text.length }], directory);
    return committed;
  }

  /** Goes on from a head that is known to be past. */
  async catchUp(head: number): Promise<void> {
    if (this.#view.head === head) await this.follow();
    if (this.#view.head === head) throw new StorageLostError('damaged');
  }

  /** Takes in what other tabs committed. */
  async follow(): Promise<void> {
    const runs = await runsAfter(this.#disk, this.#view.head);
    const last = runs.at(-1);
    if (!last) return;
    if (last.number !== this.#view.head + runs.length) return this.#restart();
    let directory: Directory | undefined;
    if (runs.some((run) => run.moved)) {
      const [head, text] = await this.#disk.get([headKey, directoryKey]);
      if (head !== last.number) return this.follow(); // the directory may be that of a later run
      directory = readDirectory(text);
    }
    this.#view.add(runs, directory);
    this.#moved(runs.filter((run) => run.first === undefined && run.put.length + run.delete.length > 0));
  }

  /** Begins anew where runs were taken away before this tab read them. */
  async #restart(): Promise<void> {
    this.#view = new View(await readLog(this.#disk));
    this.#moved([undefined]);
  }
}
