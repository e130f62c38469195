import type { Disk } from '../../src/disk.ts';
import { Ledger } from '../../src/ledger.ts';
import { memoryDisk } from '../../src/memory-disk.ts';
import type { Row } from '../../src/row.ts';
import { rowKey } from '../../src/rows.ts';
import type { FieldSchema, Fields, Json, ModelSchema, Schema } from '../../src/schema.ts';
import type { Transaction } from '../../src/transaction.ts';
import { openEntries } from '../../src/tree.ts';
import type { Change, ChangeFrame, WriteResult } from '../../src/wire.ts';

const text: FieldSchema = { type: 'String' };
const model = (name: string, conflict: ModelSchema['conflict']): ModelSchema => ({
  model: name,
  key: ['id'],
  fields: {
    id: { type: 'ID', required: true },
    title: text,
    note: text,
    status: { type: 'String', default: 'OPEN' },
    tags: { type: 'String', list: true },
    place: { type: 'Place' },
    updatedAt: { type: 'AWSDateTime', readonly: true },
  },
  indexes: { byTitle: ['title'] },
  conflict,
});

/** Two models, one of which takes no stale write. */
export const schema: Schema = {
  version: '1',
  collections: { tasks: model('Task', 'AUTOMERGE'), plans: model('Plan', 'OPTIMISTIC') },
  objects: { Place: { city: text, street: text } },
  enums: {},
};

export const scope = { models: null, filter: {} };

export async function openLedger(disk: Disk = memoryDisk(), of: Schema = schema): Promise<Ledger> {
  let now = 1000;
  const ledger = await Ledger.open(await openEntries(disk), { schema: of, owner: 'ana', now: () => now++ });
  await ledger.change(true, (tx) => {
    if (!tx.meta('client')) tx.setMeta('client', 'c1');
  });
  return ledger;
}

/** Makes a write as the app does. */
export const write = (
  ledger: Ledger,
  op: 'CREATE' | 'UPDATE' | 'DELETE',
  key: string,
  fields: Fields = {},
  more: { group?: number; condition?: Json; model?: string } = {},
): Promise<void> =>
  ledger.change(true, async (tx: Transaction) => {
    const { model = 'Task', ...rest } = more;
    tx.enqueue(await tx.readOne(model, key), { op, fields, ...rest });
  });

export async function row(ledger: Ledger, key: string, of = 'Task'): Promise<Row | undefined> {
  return (await ledger.entries.get([rowKey(of, key)]))[0] as Row | undefined;
}

/** Gives a record as the app sees it, without what the server keeps beside it. */
export async function view(ledger: Ledger, key: string, of = 'Task'): Promise<Fields | null | undefined> {
  const found = await row(ledger, key, of);
  if (!found?.view) return found?.view;
  return Object.fromEntries(
    Object.entries(found.view).filter(([name]) => name[0] !== '_' && name !== 'updatedAt'),
  );
}

export const put = (key: string, version: number, record: Fields, of = 'Task'): Change => ({
  model: of,
  op: 'PUT',
  key,
  version,
  at: version,
  record: { id: key, ...record },
});

export const remove = (key: string, version: number, of = 'Task'): Change => ({
  model: of,
  op: 'REMOVE',
  key,
  version,
  at: version,
  record: null,
});

export const frame = (changes: readonly Change[], more: Partial<ChangeFrame> = {}): ChangeFrame => ({
  cursor: 'c',
  upToDate: true,
  reset: false,
  changes,
  ...more,
});

/** An answer to a write that was taken. */
export const taken = (
  counter: number,
  version: number,
  record: Fields | null,
  more: object = {},
): WriteResult => ({
  counter,
  status: 'APPLIED',
  model: 'Task',
  key: 'k',
  version,
  record,
  recordVersion: version,
  recordAt: version,
  conflicts: [],
  ...more,
});

export const refused = (counter: number, code: string, more: object = {}): WriteResult =>
  ({
    counter,
    status: 'REFUSED',
    model: 'Task',
    key: 'k',
    version: null,
    record: null,
    recordVersion: null,
    recordAt: null,
    error: { code, message: code },
    ...more,
  }) as WriteResult;
