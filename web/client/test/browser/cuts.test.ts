import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withoutChromium } from '../browser.ts';
import { type Network, startNetwork } from './network.ts';
import { idle, type Site, start, startSite } from './site.ts';

const skipped = withoutChromium ? `: skipped, ${withoutChromium}` : '';

describe.skipIf(withoutChromium)(`a network that breaks, in Chromium${skipped}`, () => {
  let site: Site;
  let network: Network;
  let tab: Page;

  beforeAll(async () => {
    site = await startSite();
    network = await startNetwork(new URL(site.freshet.endpoint).host);
    tab = await site.browser.tab();
    await tab.waitForFunction(() => 'app' in globalThis);
  }, 120_000);
  afterAll(async () => {
    network?.close();
    await site?.close();
  });

  /** A first sync, writes, and what others write meanwhile. Gives how many chunks of bytes that took. */
  async function life(name: string, cut: number): Promise<number> {
    network.cut(cut);
    await start(tab, `http://${network.address}/graphql`, name);
    const elsewhere = 'mutation($title: String!) { createTask(input: {title: $title}) { title } }';
    await tab.evaluate(async (name) => {
      const { tasks, transact } = app.client;
      const { id } = await tasks.create({ title: `${name} a`, sharedWith: [] });
      for (const by of ['1', '2', '3']) {
        await tasks.update(id, ({ sharedWith }) => ({ sharedWith: [...(sharedWith ?? []), by] }));
        while (by === '1' && !(await tasks.get(id))?._version) await new Promise((r) => setTimeout(r, 5));
      }
      await transact((tx) => {
        tx.tasks.create({ title: `${name} b` });
        tx.tasks.create({ title: `${name} c` });
      });
      const gone = await tasks.create({ title: `${name} gone` });
      await tasks.delete(gone.id);
    }, name);
    await site.ask(elsewhere, { title: `${name} d` });
    await idle(tab);
    await expect.poll(() => tab.evaluate(() => app.count())).toBe((await site.tasks()).length);
    const mine = await tab.evaluate(async (name) => {
      const { client } = app;
      const tasks = await client.tasks.query({ where: { title: { beginsWith: name } }, orderBy: 'title' });
      return [
        tasks.map(({ title, sharedWith }) => [title, sharedWith?.join() ?? '']),
        client.rejected.list(),
      ];
    }, `${name} `);
    const records = [['a', '1,2,3'], ...['b', 'c', 'd'].map((title) => [title, ''])];
    expect(mine).toEqual([records.map(([title, by]) => [`${name} ${title}`, by]), []]);
    expect(await tab.evaluate(() => app.tasks())).toEqual(await site.tasks());
    await tab.evaluate(() => app.client.close());
    return network.chunks;
  }

  test('loses nothing and doubles nothing, wherever it is cut', { timeout: 240_000 }, async () => {
    const most = await life('whole', 0);
    expect(most).toBeGreaterThan(10);

    for (let at = 1; at <= most; at++) await life(`cut ${String(at).padStart(3, '0')}`, at);
  });
});
