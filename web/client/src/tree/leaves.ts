import type { Disk } from '../disk.ts';
import type { Entry } from '../entries.ts';
import { leafKey } from './log.ts';

export type Held = Map<number, readonly Entry[]>;

/** The leaves that were read lately. A leaf never changes: what replaces it has another number. */
export interface Leaves {
  /** Gives a leaf that is in memory. */
  atHand(id: number): readonly Entry[] | undefined;
  /** Reads leaves into `held`. False: one of them is not there any more. */
  fetch(ids: readonly number[], held: Held): Promise<boolean>;
}

/** @param limit how long the texts of all leaves in memory may be, in characters */
export function leavesOf(disk: Disk, limit: number): Leaves {
  const cache = new Map<number, { entries: readonly Entry[]; length: number }>(); // the one used last comes last
  let size = 0;

  function take(id: number) {
    const leaf = cache.get(id);
    if (leaf) size -= leaf.length;
    cache.delete(id);
    return leaf;
  }

  function keep(id: number, entries: readonly Entry[], length: number) {
    take(id);
    cache.set(id, { entries, length });
    size += length;
    for (const oldest of cache.keys()) {
      if (size <= limit) return;
      take(oldest);
    }
  }

  return {
    atHand(id) {
      const leaf = take(id);
      if (leaf) keep(id, leaf.entries, leaf.length);
      return leaf?.entries;
    },

    async fetch(ids, held) {
      const texts = (await disk.get(ids.map(leafKey))) as (string | undefined)[];
      for (const [at, text] of texts.entries()) {
        if (text === undefined) return false;
        const entries = JSON.parse(text) as Entry[];
        held.set(ids[at]!, entries);
        keep(ids[at]!, entries, text.length);
      }
      return true;
    },
  };
}
