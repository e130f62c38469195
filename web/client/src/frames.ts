import type { Entry } from './entries.ts';
import { within } from './keys.ts';
import type { Ledger } from './ledger.ts';
import { equal } from './query/values.ts';
import { readRowKey } from './rows.ts';
import type { Fields, Json } from './schema.ts';
import type { Transaction } from './transaction.ts';
import { seen } from './unseen.ts';
import type { Change, ChangeFrame, Put } from './wire.ts';

/** What of the log the client asks for. */
export interface Scope {
  /** Null: all models that the user may see. */
  readonly models: readonly string[] | null;
  readonly filter: { readonly [model: string]: Json };
}

/** The client's place in the log. */
export interface Place {
  /** Undefined before the first frame. */
  readonly cursor?: string;
  readonly scope: Scope;
  /** Whether the first sync is done, and how many changes it brought. */
  readonly done: boolean;
  readonly received: number;
  /** Whether the log had more when the last frame came. */
  readonly behind?: boolean;
  /** When the client had everything last, in milliseconds. */
  readonly at?: number;
  /** Raised with each reconciliation. Rows carry the one in which they were seen last. */
  readonly mark: number;
  /**
   * The marks below which rows are in doubt, by model, `*` for all: the server sends again what is still there of them,
   * and when it has, the others go.
   */
  readonly doubt?: { readonly [model: string]: number };
}

const all = '*';

/** Gives the mark below which the rows of a model are in doubt. */
const doubtOf = (place: Place, model: string): number =>
  Math.max(place.doubt?.[model] ?? 0, place.doubt?.[all] ?? 0);

/** Applies frames in one go, with the cursor of the last one. */
export async function applyFrames(
  tx: Transaction,
  frames: readonly ChangeFrame[],
  scope: Scope,
): Promise<void> {
  let place = rescoped(tx.ledger.place(scope), scope, tx.ledger);
  await tx.read(
    frames.flatMap((frame) => frame.changes.map((change) => [change.model, change.key] as const)),
  );
  for (const frame of frames) {
    if (frame.reset) place = doubting(place, [all]);
    for (const change of frame.changes) applyChange(tx, change, place);
    seen(tx, frame.changes);
    place = {
      ...place,
      cursor: frame.cursor,
      received: place.received + (place.done ? 0 : frame.changes.length),
      behind: !frame.upToDate,
      ...(frame.upToDate && { done: true, at: tx.ledger.options.now() }),
    };
  }
  tx.setMeta('place', place);
}

function applyChange(tx: Transaction, change: Change, place: Place): void {
  const record = tx.record(change.model, change.key);
  const lost = record.mark < doubtOf(place, change.model); // what it was in another log says nothing
  if (change.version < record.version && !lost) return;
  if (change.op === 'REMOVE') {
    record.server = null;
    record.version = 0;
    return;
  }
  record.mark = place.mark;
  const server = shown(change);
  if (change.version === record.version && equal(server, record.server)) return;
  record.server = server;
  record.version = change.version;
}

const shown = ({ record, version, at }: Put): Fields => ({
  ...record,
  _version: version,
  _lastChangedAt: at,
});

function doubting(place: Place, models: readonly string[]): Place {
  const mark = place.mark + 1;
  return { ...place, mark, doubt: { ...place.doubt, ...Object.fromEntries(models.map((m) => [m, mark])) } };
}

/** What is not asked for any more is in doubt, and what another filter chooses from. */
function rescoped(place: Place, scope: Scope, ledger: Ledger): Place {
  if (equal(place.scope, scope)) return place;
  const known = Object.values(ledger.options.schema.collections).map((collection) => collection.model);
  const before = place.scope.models ?? known;
  const changed = before.filter(
    (model) =>
      (scope.models && !scope.models.includes(model)) ||
      !equal(place.scope.filter[model], scope.filter[model]),
  );
  const next = { ...place, scope };
  return changed.length > 0 ? doubting(next, changed) : next;
}

/** Begins anew, without a cursor, where the server cannot go on from it. */
export function forget(tx: Transaction, scope: Scope): void {
  const { cursor: _, ...place } = tx.ledger.place(scope);
  tx.setMeta('place', doubting(place, [all]));
}

/** Takes away the rows that are still in doubt once the server has sent everything. Waiting writes stay. */
export async function sweep(ledger: Ledger, scope: Scope, signal: AbortSignal): Promise<void> {
  for (const model of Object.keys(ledger.place(scope).doubt ?? {})) {
    const range = model === all ? within('r') : within('r', model);
    for (let from = range.from; !signal.aborted; ) {
      const page = await ledger.entries.scan({ from, to: range.to, limit: sweepPage });
      await ledger.change(false, (tx) => sweepPageOf(tx, page, ledger.place(scope)));
      const last = page.at(-1);
      if (!last || page.length < sweepPage) break;
      from = `${last[0]}\0`;
    }
  }
  if (signal.aborted) return;
  await ledger.change(false, (tx) => {
    const { doubt: _, ...place } = ledger.place(scope);
    tx.setMeta('place', place);
  });
}

const sweepPage = 1000;

async function sweepPageOf(tx: Transaction, page: readonly Entry[], place: Place): Promise<void> {
  const refs = page.map(([entry]) => readRowKey(entry)!);
  await tx.read(refs);
  for (const [model, key] of refs) {
    const record = tx.record(model, key);
    if (record.mark >= doubtOf(place, model)) continue;
    record.server = null;
    record.version = 0;
    if (record.waiting.length > 0) record.mark = place.mark;
  }
}
