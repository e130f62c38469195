import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { type BrowserContext, chromium, type Page } from 'playwright-core';

/** Where Chromium is; CHROMIUM names another place. Tests that need it are skipped where there is none. */
export const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
export const withoutChromium = !existsSync(executablePath) && `there is no ${executablePath}`;

const args =
  '--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync';

export interface Browser {
  readonly context: BrowserContext;
  readonly origin: string;
  /** Opens one more tab, with the module loaded. */
  tab(): Promise<Page>;
  close(): Promise<void>;
}

/** Starts Chromium, and serves a page that loads a module bundled from `entry`. */
export async function startBrowser(entry: string): Promise<Browser> {
  const script = await bundle(entry);
  return startBrowserAt((request, response) => {
    const isScript = request.url === '/page.js';
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
    response.end(isScript ? script : '<!doctype html><script type="module" src="/page.js"></script>');
  });
}

/** Starts Chromium with a profile of its own on the disk, and a site for it. */
export async function startBrowserAt(answer: RequestListener): Promise<Browser> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const profile = mkdtempSync(join(tmpdir(), 'freshet-browser-'));
  const context = await chromium.launchPersistentContext(profile, { executablePath, args: args.split(' ') });
  return {
    context,
    origin,
    async tab() {
      const page = await context.newPage();
      await page.goto(origin);
      return page;
    },
    async close() {
      await context.close();
      server.closeAllConnections();
      server.close();
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Deletes the databases of the site, as its user does, whoever has them open. */
export async function clearSite({ context, origin }: Browser, tab: Page): Promise<void> {
  const devtools = await context.newCDPSession(tab);
  await devtools.send('Storage.clearDataForOrigin', { origin, storageTypes: 'indexeddb' });
}

async function bundle(entry: string): Promise<string> {
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    format: 'esm',
    target: 'es2022',
    write: false,
  });
  return result.outputFiles[0]!.text;
}
