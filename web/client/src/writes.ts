import { FreshetError } from './errors.ts';
import { wireFilter } from './filters.ts';
import { keyText } from './rows.ts';
import type { Fields, Json, ModelSchema } from './schema.ts';
import type { Transaction } from './transaction.ts';

export interface WriteOptions {
  /** A filter that the server's record has to match; where it does not, the write is refused. */
  readonly condition?: Json | undefined;
}

/** Makes a write in a transaction. Gives the record as its writer sees it then. */
export type Operation = (tx: Transaction, group?: number) => Promise<Fields | null | undefined>;

/** A write that was checked. */
export interface Write {
  readonly run: Operation;
  /** Of a new record, with its id. */
  readonly fields?: Fields;
}

/** Gives the key of a record as it is on the wire. */
export function keyOf(model: ModelSchema, key: unknown): string {
  return typeof key === 'object' ? keyText(model, key as Fields) : String(key);
}

/** A new record. Where its key is an id and none is given, it gets `id`. */
export function create(model: ModelSchema, given: Fields, id: () => string): Write {
  const [name] = model.key;
  const makesId = model.key.length === 1 && name === 'id' && (given.id ?? null) === null;
  const fields: Fields = makesId ? { id: id(), ...withoutNulls(given) } : withoutNulls(given);
  check(model, fields);
  for (const [field, { required, readonly, owner, default: usual }] of Object.entries(model.fields)) {
    const needed = model.key.includes(field) || (required && !readonly && !owner && usual === undefined);
    if (needed && fields[field] === undefined) throw invalid(model, field, 'is missing');
  }
  const key = keyText(model, fields);
  const run: Operation = async (tx, group) => {
    const record = await tx.readOne(model.model, key);
    if (tx.view(record))
      throw new FreshetError('conflict', `there is a ${model.model} with the key ${key} already`);
    tx.enqueue(record, { op: 'CREATE', fields, group });
    return tx.view(record);
  };
  return { fields, run };
}

/** What an update changes, or how that is made from the record as it is then. */
export type Patch = Fields | ((record: Fields) => Fields);

export function update(model: ModelSchema, key: string, patch: Patch, options?: WriteOptions): Write {
  const checked = (given: Fields): Fields => {
    const fields = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
    check(model, fields);
    for (const field of model.key)
      if (field in fields) throw invalid(model, field, 'is of the key, which does not change');
    return fields;
  };
  const known = typeof patch === 'function' ? undefined : checked(patch);
  const condition = conditionOf(options);
  const run: Operation = async (tx, group) => {
    const record = await existing(tx, model, key);
    const fields = known ?? checked((patch as (record: Fields) => Fields)(tx.view(record)!));
    if (Object.keys(fields).length > 0) tx.enqueue(record, { op: 'UPDATE', fields, condition, group });
    return tx.view(record);
  };
  return { run };
}

export function remove(model: ModelSchema, key: string, options?: WriteOptions): Write {
  const condition = conditionOf(options);
  const run: Operation = async (tx, group) => {
    const record = await existing(tx, model, key);
    tx.enqueue(record, { op: 'DELETE', fields: {}, condition, group });
    return undefined;
  };
  return { run };
}

const conditionOf = ({ condition }: WriteOptions = {}): Json | undefined =>
  condition && wireFilter(condition);

async function existing(tx: Transaction, model: ModelSchema, key: string) {
  const record = await tx.readOne(model.model, key);
  if (!tx.view(record)) throw new FreshetError('not_found', `there is no ${model.model} with the key ${key}`);
  return record;
}

const withoutNulls = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => (value ?? null) !== null));

/** What the server would certainly refuse is told at once. */
function check(model: ModelSchema, fields: Fields): void {
  for (const [name, value] of Object.entries(fields)) {
    const field = model.fields[name];
    if (!field) throw invalid(model, name, 'is no field');
    if (field.readonly) throw invalid(model, name, 'is set by the server');
    if (field.required && value === null) throw invalid(model, name, 'cannot be taken away');
  }
}

const invalid = (model: ModelSchema, field: string, what: string): FreshetError =>
  new FreshetError('invalid', `${model.model}.${field} ${what}`);
