import type { Fields, Json, Schema } from '../../src/schema.ts';
import type { Change, ChangeFrame, WriteConflict, WriteInput } from '../../src/wire.ts';

/** A task of the model. */
export interface Note {
  readonly id: string;
  readonly title?: string | null;
  readonly n?: number | null;
  readonly tags?: readonly string[] | null;
  readonly _version: number;
}

export const schema: Schema<{
  notes: { record: Note; create: Partial<Note>; patch: Omit<Partial<Note>, 'id'>; key: string };
}> = {
  version: '1',
  collections: {
    notes: {
      model: 'Note',
      key: ['id'],
      fields: {
        id: { type: 'ID', required: true },
        title: { type: 'String' },
        n: { type: 'Int' },
        tags: { type: 'String', list: true },
      },
      indexes: { byTitle: ['title'] },
      conflict: 'AUTOMERGE',
    },
  },
  objects: {},
  enums: {},
};

interface Stored {
  seq: number;
  version: number;
  deleted: boolean;
  fields: Fields;
  versions: Record<string, number>;
  history: Map<number, Fields>;
}

type Outcome = Record<string, Json | readonly WriteConflict[]>;

/**
 * What the server does with changes and pushes, as far as the client can tell: docs/protocol.md in a hundred lines, for
 * one model whose lists are merged.
 */
export class Server {
  readonly records = new Map<string, Stored>();
  /** What was said that should not have been. */
  readonly faults: string[] = [];
  committed: () => void = () => {};
  epoch = 1;
  /** Refuses a push for being too large beyond this. */
  largest = 100;
  /** What the log leaves out: records that may not be seen any more by whoever wrote them. */
  readonly hidden = new Set<string>();
  #seq = 0;
  readonly #answered = new Map<string, { write: string; outcome: Outcome }>();
  readonly #last = new Map<string, number>();

  execute({ query, variables }: { query: string; variables: Record<string, unknown> }): string {
    if (query.startsWith('query')) {
      return JSON.stringify({ data: { changes: this.changes(variables.after as string | undefined, 5) } });
    }
    const { client, writes, atomic } = variables as { client: string; writes: WriteInput[]; atomic: boolean };
    if (writes.length > this.largest) {
      return JSON.stringify({ errors: [{ message: 'too many', errorInfo: { code: 'too_large' } }] });
    }
    const results = this.push(client, writes, atomic);
    this.committed();
    return JSON.stringify({ data: { push: { results } } });
  }

  /** Gives what came after a cursor, at most `limit` changes. */
  changes(after: string | undefined, limit: number): ChangeFrame {
    const [epoch, at] = (after ?? `${this.epoch}:0`).split(':').map(Number) as [number, number];
    const reset = epoch !== this.epoch;
    const from = reset ? 0 : at;
    const all = [...this.records]
      .filter(([key, r]) => r.seq > from && !this.hidden.has(key))
      .sort(([, a], [, b]) => a.seq - b.seq);
    const page = all.slice(0, limit);
    const seq = page.length < all.length ? page.at(-1)![1].seq : this.#seq;
    return {
      cursor: `${this.epoch}:${seq}`,
      upToDate: page.length === all.length,
      reset,
      changes: page.map(shown),
    };
  }

  push(client: string, writes: WriteInput[], atomic: boolean): Outcome[] {
    const last = this.#last.get(client) ?? 0;
    const mine = new Map<string, { others: number; fields: Record<string, Json> }>();
    const undo = structuredClone(this.records);
    const seq = this.#seq;
    const results = writes.map((write): Outcome => {
      const known = this.#answered.get(`${client}/${write.counter}`);
      if (known && known.write !== JSON.stringify(write))
        this.faults.push(`counter ${write.counter} came with another write`);
      if (known) return { ...known.outcome, ...this.#shown(write.key) };
      if (write.counter <= last) this.faults.push(`counter ${write.counter} came after ${last}`);
      return { counter: write.counter, model: write.model, key: write.key, ...this.#apply(write, mine) };
    });
    if (atomic && results.some((r) => r.status === 'REFUSED')) {
      this.records.clear();
      for (const [key, record] of undo) this.records.set(key, record);
      this.#seq = seq;
      for (const r of results)
        if (r.status !== 'REFUSED') Object.assign(r, { status: 'SKIPPED', version: null });
    }
    writes.forEach((write, i) => {
      this.#answered.set(`${client}/${write.counter}`, {
        write: JSON.stringify(write),
        outcome: results[i]!,
      });
      this.#last.set(client, Math.max(this.#last.get(client) ?? 0, write.counter));
    });
    return results.map((r) =>
      r.status === 'SKIPPED' ? { counter: r.counter!, status: 'SKIPPED', model: r.model!, key: r.key! } : r,
    );
  }

