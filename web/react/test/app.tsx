import { type Client, type ClientOptions, createClient, platform, type Schema } from '@freshet/client';
import { FreshetProvider } from '@freshet/react';
import { Component, type ReactNode, StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { afterEach } from 'vitest';
import { schema } from '../../client/test/codegen/generated/workspace.ts';

declare module '@freshet/react' {
  interface Register {
    schema: typeof schema;
  }
}

export type Workspace = typeof schema extends Schema<infer C> ? C : never;

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const away = (): never => {
  throw new TypeError('there is no network');
};
const environment = { ...platform(), fetch: away, openSocket: away };

/** Makes a client that has no network: what is tested here is on this side. */
export function makeClient(options: Partial<ClientOptions<Workspace>> = {}): Client<Workspace> {
  const client = createClient({
    endpoint: 'http://away.example/graphql',
    auth: 'none',
    schema,
    storage: 'memory',
    environment,
    ...options,
  });
  ends.push(() => client.close().catch(() => {}));
  return client;
}

/** Shows the message of what its children throw, and what else was shown once `again` is pressed. */
export class Boundary extends Component<{ children: ReactNode }, { error?: Error }> {
  override state: { error?: Error } = {};

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    return (
      <button type="button" onClick={() => this.setState({ error: undefined as never })}>
        failed: {error.message}
      </button>
    );
  }
}

export interface Mounted {
  text(): string;
  click(label: string): void;
  show(node: ReactNode): void;
  unmount(): void;
}

/** Shows something below a provider, in strict mode unless `lax`. */
export function mount(node: ReactNode, client: Client<Workspace>, lax = false): Mounted {
  const element = document.createElement('div');
  document.body.append(element);
  const root = createRoot(element, { onCaughtError: () => {} });
  const show = (node: ReactNode) => {
    const app = <FreshetProvider client={client}>{node}</FreshetProvider>;
    root.render(lax ? app : <StrictMode>{app}</StrictMode>);
  };
  show(node);
  const unmount = () => {
    root.unmount();
    element.remove();
  };
  ends.push(unmount);
  return {
    text: () => element.textContent ?? '',
    click: (label) => {
      const buttons = [...element.querySelectorAll('button')];
      buttons.find((button) => button.textContent?.includes(label))!.click();
    },
    show,
    unmount,
  };
}
