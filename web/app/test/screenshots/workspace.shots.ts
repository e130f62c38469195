import type { Page } from 'playwright-core';
import { afterAll, beforeAll, test } from 'vitest';
import { addTask, type Device, row, type Stage, settled, startStage } from '../fixture.ts';
import { shoot } from './shoot.ts';

let stage: Stage;
let ana: Device;
let ben: Device;

beforeAll(async () => {
  stage = await startStage();
  await stage.account('ana@example.com', 'Ana Marques');
  await stage.account('ben@example.com', 'Ben Okafor');
  ana = await stage.open();
  ben = await stage.open();
});
afterAll(() => stage?.stop());

test('each page', async () => {
  const { page } = ana;
  await page.goto(`${ana.url}/signin`);
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await shoot(page, 'signin');
  await page.goto(`${ana.url}/signup`);
  await page.getByRole('heading', { name: 'Create an account' }).waitFor();
  await shoot(page, 'signup');
  await page.getByLabel('E-mail').fill('cleo@example.com');
  await page.getByLabel('Password', { exact: true }).fill('a few plain words');
  await page.getByRole('button', { name: 'Create the account' }).click();
  await page.getByRole('heading', { name: 'Look into your mail' }).waitFor();
  await page.getByText('open it').waitFor();
  await shoot(page, 'code');
  await page.goto(`${ana.url}/forgot`);
  await page.getByRole('heading', { name: 'Reset your password' }).waitFor();
  await shoot(page, 'forgot');
  await page.goto(`${ana.url}/setup#4d2f-9a1c`);
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await shoot(page, 'setup');

  await ana.signIn('ana@example.com');
  await settled(ana);
  await shoot(page, 'tasks-empty');

  for (const title of [
    'Return the library books',
    'Ask Priya about the lease',
    'Pay the electricity bill',
    'Book the ferry to Lisbon',
    'Order seeds for the balcony',
    'Renew the passport',
    'Write the talk about offline apps',
    'Fix the bicycle’s back light',
  ]) {
    await addTask(ana, title);
  }
  await due(page, 'Pay the electricity bill', 'Today');
  await due(page, 'Renew the passport', 'Next week');
  await due(page, 'Book the ferry to Lisbon', 'Tomorrow');
  await row(page, 'Write the talk about offline apps').click();
  await page.getByText('In progress').click();
  await page.getByRole('button', { name: 'Next week', exact: true }).click();
  await page.getByRole('button', { name: 'Add a description' }).click();
  await page
    .getByLabel('Description')
    .fill(
      'Twenty minutes, for people who write apps:\n\n- [x] the **outbox** and what it must not lose\n- [ ] a demo without a network\n- [ ] questions\n\nNotes are [in the wiki](https://wiki.example.com).',
    );
  await page.getByLabel('Description').press('Control+Enter');
  await page.getByLabel('Share with, by e-mail').fill('ben@example.com');
  await page.getByRole('button', { name: 'Share', exact: true }).click();
  await page.getByText('Shared with Ben Okafor.').first().waitFor();
  await settled(ana);

  await ben.signIn('ben@example.com');
  await row(ben.page, 'Write the talk').click();
  await ben.page.getByText('Ana Marques is looking at this too').waitFor();
  await page.getByText('Ben Okafor is looking at this too').waitFor();
  await page.getByText('History').click();
  await page.getByText('created it').waitFor();
  await page.getByLabel('Title').evaluate((title) => title.scrollIntoView({ block: 'center' }));
  await shoot(page, 'task', { dark: true });
  await page.goto(`${ana.url}/tasks`);
  await row(page, 'Renew').waitFor();
  await settled(ana);
  await shoot(page, 'tasks', { dark: true });
  await page.keyboard.press('?');
  await page.getByRole('dialog').waitFor();
  await shoot(page, 'help');
  await page.keyboard.press('Escape');

  // A conflict, and a write that is refused.
  ana.line.cut();
  await page
    .getByRole('button', { name: /Connection: Offline/ })
    .first()
    .waitFor();
  await rename(ana, 'Write the talk about offline apps', 'Write the talk: apps without a network');
  await rename(ben, 'Write the talk about offline apps', 'Write the talk about sync');
  await settled(ben);
  const before = async () => {
    await page.keyboard.press('Escape');
    await page
      .getByRole('button', { name: /Connection: Offline/ })
      .filter({ visible: true })
      .click();
    await page.getByText('Changes to send').waitFor();
  };
  await page.goto(`${ana.url}/tasks`);
  await row(page, 'Renew').waitFor();
  await page
    .getByRole('button', { name: /Connection: Offline/ })
    .filter({ visible: true })
    .waitFor();
  await shoot(page, 'connection', { before });
  await page.keyboard.press('Escape');
  await ana.line.mend();
  await page
    .getByRole('link', { name: /Conflicts/ })
    .first()
    .click({ timeout: 60_000 });
  await page.getByRole('heading', { name: 'Conflicts' }).waitFor();
  await shoot(page, 'conflicts', { dark: true });

  await page.goto(`${ana.url}/settings`);
  await page.getByLabel('Your name').and(page.locator(':enabled')).waitFor();
  await shoot(page, 'settings', { dark: true });
  await page.getByRole('button', { name: 'Set it up' }).click();
  await page.getByRole('img', { name: /QR code/ }).waitFor();
  await shoot(page, 'settings-totp');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Delete the account' }).click();
  await page.getByRole('dialog').waitFor();
  await shoot(page, 'settings-delete');
  if (ana.complaints.length > 0) throw new Error(ana.complaints.join('\n'));
});

async function due(page: Page, title: string, when: string): Promise<void> {
  await row(page, title).click();
  await page.getByRole('button', { name: when, exact: true }).click();
}

async function rename({ page }: Device, from: string, to: string): Promise<void> {
  await row(page, from).click();
  await page.getByLabel('Title').fill(to);
  await page.getByLabel('Title').press('Enter');
  await row(page, to).waitFor();
}
