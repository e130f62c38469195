import { applyAnswers, mistaken, type Push, preparePush, rename } from './answers.ts';
import { backOff } from './backoff.ts';
import type { Resolve } from './conflicts.ts';
import { codeOf } from './errors.ts';
import { applyFrames, forget, type Scope, sweep } from './frames.ts';
import type { Ledger } from './ledger.ts';
import { type Event, initial, type State, step } from './machine.ts';
import type { PushLimit } from './outbox.ts';
import { reject } from './rejected.ts';
import type { Fields } from './schema.ts';
import { type Subscription, subscribe } from './socket.ts';
import type { Transaction } from './transaction.ts';
import { changesVariables, fetchChanges, type Remote, sendPush } from './transport.ts';
import { dropUnseen, type Unseen, unseenOf } from './unseen.ts';
import { type ChangeFrame, changesSubscription, readFrame } from './wire.ts';

export interface SyncOptions extends Remote {
  readonly ledger: Ledger;
  readonly scope: Scope;
  readonly resolve?: { readonly [model: string]: Resolve } | undefined;
  /** Waits until this client is the one of the store that syncs. */
  lead(signal: AbortSignal, begin: () => void): void;
  /** Is told of each new state, and of why the last attempt failed. */
  changed(state: State, error: unknown): void;
}

const pageLimit = 5000; // changes of a page over HTTP
const frameLimit = 1000; // changes of a frame on the socket
const queueLimit = 20_000; // changes that came over the socket and are not applied yet
const pushLimit: PushLimit = { writes: 100, size: 256 * 1024 };

/** Does what the machine's states stand for, and tells it how that ended. */
export class Sync {
  readonly #options: SyncOptions;
  /** Its headers may be others than those of the link. */
  readonly #pushRemote: Remote;
  readonly #stops: (() => void)[] = [];
  #state = initial;
  #link = new AbortController();
  #push = new AbortController();
  #lead = new AbortController();
  #subscription: Subscription | undefined;
  #renewal: Promise<boolean> | undefined;
  #error: unknown;
  #renamed: string | undefined;
  #limit = pushLimit;
  /**
   * Whether an answer showed what the log has not sent to a link that is younger than the push: that may be of fewer
   * rights, and was made before there was anything to ask about.
   */
  #late = false;

  constructor(options: SyncOptions) {
    this.#options = options;
    this.#pushRemote = { ...options };
  }

  get state(): State {
    return this.#state;
  }

  /** Whether a write leaves as soon as it may: nothing is known that is in its way. */
  get sends(): boolean {
    return this.#state.link === 'live' && this.#state.pushTries === 0;
  }

  start(): void {
    if (this.#state.link !== 'stopped') return;
    const { ledger, credentials, environment } = this.#options;
    this.#stops.push(
      ledger.listen(() => this.#waits() && this.#send('wrote')),
      credentials.subscribe?.(() => this.#send('renewed')) ?? (() => {}),
      environment.listen?.(() => this.hint()) ?? (() => {}),
    );
    this.#send('start');
  }

  stop(): void {
    for (const stop of this.#stops.splice(0)) stop();
    this.#send('stop');
  }

  /** It is worth trying again now. */
  hint(): void {
    this.#subscription?.probe();
    this.#send('hint');
  }

  #waits(): boolean {
    return this.#options.ledger.outbox.size > 0;
  }

  #send(event: Event, error?: unknown): void {
    const { state, link, push } = step(this.#state, event);
    this.#state = state;
    if (error !== undefined) this.#error = error;
    else if (state.link === 'live' && event !== 'wrote') this.#error = undefined;
    if (link) this.#begin(this.#renewLink(), state);
    if (push) this.#beginPush(this.#renewPush(), state);
    this.#options.changed(state, this.#error);
  }

  #renewLink(): AbortSignal {
    this.#link.abort();
    this.#subscription = undefined;
    this.#link = new AbortController();
    return this.#link.signal;
  }

  #renewPush(): AbortSignal {
    this.#push.abort();
    this.#push = new AbortController();
    return this.#push.signal;
  }

