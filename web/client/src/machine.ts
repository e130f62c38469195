/**
 * When to do what: how the client is linked to the server, and how its pushes go. Everything here is pure. What a state
 * does is done by Sync when the state is entered; every end of that comes back as an event.
 */

/** How the client follows the log. */
export type Link =
  /** It does not. */
  | 'stopped'
  /** Another tab does. */
  | 'follower'
  /** Pages over HTTP, until it has everything. */
  | 'catchUp'
  /** A socket is being opened. */
  | 'connect'
  /** The socket is open, and nothing is missed. */
  | 'live'
  /** It waits before it tries again. */
  | 'backoff'
  /** It asks for new credentials, and waits for them. */
  | 'auth';

/** How writes leave. */
export type Push =
  | 'off'
  | 'idle'
  /** The one push is under way. */
  | 'sending'
  /** It is, and there are further writes. */
  | 'again'
  | 'backoff'
  | 'auth';

export type Event =
  | 'start'
  | 'stop'
  /** This tab is the one that syncs. */
  | 'lead'
  /** Writes wait. */
  | 'wrote'
  /** Catching up is done. */
  | 'caughtUp'
  /** The socket has more to tell than it should. */
  | 'behind'
  | 'opened'
  | 'failed'
  /** The server does not take the credentials. */
  | 'denied'
  | 'renewed'
  /** It is worth trying again now. */
  | 'hint'
  /** The wait of the link is over. */
  | 'retry'
  /** A push was answered and there are further writes. */
  | 'pushed'
  /** Nothing is left to push. */
  | 'drained'
  | 'pushFailed'
  | 'pushDenied'
  | 'retryPush';

export interface State {
  readonly link: Link;
  readonly push: Push;
  /** How often it failed since it last went well. */
  readonly linkTries: number;
  readonly pushTries: number;
}

export const initial: State = { link: 'stopped', push: 'off', linkTries: 0, pushTries: 0 };

/** What has begun anew: the state was entered, maybe from itself. */
export interface Step {
  readonly state: State;
  readonly link: boolean;
  readonly push: boolean;
}

/** The next state; `.` stays as it is and begins nothing. */
type Table<S extends string> = { readonly [from in S]: { readonly [event in Event]: S | '.' } };

// biome-ignore format: a table
const links: Table<Link> = {
  stopped:  { start: 'follower', stop: '.', lead: '.', wrote: '.', caughtUp: '.', behind: '.', opened: '.', failed: '.', denied: '.', renewed: '.', hint: '.', retry: '.', pushed: '.', drained: '.', pushFailed: '.', pushDenied: '.', retryPush: '.' },
  follower: { start: '.', stop: 'stopped', lead: 'connect', wrote: '.', caughtUp: '.', behind: '.', opened: '.', failed: '.', denied: '.', renewed: '.', hint: '.', retry: '.', pushed: '.', drained: '.', pushFailed: '.', pushDenied: '.', retryPush: '.' },
  catchUp:  { start: '.', stop: 'stopped', lead: '.', wrote: '.', caughtUp: 'connect', behind: '.', opened: '.', failed: 'backoff', denied: 'auth', renewed: '.', hint: '.', retry: '.', pushed: '.', drained: '.', pushFailed: '.', pushDenied: '.', retryPush: '.' },
  connect:  { start: '.', stop: 'stopped', lead: '.', wrote: '.', caughtUp: '.', behind: 'catchUp', opened: 'live', failed: 'backoff', denied: 'auth', renewed: '.', hint: '.', retry: '.', pushed: '.', drained: '.', pushFailed: '.', pushDenied: '.', retryPush: '.' },
  live:     { start: '.', stop: 'stopped', lead: '.', wrote: '.', caughtUp: '.', behind: 'catchUp', opened: '.', failed: 'backoff', denied: 'auth', renewed: '.', hint: '.', retry: '.', pushed: '.', drained: '.', pushFailed: '.', pushDenied: '.', retryPush: '.' },
  backoff:  { start: '.', stop: 'stopped', lead: '.', wrote: '.', caughtUp: '.', behind: '.', opened: '.', failed: '.', denied: '.', renewed: 'connect', hint: 'connect', retry: 'connect', pushed: 'connect', drained: '.', pushFailed: '.', pushDenied: '.', retryPush: '.' },
  auth:     { start: '.', stop: 'stopped', lead: '.', wrote: '.', caughtUp: '.', behind: '.', opened: '.', failed: 'backoff', denied: '.', renewed: 'connect', hint: '.', retry: '.', pushed: 'connect', drained: '.', pushFailed: '.', pushDenied: '.', retryPush: '.' },
};

// biome-ignore format: a table
const pushes: Table<Push> = {
  off:     { start: '.', stop: '.', lead: 'sending', wrote: '.', caughtUp: '.', behind: '.', opened: '.', failed: '.', denied: '.', renewed: '.', hint: '.', retry: '.', pushed: '.', drained: '.', pushFailed: '.', pushDenied: '.', retryPush: '.' },
  idle:    { start: '.', stop: 'off', lead: '.', wrote: 'sending', caughtUp: '.', behind: '.', opened: '.', failed: '.', denied: '.', renewed: '.', hint: '.', retry: '.', pushed: '.', drained: '.', pushFailed: '.', pushDenied: '.', retryPush: '.' },
  sending: { start: '.', stop: 'off', lead: '.', wrote: 'again', caughtUp: '.', behind: '.', opened: '.', failed: '.', denied: '.', renewed: '.', hint: '.', retry: '.', pushed: 'sending', drained: 'idle', pushFailed: 'backoff', pushDenied: 'auth', retryPush: '.' },
  again:   { start: '.', stop: 'off', lead: '.', wrote: '.', caughtUp: '.', behind: '.', opened: '.', failed: '.', denied: '.', renewed: '.', hint: '.', retry: '.', pushed: 'sending', drained: 'sending', pushFailed: 'backoff', pushDenied: 'auth', retryPush: '.' },
  backoff: { start: '.', stop: 'off', lead: '.', wrote: '.', caughtUp: 'sending', behind: '.', opened: 'sending', failed: '.', denied: '.', renewed: 'sending', hint: 'sending', retry: '.', pushed: '.', drained: '.', pushFailed: '.', pushDenied: '.', retryPush: 'sending' },
  auth:    { start: '.', stop: 'off', lead: '.', wrote: '.', caughtUp: '.', behind: '.', opened: 'sending', failed: 'backoff', denied: '.', renewed: 'sending', hint: '.', retry: '.', pushed: '.', drained: '.', pushFailed: '.', pushDenied: '.', retryPush: '.' },
};

export function step(state: State, event: Event): Step {
  const [link, linked] = enter(links, state.link, event);
  const [push, began] =
    state.link === 'stopped' ? ([state.push, false] as const) : enter(pushes, state.push, event);
  return {
    state: {
      link,
      push,
      linkTries: link === 'live' || link === 'stopped' ? 0 : state.linkTries + failures(linked, link),
      pushTries:
        push === 'idle' || push === 'off' || event === 'pushed' ? 0 : state.pushTries + failures(began, push),
    },
    link: linked && link !== 'live', // which goes on with the socket of `connect`
    push: began && push !== 'again', // which goes on with the push of `sending`
  };
}

const failures = (entered: boolean, state: Link | Push): number =>
  entered && (state === 'backoff' || state === 'auth') ? 1 : 0;

function enter<S extends string>(table: Table<S>, from: S, event: Event): [to: S, entered: boolean] {
  const to = table[from][event];
  return to === '.' ? [from, false] : [to, true];
}
