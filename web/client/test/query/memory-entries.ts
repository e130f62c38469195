import type { Batch, Entries, EntryRange } from '../../src/entries.ts';

/** Entries over a sorted array, which count what is read and may be slow in ways that a test chooses. */
export class MemoryEntries implements Entries {
  head = 0;
  readonly reads = { scans: 0, scanned: 0, got: 0 };
  /** How many turns to wait before and after looking, for each call. */
  delay: () => [before: number, after: number] = () => [0, 0];
  /** While set, a batch is not told, only that something may have changed. */
  lossy = false;
  /** While set, reads fail with it. */
  failure: Error | undefined;
  #sorted: string[] = [];
  #values = new Map<string, unknown>();
  #listeners = new Set<(batch: Batch | undefined) => void>();
  #pending = 0;

  get(keys: readonly string[]): Promise<unknown[]> {
    return this.#read(() => {
      this.reads.got += keys.length;
      return keys.map((key) => this.#values.get(key));
    });
  }

  scan({ from, to, reverse, limit }: EntryRange): Promise<[string, unknown][]> {
    return this.#read(() => {
      const [start, end] = [this.#position(from), Math.max(this.#position(from), this.#position(to))];
      const count = Math.min(limit ?? end - start, end - start);
      const keys = reverse
        ? this.#sorted.slice(end - count, end).reverse()
        : this.#sorted.slice(start, start + count);
      this.reads.scans++;
      this.reads.scanned += keys.length;
      return keys.map((key) => [key, this.#values.get(key)]);
    });
  }

  async commit(batch: Batch): Promise<boolean> {
    this.head++;
    for (const key of batch.delete) this.#values.delete(key);
    for (const [key, value] of batch.put) this.#values.set(key, value);
    if (batch.put.length + batch.delete.length > 1000) this.#sorted = [...this.#values.keys()].sort();
    else for (const key of [...batch.delete, ...batch.put.map(([key]) => key)]) this.#place(key);
    this.tell(this.lossy ? undefined : batch);
    return true;
  }

  tell(batch: Batch | undefined): void {
    for (const listener of this.#listeners) listener(batch);
  }

  listen(listener: (batch: Batch | undefined) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async refresh(): Promise<void> {}
  async close(): Promise<void> {}

  /** Waits until nobody reads any more. */
  async idle(): Promise<void> {
    for (let quiet = 0; quiet < 3; quiet = this.#pending ? 0 : quiet + 1) await turn();
  }

  async #read<T>(look: () => T): Promise<T> {
    this.#pending++;
    try {
      const [before, after] = this.delay();
      for (let i = 0; i < before; i++) await turn();
      if (this.failure) throw this.failure;
      const found = look();
      for (let i = 0; i < after; i++) await turn();
      return structuredClone(found);
    } finally {
      this.#pending--;
    }
  }

  #place(key: string): void {
    const at = this.#position(key);
    const there = this.#sorted[at] === key;
    if (this.#values.has(key) && !there) this.#sorted.splice(at, 0, key);
    if (!this.#values.has(key) && there) this.#sorted.splice(at, 1);
  }

  #position(key: string): number {
    let low = 0;
    for (let high = this.#sorted.length; low < high; ) {
      const middle = (low + high) >> 1;
      if (this.#sorted[middle]! < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