  #begin(signal: AbortSignal, { link, linkTries }: State): void {
    if (link === 'follower') this.#await();
    else if (link === 'stopped') this.#lead.abort();
    else if (link === 'connect') this.#run(signal, 'failed', 'denied', () => this.#connect(signal));
    else if (link === 'catchUp') this.#run(signal, 'failed', 'denied', () => this.#catchUp(signal));
    else if (link === 'backoff') this.#wait(signal, linkTries, () => this.#send('retry'));
    else if (link === 'auth') this.#renew(signal, linkTries, this.#options);
  }

  #beginPush(signal: AbortSignal, { push, pushTries }: State): void {
    if (push === 'sending') this.#run(signal, 'pushFailed', 'pushDenied', () => this.#sendNext(signal));
    else if (push === 'backoff') this.#wait(signal, pushTries, () => this.#send('retryPush'));
    else if (push === 'auth') this.#renew(signal, pushTries, this.#pushRemote);
  }

  #await(): void {
    this.#lead = new AbortController();
    const { signal } = this.#lead;
    this.#options.lead(signal, () => signal.aborted || this.#send('lead'));
  }

  /** Runs what a state does. Once its signal is aborted, what comes of it is of no interest. */
  #run(signal: AbortSignal, failed: Event, denied: Event, work: () => Promise<Event | undefined>): void {
    work().then(
      (event) => {
        if (event && !signal.aborted) this.#send(event);
      },
      (error: unknown) => {
        if (!signal.aborted) this.#send(codeOf(error) === 'unauthenticated' ? denied : failed, error);
      },
    );
  }

  #wait(signal: AbortSignal, tries: number, then: () => void): void {
    const { environment } = this.#options;
    const timer = backOff(environment, tries, () => signal.aborted || then());
    signal.addEventListener('abort', () => environment.clearTimeout(timer));
  }

  #renew(signal: AbortSignal, tries: number, { sent }: Remote): void {
    const renew = () => {
      const { credentials } = this.#options;
      this.#renewal ??= Promise.resolve(credentials.renew?.(sent) ?? false).finally(() => {
        this.#renewal = undefined;
      });
      this.#renewal.then(
        (renewed) => !signal.aborted && renewed && this.#send('renewed'),
        (error) => signal.aborted || this.#send('failed', error),
      );
    };
    if (tries > 1) this.#wait(signal, tries, renew);
    else renew();
  }

  async #connect(signal: AbortSignal): Promise<Event | undefined> {
    const { ledger, scope } = this.#options;
    const place = ledger.place(scope);
    if (!place.done || !place.cursor || place.doubt) return 'behind';
    const frames: ChangeFrame[] = [];
    let after: string | undefined = place.cursor;
    let unseen: Unseen | undefined = unseenOf(ledger);
    this.#late = false;
    let applying = false;
    const drain = async () => {
      applying = true;
      while (frames.length > 0 && !signal.aborted) {
        const waiting = frames.splice(0);
        const before = waiting.at(-1)!.upToDate ? unseen : undefined;
        await ledger.change(false, async (tx) => {
          await this.#apply(tx, after, waiting);
          if (before) await dropUnseen(tx, before);
        });
        after = waiting.at(-1)!.cursor;
        if (before) unseen = undefined;
        if (signal.aborted) return;
        if (ledger.place(scope).doubt) this.#send('behind');
        else if (waiting.at(-1)!.upToDate) this.#send('opened');
        else if (this.#state.link === 'connect') this.#send('behind');
      }
      applying = false;
    };
    const ended = (error: unknown) => this.#run(signal, 'failed', 'denied', () => Promise.reject(error));
    const next = (data: Fields | null) => {
      frames.push(readFrame(data));
      if (frames.reduce((sum, { changes }) => sum + changes.length, 0) > queueLimit) this.#send('behind');
      else if (!applying) drain().catch(ended);
    };
    this.#subscription = await subscribe(
      this.#options,
      { query: changesSubscription, variables: changesVariables(place.cursor, scope, frameLimit) },
      signal,
      next,
      ended,
    );
    return undefined;
  }

  /** Applies page after page; the next one is on its way meanwhile. */
  async #catchUp(signal: AbortSignal): Promise<Event> {
    const { ledger, scope } = this.#options;
    const fetch = (after: string | undefined) => fetchChanges(this.#options, after, scope, pageLimit, signal);
    let [after, page] = await this.#firstPage(fetch);
    for (;;) {
      const next = page.upToDate ? undefined : fetch(page.cursor);
      next?.catch(() => {}); // it is awaited below
      const applied = page;
      await ledger.change(false, (tx) => this.#apply(tx, after, [applied]));
      signal.throwIfAborted();
      after = page.cursor;
      if (!next) break;
      page = await next;
    }
    if (ledger.place(scope).doubt) await sweep(ledger, scope, signal);
    return 'caughtUp';
  }

  /**
   * Applies frames where the store is at the place in the log that they go on from. The link before, which may be of other
   * rights, can have moved it on after this one asked: what is to be taken away since there would not be told.
   */
  async #apply(tx: Transaction, after: string | undefined, frames: readonly ChangeFrame[]): Promise<void> {
    const { scope } = this.#options;
    if (tx.ledger.place(scope).cursor !== after) throw new Error('the store has moved on');
    await applyFrames(tx, frames, scope);
  }

  /**
   * Gives the first page, and the cursor that it goes on from. Where the server cannot read that, the client begins without
   * one, and keeps what it is sent again.
   */
  async #firstPage(
    fetch: (after: string | undefined) => Promise<ChangeFrame>,
  ): Promise<[after: string | undefined, page: ChangeFrame]> {
    const { ledger, scope } = this.#options;
    const { cursor } = ledger.place(scope);
    try {
      return [cursor, await fetch(cursor)];
    } catch (error) {
      if (!cursor || (codeOf(error) !== 'invalid' && codeOf(error) !== 'gone')) throw error;
      const page = await fetch(undefined);
      await ledger.change(false, (tx) => forget(tx, scope));
      return [undefined, page];
    }
  }

  async #sendNext(signal: AbortSignal): Promise<Event> {
    const { ledger } = this.#options;
    const push = await preparePush(ledger, this.#limit);
    if (!push) return this.#drained();
    signal.throwIfAborted();
    const link = this.#link;
    try {
      const answers = await sendPush(this.#pushRemote, push, signal);
      signal.throwIfAborted();
      if (push.client !== this.#renamed && mistaken(push, answers)) {
        const name = this.#options.environment.uuid();
        await ledger.change(true, (tx) => rename(tx, push, name));
        this.#renamed = name;
        return 'pushed';
      }
      await ledger.change(false, (tx) => applyAnswers(tx, push, answers, this.#options.resolve));
      this.#limit = pushLimit;
      this.#late ||= link !== this.#link && Object.keys(unseenOf(ledger)).length > 0;
    } catch (error) {
      if (signal.aborted || (codeOf(error) !== 'invalid' && codeOf(error) !== 'too_large')) throw error;
      await this.#shrink(push, error as Error);
    }
    return this.#waits() ? 'pushed' : this.#drained();
  }

  #drained(): Event {
    if (this.#late) this.#send('behind');
    return 'drained';
  }

  /** The server does not take a push at all: half of it is tried, or what cannot be halved is put aside. */
  async #shrink(push: Push, error: Error): Promise<void> {
    if (push.entries.length > 1 && !push.atomic) {
      this.#limit = { ...pushLimit, writes: Math.ceil(push.writes.length / 2) };
      return;
    }
    const reason = { code: codeOf(error), message: error.message };
    await this.#options.ledger.change(true, async (tx) => {
      for (const entry of push.entries) await reject(tx, entry, reason);
    });
  }
}
