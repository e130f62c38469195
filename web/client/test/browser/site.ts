import type { Page } from 'playwright-core';
import { type Browser, startBrowser } from '../browser.ts';
import { Freshet, secret } from '../sync/freshet.ts';

/** A real server, and Chromium with a page that has the client. */
export interface Site {
  readonly freshet: Freshet;
  readonly browser: Browser;
  /** Opens a tab, with a client in it that syncs. */
  tab(name: string): Promise<Page>;
  /** Asks the server itself. */
  ask<T>(query: string, variables?: object): Promise<T>;
  /** What the server has, with the versions. */
  tasks(): Promise<string[]>;
  close(): Promise<void>;
}

export async function startSite(): Promise<Site> {
  const freshet = new Freshet();
  await freshet.start();
  const browser = await startBrowser(new URL('./page.ts', import.meta.url).pathname);
  const ask: Site['ask'] = async (query, variables) => {
    const response = await fetch(freshet.endpoint, {
      method: 'POST',
      headers: { 'x-api-key': secret, 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors } = (await response.json()) as { data: never; errors?: unknown };
    if (errors) throw new Error(JSON.stringify(errors));
    return data;
  };
  return {
    freshet,
    browser,
    ask,
    async tab(name) {
      const tab = await browser.tab();
      await tab.waitForFunction(() => 'app' in globalThis);
      await start(tab, freshet.endpoint, name);
      return tab;
    },
    async tasks() {
      const all: string[] = [];
      for (let nextToken: string | null = null; ; ) {
        const { listTasks }: { listTasks: Listed } = await ask(list, { nextToken });
        all.push(...listTasks.items.map(({ title, _version }) => `${title} ${_version}`));
        nextToken = listTasks.nextToken;
        if (!nextToken) return all.sort();
      }
    },
    async close() {
      await browser.close();
      await freshet.remove();
    },
  };
}

interface Listed {
  readonly items: { title: string; _version: number }[];
  readonly nextToken: string | null;
}
const list =
  'query($nextToken: String) { listTasks(limit: 1000, nextToken: $nextToken) { items { title _version } nextToken } }';

/** Makes the client in a tab; a name has a store of its own. */
export const start = (tab: Page, endpoint: string, name: string): Promise<void> =>
  tab.evaluate(([endpoint, secret, name]) => app.open(endpoint, secret, name), [
    endpoint,
    secret,
    name,
  ] as const);

export const idle = async (tab: Page): Promise<void> => {
  await tab.waitForFunction(() => app.idle(), undefined, { polling: 20, timeout: 30_000 });
};
