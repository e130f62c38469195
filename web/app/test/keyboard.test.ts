import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Device, row, type Stage, startStage } from './fixture.ts';

let stage: Stage;
let device: Device;
let page: Page;

beforeAll(async () => {
  stage = await startStage();
  await stage.account('ana@example.com', 'Ana');
  device = await stage.open();
  page = device.page;
});
afterAll(() => stage?.stop());

const press = async (...keys: string[]) => {
  for (const key of keys) await page.keyboard.press(key);
};
const focused = () =>
  page.evaluate(
    () =>
      document.activeElement?.getAttribute('aria-label') ??
      (document.activeElement === document.body ? '' : document.activeElement?.textContent) ??
      '',
  );

test('signing in takes no mouse', async () => {
  await page.goto(`${device.url}/signin`);
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await press('Tab');
  await page.keyboard.type('ana@example.com');
  await press('Tab');
  await page.keyboard.type('tulip-garden-47');
  await press('Enter');
  await page.getByRole('heading', { name: 'Tasks', level: 1 }).waitFor();
});

test('tasks are written, moved through, changed, done and deleted', async () => {
  await press('n');
  for (const title of ['Three', 'Two', 'One']) {
    await page.keyboard.type(title);
    await press('Enter');
    await row(page, title).waitFor();
  }
  await press('Escape', 'j');
  await expect.poll(focused).toBe('One');
  await press('ArrowDown');
  await expect.poll(focused).toBe('Two');
  await press('e');
  await expect.poll(focused).toBe('The title');
  await page.keyboard.type('Second');
  await press('Enter');
  await expect.poll(focused).toBe('Second');
  await press('e');
  await page.keyboard.type('not this');
  await press('Escape');
  await expect.poll(focused).toBe('Second');
  await press('x');
  await expect.poll(() => row(page, 'Second').count()).toBe(0);
  await expect.poll(focused).toBe('Three'); // what took its place
  await press('z');
  await row(page, 'Second').waitFor();
  await press('Delete');
  await expect.poll(() => row(page, 'Three').count()).toBe(0);
  await expect.poll(focused).toBe('Second');
  await press('Control+z');
  await row(page, 'Three').waitFor();
});

test('a task is opened and closed, and the focus is back where it was', async () => {
  await press('Home', 'ArrowDown');
  await expect.poll(focused).toBe('One');
  await press('Enter');
  await expect.poll(focused).toBe('Task');
  await press('x', 'ArrowDown'); // both are for the task, not for the list
  const check = page.getByRole('complementary').getByRole('checkbox');
  await expect.poll(() => check.getAttribute('aria-checked')).toBe('true');
  await press('x');
  await expect.poll(() => check.getAttribute('aria-checked')).toBe('false');
  await press('Escape');
  await expect.poll(focused).toBe('One');
});

test('Tab goes past the list in two steps', async () => {
  await press('Tab');
  await expect.poll(focused).not.toMatch(/One|Second|Three/);
  await press('Shift+Tab');
  await expect.poll(focused).toBe('One');
  await press('Shift+Tab');
  await expect.poll(focused).toBe('Mark “One” as done');
});

test('one goes to other pages and to the help, and single keys can be switched off', async () => {
  await press('g', 's');
  await page.getByRole('heading', { name: 'Settings' }).waitFor();
  await expect.poll(focused).toBe('Settings');
  await press('g', 't', '?');
  const help = page.getByRole('dialog', { name: 'Keyboard' });
  await help.waitFor();
  await help.getByLabel('Shortcuts of single keys').focus();
  await press(' ', 'Escape');
  await expect.poll(() => help.count()).toBe(0);
  await press('g', 's', '?');
  expect(new URL(page.url()).pathname).toBe('/tasks');
  expect(await help.count()).toBe(0);
  await page.evaluate(() => localStorage.removeItem('freshet shortcuts off'));
});

test('the agenda is gone through, and its letters can be switched off', async () => {
  await press('g', 'a');
  await page.getByRole('heading', { name: 'Agenda' }).waitFor();
  const view = () =>
    page.locator('fieldset input:checked').evaluate((radio) => (radio as HTMLInputElement).value);
  const title = () => page.locator('p[aria-live]').textContent();
  const now = await title();
  for (const [key, name] of [
    ['m', 'dayGridMonth'],
    ['w', 'timeGridWeek'],
    ['d', 'timeGridDay'],
    ['l', 'listMonth'],
  ] as const) {
    await press(key);
    await expect.poll(view).toBe(name);
  }
  await press('m', 'ArrowRight');
  await expect.poll(title).not.toBe(now);
  const next = await title();
  await press('ArrowRight');
  await expect.poll(title).not.toBe(next);
  await press('ArrowLeft');
  await expect.poll(title).toBe(next);
  await press('t', 'l');
  await expect.poll(title).not.toBe(next);

  for (const name of ['Breakfast', 'Tea']) {
    await press('c');
    await page.getByRole('dialog', { name: 'New event' }).waitFor();
    await page.keyboard.type(name);
    await press('Enter');
    await page.locator('[data-occurrence]', { hasText: name }).waitFor();
  }
  await press('j');
  await expect.poll(focused).toMatch(/Breakfast/);
  await press('j');
  await expect.poll(focused).toMatch(/Tea/);
  await press('k', 'Enter');
  const opened = page.getByRole('dialog', { name: 'Event' });
  await expect.poll(() => opened.getByLabel('Title').inputValue()).toBe('Breakfast');
  await press('Escape');
  await expect.poll(() => opened.count()).toBe(0);
  await expect.poll(focused).toMatch(/Breakfast/);

  await page.evaluate(() => localStorage.setItem('freshet shortcuts off', '1'));
  await press('c', 'm', 'w', 'd', 'j', 't');
  expect(await page.getByRole('dialog').count()).toBe(0);
  expect(await view()).toBe('listMonth');
  expect(await focused()).toMatch(/Breakfast/);
  await press('ArrowDown'); // no letter
  await expect.poll(focused).toMatch(/Tea/);
  await page.evaluate(() => localStorage.removeItem('freshet shortcuts off'));
});

test('the hours of a week are scrolled by keys', async () => {
  await press('w');
  const hours = page.locator('[role=rowgroup][tabindex="0"]');
  await hours.focus();
  const top = () => hours.evaluate((element) => element.scrollTop);
  await press('Home');
  await expect.poll(top).toBe(0);
  await press('ArrowDown', 'ArrowDown');
  await expect.poll(top).toBeGreaterThan(0);
  await press('d'); // and those of a day too
  await hours.waitFor();
});

test('the theme is switched, and stays', async () => {
  await press('D');
  const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
  expect(await theme()).toBe('dark');
  await page.reload();
  expect(await theme()).toBe('dark');
  expect(device.complaints).toEqual([]);
});
