import { type Clash, mergeValue } from './merge.ts';
import { baseOf, type OutboxEntry, withBases } from './outbox.ts';
import { viewOf } from './overlay.ts';
import { equal } from './query/values.ts';
import type { Fields, Json, ModelSchema, Schema } from './schema.ts';

/** A write that was applied, and how its record stood here before and after its answer. */
export interface Applied {
  readonly write: OutboxEntry;
  /** The version that it made; 0 where that is not known any more. */
  readonly version: number;
  readonly before: { readonly server: Fields | null; readonly version: number };
  readonly now: { readonly server: Fields | null; readonly version: number };
}

/**
 * Gives the later writes of a record after an earlier one was applied. Their writer saw the record with the earlier
 * write in it, and not what others wrote to it meanwhile. So the base of a field becomes the record's version where the
 * record holds what the writer saw, and stays what it was elsewhere, for the server to find out who else changed it. A
 * list or an object that others changed as well is merged here: what the writer saw of it is no version on the server.
 */
export function rebase(
  applied: Applied,
  later: readonly OutboxEntry[],
  model: ModelSchema,
  objects: Schema['objects'],
  clash: (clash: Clash) => void,
): OutboxEntry[] {
  const pending = new Set<string>(); // fields about which the answer to a write between tells
  let recreated = applied.write.op === 'DELETE';
  return later.map((write) => {
    recreated ||= write.op === 'CREATE';
    if (recreated) return write;
    if (!write.sent) return rebased(applied, write, model, objects, pending, clash);
    for (const field of Object.keys(write.fields)) pending.add(field);
    return write;
  });
}

function rebased(
  applied: Applied,
  write: OutboxEntry,
  model: ModelSchema,
  objects: Schema['objects'],
  pending: ReadonlySet<string>,
  clash: (clash: Clash) => void,
): OutboxEntry {
  const { now, version, write: earlier } = applied;
  const own = earlier.op === 'CREATE' ? version : 0; // all before that is the writer's own
  if (model.conflict !== 'AUTOMERGE') {
    const base = Math.max(write.base, version);
    return withBases(write, base, () => base);
  }
  if (write.op === 'DELETE') {
    return { ...write, base: unchanged(applied, write, model) ? now.version : Math.max(write.base, own) };
  }
  if (!now.server) return write;
  const fields: Record<string, Json> = { ...write.fields };
  const bases: Record<string, number> = {};
  for (const [field, yours] of Object.entries(fields)) {
    const type = model.fields[field];
    const shared = field in earlier.fields;
    const theirs = now.server[field] ?? null;
    const seen = seenValue(applied, write, field);
    bases[field] = Math.max(baseOf(write, field), own);
    if (pending.has(field)) continue;
    if (seen !== undefined && equal(theirs, seen)) {
      bases[field] = now.version;
    } else if (shared && type && (type.list || objects[type.type])) {
      bases[field] = now.version;
      fields[field] = mergeValue({ objects }, type, field, { yours, theirs, base: seen ?? null }, clash);
    } else if (shared && !own) {
      bases[field] = Math.min(bases[field], baseOf(earlier, field));
    }
  }
  return withBases({ ...write, fields }, Math.max(...Object.values(bases)), (field) => bases[field]!);
}

/** Gives what the writer of a later write saw of a field; undefined where that is not known any more. */
function seenValue({ write: earlier, before }: Applied, write: OutboxEntry, field: string): Json | undefined {
  if (field in earlier.fields) return earlier.fields[field]!;
  if (!before.server || before.version !== baseOf(write, field)) return undefined;
  return before.server[field] ?? null;
}

/** Tells whether the whole record is as the writer saw it. */
function unchanged(
  { write: earlier, before, now }: Applied,
  write: OutboxEntry,
  model: ModelSchema,
): boolean {
  if (!now.server || !before.server || before.version !== write.base) return false;
  const seen = viewOf(before.server, [earlier], model, undefined)!;
  return Object.keys({ ...seen, ...now.server }).every(
    (field) => field[0] === '_' || model.fields[field]?.readonly || equal(seen[field], now.server![field]),
  );
}
