import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Session, SessionOptions } from '../../src/auth/session.ts';
import { type Server, startServer, statusWith } from '../server.ts';

/** What is on the page of the tests. */
declare global {
  var createSession: (options: SessionOptions) => Session;
  var session: Session;
  var ahead: number; // of the clock of a tab, in ms
}

let server: Server;
let browser: Browser;
const site = createServer();
let address: string;

beforeAll(async () => {
  const entry = fileURLToPath(new URL('../../src/auth/session.ts', import.meta.url));
  const { outputFiles } = await build({
    stdin: {
      contents: `import { createSession } from ${JSON.stringify(entry)}; globalThis.createSession = createSession`,
      resolveDir: '.',
    },
    bundle: true,
    format: 'esm',
    write: false,
  });
  site.on('request', (_, response) => {
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.end(`<!doctype html><title>Tabs</title><script type="module">${outputFiles[0]!.text}</script>`);
  });
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(site.address() as AddressInfo).port}/`;
  server = await startServer();
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await server?.stop();
  site.close();
});

/** Opens a tab with a session. */
async function open(context: BrowserContext): Promise<Page> {
  const tab = await context.newPage();
  await tab.goto(address);
  await tab.evaluate((endpoint) => {
    globalThis.ahead = 0;
    globalThis.session = createSession({ endpoint, environment: { now: () => Date.now() + ahead } });
  }, server.url);
  return tab;
}

const user = (tab: Page) => tab.evaluate(() => session.user);

test('tabs have one session and renew it one at a time', { timeout: 60_000 }, async () => {
  const context = await browser.newContext();
  const tabs = [await open(context), await open(context), await open(context)];
  const [first, second] = tabs as [Page, Page, Page];
  const temporary = (await server.operate('user', 'create', 'ana')).match(/password (\S+)/)![1]!;
  const steps = await first.evaluate(
    async (secret) => [await session.signIn('ana', secret), await session.answer('tulip-garden-47')],
    temporary,
  );
  expect(steps).toEqual([{ next: 'newPassword' }, { next: 'done' }]);
  const id = await user(first);
  for (const tab of tabs) await expect.poll(() => user(tab)).toBe(id);

  const renewing = { now: 0, most: 0, all: 0 };
  await context.route('**/idp', async (route) => {
    renewing.all++;
    renewing.most = Math.max(renewing.most, ++renewing.now);
    const response = await route.fetch();
    renewing.now--;
    await route.fulfill({ response });
  });
  const before = await first.evaluate(() => session.headers());
  for (const tab of tabs) {
    await tab.evaluate(() => {
      ahead = 59.5 * 60_000;
    });
  }
  const all = await Promise.all(
    tabs.map((tab) => tab.evaluate(() => Promise.all([session.headers(), session.headers()]))),
  );
  for (const headers of all.flat()) {
    expect(headers).not.toEqual(before);
    expect(await statusWith(server.url, headers)).toBe(200);
  }
  expect(renewing.most).toBe(1);
  expect(renewing.all).toBeLessThanOrEqual(tabs.length);
  await context.unroute('**/idp');
  await Promise.all(tabs.map((tab) => tab.evaluate(() => session.renew()))).then((renewed) =>
    expect(renewed).toEqual([true, true, true]),
  );

  await first.evaluate(() => {
    globalThis.session.subscribe(() => document.body.append('told'));
  });
  await second.evaluate(() => session.signOut());
  await expect.poll(() => first.textContent('body')).toContain('told');
  for (const tab of tabs) await expect.poll(() => user(tab)).toBeUndefined();
  await context.close();
});

test('a page that came by plain http from elsewhere cannot sign in, and is told why', async () => {
  const context = await browser.newContext();
  const tab = await context.newPage();
  const page = await (await fetch(address)).text();
  await context.route('http://app.example/', (route) =>
    route.fulfill({ contentType: 'text/html', body: page }),
  );
  await tab.goto('http://app.example/');
  const code = await tab.evaluate(
    (endpoint) =>
      createSession({ endpoint })
        .signIn('ana', 'tulip-garden-47')
        .catch((error) => error.code),
    server.url,
  );
  expect(code).toBe('InsecureOrigin');
  await context.close();
});