  #shown(key: string): Outcome {
    const record = this.records.get(key);
    return {
      record: record && !record.deleted ? record.fields : null,
      recordVersion: record?.version ?? null,
      recordAt: record ? record.seq : null,
    };
  }

  #apply(write: WriteInput, mine: Map<string, { others: number; fields: Record<string, Json> }>): Outcome {
    const { key, op, base = 0, fields = {} } = write;
    const record = this.records.get(key);
    const own = mine.get(key) ?? { others: record?.version ?? 0, fields: {} };
    const refuse = (code: string): Outcome => ({
      status: 'REFUSED',
      version: null,
      error: { code, message: code },
      ...this.#shown(key),
    });
    if (fields.title === 'bad') return refuse('invalid');
    const conflicts: WriteConflict[] = [];
    if (op === 'CREATE') {
      if (record && !record.deleted) return refuse('conflict');
      this.#store(key, op, { ...fields }, Object.keys(fields));
      mine.set(key, { others: 0, fields: {} });
    } else {
      if (!record || (record.deleted && base === 0)) return refuse('not_found');
      if (record.deleted || base > record.version) return refuse('conflict');
      const stale = base !== 0 && own.others !== 0 && base < own.others;
      if (op === 'DELETE') {
        if (stale) return refuse('conflict');
        this.#store(key, op, record.fields, []);
      } else {
        const next: Record<string, Json> = { ...record.fields };
        for (const [name, yours] of Object.entries(fields)) {
          const changed = stale && (record.versions[name] ?? 0) > base;
          next[name] = changed ? this.#merge(record, own.fields, name, yours, base, conflicts) : yours;
        }
        const taken = Object.keys(fields).filter((name) => !same(next[name], record.fields[name]));
        if (taken.length > 0 || !stale) this.#store(key, op, next, taken);
        for (const name of Object.keys(fields))
          if (!conflicts.some((c) => c.field === name)) own.fields[name] = fields[name]!;
        mine.set(key, own);
      }
    }
    const version = this.records.get(key)!.version;
    return { status: conflicts.length > 0 ? 'MERGED' : 'APPLIED', version, conflicts, ...this.#shown(key) };
  }

  #merge(
    record: Stored,
    mine: Record<string, Json>,
    name: string,
    yours: Json,
    base: number,
    conflicts: WriteConflict[],
  ): Json {
    const theirs = record.fields[name] ?? null;
    if (same(yours, theirs)) return yours;
    const before = name in mine ? mine[name]! : (record.history.get(base)?.[name] ?? null);
    if (name in mine && same(before, theirs)) return yours;
    if (same(yours, before) || theirs === null)
      return theirs === null && !same(yours, before) ? yours : theirs;
    if (Array.isArray(yours)) {
      const [a, b, c] = [yours, theirs, before ?? []] as [Json[], Json[], Json[]];
      return [...minus(b, minus(c, a)), ...minus(a, c)];
    }
    conflicts.push({ field: name, yours, theirs, base: before });
    return theirs;
  }

  #store(key: string, op: WriteInput['op'], fields: Fields, changed: readonly string[]): void {
    const record = this.records.get(key);
    const version = (record?.version ?? 0) + 1;
    const versions = op === 'CREATE' ? {} : { ...record?.versions };
    for (const name of op === 'CREATE' ? ['title', 'n', 'tags'] : changed) versions[name] = version;
    const kept = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
    const history = new Map(record?.history).set(version, kept);
    this.records.set(key, {
      seq: ++this.#seq,
      version,
      deleted: op === 'DELETE',
      fields: { id: key, ...kept },
      versions,
      history,
    });
  }
}

const same = (a: Json | undefined, b: Json | undefined): boolean =>
  JSON.stringify(a ?? null) === JSON.stringify(b ?? null);

const minus = (a: readonly Json[], b: readonly Json[]): Json[] => {
  const rest = [...b];
  return a.filter((value) => {
    const at = rest.indexOf(value);
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
};

const shown = ([key, { version, deleted, fields, seq }]: [string, Stored]): Change =>
  deleted
    ? { model: 'Note', op: 'REMOVE', key, version, at: seq, record: null }
    : { model: 'Note', op: 'PUT', key, version, at: seq, record: fields };
