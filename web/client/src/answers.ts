import { type Conflict, type Resolve, raise } from './conflicts.ts';
import type { Place } from './frames.ts';
import { rejectedKey } from './keys.ts';
import type { Ledger } from './ledger.ts';
import type { Clash } from './merge.ts';
import { atomic, nextPush, type OutboxEntry, type PushLimit, partsOf, writesOf } from './outbox.ts';
import { equal } from './query/values.ts';
import { rebase } from './rebase.ts';
import { type Reason, reject } from './rejected.ts';
import type { Fields } from './schema.ts';
import type { RecordState, Transaction } from './transaction.ts';
import { noteUnseen } from './unseen.ts';
import type { Refused, Taken, WriteInput, WriteResult } from './wire.ts';

/** A push as it leaves: always the same for the same entries. */
export interface Push {
  readonly client: string;
  readonly entries: readonly OutboxEntry[];
  readonly writes: readonly WriteInput[];
  readonly atomic: boolean;
}

/**
 * Gives the next push, and notes on the disk what its writes are known by before it leaves. Undefined: there is
 * nothing to send.
 */
export async function preparePush(ledger: Ledger, limit: PushLimit): Promise<Push | undefined> {
  const entries = await ledger.change(true, async (tx) => {
    const push = nextPush(ledger.queue(), limit);
    if (push.every((entry) => entry.sent)) return push;
    await tx.read(push.map((entry) => [entry.model, entry.key]));
    return push.map((entry) => freeze(tx, entry));
  });
  if (entries.length === 0) return undefined;
  const writes = entries.flatMap((entry) => writesOf(entry, entry.sent!.counter));
  return { client: entries[0]!.sent!.client, entries, writes, atomic: atomic(entries[0]!) };
}

/**
 * Notes it in the transaction of a write already, where the write is the next to be sent: that spares a commit. Behind
 * others that were not sent it waits, and later ones may become one with it.
 */
export function freezeNext(tx: Transaction): void {
  const [entry, ...others] = [...tx.records()].flatMap(({ waiting }) => waiting);
  others.push(...tx.ledger.outbox.values());
  if (entry && !entry.sent && others.every(({ sent }) => sent)) freeze(tx, entry);
}

function freeze(tx: Transaction, entry: OutboxEntry): OutboxEntry {
  const counter = tx.meta<number>('counter') ?? 1;
  tx.setMeta('counter', counter + partsOf(entry).length);
  const frozen = { ...entry, sent: { client: tx.meta<string>('client')!, counter } };
  const record = tx.record(entry.model, entry.key);
  record.waiting = record.waiting.map((w) => (w.number === entry.number ? frozen : w));
  return frozen;
}

/**
 * Tells whether the server knows a write by its counter as another: the store is a copy, or was put back from one. It
 * has not taken such a write.
 */
export function mistaken({ writes }: Push, answers: readonly WriteResult[]): boolean {
  const keys = new Map(writes.map(({ counter, key }) => [counter, key]));
  return answers.some(({ counter, key }) => key !== null && keys.has(counter) && keys.get(counter) !== key);
}

/** Gives the client another name, by which the writes of a push are sent again. */
export async function rename(tx: Transaction, { entries }: Push, client: string): Promise<void> {
  tx.setMeta('client', client);
  tx.setMeta('counter', 1);
  for (const { model, key, number } of entries) {
    const record = await tx.readOne(model, key);
    record.waiting = record.waiting.map(({ sent, ...entry }) =>
      entry.number === number || !sent ? entry : { ...entry, sent },
    );
  }
}

/** Applies the answers to a push: the entries go, the records become what the server holds. */
export async function applyAnswers(
  tx: Transaction,
  push: Push,
  answers: readonly WriteResult[],
  resolve: { readonly [model: string]: Resolve } = {},
): Promise<void> {
  const byCounter = new Map(answers.map((answer) => [answer.counter, answer]));
  await tx.read(push.entries.map((entry) => [entry.model, entry.key]));
  const refused: [entry: OutboxEntry, reason: Reason, shown: boolean][] = [];
  for (const entry of push.entries) {
    const own = writesOf(entry, entry.sent!.counter).map((write) => byCounter.get(write.counter)!);
    const reason = reasonOf(entry, own);
    if (reason) refused.push([refusedPart(entry, own), reason, recordOf(own.at(-1)!) !== null]);
    const applied = own.some(({ status }) => status === 'APPLIED' || status === 'MERGED');
    const clashes = settle(tx, entry, own, applied || (!reason && own[0]!.status === 'REFUSED'));
    const record = tx.record(entry.model, entry.key);
    for (const clash of clashes) raise(tx, record, conflictOf(tx, entry, clash), resolve[entry.model]);
  }
  for (const [entry, reason, shown] of refused) {
    await reject(tx, entry, reason);
    if (shown && reason.code === 'conflict') clash(tx, entry, resolve[entry.model]);
  }
}

