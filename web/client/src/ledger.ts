import type { Conflict } from './conflicts.ts';
import type { Batch, Entries } from './entries.ts';
import type { Place, Scope } from './frames.ts';
import { within } from './keys.ts';
import { listeners } from './listeners.ts';
import { byNumber, type OutboxEntry } from './outbox.ts';
import type { Rejected } from './rejected.ts';
import { changesOf, rowKey } from './rows.ts';
import type { ModelSchema, Schema } from './schema.ts';
import { serial } from './serial.ts';
import { Transaction } from './transaction.ts';

/** What of a client's options its records depend on. */
export interface LedgerOptions {
  readonly schema: Schema;
  /** What the server fills in of owner fields. */
  readonly owner: string | undefined;
  now(): number;
  /** Is told after each change of this tab's. */
  committed?(): void;
}

/**
 * What the client keeps beside its records, in memory and true to the store: the writes that wait and were refused,
 * conflicts, its place in the log. All changes of the store are made here, one after the other.
 */
export class Ledger {
  readonly outbox = new Map<string, OutboxEntry>();
  readonly rejected = new Map<string, Rejected>();
  readonly conflicts = new Map<string, Conflict>();
  readonly meta = new Map<string, unknown>();
  /** By the kinds of their keys. */
  readonly #kept: { readonly [kind: string]: Map<string, unknown> } = {
    o: this.outbox,
    x: this.rejected,
    c: this.conflicts,
    m: this.meta,
  };
  readonly options: LedgerOptions;
  readonly entries: Entries;
  readonly #models: Map<string, ModelSchema>;
  readonly #waiting = new Map<string, OutboxEntry[]>();
  readonly #told = listeners<boolean>();
  readonly #serial = serial();
  #stop: () => void;

  private constructor(entries: Entries, options: LedgerOptions) {
    this.entries = entries;
    this.options = options;
    this.#models = new Map(Object.values(options.schema.collections).map((model) => [model.model, model]));
    this.#stop = entries.listen((batch) => this.#follow(batch));
  }

  static async open(entries: Entries, options: LedgerOptions): Promise<Ledger> {
    const ledger = new Ledger(entries, options);
    await ledger.#serial(() => ledger.#load());
    return ledger;
  }

  /** Gives the schema of a model; of one that the app does not know its records are kept all the same. */
  model(name: string): ModelSchema {
    let model = this.#models.get(name);
    if (!model) {
      model = { model: name, key: ['id'], fields: {}, indexes: {}, conflict: 'AUTOMERGE' };
      this.#models.set(name, model);
    }
    return model;
  }

  /** Gives the client's place in the log. */
  place(scope: Scope): Place {
    return (this.meta.get('place') as Place | undefined) ?? { scope, done: false, received: 0, mark: 0 };
  }

  /** Gives the writes that wait, in their order. */
  queue(): OutboxEntry[] {
    return [...this.outbox.values()].sort(byNumber);
  }

  /** Gives the writes of a record that wait, in their order, by the key of its row. */
  waiting(row: string): readonly OutboxEntry[] {
    return this.#waiting.get(row) ?? [];
  }

  /**
   * Makes a change, all or nothing. Where another tab was faster, the work is done again on what is there then, so it
   * reads everything through the transaction and has no other effects.
   */
  change<T>(durable: boolean, work: (tx: Transaction) => Promise<T> | T): Promise<T> {
    return this.#serial(async () => {
      for (;;) {
        const { head } = this.entries;
        const tx = new Transaction(this);
        const result = await work(tx);
        const batch = tx.batch(durable);
        if (!batch) return result;
        if (!(await this.entries.commit(batch, head))) continue;
        this.options.committed?.();
        return result;
      }
    });
  }

  /** Calls back after each change of what is kept here. `lost` tells that it was read anew. */
  readonly listen = this.#told.subscribe;

  /** Waits for the changes under way. */
  async close(): Promise<void> {
    await this.#serial(() => Promise.resolve());
    this.#stop();
  }

  #follow(batch: Batch | undefined): void {
    if (!batch) {
      void this.#serial(() => this.#load()).then(
        () => this.#told.tell(true),
        () => {},
      );
      return;
    }
    let changed = false;
    for (const [key, value] of changesOf(batch)) changed = this.#set(key, value) || changed;
    if (changed) this.#told.tell(false);
  }

  async #load(): Promise<void> {
    for (;;) {
      const { head } = this.entries;
      const kinds = Object.keys(this.#kept);
      const found = await Promise.all(kinds.map((kind) => this.entries.scan(within(kind))));
      if (head !== this.entries.head) continue;
      for (const map of [...Object.values(this.#kept), this.#waiting]) map.clear();
      for (const [key, value] of found.flat()) this.#set(key, value);
      return;
    }
  }

  #set(key: string, value: unknown): boolean {
    const map = this.#kept[key[0]!];
    if (!map) return false;
    const name = key.slice(2);
    if (map === this.outbox) this.#setWaiting(this.outbox.get(name), value as OutboxEntry | undefined);
    put(map, name, value);
    return true;
  }

  #setWaiting(before: OutboxEntry | undefined, after: OutboxEntry | undefined): void {
    const of = after ?? before;
    if (!of) return;
    const row = rowKey(of.model, of.key);
    const list = this.waiting(row).filter((w) => w !== before);
    if (after) list.push(after);
    put(this.#waiting, row, list.length > 0 ? list.sort(byNumber) : undefined);
  }
}

function put<K, V>(map: Map<K, V>, key: K, value: V | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}
