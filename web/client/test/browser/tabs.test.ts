import type { Page, WebSocket } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withoutChromium } from '../browser.ts';
import { secret } from '../sync/freshet.ts';
import { idle, type Site, startSite } from './site.ts';

const skipped = withoutChromium ? `: skipped, ${withoutChromium}` : '';

describe.skipIf(withoutChromium)(`tabs of one user in Chromium${skipped}`, () => {
  let site: Site;
  const sockets = new Map<Page, WebSocket[]>();

  beforeAll(async () => {
    site = await startSite();
    site.browser.context.on('page', (page) => {
      sockets.set(page, []);
      page.on('websocket', (socket) => sockets.get(page)!.push(socket));
    });
  }, 120_000);
  afterAll(() => site?.close());

  const linked = (tab: Page) => sockets.get(tab)!.some((socket) => !socket.isClosed());

  test('one syncs and all see; when it closes, another goes on', { timeout: 60_000 }, async () => {
    const tabs: Page[] = [];
    for (const _ of [1, 2, 3]) tabs.push(await site.tab('shared'));
    await Promise.all(tabs.map(idle));
    expect(tabs.map(linked)).toEqual([true, false, false]);

    await tabs[1]!.evaluate(() => app.create('from the second'));
    await site.ask('mutation { createTask(input: {title: "from elsewhere"}) { title } }');
    const both = ['from elsewhere 1', 'from the second 1'];
    for (const tab of tabs) await expect.poll(() => tab.evaluate(() => app.tasks())).toEqual(both);
    expect(await site.tasks()).toEqual(both);
    expect(tabs.map(linked)).toEqual([true, false, false]);

    await tabs[0]!.close();
    const rest = tabs.slice(1);
    await expect.poll(() => rest.filter(linked).length).toBe(1);
    await rest[0]!.evaluate(() => app.create('after the first'));
    await site.ask('mutation { createTask(input: {title: "and elsewhere"}) { title } }');
    const all = ['after the first 1', 'and elsewhere 1', ...both];
    for (const tab of rest) await expect.poll(() => tab.evaluate(() => app.tasks())).toEqual(all);
    await Promise.all(rest.map(idle));
    expect(await site.tasks()).toEqual(all);
    await Promise.all(rest.map((tab) => tab.close()));
  });

  test('a worker is one of them', { timeout: 60_000 }, async () => {
    const tab = await site.browser.tab();
    await tab.waitForFunction(() => 'app' in globalThis);
    const before = await site.tasks();
    await tab.evaluate(
      async ([endpoint, secret]) => {
        const worker = app.startWorker();
        Object.assign(globalThis, { worker });
        await app.ask(worker, 'open', endpoint, secret, 'worker');
        while (!(await app.ask(worker, 'idle'))) await new Promise((resolve) => setTimeout(resolve, 10));
        app.open(endpoint, secret, 'worker');
        await app.ask(worker, 'create', 'from the worker');
      },
      [site.freshet.endpoint, secret] as const,
    );
    const all = [...before, 'from the worker 1'].sort();
    await expect.poll(() => tab.evaluate(() => app.tasks())).toEqual(all);
    await idle(tab);
    // The worker goes in the midst of its sync; the tab takes over.
    await tab.evaluate(() => {
      (globalThis as unknown as { worker: Worker }).worker.terminate();
    });
    await tab.evaluate(() => app.create('from the tab'));
    await expect.poll(() => site.tasks()).toEqual([...all, 'from the tab 1'].sort());
    await idle(tab);
    await tab.close();
  });
});
