import { useStatus } from '@freshet/react';
import { type ReactNode, useState } from 'react';
import { Link, navigate, usePlace } from '../router/router.tsx';
import { texts } from '../texts.ts';
import { IconButton } from '../ui/button.tsx';
import {
  AgendaIcon,
  ConflictsIcon,
  KeyboardIcon,
  MoonIcon,
  SettingsIcon,
  SunIcon,
  TasksIcon,
} from '../ui/icons.tsx';
import { undoLatest } from '../ui/toasts.tsx';
import { Brand } from './brand.tsx';
import { Connection } from './connection.tsx';
import { Help } from './help.tsx';
import { useShortcuts } from './shortcuts.ts';
import { switchTheme } from './theme.ts';

const t = texts.nav;

/** What is around every page of somebody who is signed in. */
export function Shell({ children }: { children: ReactNode }) {
  const [help, setHelp] = useState(false);
  useShortcuts({
    '?': () => setHelp(true),
    z: undoLatest,
    'Ctrl+z': undoLatest,
    D: switchTheme,
    n: () => navigate('/tasks?new'),
    '/': () => navigate('/tasks?find'),
    'g t': () => navigate('/tasks'),
    'g a': () => navigate('/agenda'),
    'g c': () => navigate('/conflicts'),
    'g s': () => navigate('/settings'),
  });
  return (
    <div className="grid h-dvh grid-rows-[auto_minmax(0,1fr)_auto] md:grid-cols-[14.5rem_minmax(0,1fr)] md:grid-rows-1">
      <a
        href="#content"
        className="sr-only z-50 rounded-lg bg-accent px-4 py-2 text-on-accent focus:not-sr-only focus:fixed focus:top-2 focus:left-2"
      >
        {texts.skip}
      </a>
      <header className="flex items-center justify-between border-b border-line bg-panel px-4 py-2 md:flex-col md:items-stretch md:justify-start md:border-r md:border-b-0 md:px-3 md:py-5">
        <div className="md:px-2.5 md:pb-6">
          <Brand />
        </div>
        <div className="hidden md:block">
          <Navigation />
        </div>
        <div className="md:mt-auto">
          <div className="mb-1 hidden gap-1 md:flex">
            <ThemeButton />
            <IconButton label={texts.help.open} onClick={() => setHelp(true)}>
              <KeyboardIcon />
            </IconButton>
          </div>
          <div className="hidden md:block">
            <Connection />
          </div>
          <div className="flex items-center md:hidden">
            <Connection compact />
            <ThemeButton />
          </div>
        </div>
      </header>
      <main id="content" tabIndex={-1} className="min-h-0 min-w-0 outline-none">
        {children}
      </main>
      <div className="border-t border-line bg-panel pb-[env(safe-area-inset-bottom)] md:hidden">
        <Navigation tabs />
      </div>
      {help && <Help onClose={() => setHelp(false)} />}
    </div>
  );
}

function ThemeButton() {
  return (
    <IconButton label={texts.help.keys.theme} onClick={switchTheme}>
      <SunIcon className="size-5 dark-only" />
      <MoonIcon className="size-5 light-only" />
    </IconButton>
  );
}

function Navigation({ tabs }: { tabs?: boolean }) {
  const { path } = usePlace();
  const undecided = useStatus(({ conflicts, rejected }) => conflicts + rejected);
  const items = [
    { to: '/tasks', text: t.tasks, icon: <TasksIcon /> },
    { to: '/agenda', text: t.agenda, icon: <AgendaIcon /> },
    ...(undecided > 0 || path === '/conflicts'
      ? [{ to: '/conflicts', text: t.conflicts, icon: <ConflictsIcon />, count: undecided }]
      : []),
    { to: '/settings', text: t.settings, icon: <SettingsIcon /> },
  ];
  return (
    <nav aria-label={t.label}>
      <ul className={tabs ? 'flex justify-around px-1' : 'space-y-1'}>
        {items.map(({ to, text, icon, count }) => (
          <li key={to} className={tabs ? 'flex-1' : ''}>
            <Link
              to={to}
              aria-current={path === to || path.startsWith(`${to}/`) ? 'page' : undefined}
              className={`relative flex items-center text-soft transition-colors hover:text-text aria-[current=page]:text-accent ${
                tabs
                  ? 'flex-col gap-0.5 py-2 text-xs'
                  : 'h-10 gap-3 rounded-lg px-2.5 font-medium hover:bg-sunken aria-[current=page]:bg-tint'
              }`}
            >
              {icon}
              {text}
              {count ? (
                <span
                  className={`rounded-full bg-warn-tint px-1.5 text-xs font-semibold text-warn tabular-nums ${tabs ? 'absolute top-1 left-1/2 ml-2' : 'ml-auto'}`}
                >
                  <span aria-hidden="true">{count}</span>
                  <span className="sr-only">{t.waiting(count)}</span>
                </span>
              ) : null}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
