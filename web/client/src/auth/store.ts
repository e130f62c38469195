import { type Listeners, listeners } from '../listeners.ts';
import { claimsOf } from './claims.ts';
import type { TokenResult } from './cognito.ts';

/** Where tokens are kept: localStorage and sessionStorage are such. Whoever can read it can act as the user. */
export type TokenStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

/** The tokens of a session. */
export interface Tokens {
  readonly access: string;
  readonly id: string;
  readonly refresh: string;
  /** How far the server's clock is ahead of this one, in ms. */
  readonly drift: number;
}

export interface TokenStore {
  get(): Tokens | undefined;
  set(tokens: Tokens | undefined): void;
  /** Tells of changes by this tab and, in localStorage, by others. */
  readonly subscribe: Listeners<void>['subscribe'];
}

export function tokenStore(storage: TokenStorage, key: string): TokenStore {
  let text: string | null = null;
  let tokens: Tokens | undefined;
  const told = listeners();
  return {
    get() {
      const now = storage.getItem(key);
      if (now !== text) {
        text = now;
        tokens = read(now);
      }
      return tokens;
    },
    set(next) {
      if (next) storage.setItem(key, JSON.stringify(next));
      else storage.removeItem(key);
      told.tell();
    },
    subscribe(callback) {
      const stop = told.subscribe(callback);
      const changed = (event: StorageEvent) => {
        if (event.key === key || event.key === null) callback();
      };
      globalThis.addEventListener?.('storage', changed);
      return () => {
        stop();
        globalThis.removeEventListener?.('storage', changed);
      };
    },
  };
}

function read(text: string | null): Tokens | undefined {
  try {
    const tokens = JSON.parse(text!);
    return tokens?.refresh ? tokens : undefined;
  } catch {
    return undefined;
  }
}

/** The tokens that the server gave at a time of this clock; `refresh` stays where it gave no other. */
export function received(result: TokenResult, now: number, refresh = ''): Tokens {
  return {
    access: result.AccessToken,
    id: result.IdToken,
    refresh: result.RefreshToken ?? refresh,
    drift: (claimsOf(result.AccessToken).iat ?? now / 1000) * 1000 - now,
  };
}

/** For how long the access token is good still, in ms. */
export const left = (tokens: Tokens, now: number): number =>
  (claimsOf(tokens.access).exp ?? 0) * 1000 - now - tokens.drift;

/** localStorage; memory where there is none, or where it is forbidden. */
export function usualStorage(): TokenStorage {
  try {
    if (globalThis.localStorage) return globalThis.localStorage;
  } catch {}
  const kept = new Map<string, string>();
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  };
}
