import type { OutboxEntry } from './outbox.ts';
import type { Row } from './row.ts';
import type { Fields, Json, ModelSchema } from './schema.ts';

/** What is known of a record: the server's part, and the writes of it that wait, in their order. */
export interface Known {
  readonly server: Fields | null;
  readonly version: number;
  readonly mark: number;
  readonly waiting: readonly OutboxEntry[];
}

/**
 * Gives the row of a record; undefined where nothing is left to store. One that was deleted keeps its version until the
 * server tells its removal, so that what is on its way from before that does not bring it back.
 */
export function rowOf(known: Known, model: ModelSchema, owner: string | undefined): Row | undefined {
  const { server, version, waiting } = known;
  const mark = known.mark > 0 && { mark: known.mark };
  if (waiting.length === 0) return server || version > 0 ? { view: server, version, ...mark } : undefined;
  return { view: viewOf(server, waiting, model, owner), version, server, ...mark };
}

/** Gives the server's part of a row. */
export function serverOf(row: Row | undefined): Fields | null {
  return row?.server !== undefined ? row.server : (row?.view ?? null);
}

/**
 * Gives a record as its writer sees it: the server's with the writes that wait. The server's may hold some of them
 * already, which changes nothing, for a patch says what a field is and not what to do to it.
 */
export function viewOf(
  server: Fields | null,
  waiting: readonly OutboxEntry[],
  model: ModelSchema,
  owner: string | undefined,
): Fields | null {
  let view = server;
  for (const write of waiting) {
    if (write.op === 'DELETE') view = null;
    else if (write.op === 'CREATE') view = patched(view ?? initial(model, write, owner), write, model);
    else if (view) view = patched(view, write, model);
  }
  return view && view !== server ? Object.freeze(view) : view;
}

/** What the server will fill in of a new record, as far as that is known here. */
function initial(model: ModelSchema, write: OutboxEntry, owner: string | undefined): Fields {
  const fields: Record<string, Json> = {};
  for (const [name, field] of Object.entries(model.fields)) {
    if (field.default !== undefined) fields[name] = field.default;
    else if (field.owner && owner !== undefined) fields[name] = owner;
    else if (field.readonly) fields[name] = new Date(write.at).toISOString();
  }
  return { ...fields, _version: 0, _lastChangedAt: write.at };
}

function patched(view: Fields, write: OutboxEntry, model: ModelSchema): Fields {
  const fields: Record<string, Json> = { ...view };
  for (const [name, value] of Object.entries(write.fields)) {
    if (value !== null) fields[name] = value;
    else if (write.op === 'UPDATE') delete fields[name];
  }
  if (write.op === 'UPDATE' && model.fields.updatedAt?.readonly) {
    fields.updatedAt = new Date(write.at).toISOString();
  }
  return fields;
}
