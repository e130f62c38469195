import { afterAll, beforeAll, expect, test } from 'vitest';
import { addTask, type Device, row, type Stage, settled, startStage } from './fixture.ts';

let stage: Stage;
let device: Device;

beforeAll(async () => {
  stage = await startStage();
  await stage.account('ana@example.com', 'Ana');
  device = await stage.open();
  await device.signIn('ana@example.com');
});
afterAll(() => stage?.stop());

test('the app opens without a network, with what it had, and sends what was written there', async () => {
  const { page, line, url } = device;
  await addTask(device, 'Buy bread');
  await settled(device);
  await page.waitForFunction(() => navigator.serviceWorker.controller?.state === 'activated');
  line.cut();
  await page.goto(`${url}/tasks`);
  await row(page, 'Buy bread').waitFor();
  await page
    .getByRole('button', { name: /Connection: Offline/ })
    .first()
    .waitFor();
  await addTask(device, 'Write from the train');
  await page.getByRole('link', { name: 'Settings' }).click(); // a part that was not loaded before
  await page.getByRole('heading', { name: 'Settings' }).waitFor();
  await page.goto(`${url}/tasks`);
  await row(page, 'Write from the train').waitFor();

  await line.mend();
  await settled(device);
  const titles = async () =>
    (
      await stage.ask<{ listTasks: { items: { title: string }[] } }>('{ listTasks { items { title } } }')
    ).listTasks.items
      .map(({ title }) => title)
      .sort();
  await expect.poll(titles, { timeout: 30_000 }).toEqual(['Buy bread', 'Write from the train']);
});

test('the worker leaves to the server what is the server’s', async () => {
  const { page, url } = device;
  await page.goto(`${url}/console/mail`);
  await expect.poll(() => page.title()).toContain('Mail');
  await page.goto(`${url}/tasks`);
  expect(await page.evaluate(async () => (await fetch('/graphql')).status)).toBeGreaterThanOrEqual(400);
});

test('the app can be installed', async () => {
  const { url } = device;
  const manifest = await (await fetch(`${url}/manifest.webmanifest`)).json();
  for (const { src } of manifest.icons) {
    const icon = await fetch(url + src);
    expect([icon.status, icon.headers.get('content-type')]).toEqual([200, expect.stringMatching(/^image\//)]);
  }
  expect(manifest).toMatchObject({ name: 'Freshet', display: 'standalone', start_url: '/tasks' });
});

test('five thousand tasks scroll, and are searched', { timeout: 120_000 }, async () => {
  const { page } = device;
  const owner = await page.evaluate(() => {
    const key = Object.keys(localStorage).find(
      (name) => name.startsWith('freshet ') && name.includes('idp'),
    )!;
    const token = JSON.parse(localStorage.getItem(key)!) as { id: string };
    return JSON.parse(atob(token.id.split('.')[1]!.replace(/-/g, '+').replace(/_/g, '/')))[
      'cognito:username'
    ] as string;
  });
  for (let from = 0; from < 5000; from += 100) {
    const writes = Array.from({ length: 100 }, (_, i) => ({
      counter: from + i + 1,
      model: 'Task',
      op: 'CREATE',
      key: `many-${from + i}`,
      fields: { title: `Number ${from + i}`, owner },
    }));
    await stage.ask(
      'mutation ($writes: [WriteInput!]!) { push(client: "many", writes: $writes) { results { status } } }',
      { writes },
    );
  }
  const list = page.getByRole('list', { name: 'Tasks' });
  await expect
    .poll(() => list.getByRole('listitem').first().getAttribute('aria-setsize'), { timeout: 60_000 })
    .toBe('5002');
  expect(await list.getByRole('listitem').count()).toBeLessThan(60);
  await list.getByRole('link').first().focus();
  await page.keyboard.press('End');
  await row(page, 'Buy bread').waitFor();
  await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toContain('Buy bread');
  await page.keyboard.press('/');
  await page.keyboard.type('number 4321');
  await expect.poll(() => list.getByRole('listitem').count()).toBe(1);
  await row(page, 'Number 4321').waitFor();
});
