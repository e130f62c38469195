import { type AnchorHTMLAttributes, type MouseEvent, useMemo, useSyncExternalStore } from 'react';

/** Where the app is. */
export interface Place {
  readonly path: string;
  readonly search: URLSearchParams;
  /** What stands behind the #, without it. */
  readonly fragment: string;
}

const listeners = new Set<() => void>();
const tell = () => {
  for (const listener of [...listeners]) listener();
};
globalThis.addEventListener?.('popstate', tell);
globalThis.addEventListener?.('hashchange', tell);

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** Goes to an address of the app. With `replace` the way back does not lead here. */
export function navigate(to: string, { replace = false } = {}): void {
  if (to === here()) return;
  history[replace ? 'replaceState' : 'pushState'](null, '', to);
  tell();
}

const here = () => location.pathname + location.search + location.hash;

export function usePlace(): Place {
  const address = useSyncExternalStore(subscribe, here);
  return useMemo(() => {
    const { pathname, searchParams, hash } = new URL(address, location.origin);
    return { path: pathname, search: searchParams, fragment: hash.slice(1) };
  }, [address]);
}

/** Gives the parameters of a path that fits a pattern like /tasks/:id or, where it may be absent, /tasks/:id?. */
export function match(pattern: string, path: string): Readonly<Record<string, string>> | undefined {
  const given = path.split('/').filter(Boolean);
  const parts = pattern.split('/').filter(Boolean);
  const parameters: Record<string, string> = {};
  for (const part of parts) {
    const value = given.shift();
    if (part.startsWith(':')) {
      if (value !== undefined) parameters[part.replace(/[:?]/g, '')] = decodeURIComponent(value);
      else if (!part.endsWith('?')) return undefined;
    } else if (part !== value) return undefined;
  }
  return given.length === 0 ? parameters : undefined;
}

/** A link within the app. A click with a modifier does what the browser does. */
export function Link({ to, onClick, ...rest }: { to: string } & AnchorHTMLAttributes<HTMLAnchorElement>) {
  const follow = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event);
    if (
      event.defaultPrevented ||
      event.button !== 0 ||
      event.metaKey ||
      event.ctrlKey ||
      event.shiftKey ||
      event.altKey
    )
      return;
    event.preventDefault();
    navigate(to);
  };
  return <a href={to} onClick={follow} {...rest} />;
}