/** Gives why an entry was refused; undefined where it was not, or leaves the queue with another that was. */
function reasonOf(entry: OutboxEntry, answers: readonly WriteResult[]): Reason | undefined {
  const reason = answers.find((answer) => answer.status === 'REFUSED')?.error;
  return reason?.code === 'gone' && shows(entry, recordOf(answers.at(-1)!)) ? undefined : reason;
}

/**
 * Takes over what the server says of an entry's record. Where the entry was applied it leaves the queue, and the later
 * writes of the record are told what it has become. Gives what was not taken.
 */
function settle(
  tx: Transaction,
  entry: OutboxEntry,
  answers: readonly WriteResult[],
  applied: boolean,
): Clash[] {
  const record = tx.record(entry.model, entry.key);
  const clashes = answers.flatMap((answer) => ('conflicts' in answer ? answer.conflicts : []));
  const before = { server: record.server, version: record.version };
  for (const answer of answers) if (answer.status !== 'SKIPPED') show(tx, record, answer);
  const at = record.waiting.findIndex((w) => w.number === entry.number);
  if (!applied || at < 0) return clashes;
  const now = { server: record.server, version: record.version };
  const done = { write: record.waiting[at]!, version: versionOf(answers.at(-1)!), before, now };
  const { objects } = tx.ledger.options.schema;
  const later = rebase(done, record.waiting.slice(at + 1), record.schema, objects, (clash) =>
    clashes.push(clash),
  );
  record.waiting = [...record.waiting.slice(0, at), ...later];
  return clashes;
}

/** Takes over the server's record, unless there is a newer one already. */
function show(
  tx: Transaction,
  state: RecordState,
  { record, recordVersion, recordAt }: Taken | Refused,
): void {
  if (recordVersion === null || recordVersion < state.version) return;
  const server = record && { ...record, _version: recordVersion, _lastChangedAt: recordAt };
  if (recordVersion === state.version && equal(server, state.server)) return;
  state.server = server;
  state.version = recordVersion;
  state.mark = tx.meta<Place>('place')?.mark ?? 0;
  noteUnseen(tx, state);
}

const recordOf = (answer: WriteResult): Fields | null => ('record' in answer ? answer.record : null);
const versionOf = (answer: WriteResult): number => ('version' in answer ? (answer.version ?? 0) : 0);

const conflictOf = (tx: Transaction, { model, key }: OutboxEntry, clash: Clash): Conflict => ({
  ...clash,
  model,
  key,
  at: tx.ledger.options.now(),
});

/** Of an entry that was sent in parts only what was refused stays. */
function refusedPart(entry: OutboxEntry, answers: readonly WriteResult[]): OutboxEntry {
  const parts = partsOf(entry).filter(
    (_, i) => answers[i]!.status !== 'APPLIED' && answers[i]!.status !== 'MERGED',
  );
  return { ...entry, fields: Object.assign({}, ...parts.map(([, fields]) => fields)) };
}

/** Tells whether a record is as a write wanted it. */
function shows({ op, fields }: OutboxEntry, record: Fields | null): boolean {
  if (op === 'DELETE') return record === null;
  return record !== null && Object.entries(fields).every(([name, value]) => equal(value, record[name]));
}

/**
 * Of a model where nothing is merged, the fields of a stale write stand as conflicts too. Where none differs from the
 * record that the answer showed, there is nothing to decide.
 */
function clash(tx: Transaction, entry: OutboxEntry, resolve?: Resolve): void {
  const record = tx.record(entry.model, entry.key);
  const { server, schema } = record;
  if (schema.conflict !== 'OPTIMISTIC' || entry.op !== 'UPDATE' || !server) return;
  if (entry.condition !== undefined || entry.group !== undefined) return;
  let open = false;
  for (const [field, yours] of Object.entries(entry.fields)) {
    const theirs = server[field] ?? null;
    if (equal(yours, theirs)) continue;
    const conflict = {
      ...conflictOf(tx, entry, { field, yours, theirs, base: null }),
      rejected: entry.number,
    };
    open = !raise(tx, record, conflict, resolve) || open;
  }
  if (!open) tx.delete(rejectedKey(entry.number));
}
