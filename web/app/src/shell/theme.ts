import { useSyncExternalStore } from 'react';

export type Theme = 'system' | 'light' | 'dark';

const key = 'freshet theme'; // public/theme.js reads it before the first paint
const listeners = new Set<() => void>();

const root = document.documentElement;
const current = (): Theme => (root.dataset.theme as Theme | undefined) ?? 'system';

export function setTheme(theme: Theme): void {
  if (theme === 'system') {
    delete root.dataset.theme;
    localStorage.removeItem(key);
  } else {
    root.dataset.theme = theme;
    localStorage.setItem(key, theme);
  }
  for (const listener of [...listeners]) listener();
}

/** Goes from what is seen to the other one. */
export function switchTheme(): void {
  setTheme(isDark() ? 'light' : 'dark');
}

const isDark = () =>
  current() === 'dark' || (current() === 'system' && matchMedia('(prefers-color-scheme: dark)').matches);

export function useTheme(): Theme {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, current);
}
