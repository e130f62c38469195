import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Browser, clearSite, startBrowser, withoutChromium } from '../browser.ts';
import { diskSuite } from './disk-suite.ts';

const entry = new URL('./browser-page.ts', import.meta.url).pathname;

describe.skipIf(withoutChromium)(
  `in Chromium${withoutChromium ? `: skipped, ${withoutChromium}` : ''}`,
  () => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await startBrowser(entry);
    }, 60_000);
    afterAll(() => browser?.close());

    for (const name of Object.keys(diskSuite)) {
      test(`idb disk: ${name}`, async () => {
        const page = await browser.tab();
        await page.evaluate((name) => store.runCase(name), name);
        await page.close();
      });
    }

    test('tabs that race lose no commit, while all of them fold', async () => {
      const tabs = await Promise.all([0, 1, 2].map(() => browser.tab()));
      await Promise.all(tabs.map((tab) => tab.evaluate(() => store.open('race'))));
      await Promise.all(tabs.map((tab, at) => tab.evaluate((at) => store.count(at, 60), at)));
      for (const tab of tabs) {
        expect(await tab.evaluate(() => store.state())).toEqual({ counter: 180, own: 180 });
      }
      const again = await browser.tab();
      await again.evaluate(() => store.open('race'));
      expect(await again.evaluate(() => store.state())).toEqual({ counter: 180, own: 180 });
      await Promise.all([...tabs, again].map((tab) => tab.close()));
    }, 60_000);

    test('a database deleted under an open tab is lost to it, and is new when opened again', async () => {
      const [tab, other] = await Promise.all([browser.tab(), browser.tab()]);
      await tab.evaluate(() => store.open('deleted'));
      await tab.evaluate(() => store.count(0, 5));
      await other.evaluate(() => store.remove('deleted'));
      expect(await tab.evaluate(() => store.uses())).toEqual(Array(3).fill('StorageLostError'));
      await tab.evaluate(() => store.open('deleted'));
      expect(await tab.evaluate(() => store.state())).toEqual({ counter: undefined, own: 0 });
      await Promise.all([tab.close(), other.close()]);
    });

    test('site data cleared under an open tab that is busy is lost to it', async () => {
      const tab = await browser.tab();
      await tab.evaluate(() => store.open('cleared'));
      const busy = tab.evaluate(() =>
        store.count(0, 100_000).then(
          () => 'went well',
          (error: Error) => error.name,
        ),
      );
      await tab.waitForFunction(() => store.told.length > 20);
      await clearSite(browser, tab);
      expect(await busy).toBe('StorageLostError');
      expect(await tab.evaluate(() => store.uses())).toEqual(Array(3).fill('StorageLostError'));
      await tab.close();
    }, 30_000);

    // Which events tell of it depends on how far each transaction was: none of them may wait for ever.
    test('whatever is under way when site data is cleared ends', async () => {
      for (let time = 0; time < 20; time++) {
        const tab = await browser.tab();
        const ends = tab.evaluate((name) => store.wear(name), `worn ${time}`);
        await tab.waitForFunction(() => store.worn > 20);
        await clearSite(browser, tab);
        expect(await ends).toEqual(Array(3).fill('StorageLostError'));
        await tab.close();
      }
    }, 60_000);

    test('a full disk is told by its name, and what was there stays', async () => {
      const tab = await browser.tab();
      await tab.evaluate(() => store.confine(400_000));
      await tab.evaluate(() => store.open('full'));
      await tab.evaluate(() => store.count(0, 5));
      // Several times and all at once: a transaction next to one that fails ends in ways of its own.
      for (let time = 0; time < 12; time++) {
        const uses = await tab.evaluate(() => Promise.all([store.uses(), store.uses()]));
        expect(uses.flat()).toEqual(Array(2).fill(['went well', 'StorageFullError', 'went well']).flat());
      }
      expect(await tab.evaluate(() => store.state())).toEqual({ counter: 5, own: 5 });
      await tab.evaluate(() => store.count(1, 5));
      expect(await tab.evaluate(() => store.state())).toEqual({ counter: 10, own: 10 });
      await tab.close();
    }, 30_000);

    test('measured', async () => {
      const page = await browser.tab();
      for (const perCommit of [1000, 5000]) {
        const figures = await page.evaluate((perCommit) => store.measure(100_000, perCommit), perCommit);
        console.log(`100,000 records in commits of ${perCommit}, in ms:`);
        console.table(
          Object.fromEntries(Object.entries(figures).map(([what, ms]) => [what, Number(ms.toFixed(1))])),
        );
      }
      await page.close();
    }, 240_000);
  },
);
