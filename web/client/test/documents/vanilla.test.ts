import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Browser, startBrowserAt, withoutChromium } from '../browser.ts';
import { Freshet, secret } from '../sync/freshet.ts';
import { built, filesOf, root } from './book.ts';

const skipped = withoutChromium ? `: skipped, ${withoutChromium}` : '';

describe.skipIf(withoutChromium)(`examples/vanilla${skipped}`, () => {
  const freshet = new Freshet();
  let browser: Browser;
  beforeAll(async () => {
    if (!built) throw new Error('`npm run build` comes first');
    await freshet.start();
    browser = await startBrowserAt(filesOf(root));
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await freshet.remove();
  });

  const titles = (page: Page, where: string) => page.locator(`${where} li`).allInnerTexts();
  const both = (page: Page) => Promise.all(['#here', '#there'].map((where) => titles(page, where)));
  async function add(page: Page, where: string, title: string): Promise<void> {
    const section = page.locator(where);
    await section.getByLabel('Title').fill(title);
    await section.getByText(/^Add/).click();
    await expect.poll(() => titles(page, where)).toContainEqual(expect.stringContaining(title));
  }

  test('what is written on either side comes to the other, once they are in step', {
    timeout: 60_000,
  }, async () => {
    const faults: Error[] = [];
    const page = await browser.context.newPage();
    page.on('pageerror', (error) => faults.push(error));
    await page.goto(`${browser.origin}/examples/vanilla/index.html?endpoint=${freshet.endpoint}#${secret}`);
    await expect.poll(() => page.locator('output').textContent()).toBe('live, 0 to send');
    await add(page, '#here', 'from here');
    await add(page, '#there', 'from there');
    const same = async () => {
      const [here, there] = await both(page);
      return here!.join() === there!.join() && here!.length;
    };
    await expect.poll(same).toBe(2);

    await page.getByText('Stop the sync').click();
    await add(page, '#here', 'waits here');
    await add(page, '#there', 'waits there');
    await page.getByLabel('from there is done').first().check();
    await page.locator('#there li', { hasText: 'from here' }).getByText('Delete').click();
    await expect.poll(() => both(page).then((sides) => sides.map((side) => side.length))).toEqual([3, 2]);
    expect(await page.locator('output').textContent()).toBe('stopped, 2 to send');

    await page.getByText('Sync', { exact: true }).click();
    await expect.poll(same).toBe(3);
    await expect.poll(() => page.locator('#there').getByLabel('from there is done').isChecked()).toBe(true);
    expect(faults).toEqual([]);
  });
});
