import { backOff } from './backoff.ts';
import { codeOf } from './errors.ts';
import type { Fields } from './schema.ts';
import { subscribe } from './socket.ts';
import type { Remote } from './transport.ts';
import type { Operation } from './wire.ts';

/**
 * Keeps a subscription of the app's, on a socket of its own, until the function is called that it gives. It subscribes
 * again after each break; what is sent meanwhile is missed. What the server refuses ends it with `failed`.
 */
export function follow(
  remote: Remote,
  operation: Operation,
  next: (data: Fields | null) => void,
  failed: (error: unknown) => void,
): () => void {
  const { credentials, environment } = remote;
  const end = new AbortController();
  let tries = 0;
  let timer: unknown;
  let waits = false;
  const open = () => {
    waits = false;
    environment.clearTimeout(timer);
    subscribe(remote, operation, end.signal, received, broken).catch(broken);
  };
  const again = () => waits && open();
  const received = (data: Fields | null) => {
    tries = 0;
    queueMicrotask(() => end.signal.aborted || next(data)); // its faults are not the socket's
  };
  const broken = async (error: unknown) => {
    const code = codeOf(error);
    const denied = code === 'unauthenticated';
    const renewed = denied && (await credentials.renew?.(remote.sent).catch(() => true));
    if (end.signal.aborted) return;
    waits = true;
    if (renewed || code === 'unavailable' || code === 'internal') {
      timer = backOff(environment, tries++, again);
    } else if (!denied || !credentials.subscribe) {
      stop();
      failed(error);
    }
  };
  const unlisten = [credentials.subscribe?.(again), environment.listen?.(again)];
  const stop = () => {
    end.abort();
    environment.clearTimeout(timer);
    for (const each of unlisten) each?.();
  };
  open();
  return stop;
}
