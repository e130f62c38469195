import type { Disk } from '../disk.ts';
import type { Entry } from '../entries.ts';
import { leafKey } from './log.ts';

interface Leaf {
  readonly entries: readonly Entry[];
  readonly size: number;
}

/** The leaves that were read lately. A leaf never changes: what replaces it has another number. */
export class Leaves {
  readonly #disk: Disk;
  readonly #limit: number;
  readonly #cache = new Map<number, Leaf>(); // the one used last comes last
  #size = 0;

  /** @param limit how long the texts of all leaves kept may be, in characters */
  constructor(disk: Disk, limit: number) {
    this.#disk = disk;
    this.#limit = limit;
  }

  atHand(id: number): readonly Entry[] | undefined {
    const leaf = this.#cache.get(id);
    if (!leaf) return undefined;
    this.#cache.delete(id);
    this.#cache.set(id, leaf);
    return leaf.entries;
  }

  /** Reads leaves into `held`. False: one of them is not there any more. */
  async fetch(ids: readonly number[], held: Map<number, readonly Entry[]>): Promise<boolean> {
    const texts = await this.#disk.get(ids.map(leafKey));
    for (const [at, text] of texts.entries()) {
      if (typeof text !== 'string') return false;
      const entries = JSON.parse(text) as Entry[];
      held.set(ids[at]!, entries);
      this.#keep(ids[at]!, { entries, size: text.length });
    }
    return true;
  }

  drop(ids: readonly number[]): void {
    for (const id of ids) {
      this.#size -= this.#cache.get(id)?.size ?? 0;
      this.#cache.delete(id);
    }
  }

  #keep(id: number, leaf: Leaf): void {
    this.drop([id]);
    this.#cache.set(id, leaf);
    this.#size += leaf.size;
    for (const oldest of this.#cache.keys()) {
      if (this.#size <= this.#limit) return;
      this.drop([oldest]);
    }
  }
}
