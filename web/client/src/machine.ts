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

/** What happens. */
const events = [
  'start',
  'stop',
  /** This tab is the one that syncs. */
  'lead',
  /** Writes wait. */
  'wrote',
  /** Catching up is done. */
  'caughtUp',
  /** The socket has more to tell than it should. */
  'behind',
  'opened',
  'failed',
  /** The server does not take the credentials. */
  'denied',
  'renewed',
  /** It is worth trying again now. */
  'hint',
  /** The wait of the link is over. */
  'retry',
  /** A push was answered and there are further writes. */
  'pushed',
  /** Nothing is left to push. */
  'drained',
  'pushFailed',
  'pushDenied',
  'retryPush',
] as const;
export type Event = (typeof events)[number];

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

/** The next state by the event; with 0 it stays as it is and begins nothing. */
type Table<S extends string> = { readonly [from in S]: Cells<typeof events, S | 0> };
type Cells<E extends readonly unknown[], C> = { readonly [at in keyof E]: C };

// biome-ignore format: a table
const links: Table<Link> = {
  //         start       stop       lead       wrote  caughtUp   behind     opened  failed     denied  renewed    hint       retry      pushed     drained  pushFailed  pushDenied  retryPush
  stopped:  ['follower', 0,         0,         0,     0,         0,         0,      0,         0,      0,         0,         0,         0,         0,       0,          0,          0],
  follower: [0,          'stopped', 'connect', 0,     0,         0,         0,      0,         0,      0,         0,         0,         0,         0,       0,          0,          0],
  catchUp:  [0,          'stopped', 0,         0,     'connect', 0,         0,      'backoff', 'auth', 0,         0,         0,         0,         0,       0,          0,          0],
  connect:  [0,          'stopped', 0,         0,     0,         'catchUp', 'live', 'backoff', 'auth', 0,         0,         0,         0,         0,       0,          0,          0],
  live:     [0,          'stopped', 0,         0,     0,         'catchUp', 0,      'backoff', 'auth', 0,         0,         0,         0,         0,       0,          0,          0],
  backoff:  [0,          'stopped', 0,         0,     0,         0,         0,      0,         0,      'connect', 'connect', 'connect', 'connect', 0,       0,          0,          0],
  auth:     [0,          'stopped', 0,         0,     0,         0,         0,      'backoff', 0,      'connect', 0,         0,         'connect', 0,       0,          0,          0],
};

// biome-ignore format: a table
const pushes: Table<Push> = {
  //         start  stop   lead       wrote      caughtUp   behind  opened     failed     denied  renewed    hint       retry  pushed     drained    pushFailed  pushDenied  retryPush
  off:      [0,     0,     'sending', 0,         0,         0,      0,         0,         0,      0,         0,         0,     0,         0,         0,          0,          0],
  idle:     [0,     'off', 0,         'sending', 0,         0,      0,         0,         0,      0,         0,         0,     0,         0,         0,          0,          0],
  sending:  [0,     'off', 0,         'again',   0,         0,      0,         0,         0,      0,         0,         0,     'sending', 'idle',    'backoff',  'auth',     0],
  again:    [0,     'off', 0,         0,         0,         0,      0,         0,         0,      0,         0,         0,     'sending', 'sending', 'backoff',  'auth',     0],
  backoff:  [0,     'off', 0,         0,         'sending', 0,      'sending', 0,         0,      'sending', 'sending', 0,     0,         0,         0,          0,          'sending'],
  auth:     [0,     'off', 0,         0,         0,         0,      'sending', 'backoff', 0,      'sending', 0,         0,     0,         0,         0,          0,          0],
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
  const to = table[from][events.indexOf(event)];
  return to ? [to, true] : [from, false];
}
