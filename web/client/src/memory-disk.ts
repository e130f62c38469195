import { type Disk, type DiskChange, headKey, StorageLostError } from './disk.ts';

/** What memory disks share as tabs share a database. It outlives them, as a database outlives a crash. */
export interface Platter {
  values: Map<string, unknown>;
}

/** Opens a disk that lasts as long as its platter. Who opens it with the same platter sees the same values. */
export function memoryDisk(platter: Platter = { values: new Map() }): Disk {
  return new MemoryDisk(platter);
}

class MemoryDisk implements Disk {
  readonly #platter: Platter;
  readonly #opened: Map<string, unknown>;
  #closed = false;

  constructor(platter: Platter) {
    this.#platter = platter;
    this.#opened = platter.values;
  }

  async get(keys: readonly string[]): Promise<unknown[]> {
    const values = this.#values();
    return keys.map((key) => structuredClone(values.get(key)));
  }

  async list(prefix: string, after?: string): Promise<[string, unknown][]> {
    return [...this.#values()]
      .filter(([key]) => key.startsWith(prefix) && (after === undefined || key > after))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map((entry) => structuredClone(entry));
  }

  async commit(expected: number, change: DiskChange): Promise<boolean> {
    const values = this.#values();
    if ((values.get(headKey) ?? 0) !== expected) return false;
    const put = structuredClone(change.put); // throws before anything is changed
    for (const key of change.delete) values.delete(key);
    for (const [key, value] of put) values.set(key, value);
    values.set(headKey, change.head);
    return true;
  }

  close(): void {
    this.#closed = true;
  }

  async destroy(): Promise<void> {
    this.#values();
    this.#platter.values = new Map();
  }

  #values(): Map<string, unknown> {
    if (this.#closed || this.#opened !== this.#platter.values) throw new StorageLostError();
    return this.#opened;
  }
}
