import type { Environment } from './environment.ts';

const firstWait = 500; // milliseconds
const longestWait = 30_000;

/** Waits before another try. Full jitter: what failed together does not come back together. Gives the timer. */
export function backOff(environment: Environment, tries: number, then: () => void): unknown {
  const longest = Math.min(longestWait, firstWait * 2 ** Math.min(tries, 10));
  return environment.setTimeout(then, environment.random() * longest);
}
