import type { Row } from '../../src/row.ts';
import { batchOf, type Changes, keyText, rowChange } from '../../src/rows.ts';
import type { FieldSchema, Fields, ModelSchema } from '../../src/schema.ts';
import type { MemoryEntries } from './memory-entries.ts';

/** Writes records as the layers above do, and remembers what there is. */
export class Table {
  readonly rows = new Map<string, Row>();
  readonly model: ModelSchema;
  readonly #entries: MemoryEntries;

  constructor(entries: MemoryEntries, model: ModelSchema) {
    this.#entries = entries;
    this.model = model;
  }

  /** The records, in no order that matters. */
  get records(): Fields[] {
    return [...this.rows.values()].flatMap(({ view }) => (view ? [view] : []));
  }

  /** Commits records in one batch: a record to store, or the key of one to delete. */
  async write(...writes: (Fields | string)[]): Promise<void> {
    await this.writeRows(
      ...writes.map((write): [string, Row | undefined] =>
        typeof write === 'string'
          ? [write, undefined]
          : [keyText(this.model, write), { view: write, version: 1 }],
      ),
    );
  }

  async writeRows(...rows: [key: string, row: Row | undefined][]): Promise<void> {
    const changes: Changes = new Map();
    for (const [key, row] of rows) {
      rowChange(this.model, key, this.rows.get(key), row, changes);
      if (row) this.rows.set(key, row);
      else this.rows.delete(key);
    }
    await this.#entries.commit(structuredClone(batchOf(changes, false)));
  }
}

export function modelOf(
  fields: { readonly [name: string]: FieldSchema | string },
  indexes: ModelSchema['indexes'] = {},
  key: readonly string[] = ['id'],
): ModelSchema {
  const schemas = Object.entries({ id: 'ID', ...fields }).map(([name, field]) => [
    name,
    typeof field === 'string' ? { type: field } : field,
  ]);
  return { model: 'Task', key, fields: Object.fromEntries(schemas), indexes, conflict: 'AUTOMERGE' };
}
