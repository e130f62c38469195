import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Event, initial, type State, step } from '../../src/machine.ts';

// biome-ignore format: a list
const events: readonly Event[] = [
  'start', 'stop', 'lead', 'wrote', 'caughtUp', 'behind', 'opened', 'failed', 'denied', 'renewed', 'hint', 'retry',
  'pushed', 'drained', 'pushFailed', 'pushDenied', 'retryPush',
];

/** The things that states do, each of which ends in one of some events. */
const linkEnds: Partial<Record<State['link'], readonly Event[]>> = {
  catchUp: ['caughtUp', 'failed', 'denied'],
  connect: ['opened', 'behind', 'failed', 'denied'],
  live: ['behind', 'failed', 'denied'],
  backoff: ['retry'],
  auth: ['renewed', 'failed'],
};
const pushEnds: Partial<Record<State['push'], readonly Event[]>> = {
  sending: ['pushed', 'drained', 'pushFailed', 'pushDenied'],
  again: ['pushed', 'drained', 'pushFailed', 'pushDenied'],
  backoff: ['retryPush'],
  auth: ['renewed', 'failed'],
};

/** A machine, and the writes that wait. */
class World {
  state = initial;
  waiting = 0;

  send(event: Event): void {
    if (event === 'wrote') this.waiting++;
    if (event === 'drained') this.waiting = this.state.push === 'again' ? 1 : 0;
    this.state = step(this.state, event).state;
  }

  /** Lets everything that is under way go well until nothing is. */
  settle(): void {
    for (let i = 0; i < 20; i++) {
      const { link, push } = this.state;
      if (link === 'follower') this.send('lead');
      else if (linkEnds[link] && link !== 'live') this.send(linkEnds[link][0]!);
      if (push === 'sending' || push === 'again') {
        this.waiting = Math.max(0, this.waiting - 1);
        this.send(this.waiting > 0 ? 'pushed' : 'drained');
      } else if (pushEnds[push]) this.send(pushEnds[push][0]!);
    }
  }
}

const walk = fc.array(fc.constantFrom(...events), { maxLength: 40 });

/** Whether an event can come: those of what a state does come from that state alone. */
function possible({ link, push }: State, event: Event): boolean {
  const own = [...Object.values(linkEnds), ...Object.values(pushEnds)].flat();
  return !own.includes(event) || !!linkEnds[link]?.includes(event) || !!pushEnds[push]?.includes(event);
}

test('after anything, when all goes well it is live and idle, and nothing waits', () => {
  fc.assert(
    fc.property(walk, (plan) => {
      const world = new World();
      for (const event of plan) if (possible(world.state, event)) world.send(event);
      world.send('start');
      world.settle();
      expect(world.state).toEqual({ link: 'live', push: 'idle', linkTries: 0, pushTries: 0 });
      expect(world.waiting).toBe(0);
    }),
  );
});

test('a push begins only where none is under way, whatever comes', () => {
  fc.assert(
    fc.property(walk, (plan) => {
      let state = initial;
      for (const event of plan) {
        const before = state.push;
        const next = step(state, event);
        const ended = ['pushed', 'drained'].includes(event);
        if (next.push && next.state.push === 'sending' && (before === 'sending' || before === 'again')) {
          expect(ended, `${before} ${event}`).toBe(true);
        }
        state = next.state;
      }
    }),
  );
});

test('a write that comes while a push is under way is looked for after it', () => {
  const plan: Event[] = ['start', 'lead', 'wrote', 'drained'];
  const last = plan.reduce((state, event) => step(state, event).state, initial);
  expect(last.push).toBe('sending');
});

test('a stopped machine begins nothing but a start', () => {
  for (const event of events) {
    const next = step(initial, event);
    expect([next.link, next.push]).toEqual([event === 'start', false]);
  }
});

test('failures are counted until it goes well', () => {
  const after = (...plan: Event[]) => plan.reduce((state, event) => step(state, event).state, initial);
  expect(after('start', 'lead', 'failed', 'retry', 'failed').linkTries).toBe(2);
  expect(after('start', 'lead', 'failed', 'retry', 'opened').linkTries).toBe(0);
  expect(after('start', 'lead', 'pushFailed', 'retryPush', 'pushFailed').pushTries).toBe(2);
  expect(after('start', 'lead', 'pushFailed', 'retryPush', 'pushed').pushTries).toBe(0);
});
