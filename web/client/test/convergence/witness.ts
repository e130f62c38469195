import type { Conflict, OutboxEntry, Rejected } from '../../src/index.ts';
import { equal } from '../../src/query/values.ts';
import type { Json } from '../../src/schema.ts';
import type { PushResult, PushVariables, Taken, WriteInput, WriteResult } from '../../src/wire.ts';
import type { Doc } from './teams.ts';

/** What a device tells its user in the end. */
export interface Told {
  readonly rejected: readonly Rejected[];
  readonly conflicts: readonly Conflict[];
}

/** A write that resolved: from then on it must not get lost. */
export interface Acknowledged {
  readonly device: string;
  readonly key: string;
  readonly field: keyof Doc;
  /** No other write has it. For `tags`, what was added. */
  readonly value: string;
}

interface Sent {
  readonly device: string;
  readonly client: string;
  readonly write: WriteInput;
  readonly text: string;
  answer?: WriteResult;
}

/** Hears everything that is sent to the server and what that answers, whether or not it arrives, and judges by it. */
export class Witness {
  /** What was said that must not be. */
  readonly faults: string[] = [];
  readonly #sent = new Map<string, Sent>();
  #acknowledged: Acknowledged[] = [];

  acknowledge(write: Acknowledged): void {
    this.#acknowledged.push(write);
  }

  /** What a device deletes before it is sent leaves nothing. */
  forget(device: string, key: string): void {
    this.#acknowledged = this.#acknowledged.filter((write) => write.device !== device || write.key !== key);
  }

  sends(device: string, body: string): void {
    for (const [id, client, write] of writesIn(body)) {
      const text = JSON.stringify(write);
      const before = this.#sent.get(id);
      if (!before) this.#sent.set(id, { device, client, write, text });
      else if (before.text !== text) this.faults.push(`${id} is ${before.text}, and then ${text}`);
    }
  }

  answers(body: string, text: string): void {
    const { client } = pushIn(body) ?? {};
    const { results = [] } = (client && (JSON.parse(text).data?.push as PushResult | null)) || {};
    for (const answer of results) {
      const sent = this.#sent.get(`${client} ${answer.counter}`)!;
      if (sent.answer && isGone(answer)) continue;
      if (sent.answer && !isGone(sent.answer) && outcome(sent.answer) !== outcome(answer))
        this.faults.push(`${sent.text} is ${outcome(sent.answer)}, and then ${outcome(answer)}`);
      sent.answer = answer;
    }
  }

