import { useEffect, useRef, useSyncExternalStore } from 'react';

/**
 * What keys do: by `n`, `?`, `Ctrl+z`, or two after each other, `g t`. What gives false has nothing to do with the key
 * now, which is then for others.
 */
export type Shortcuts = Readonly<Record<string, () => unknown>>;

const off = 'freshet shortcuts off';
const patience = 1200; // ms between the two keys of a sequence

const stack: { readonly current: Shortcuts }[] = [];
const listeners = new Set<() => void>();
let first: { readonly key: string; readonly at: number } | undefined;

globalThis.document?.addEventListener('keydown', (event) => {
  if (
    event.defaultPrevented ||
    !areShortcutsOn() ||
    isWriting(event.target) ||
    document.querySelector('dialog[open], [role=menu]')
  )
    return;
  const key = nameOf(event);
  const both = first && event.timeStamp - first.at < patience ? `${first.key} ${key}` : key;
  first = undefined;
  for (const { current } of stack.toReversed()) {
    const run = current[both] ?? current[key];
    if (!run || run() === false) continue;
    event.preventDefault();
    return;
  }
  if (stack.some(({ current }) => Object.keys(current).some((name) => name.startsWith(`${key} `)))) {
    first = { key, at: event.timeStamp };
  }
});

function nameOf(event: KeyboardEvent): string {
  if (event.altKey) return '';
  const modifier = event.ctrlKey || event.metaKey ? 'Ctrl+' : '';
  return modifier + event.key;
}

function isWriting(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !/^(checkbox|radio|button)$/.test(target.type);
  return target.isContentEditable || /^(TEXTAREA|SELECT)$/.test(target.tagName);
}

/** Listens for keys while the component is there. The latest one that did goes first. */
export function useShortcuts(shortcuts: Shortcuts): void {
  const latest = useRef(shortcuts);
  latest.current = shortcuts;
  useEffect(() => {
    stack.push(latest);
    return () => void stack.splice(stack.indexOf(latest), 1);
  }, []);
}

/** Single keys can be switched off, for those who speak to their device. */
export const areShortcutsOn = (): boolean => localStorage.getItem(off) === null;

export function setShortcutsOn(on: boolean): void {
  if (on) localStorage.removeItem(off);
  else localStorage.setItem(off, '1');
  for (const listener of [...listeners]) listener();
}

export function useShortcutsOn(): boolean {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, areShortcutsOn);
}
