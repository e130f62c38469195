import { afterAll, beforeAll, expect, test } from 'vitest';
import { totpAt } from '../../client/test/server.ts';
import { type Device, password, type Stage, startStage } from './fixture.ts';
import { type MailServer, startMail } from './mail.ts';

let mail: MailServer;
let stage: Stage;
let device: Device;

beforeAll(async () => {
  mail = await startMail();
  stage = await startStage('--smtp', mail.address, '--mail-from', 'Freshet <no-reply@example.com>');
  device = await stage.open();
});
afterAll(async () => {
  await stage?.stop();
  await mail?.close();
});

let email = 'dora@example.com';
const tasks = () => device.page.getByRole('heading', { name: 'Tasks', level: 1 }).waitFor();

test('somebody makes an account with a code that comes by mail', async () => {
  const { page, url } = device;
  await page.goto(`${url}/`);
  await page.getByRole('link', { name: 'Create an account' }).click();
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password', { exact: true }).fill('12345678');
  await page.getByRole('button', { name: 'Create the account' }).click();
  await expect.poll(() => page.getByRole('alert').textContent()).toContain('most common');
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByLabel('Your name').fill('Dora Lind');
  await page.getByRole('button', { name: 'Create the account' }).click();

  await page.getByRole('heading', { name: 'Look into your mail' }).waitFor();
  const code = await mail.nextCode(email);
  expect(await page.getByText('local mailbox').count()).toBe(0); // there is a mail server
  await page.getByLabel('Code', { exact: true }).fill(code === '000000' ? '000001' : '000000');
  await expect.poll(() => page.getByRole('alert').textContent()).toContain('not right');
  await page.getByLabel('Code', { exact: true }).fill(code);
  await tasks();
  expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('H1');
});

test('the profile shows the name, and changes it', async () => {
  const { page } = device;
  await page.getByRole('link', { name: 'Settings' }).click();
  const name = page.getByLabel('Your name');
  await expect.poll(() => name.inputValue()).toBe('Dora Lind');
  await name.fill('Dora L.');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Your name is saved.').first().waitFor();
  await page.reload();
  await expect.poll(() => page.getByLabel('Your name').inputValue()).toBe('Dora L.');
});

test('another e-mail takes the place of the old one by the code that is sent there', async () => {
  const { page } = device;
  const next = 'dora@new.example.com';
  await page.getByRole('button', { name: 'Change the e-mail' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('New e-mail').fill(next);
  await dialog.getByRole('button', { name: 'Send the code' }).click();
  const code = await mail.nextCode(next);
  await dialog.getByLabel('Code', { exact: true }).fill(code === '000000' ? '000001' : '000000');
  await expect.poll(() => dialog.getByRole('alert').textContent()).toContain('not right');
  await page.getByText(email).first().waitFor(); // nothing has changed yet
  await dialog.getByLabel('Code', { exact: true }).fill(code);
  await page.getByText(`Your e-mail is ${next} now.`).first().waitFor();
  await dialog.waitFor({ state: 'detached' });
  expect(await page.getByText(email, { exact: true }).count()).toBe(0);
  await page.reload();
  await page.getByText(next, { exact: true }).waitFor();
  email = next; // with which all the rest goes on
});

test('an authenticator app is set up, asked for, and turned off', async () => {
  const { page } = device;
  await page.getByRole('button', { name: 'Set it up' }).click();
  await page.getByRole('img', { name: /QR code/ }).waitFor();
  const secret = (await page.getByRole('dialog').locator('code').textContent())!.replaceAll(' ', '');
  await page.getByLabel('Code', { exact: true }).fill(totpAt(secret, Date.now()));
  await page.getByText('A code from your app is asked for').waitFor();

  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await page.getByLabel('E-mail or user name').fill(email);
  await page.getByLabel('Password', { exact: true }).fill('not the password');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect.poll(() => page.getByRole('alert').textContent()).toContain('not right');
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'The code of your app' }).waitFor();
  await page.getByLabel('Code', { exact: true }).fill(totpAt(secret, Date.now() + 30_000)); // the one of this half minute was used
  await page.getByRole('button', { name: 'Turn it off' }).click();
  await page.getByRole('button', { name: 'Set it up' }).waitFor();
});

