import { type Client, createClient, platform, type Schema } from '../../src/index.ts';
import { schema } from '../codegen/generated/workspace.ts';

export type Workspace = typeof schema extends Schema<infer C> ? C : never;

/** What the tests of this folder call in a tab, or in a worker. */
const page = {
  client: undefined as unknown as Client<Workspace>,
  open(endpoint: string, auth: string, name = endpoint): void {
    const environment = { ...platform(), random: () => 0.1 }; // of the longest wait
    page.client = createClient({ endpoint, auth, schema, name, environment });
    page.client.start();
  },
  /** What is there, with the versions. */
  async tasks(): Promise<string[]> {
    const tasks = await page.client.tasks.query({ orderBy: 'title' });
    return tasks.map(({ title, _version }) => `${title} ${_version}`);
  },
  count: async (): Promise<number> => (await page.client.tasks.query()).length,
  status: () => page.client.status.get(),
  idle: (): boolean => page.status().connection === 'live' && page.status().pending === 0,
  /** Runs the module in a worker, which answers to the name of a function and its arguments. */
  startWorker(): Worker {
    return new Worker('/page.js', { type: 'module' });
  },
  ask: (worker: Worker, name: string, ...args: unknown[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = ({ data: [done, value] }) =>
        done ? resolve(value) : reject(new Error(String(value)));
      worker.postMessage([name, args], [port2]);
    }),
  create: async (title: string): Promise<string> => (await page.client.tasks.create({ title })).id,
};

if (!globalThis.document) {
  globalThis.onmessage = ({ data: [name, args], ports: [port] }) => {
    const run = async () =>
      (page as unknown as Record<string, (...args: unknown[]) => unknown>)[name]!(...args);
    run().then(
      (value) => port!.postMessage([true, value]),
      (error) => port!.postMessage([false, error]),
    );
  };
}

declare global {
  var app: typeof page;
}
globalThis.app = page;
