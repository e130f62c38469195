import type { Socket } from './environment.ts';
import { FreshetError } from './errors.ts';
import type { Fields } from './schema.ts';
import { dataOf, headersOf, type Remote } from './transport.ts';
import { type ClientMessage, codeOfClose, type Operation, readMessage } from './wire.ts';

/** A subscription that is open. */
export interface Subscription {
  /** Asks whether the other side is still there, and ends the subscription when there is soon no answer. */
  probe(): void;
}

/** How often a quiet socket is asked whether it lives, and how long the answer may take, in milliseconds. */
const quiet = 30_000;
const patience = 10_000;

/**
 * Opens a socket with one subscription, which is sent without waiting for `connection_ack`: messages are taken in
 * their order. It lives until the signal ends it, or until `ended` is called, once.
 */
export async function subscribe(
  remote: Remote,
  operation: Operation,
  signal: AbortSignal,
  next: (data: Fields | null) => void,
  ended: (error: unknown) => void,
): Promise<Subscription> {
  const { endpoint, environment } = remote;
  const headers = await headersOf(remote, signal);
  signal.throwIfAborted();
  const socket = environment.openSocket(endpoint.replace(/^http/, 'ws'), 'graphql-transport-ws');
  let timer: unknown;
  const end = (error: unknown) => {
    environment.clearTimeout(timer);
    signal.removeEventListener('abort', abort);
    socket.onmessage = socket.onopen = socket.onclose = socket.onerror = null;
    close(socket);
    if (!signal.aborted) ended(error);
  };
  const abort = () => end(undefined);
  const send = (message: ClientMessage) => socket.send(JSON.stringify(message));
  const wait = (ms: number, then: () => void) => {
    environment.clearTimeout(timer);
    timer = environment.setTimeout(then, ms);
  };
  const probe = () => {
    wait(patience, () => end(new FreshetError('unavailable', 'the socket is silent')));
    try {
      send({ type: 'ping' });
    } catch {
      // It is not open yet; then the wait tells.
    }
  };
  signal.addEventListener('abort', abort);
  wait(patience, () => end(new FreshetError('unavailable', 'the socket does not open')));
  socket.onopen = () => {
    send({ type: 'connection_init', payload: headers });
    send({ type: 'subscribe', id: '1', payload: operation });
  };
  socket.onmessage = ({ data }) => {
    wait(quiet, probe);
    try {
      const { type, answer } = readMessage(String(data));
      if (type === 'ping') send({ type: 'pong' });
      if (type === 'complete') throw new FreshetError('unavailable', 'the subscription ended');
      if (answer) next(dataOf(answer));
    } catch (error) {
      end(error);
    }
  };
  socket.onerror = () => end(new FreshetError('unavailable', 'the socket failed')); // not all say that it closed, too
  socket.onclose = ({ code, reason }) =>
    end(new FreshetError(codeOfClose(code), reason || `the socket closed with ${code}`));
  return { probe };
}

/** A socket that is still being opened cannot be closed in every environment. */
function close(socket: Socket): void {
  try {
    socket.close();
  } catch {
    // then it closes by itself
  }
}
