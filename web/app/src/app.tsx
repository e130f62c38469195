import { FreshetProvider, useSession } from '@freshet/react';
import { type ComponentType, lazy, Suspense, useEffect } from 'react';
import TasksPage from './pages/tasks/page.tsx';
import { match, navigate, usePlace } from './router/router.tsx';
import { Boundary } from './shell/boundary.tsx';
import { Missing } from './shell/missing.tsx';
import { Shell } from './shell/shell.tsx';
import { Toasts } from './ui/toasts.tsx';
import { session, useWorkspace } from './workspace.ts';

interface Route {
  readonly path: string;
  /** Its parameters are those of the path. */
  readonly page: ComponentType<Record<string, string>>;
  /** For whom the page is: those who are signed in, within the shell; those who are not; or anybody. */
  readonly of: 'user' | 'guest' | 'anybody';
}

/** All pages. Their first parts are listed in router/paths.ts, too, for the service worker. */
const routes: readonly Route[] = [
  { path: '/tasks/:id?', page: TasksPage, of: 'user' },
  { path: '/agenda/new', page: lazy(() => import('./pages/agenda/new.tsx')), of: 'user' },
  { path: '/agenda', page: lazy(() => import('./pages/agenda/page.tsx')), of: 'user' },
  { path: '/conflicts', page: lazy(() => import('./pages/conflicts/page.tsx')), of: 'user' },
  { path: '/settings', page: lazy(() => import('./pages/settings/page.tsx')), of: 'user' },
  { path: '/signin', page: lazy(() => import('./pages/account/signin.tsx')), of: 'guest' },
  { path: '/signup', page: lazy(() => import('./pages/account/signup.tsx')), of: 'guest' },
  { path: '/forgot', page: lazy(() => import('./pages/account/forgot.tsx')), of: 'guest' },
  { path: '/calendar/:id', page: lazy(() => import('./pages/calendar/page.tsx')), of: 'anybody' },
  { path: '/setup', page: lazy(() => import('./pages/setup/page.tsx')), of: 'anybody' },
];

export function App() {
  return (
    <FreshetProvider client={useWorkspace()} session={session}>
      <Pages />
      <Toasts />
    </FreshetProvider>
  );
}

function Pages() {
  const { path, search } = usePlace();
  const { profile } = useSession();
  const isReady = useWorkspace() !== undefined;
  const found = find(path);
  const elsewhere = redirect(path, search, found?.route, profile !== undefined);
  useEffect(() => {
    if (elsewhere) navigate(elsewhere, { replace: true });
  }, [elsewhere]);
  if (elsewhere) return null;
  if (!found) return <Missing />;
  const { route, parameters } = found;
  const page = (
    <Boundary place={path}>
      <Suspense>
        <route.page {...parameters} />
      </Suspense>
    </Boundary>
  );
  return route.of === 'user' ? isReady && <Shell>{page}</Shell> : page;
}

function find(path: string) {
  for (const route of routes) {
    const parameters = match(route.path, path);
    if (parameters) return { route, parameters };
  }
  return undefined;
}

/** Where somebody is sent who cannot stay; undefined: nowhere. */
function redirect(
  path: string,
  search: URLSearchParams,
  route: Route | undefined,
  signedIn: boolean,
): string | undefined {
  if (path === '/') return signedIn ? '/tasks' : '/signin';
  if (route?.of === 'user' && !signedIn) {
    const next = search.size > 0 ? `${path}?${search}` : path;
    return next === '/tasks' ? '/signin' : `/signin?next=${encodeURIComponent(next)}`;
  }
  return undefined;
}
