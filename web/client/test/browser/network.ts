import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A way to a server that breaks: at a chunk of bytes, in whichever direction, on whichever connection. */
export interface Network {
  readonly address: string;
  /** How many chunks went through since `cut`. */
  readonly chunks: number;
  /** Has half of the chunk of a number go through, and then all connections break. 0: never. */
  cut(at: number): void;
  close(): void;
}

export async function startNetwork(target: string): Promise<Network> {
  const [host, port] = target.split(':');
  const open = new Set<Socket>();
  let chunks = 0;
  let last = 0;
  const pass = (from: Socket, to: Socket) => {
    from.setNoDelay();
    open.add(from);
    from.on('data', (chunk: Buffer) => {
      if (++chunks !== last) return void to.write(chunk);
      to.end(chunk.subarray(0, chunk.length >> 1), () => {
        for (const socket of open) socket.destroy();
      });
    });
    from.on('error', () => {});
    from.on('close', () => {
      open.delete(from);
      to.destroy();
    });
  };
  const server = createServer((near) => {
    const far = connect(Number(port), host);
    pass(near, far);
    pass(far, near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    get chunks() {
      return chunks;
    },
    cut(at) {
      chunks = 0;
      last = at;
    },
    close() {
      for (const socket of open) socket.destroy();
      server.close();
    },
  };
}
