import 'fake-indexeddb/auto';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { StorageFullError } from '../../src/disk.ts';
import { idbDisk } from '../../src/idb-disk.ts';
import { memoryDisk, type Platter } from '../../src/memory-disk.ts';
import { change, diskSuite, isLost } from './disk-suite.ts';

const platters = new Map<string, Platter>();
const kinds = {
  'memory disk': async (name: string) => {
    const platter = platters.get(name) ?? { values: new Map() };
    platters.set(name, platter);
    return memoryDisk(platter);
  },
  'idb disk': idbDisk,
};

for (const [kind, open] of Object.entries(kinds)) {
  describe(kind, () => {
    for (const [name, run] of Object.entries(diskSuite)) test(name, () => run(open, name));
  });
}

const remove = {
  'memory disk': (name: string) => {
    platters.get(name)!.values = new Map();
  },
  'idb disk': async (name: string) => {
    const request = indexedDB.deleteDatabase(name);
    await new Promise((resolve) => {
      request.onsuccess = resolve;
    });
  },
};

test.each(['memory disk', 'idb disk'] as const)(
  'a %s that is deleted is lost to all, and empty when opened again',
  async (kind) => {
    const open = kinds[kind];
    const [disk, other] = [await open('deleted'), await open('deleted')];
    await disk.commit(0, change(1, { a: 1 }));
    await remove[kind]('deleted');
    await isLost(disk);
    await isLost(other);
    const again = await open('deleted');
    expect(await again.get(['head', 'a'])).toEqual([undefined, undefined]);
    expect(await again.commit(0, change(1, { a: 2 }))).toBe(true);
  },
);

describe('idb disk', () => {
  afterEach(() => void vi.restoreAllMocks());

  test('asks for the durability that a commit wants', async () => {
    const disk = await idbDisk('durability');
    const transaction = vi.spyOn(IDBDatabase.prototype, 'transaction');
    await disk.commit(0, { ...change(1, {}), durable: true });
    await disk.commit(1, change(2, {}));
    expect(transaction.mock.calls.map(([, , options]) => options?.durability)).toEqual(['strict', 'relaxed']);
  });

  test('a commit for which there is no room changes nothing and says so', async () => {
    const disk = await idbDisk('full');
    await disk.commit(0, change(1, { a: 1 }));
    vi.spyOn(IDBTransaction.prototype, 'commit').mockImplementation(function (this: IDBTransaction) {
      Object.defineProperty(this, 'error', { value: new DOMException('no room', 'QuotaExceededError') });
      this.abort();
    });
    await expect(disk.commit(1, change(2, { a: 2, b: 2 }))).rejects.toThrow(StorageFullError);
    expect(await disk.get(['head', 'a', 'b'])).toEqual([1, 1, undefined]);
  });

  test('makes way for a later version of the database, and is lost', async () => {
    const disk = await idbDisk('newer');
    const newer = indexedDB.open('newer', 2);
    await new Promise((resolve) => {
      newer.onsuccess = resolve;
    });
    await isLost(disk);
    newer.result.close();
  });
});
