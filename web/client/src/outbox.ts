import { rowKey } from './rows.ts';
import type { Fields, Json, ModelSchema } from './schema.ts';
import type { WriteInput } from './wire.ts';

/** A write that the server has not answered yet. */
export interface OutboxEntry {
  /** Its place in the queue. */
  readonly number: number;
  readonly model: string;
  readonly key: string;
  readonly op: 'CREATE' | 'UPDATE' | 'DELETE';
  /** A new record's fields, or those that change; null takes one away. */
  readonly fields: Fields;
  /** The version of the record that the writer saw; 0: none. */
  readonly base: number;
  /** Of fields that the writer saw at another version. */
  readonly bases?: { readonly [field: string]: number };
  /** A filter that the server's record has to match. */
  readonly condition?: Json;
  /** Entries with the same group are applied together or not at all. */
  readonly group?: number;
  /** When it was made, in milliseconds. */
  readonly at: number;
  /** Set before it is sent, and from then on the entry does not change: the server knows it by this. */
  readonly sent?: { readonly client: string; readonly counter: number };
}

/** Orders writes as they were made. */
export const byNumber = (a: { readonly number: number }, b: { readonly number: number }): number =>
  a.number - b.number;

/** What one push holds at most. */
export interface PushLimit {
  readonly writes: number;
  /** Of its JSON, in UTF-16 units. */
  readonly size: number;
}

/** Gives the version that the writer of an entry knew a field by. */
export const baseOf = (entry: OutboxEntry, field: string): number => entry.bases?.[field] ?? entry.base;

/**
 * Gives the fields of an entry by the version that they were seen at, lowest first: the server merges each part with
 * what others wrote since.
 */
export function partsOf(entry: OutboxEntry): [base: number, fields: Fields][] {
  const parts = new Map<number, Record<string, Json>>();
  for (const [field, value] of Object.entries(entry.fields)) {
    const base = baseOf(entry, field);
    const part = parts.get(base) ?? {};
    part[field] = value;
    parts.set(base, part);
  }
  if (parts.size === 0) return [[entry.base, {}]];
  return [...parts].sort(([a], [b]) => a - b);
}

/** Gives an entry with the bases of its fields; without `bases` where all are the same. */
export function withBases(
  entry: OutboxEntry,
  base: number,
  baseOfField: (field: string) => number,
): OutboxEntry {
  const { bases: _, ...rest } = entry;
  const others = Object.keys(entry.fields).filter((field) => baseOfField(field) !== base);
  if (others.length === 0) return { ...rest, base };
  return { ...rest, base, bases: Object.fromEntries(others.map((field) => [field, baseOfField(field)])) };
}

/** Gives the writes of a frozen entry: the same ones whenever they are sent. */
export function writesOf(entry: OutboxEntry, counter: number): WriteInput[] {
  const { model, key, op, condition } = entry;
  return partsOf(entry).map(([base, fields], i) => ({
    counter: counter + i,
    model,
    key,
    op,
    fields: op === 'DELETE' ? undefined : fields,
    base: base > 0 ? base : undefined,
    condition: i === 0 ? condition : undefined,
  }));
}

/**
 * Puts a new write behind the others that wait of its record, as one with the last of them where nothing tells them
 * apart for the server. A record that was created and deleted before anybody heard of it leaves nothing.
 */
export function append(
  waiting: readonly OutboxEntry[],
  entry: OutboxEntry,
  model: ModelSchema,
): readonly OutboxEntry[] {
  const last = waiting.at(-1);
  const next = seen(waiting, entry);
  if (
    !last ||
    last.sent ||
    last.group !== next.group ||
    last.condition !== undefined ||
    next.condition !== undefined
  ) {
    return [...waiting, next];
  }
  const before = waiting.slice(0, -1);
  if (last.op === 'CREATE' && next.op === 'DELETE') return before;
  if (last.op === 'DELETE' || next.op !== 'UPDATE' || takesDefaultAway(last, next, model))
    return [...waiting, next];
  const both = { ...last, fields: { ...last.fields, ...next.fields } };
  if (last.op === 'CREATE') return [...before, both];
  return [
    ...before,
    withBases(both, last.base, (field) => baseOf(field in last.fields ? last : next, field)),
  ];
}

/** A field that an earlier write set was seen as that write left it, over what the server had then. */
function seen(waiting: readonly OutboxEntry[], entry: OutboxEntry): OutboxEntry {
  if (entry.op !== 'UPDATE') return entry;
  return withBases(entry, entry.base, (field) => {
    const earlier = waiting.filter((w) => w.op === 'UPDATE' && field in w.fields).at(-1);
    return Math.min(entry.base, earlier ? baseOf(earlier, field) : entry.base);
  });
}

/** In a create, null asks for the default. */
function takesDefaultAway(create: OutboxEntry, update: OutboxEntry, model: ModelSchema): boolean {
  if (create.op !== 'CREATE') return false;
  return Object.entries(update.fields).some(
    ([name, value]) =>
      value === null && (model.fields[name]?.default !== undefined || model.fields[name]?.owner),
  );
}

/** An entry that the server takes whole or not at all, so that it has a push of its own. */
export const atomic = (entry: OutboxEntry): boolean =>
  entry.group !== undefined || (entry.condition !== undefined && partsOf(entry).length > 1);

/**
 * Gives the entries of the next push, in their order: those that were sent and not answered before all others, so that
 * counters rise. A write waits for the answer to an earlier one of its record, which tells what it is based on.
 */
export function nextPush(outbox: readonly OutboxEntry[], limit: PushLimit): readonly OutboxEntry[] {
  const sent = outbox.filter((entry) => entry.sent).sort((a, b) => a.sent!.counter - b.sent!.counter);
  const queue =
    sent.length > 0 ? sent.filter((entry) => entry.sent!.client === sent[0]!.sent!.client) : outbox;
  const first = queue[0];
  if (!first) return [];
  if (first.group !== undefined) return queue.filter((entry) => entry.group === first.group);
  if (atomic(first)) return [first];
  const push: OutboxEntry[] = [];
  const records = new Set<string>();
  let { writes, size } = limit;
  for (const entry of queue) {
    const record = rowKey(entry.model, entry.key);
    writes -= partsOf(entry).length;
    size -= JSON.stringify(entry).length;
    if (push.length > 0 && (writes < 0 || size < 0 || atomic(entry) || records.has(record))) break;
    push.push(entry);
    records.add(record);
  }
  return push;
}
