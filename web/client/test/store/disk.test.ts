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
