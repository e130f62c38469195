import { afterAll, beforeAll, expect, test } from 'vitest';
import { programOf } from '../src/pages/settings/agent.ts';
import { type Device, type Stage, startStage } from './fixture.ts';

let stage: Stage;
let laptop: Device;
let phone: Device;

const email = 'eva@example.com';
const androidFirefox = 'Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0';

beforeAll(async () => {
  stage = await startStage();
  await stage.account(email, 'Eva');
  laptop = await stage.open();
  phone = await stage.open({ userAgent: androidFirefox });
});
afterAll(() => stage?.stop());

const list = ({ page }: Device) => page.getByRole('list', { name: 'Where you are signed in' });
const entries = (device: Device) => list(device).getByRole('listitem').allInnerTexts();

test('the settings say where one is signed in', async () => {
  await laptop.signIn(email);
  await phone.signIn(email);
  await laptop.page.goto(`${laptop.url}/settings`);
  await expect.poll(() => entries(laptop)).toHaveLength(2);
  const [own, other] = await entries(laptop);
  expect(own).toMatch(/^Chromium on Linux\s*this one\s+Signed in now · last used now$/);
  expect(other).toMatch(/^Firefox on Android\s+Signed in now · last used now\s+Sign out$/);
});

test('one browser signs the other out, which lands on the sign-in page', async () => {
  await phone.page.getByRole('heading', { name: 'Tasks', level: 1 }).waitFor();
  await phone.page.getByRole('button', { name: 'Connection: Live.' }).first().waitFor();
  await laptop.page.getByRole('button', { name: 'Sign out Firefox on Android' }).click();
  await laptop.page.getByText('Firefox on Android is signed out.').first().waitFor();
  await phone.page.getByRole('heading', { name: 'Sign in' }).waitFor({ timeout: 5000 });
  expect(await entries(laptop)).toHaveLength(1);

  await phone.page.goto(`${phone.url}/tasks`); // also when it loads anew
  await phone.page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await laptop.page.reload();
  await expect.poll(() => entries(laptop)).toHaveLength(1);
});

test('without a connection the settings say what is missing', async () => {
  laptop.line.cut();
  await laptop.page.reload();
  await laptop.page.getByText('is shown when there is a connection').waitFor();
  await laptop.line.mend();
  expect(laptop.complaints).toEqual([]);
});

test.each([
  [
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36',
    'Chrome',
    'Windows',
  ],
  [
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36 Edg/143.0.0.0',
    'Edge',
    'Windows',
  ],
  [
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/143.0.0.0 Safari/537.36',
    'Chromium',
    'Linux',
  ],
  [
    'Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36',
    'Chrome',
    'ChromeOS',
  ],
  [
    'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36',
    'Samsung Internet',
    'Android',
  ],
  [
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15',
    'Safari',
    'macOS',
  ],
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/143.0 Mobile/15E148 Safari/604.1',
    'Chrome',
    'iPhone',
  ],
  ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox', 'Linux'],
  ['curl/8.14.1', undefined, undefined],
  ['', undefined, undefined],
])('the words for %s', (agent, browser, system) => {
  expect(programOf(agent)).toMatchObject({ browser, system });
});

test('another program goes by its name', () => {
  expect(programOf('curl/8.14.1').name).toBe('curl');
  expect(programOf('<b>x').name).toBeUndefined();
});
