import type { Profile, Session } from '@freshet/client/accounts';
import { useCallback, useMemo, useSyncExternalStore } from 'react';
import { useProvidedSession } from './provider.tsx';

/** Gives the session, and who is signed in. It renders again when that is another, in whichever tab it came about. */
export function useSession(): { readonly session: Session; readonly profile: Profile | undefined } {
  const session = useProvidedSession();
  const subscribe = useCallback((changed: () => void) => session.subscribe(changed), [session]);
  const text = () => JSON.stringify(session.profile ?? null);
  const profile = useSyncExternalStore(subscribe, text, text);
  return useMemo(
    () => ({ session, profile: (JSON.parse(profile) as Profile | null) ?? undefined }),
    [session, profile],
  );
}
