import { type Disk, headKey, StorageLostError } from './disk.ts';

/**
 * What memory disks share as tabs share a database. It outlives them, as a database outlives a crash. With other values
 * it is as if the database had been deleted: to those who have it open it is lost.
 */
export interface Platter {
  values: Map<string, unknown>;
}

/** Opens a disk that lasts as long as its platter. Who opens it with the same platter sees the same values. */
export function memoryDisk(platter: Platter = { values: new Map() }): Disk {
  let opened: Map<string, unknown> | undefined = platter.values;
  const current = () => {
    if (opened !== platter.values) throw new StorageLostError('closed');
    return opened;
  };
  return {
    async get(keys) {
      return keys.map((key) => current().get(key));
    },

    async list(after, before) {
      const found = [...current()].filter(([key]) => key > after && key < before);
      return found.sort(([a], [b]) => (a < b ? -1 : 1));
    },

    async commit(expected, change) {
      const values = current();
      if ((values.get(headKey) ?? 0) !== expected) return false;
      for (const key of change.delete) values.delete(key);
      for (const [key, value] of change.put) values.set(key, value);
      values.set(headKey, change.head);
      return true;
    },

    close() {
      opened = undefined;
    },
  };
}