test('a code by mail is turned on, asked for, and turned off', async () => {
  const { page } = device;
  await page.getByRole('button', { name: 'Turn it on: Codes by mail' }).click();
  await page.getByText('A code that is sent to your e-mail is asked for').waitFor();

  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await page.getByLabel('E-mail or user name').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'The code from your mail' }).waitFor();
  const code = await mail.nextCode(email);
  await page.getByLabel('Code', { exact: true }).fill(code === '000000' ? '000001' : '000000');
  await expect.poll(() => page.getByRole('alert').textContent()).toContain('not right');
  await page.getByLabel('Code', { exact: true }).fill(code);
  await page.getByRole('button', { name: 'Turn it off: Codes by mail' }).click();
  await page.getByRole('button', { name: 'Turn it on: Codes by mail' }).waitFor();

  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await page.getByLabel('E-mail or user name').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'Turn it on: Codes by mail' }).waitFor(); // nothing was asked for
});

test('a password is changed', async () => {
  const { page } = device;
  await page.getByRole('button', { name: 'Change the password' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Current password').fill('not the password');
  await dialog.getByLabel('New password').fill('marsh-lantern-09');
  await dialog.getByRole('button', { name: 'Change the password' }).click();
  await expect.poll(() => dialog.getByRole('alert').textContent()).toContain('not right');
  await dialog.getByLabel('Current password').fill(password);
  await dialog.getByRole('button', { name: 'Change the password' }).click();
  await page.getByText('Your password is changed.').first().waitFor();
});

test('a forgotten password is replaced by a code', async () => {
  const { page } = device;
  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await page.getByRole('link', { name: 'Forgot the password?' }).click();
  await page.getByLabel('E-mail or user name').fill(email);
  await page.getByRole('button', { name: 'Send the code' }).click();
  await page.getByLabel('Code', { exact: true }).fill(await mail.nextCode(email));
  await page.getByLabel('New password').fill(password);
  await page.getByRole('button', { name: 'Save' }).click();
  await tasks();
});

test('a page that was asked for is there after the sign-in, and one elsewhere is not', async () => {
  const { page, url } = device;
  await page.goto(`${url}/settings`);
  await page.getByRole('button', { name: 'Sign out everywhere' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Sign out everywhere' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  expect(new URL(page.url()).searchParams.get('next')).toBe('/settings');
  await page.goto(`${url}/signin?next=//example.com/`);
  await page.getByLabel('E-mail or user name').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await tasks();
  expect(page.url()).toBe(`${url}/tasks`);
});

test('the link of the first administrator works once', async () => {
  const { page, url } = device;
  const link = (await stage.server.operate('user', 'setup-link')).match(/\/setup(#\S+)/)!;
  await page.goto(`${url}/setup#wrong`);
  await page.getByRole('button', { name: 'Become the administrator' }).click();
  await expect.poll(() => page.getByRole('alert').textContent()).toContain('not the one of the latest link');
  await page.goto(`${url}/setup${link[1]}`);
  await page.getByRole('button', { name: 'Become the administrator' }).click();
  await page.getByRole('heading', { name: 'You are an administrator now' }).waitFor();
  expect(page.url()).toBe(`${url}/setup`); // the secret is in no history
  await page.getByRole('link', { name: 'Go to your tasks' }).click();
  await page.getByRole('link', { name: 'Settings' }).click();
  await expect.poll(() => page.getByText('admins').count()).toBe(1);
});

test('an account is deleted by who types its address', async () => {
  const { page } = device;
  await page.getByRole('button', { name: 'Delete the account' }).click();
  const dialog = page.getByRole('dialog');
  const remove = dialog.getByRole('button', { name: 'Delete the account' });
  await dialog.getByLabel('Your address, to be sure').fill('dora');
  expect(await remove.isDisabled()).toBe(true);
  await dialog.getByLabel('Your address, to be sure').fill(email);
  await remove.click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await page.getByLabel('E-mail or user name').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect.poll(() => page.getByRole('alert').textContent()).toContain('not right');
  expect(device.complaints).toEqual([]);
});