  /** Gives what is wrong, with the records that are there in the end and what the devices tell. */
  judge(records: ReadonlyMap<string, Doc>, told: (device: string) => Told): string[] {
    const faults = [...this.faults];
    for (const sent of this.#sent.values()) this.#judgeSent(sent, told(sent.device), faults);
    for (const record of records.values()) this.#judgeRecord(record, faults);
    const lasts = new Map(this.#acknowledged.map((w) => [lastOf(w), w]));
    for (const write of lasts.values()) this.#judgeAcknowledged(write, records, told(write.device), faults);
    return faults;
  }

  /** What the server does not take has to be told, and only that. */
  #judgeSent(sent: Sent, { rejected, conflicts }: Told, faults: string[]): void {
    const { device, write, answer, text } = sent;
    if (!answer) return void faults.push(`no answer: ${text}`);
    const isTold = rejected.some((told) => this.#holds(told.write, sent));
    if (!applied(answer)) {
      const clashes = conflicts.some((c) => c.key === write.key && c.field in (write.fields ?? {}));
      if (!isTold && !clashes && !shows(answer, write))
        faults.push(`refused and not told: ${text} ${JSON.stringify(answer)}`);
      return;
    }
    if (isTold) faults.push(`taken and told as refused: ${text}`);
    for (const { field, theirs } of answer.conflicts) {
      if (!conflicts.some((c) => c.key === write.key && c.field === field))
        faults.push(`a conflict that is not told: ${field} of ${text}`);
      if (this.#wrote(device, write.key, field, theirs))
        faults.push(`a conflict with itself: ${field} of ${text}`);
    }
  }

  /**
   * Tells whether an entry is, or has in it, a write that was sent. An entry is sent in parts that have no field in
   * common, one after the other.
   */
  #holds({ sent, key, op, fields }: OutboxEntry, { client, write }: Sent): boolean {
    if (sent?.client !== client || sent.counter > write.counter) return false;
    const own = Object.entries(write.fields ?? {});
    for (let counter = sent.counter; counter < write.counter; counter++) {
      const part = this.#sent.get(`${client} ${counter}`)?.write;
      if (!part?.fields || own.some(([name]) => name in part.fields!)) return false;
    }
    const has = ([name, value]: [string, Json]) => name in fields && equal(value, fields[name]);
    return key === write.key && op === write.op && own.every(has);
  }

  /** Tells whether a value, which no other write has, is of a write of a device. */
  #wrote(device: string, key: string, field: string, value: unknown): boolean {
    if (field !== 'title' && field !== 'text') return false;
    return [...this.#sent.values()].some(
      (sent) => sent.device === device && sent.write.key === key && sent.write.fields?.[field] === value,
    );
  }

  /** A record holds nothing twice, and of each field what the last write made of it. */
  #judgeRecord(record: Doc, faults: string[]): void {
    const tags = record.tags ?? [];
    if (new Set(tags).size < tags.length) faults.push(`twice in ${record.id}: ${tags}`);
    if (this.#deleted(record.id)) return;
    for (const field of ['title', 'text'] as const) {
      const last = [...this.#sent.values()]
        .filter(({ write, answer }) => write.key === record.id && took(answer, write, field))
        .sort((a, b) => versionOf(a) - versionOf(b))
        .at(-1);
      const value = last?.write.fields?.[field];
      if (last && !equal(value, record[field]))
        faults.push(`${field} of ${record.id} is ${record[field]}, the last write made it ${value}`);
    }
  }

  #judgeAcknowledged(
    { device, key, field, value }: Acknowledged,
    records: ReadonlyMap<string, Doc>,
    { rejected }: Told,
    faults: string[],
  ): void {
    const has = (fields: { readonly [name: string]: unknown } | undefined) =>
      field === 'tags' ? (fields?.tags as unknown[] | undefined)?.includes(value) : fields?.[field] === value;
    if (rejected.some(({ write }) => write.key === key && has(write.fields))) return;
    const own = [...this.#sent.values()].filter((sent) => sent.device === device && sent.write.key === key);
    const sent = own.filter(({ write }) => has(write.fields));
    if (sent.length === 0) return void faults.push(`never sent: ${field} ${value} of ${key} by ${device}`);
    if (field !== 'tags' && sent.length > 1) faults.push(`sent under two names: ${value} of ${key}`);
    if (field === 'tags' && !this.#deleted(key) && !has(records.get(key) as never))
      faults.push(`lost: ${value} of ${key} by ${device}`);
  }

  #deleted(key: string): boolean {
    return [...this.#sent.values()].some(
      ({ write, answer }) => write.op === 'DELETE' && write.key === key && answer && applied(answer),
    );
  }
}

/** A later write of a device may take the place of an earlier one of the same field before it is sent; tags add up. */
const lastOf = ({ device, key, field, value }: Acknowledged): string =>
  [device, key, field, field === 'tags' ? value : ''].join(' ');

const applied = (answer: WriteResult): answer is Taken =>
  answer.status === 'APPLIED' || answer.status === 'MERGED';

/** Tells whether a record took a field of a write. */
const took = (answer: WriteResult | undefined, write: WriteInput, field: string): boolean =>
  answer !== undefined &&
  applied(answer) &&
  field in (write.fields ?? {}) &&
  !answer.conflicts.some((c) => c.field === field);

const versionOf = ({ answer }: Sent): number => (answer as Taken).version;

/** Tells whether a record is already as a refused write wanted it: then there is nothing to tell. */
const shows = (answer: WriteResult, { fields = {} }: WriteInput): boolean =>
  'record' in answer && Object.entries(fields).every(([name, value]) => equal(value, answer.record?.[name]));

/** A copy came after later writes, and the server does not remember the outcome any more. */
const isGone = (answer: WriteResult): boolean => answer.status === 'REFUSED' && answer.error.code === 'gone';

/** What is the same however often a write is sent. */
function outcome(answer: WriteResult): string {
  const error = answer.status === 'REFUSED' ? answer.error.code : '';
  return `${answer.status} ${error} ${'version' in answer ? answer.version : ''}`;
}

function pushIn(body: string): PushVariables | undefined {
  return body.includes('push(') ? JSON.parse(body).variables : undefined;
}

function writesIn(body: string): [id: string, client: string, write: WriteInput][] {
  const { client = '', writes = [] } = pushIn(body) ?? {};
  return writes.map((write) => [`${client} ${write.counter}`, client, write]);
}
