import type { Batch, Entry } from '../entries.ts';
import { type Cell, lowerBound } from './sorted.ts';

/** What was put and deleted since the last fold. New keys are brought in order when the order is asked for. */
export class Overlay {
  readonly #cells = new Map<string, Cell>();
  #sorted: Cell[] = [];
  #fresh: Cell[] = [];

  apply(batch: Pick<Batch, 'put' | 'delete'>): void {
    for (const key of batch.delete) this.#set(key, undefined);
    for (const entry of batch.put) this.#set(entry[0], entry);
  }

  /** Gives what the overlay knows of a key; undefined where the leaves decide. */
  find(key: string): Cell | undefined {
    return this.#cells.get(key);
  }

  sorted(): readonly Cell[] {
    if (this.#fresh.length > few) {
      this.#sorted = this.#sorted.concat(this.#fresh).sort(([a], [b]) => (a < b ? -1 : 1));
    } else {
      for (const cell of this.#fresh) this.#sorted.splice(lowerBound(this.#sorted, cell[0]), 0, cell);
    }
    this.#fresh = [];
    return this.#sorted;
  }

  /** Gives all of it as one batch. */
  batch(): Batch {
    const batch = { put: [] as Entry[], delete: [] as string[], durable: false };
    for (const [key, entry] of this.#cells.values()) {
      if (entry) batch.put.push(entry);
      else batch.delete.push(key);
    }
    return batch;
  }

  #set(key: string, entry: Entry | undefined): void {
    const known = this.#cells.get(key);
    if (known) {
      known[1] = entry;
      return;
    }
    const cell: Cell = [key, entry];
    this.#cells.set(key, cell);
    this.#fresh.push(cell);
  }
}

/** Up to this many new keys are inserted one by one; more are sorted in. */
const few = 32;
