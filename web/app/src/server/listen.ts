import { session } from '../workspace.ts';

interface Message {
  readonly type: string;
  readonly payload?: { readonly data?: unknown };
}

const shortest = 1000; // ms until it is tried again, and twice that each time
const longest = 30_000;

/**
 * Follows a subscription on a socket of its own, for what is heard and not kept; records come by the client. It connects
 * again until it is ended by the function that it gives.
 */
export function listen<T>(query: string, variables: object, heard: (data: T) => void): () => void {
  const end = new AbortController();
  let wait = shortest;
  let timer: ReturnType<typeof setTimeout>;

  async function connect(): Promise<void> {
    const headers = await session.headers(end.signal);
    const socket = new WebSocket(`${location.origin.replace(/^http/, 'ws')}/graphql`, 'graphql-transport-ws');
    const send = (message: object) => socket.send(JSON.stringify(message));
    end.signal.addEventListener('abort', () => socket.close(1000));
    socket.onopen = () => send({ type: 'connection_init', payload: headers });
    socket.onclose = again;
    socket.onmessage = ({ data }) => {
      const { type, payload } = JSON.parse(String(data)) as Message;
      if (type === 'ping') send({ type: 'pong' });
      else if (type === 'connection_ack') {
        wait = shortest;
        send({ type: 'subscribe', id: '1', payload: { query, variables } });
      } else if (type === 'next' && payload?.data) heard(payload.data as T);
      else if (type === 'error' || type === 'complete') socket.close(1000);
    };
  }

  function again(): void {
    if (end.signal.aborted) return;
    timer = setTimeout(() => connect().catch(again), wait * (0.5 + Math.random()));
    wait = Math.min(wait * 2, longest);
  }

  connect().catch(again);
  return () => {
    end.abort();
    clearTimeout(timer);
  };
}
