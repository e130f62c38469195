import { listeners } from '../listeners.ts';
import { claimsOf, nameOf } from './claims.ts';
import type { Credentials } from './credentials.ts';
import { AuthError } from './error.ts';

/**
 * Credentials of another issuer, or of a custom authoriser. `give` is asked before each connection and may remember a
 * token while it is good; with `renew` it has to look for another one. Undefined: nobody is signed in.
 */
export function tokens(
  give: (ask: { renew: boolean; signal?: AbortSignal }) => Promise<string | undefined>,
): Credentials {
  const told = listeners();
  let last: string | undefined;
  async function take(renew: boolean, signal?: AbortSignal): Promise<string | undefined> {
    const token = await give({ renew, ...(signal && { signal }) });
    const before = last;
    last = token;
    if (token !== before) told.tell();
    return token;
  }
  return {
    async headers(signal) {
      const token = await take(false, signal);
      if (!token) throw new AuthError('SignedOut');
      return { Authorization: token };
    },
    async renew(refused) {
      const before = refused ? refused.Authorization : last;
      const token = await take(true);
      return !!token && token !== before;
    },
    get user() {
      return claimsOf(last).sub;
    },
    get name() {
      return nameOf(claimsOf(last));
    },
    subscribe: told.subscribe,
  };
}
