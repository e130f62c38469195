import type { Page, Route } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clearSite, withoutChromium } from '../browser.ts';
import { idle, type Site, start, startSite } from './site.ts';

const skipped = withoutChromium ? `: skipped, ${withoutChromium}` : '';

describe.skipIf(withoutChromium)(`what breaks off in Chromium${skipped}`, () => {
  let site: Site;
  beforeAll(async () => {
    site = await startSite();
  }, 120_000);
  afterAll(() => site?.close());

  /** Has requests to the API answered by `answer` where their body holds a text. */
  const answering = (tab: Page, text: string, answer: (route: Route) => unknown) =>
    tab.route('**/graphql', async (route) => {
      if (route.request().postData()?.includes(text)) await answer(route);
      else await route.continue();
    });

  /** Loads the page anew, with the same store, and with the network as it is. */
  async function reload(tab: Page, name: string): Promise<void> {
    await tab.unrouteAll({ behavior: 'ignoreErrors' });
    await tab.reload();
    await tab.waitForFunction(() => 'app' in globalThis);
    await start(tab, site.freshet.endpoint, name);
    await idle(tab);
  }

  test('a page that is loaded anew in a push sends it again, and it counts once', {
    timeout: 60_000,
  }, async () => {
    for (const arrives of [false, true]) {
      const tab = await site.tab('push');
      await idle(tab);
      const before = await site.tasks();
      let held = 0;
      await answering(tab, 'push', async (route) => {
        if (arrives) await route.fetch();
        held++; // and there is no answer
      });
      const titles = Array.from({ length: 20 }, (_, n) => `${arrives} ${n}`);
      const id = await tab.evaluate(async (titles) => {
        for (const title of titles) await app.create(title);
        const { id } = await app.client.tasks.create({ title: `${titles[0]} list`, sharedWith: ['a'] });
        return id;
      }, titles);
      await expect.poll(() => held).toBeGreaterThan(0);
      await tab.evaluate(async (id) => {
        await app.client.tasks.update(id, ({ sharedWith }) => ({ sharedWith: [...sharedWith!, 'b'] }));
      }, id);
      expect(await tab.evaluate(() => app.status().pending)).toBeGreaterThan(0);
      await reload(tab, 'push');
      const there = await site.tasks();
      expect(there.filter((task) => !before.includes(task)).map((task) => task.replace(/ \d+$/, ''))).toEqual(
        [...titles, `${titles[0]} list`].sort(),
      );
      expect(await tab.evaluate(() => app.tasks())).toEqual(there);
      expect(await tab.evaluate(async (id) => (await app.client.tasks.get(id))?.sharedWith, id)).toEqual([
        'a',
        'b',
      ]);
      expect(await tab.evaluate(() => app.client.rejected.list())).toEqual([]);
      await tab.close();
    }
  });

  test('writes go on over a server that is killed', { timeout: 60_000 }, async () => {
    const tab = await site.tab('killed');
    await idle(tab);
    await tab.evaluate(() => {
      Object.assign(globalThis, { written: 0, writing: true });
      const state = globalThis as unknown as { written: number; writing: boolean };
      void (async () => {
        while (state.writing) {
          await app.create(`killed ${String(state.written).padStart(5, '0')}`);
          state.written++;
          await new Promise((resolve) => setTimeout(resolve, 2));
        }
      })();
    });
    const sent = () => tab.evaluate(() => (globalThis as unknown as { written: number }).written);
    for (let kills = 0; kills < 3; kills++) {
      const from = await sent();
      await expect.poll(sent).toBeGreaterThan(from + 10);
      await site.freshet.kill();
      await expect.poll(() => tab.evaluate(() => app.status().connection)).toBe('offline');
      const away = await sent();
      await expect.poll(sent).toBeGreaterThan(away + 10);
      await site.freshet.start();
      await tab.waitForFunction(() => app.status().connection === 'live', undefined, { timeout: 20_000 });
    }
    const written = await tab.evaluate(() => {
      const state = globalThis as unknown as { written: number; writing: boolean };
      state.writing = false;
      return state.written;
    });
    await idle(tab);
    const killed = (await site.tasks()).filter((task) => task.startsWith('killed'));
    expect(killed.length).toBeGreaterThanOrEqual(written);
    expect(killed).toEqual(killed.map((_, n) => `killed ${String(n).padStart(5, '0')} 1`));
    expect(await tab.evaluate(() => app.tasks())).toEqual(await site.tasks());
    await tab.close();
  });

  test('a store that is cleared under the page is filled again, and what waited is kept', {
    timeout: 60_000,
  }, async () => {
    const tab = await site.tab('cleared');
    await idle(tab);
    const before = await site.tasks();
    expect((await tab.evaluate(() => app.status())).storage.lost).toBe(false);
    await site.freshet.kill();
    await expect.poll(() => tab.evaluate(() => app.status().connection)).toBe('offline');
    await tab.evaluate(() => app.create('waits'));
    await clearSite(site.browser, tab);
    await tab.evaluate(() => app.create('after it was cleared'));
    await tab.waitForFunction(() => app.status().storage.lost);
    await site.freshet.start();
    await idle(tab);
    const there = [...before, 'after it was cleared 1', 'waits 1'].sort();
    expect(await site.tasks()).toEqual(there);
    await expect.poll(() => tab.evaluate(() => app.tasks())).toEqual(there);
    await tab.close();
  });

  test('a first sync that was broken off goes on where it was', { timeout: 120_000 }, async () => {
    const push =
      'mutation($writes: [WriteInput!]!) { push(client: "seed", writes: $writes) { results { status } } }';
    for (let at = 0; at < 6000; at += 100) {
      const writes = Array.from({ length: 100 }, (_, n) => ({
        counter: at + n + 1,
        model: 'Task',
        op: 'CREATE',
        key: `seed-${at + n}`,
        fields: { title: `seed ${at + n}` },
      }));
      await site.ask(push, { writes });
    }
    const all = await site.tasks();
    const tab = await site.tab('none'); // only to have a page
    await tab.evaluate(() => app.client.close());
    let pages = 0;
    await answering(tab, 'query($after', async (route) => {
      if (++pages === 1) await route.continue(); // and the second has no answer
    });
    await start(tab, site.freshet.endpoint, 'first');
    await tab.waitForFunction(() => app.status().firstSync.received > 0, undefined, { timeout: 30_000 });
    const { done, received } = (await tab.evaluate(() => app.status())).firstSync;
    expect(done).toBe(false);
    expect(received).toBeLessThan(all.length);
    expect(await tab.evaluate(() => app.count())).toBe(received);
    await reload(tab, 'first');
    expect(await tab.evaluate(() => app.status().firstSync)).toEqual({ done: true, received: all.length });
    expect(await tab.evaluate(() => app.tasks())).toEqual(all);
    await tab.close();
  });
});
