import AxeBuilder from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addTask, type Device, row, type Stage, settled, startStage } from './fixture.ts';

let stage: Stage;
let ana: Device;
let ben: Device;

beforeAll(async () => {
  stage = await startStage();
  await stage.account('ana@example.com', 'Ana');
  await stage.account('ben@example.com', 'Ben');
  ana = await stage.open({ reducedMotion: 'reduce' });
  ben = await stage.open();
});
afterAll(() => stage?.stop());

const looks = [
  { colorScheme: 'light', width: 1280, height: 800 },
  { colorScheme: 'dark', width: 1280, height: 800 },
  { colorScheme: 'light', width: 390, height: 844 },
] as const;

/** Looks for what keeps people out, light and dark, and on a phone. */
async function audit(page: Page, where: string): Promise<void> {
  for (const { colorScheme, ...viewport } of looks) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize(viewport);
    const { violations } = await new AxeBuilder({ page }).disableRules(['region']).analyze(); // menus are at the end of the page;
    const found = violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical' || impact === 'moderate')
      .map(
        ({ id, nodes }) =>
          `${where}, ${colorScheme}, ${viewport.width}: ${id} ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join('\n')}`,
      );
    expect(found).toEqual([]);
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(wider, `${where} is wider than ${viewport.width}`).toBeLessThanOrEqual(0);
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 1280, height: 800 });
}

for (const [path, heading] of [
  ['/signin', 'Sign in'],
  ['/signup', 'Create an account'],
  ['/forgot', 'Reset your password'],
  ['/setup#x', 'Sign in'],
  ['/nothing', 'There is no such page'],
] as const) {
  test(`${path} of a guest`, async () => {
    await ana.page.goto(ana.url + path);
    await ana.page.getByRole('heading', { name: heading }).waitFor();
    await audit(ana.page, path);
  });
}

test('the pages of a user', { timeout: 180_000 }, async () => {
  const { page, url } = ana;
  await ana.signIn('ana@example.com');
  await settled(ana);
  await audit(page, 'no tasks');
  await addTask(ana, 'Plan the trip');
  await row(page, 'Plan the trip').click();
  await page.getByRole('button', { name: 'Today' }).click();
  await page.getByRole('button', { name: 'Add a description' }).click();
  await page
    .getByLabel('Description', { exact: true })
    .fill('**Where** to\n\n- [x] Porto\n- [link](https://example.com)');
  await page.getByLabel('Description', { exact: true }).press('Control+Enter');
  await page.getByLabel('Share with, by e-mail').fill('ben@example.com');
  await page.getByLabel('Share with, by e-mail').press('Enter');
  await page.getByText('History').click();
  await page.getByText('created it').waitFor();
  await audit(page, 'a task');
  await page.getByRole('button', { name: 'More about this task' }).click();
  await audit(page, 'the menu of a task');
  await page.keyboard.press('Escape');
  await page.goto(`${url}/tasks`);
  await row(page, 'Plan the trip').waitFor();
  await audit(page, 'tasks');
  await page.getByRole('checkbox', { name: /Plan the trip/ }).click();
  await page.getByRole('button', { name: 'Undo' }).focus(); // until then it stays
  await audit(page, 'a toast');
  await page.keyboard.press('z');
  await page.keyboard.press('?');
  await page.getByRole('dialog').waitFor();
  await audit(page, 'help');
  await page.keyboard.press('Escape');
  await page.goto(`${url}/settings`);
  await page.getByLabel('Your name').and(page.locator(':enabled')).waitFor();
  await page.getByText('this one', { exact: true }).waitFor();
  await audit(page, 'settings');
  await page.getByRole('button', { name: 'Set it up' }).click();
  await page.getByRole('img', { name: /QR code/ }).waitFor();
  await audit(page, 'the authenticator app');
  await page.goto(`${url}/agenda`);
  await page.getByRole('heading', { name: 'Agenda' }).waitFor();
});

test('conflicts', { timeout: 180_000 }, async () => {
  const { page } = ana;
  await ben.signIn('ben@example.com');
  await page.goto(`${ana.url}/tasks`);
  const rename = async (device: Device, title: string) => {
    await row(device.page, 'Plan the trip').click();
    await device.page.getByLabel('Title', { exact: true }).fill(title);
    await device.page.getByLabel('Title', { exact: true }).press('Enter');
  };
  await row(page, 'Plan the trip').waitFor();
  await settled(ana);
  ana.line.cut();
  await page
    .getByRole('button', { name: /Connection: Offline/ })
    .first()
    .click({ timeout: 60_000 });
  await audit(page, 'the connection');
  await page.keyboard.press('Escape');
  await rename(ana, 'Plan the trip A');
  await rename(ben, 'Plan the trip B');
  await settled(ben);
  await ana.line.mend();
  await page
    .getByRole('navigation')
    .first()
    .getByRole('link', { name: /Conflicts/ })
    .click({ timeout: 60_000 });
  await page.getByRole('article').waitFor();
  await audit(page, 'conflicts');
  await page.getByRole('button', { name: 'Keep as it is' }).click();
  await page.getByRole('heading', { name: 'Nothing to decide' }).waitFor();
  await audit(page, 'no conflicts');
});
