import type { Batch } from './entries.ts';
import { metaKey, outboxKey } from './keys.ts';
import type { Ledger } from './ledger.ts';
import { append, type OutboxEntry } from './outbox.ts';
import { type Known, rowOf, serverOf, viewOf } from './overlay.ts';
import type { Row } from './row.ts';
import { batchOf, type Changes, readRowKey, rowChange, rowKey } from './rows.ts';
import type { Fields, ModelSchema } from './schema.ts';

/** A record in a transaction. Its parts may be replaced until the transaction ends. */
export interface RecordState extends Known {
  readonly schema: ModelSchema;
  readonly key: string;
  readonly before: Row | undefined;
  server: Fields | null;
  version: number;
  mark: number;
  waiting: readonly OutboxEntry[];
}

/** A write as it is made; the rest of an OutboxEntry is found out. */
export interface NewWrite extends Pick<OutboxEntry, 'op' | 'fields'> {
  readonly condition?: OutboxEntry['condition'] | undefined;
  readonly group?: number | undefined;
}

/** One change of the store in the making: it reads what is there and gathers what is to be written. */
export class Transaction {
  readonly ledger: Ledger;
  readonly #records = new Map<string, RecordState>();
  readonly #changes: Changes = new Map();

  constructor(ledger: Ledger) {
    this.ledger = ledger;
  }

  /** Reads records that are about to be changed. */
  async read(refs: readonly (readonly [model: string, key: string])[]): Promise<void> {
    const ids = refs.map((ref) => rowKey(...ref)).filter((id) => !this.#records.has(id));
    const rows = await this.ledger.entries.get(ids);
    ids.forEach((id, i) => {
      const [model, key] = readRowKey(id)!;
      const before = rows[i] as Row | undefined;
      this.#records.set(id, {
        schema: this.ledger.model(model),
        key,
        before,
        server: serverOf(before),
        version: before?.version ?? 0,
        mark: before?.mark ?? 0,
        waiting: this.ledger.waiting(id),
      });
    });
  }

  /** Writes a row anew, as if it had not been indexed, with its record as a map gives it. */
  reindex(model: string, key: string, row: Row, map = (record: Fields) => record): void {
    const server = serverOf(row);
    const waiting = this.ledger.waiting(rowKey(model, key));
    const known = { version: row.version, mark: row.mark ?? 0, waiting, server: server && map(server) };
    const schema = this.ledger.model(model);
    rowChange(schema, key, undefined, rowOf(known, schema, this.ledger.options.owner), this.#changes);
  }

  /** Gives a record that was read. */
  record(model: string, key: string): RecordState {
    return this.#records.get(rowKey(model, key))!;
  }

  /** Gives all records that were read. */
  records(): Iterable<RecordState> {
    return this.#records.values();
  }

  async readOne(model: string, key: string): Promise<RecordState> {
    await this.read([[model, key]]);
    return this.record(model, key);
  }

  /** Gives a record as its writer sees it. */
  view(record: RecordState): Fields | null {
    return viewOf(record.server, record.waiting, record.schema, this.ledger.options.owner);
  }

  /** Puts a write in the queue, on the record as it is known now. */
  enqueue(record: RecordState, { op, fields, condition, group }: NewWrite): void {
    const entry: OutboxEntry = {
      number: this.nextNumber(),
      model: record.schema.model,
      key: record.key,
      op,
      fields,
      base: op === 'CREATE' ? 0 : record.version,
      at: this.ledger.options.now(),
      ...(condition !== undefined && { condition }),
      ...(group !== undefined && { group }),
    };
    record.waiting = append(record.waiting, entry, record.schema);
  }

  /** Gives a number that orders writes, and that no other has. */
  nextNumber(): number {
    const number = this.meta<number>('number') ?? 1;
    this.setMeta('number', number + 1);
    return number;
  }

  meta<T>(name: string): T | undefined {
    const key = metaKey(name);
    return (this.#changes.has(key) ? this.#changes.get(key) : this.ledger.meta.get(name)) as T | undefined;
  }

  setMeta(name: string, value: unknown): void {
    this.put(metaKey(name), value);
  }

  put(key: string, value: unknown): void {
    this.#changes.set(key, value);
  }

  delete(key: string): void {
    this.#changes.set(key, undefined);
  }

  /** Gives what is to be committed; undefined for nothing. */
  batch(durable: boolean): Batch | undefined {
    for (const [id, record] of this.#records) {
      const waiting = this.ledger.waiting(id);
      if (!changed(record, waiting)) continue;
      for (const entry of waiting) if (!record.waiting.includes(entry)) this.delete(outboxKey(entry.number));
      for (const entry of record.waiting)
        if (!waiting.includes(entry)) this.put(outboxKey(entry.number), entry);
      const after = rowOf(record, record.schema, this.ledger.options.owner);
      if (record.before || after) rowChange(record.schema, record.key, record.before, after, this.#changes);
    }
    return this.#changes.size > 0 ? batchOf(this.#changes, durable) : undefined;
  }
}

function changed(record: RecordState, waiting: readonly OutboxEntry[]): boolean {
  const row = record.before;
  return (
    record.waiting !== waiting ||
    record.server !== serverOf(row) ||
    record.version !== (row?.version ?? 0) ||
    record.mark !== (row?.mark ?? 0)
  );
}
