import { afterAll, beforeAll, expect, test } from 'vitest';
import { addTask, type Device, row, type Stage, settled, startStage } from './fixture.ts';

let stage: Stage;
let device: Device;

const email = 'finn@example.com';

beforeAll(async () => {
  stage = await startStage('--pool-id', 'north_harbour', '--client-id', 'harbour-web', '--client-id', 'cli');
  await stage.account(email, 'Finn');
  device = await stage.open();
});
afterAll(() => stage?.stop());

const ids = () => device.page.evaluate(() => JSON.parse(localStorage.getItem('freshet ids')!));

test('one signs in at a server whose user pool and app have other ids', async () => {
  await device.signIn(email);
  expect(await ids()).toEqual({ poolId: 'north_harbour', clientId: 'harbour-web' });
  await addTask(device, 'Paint the boat');
  await settled(device);
});

test('the ids are known without a network', async () => {
  const { page, line } = device;
  await expect
    .poll(() => page.evaluate(async () => (await navigator.serviceWorker.ready).active?.state))
    .toBe('activated');
  line.cut();
  await page.reload();
  await row(page, 'Paint the boat').waitFor();
  await line.mend();
});

test('ids that are the server’s no more are replaced', async () => {
  const { page } = device;
  await page.evaluate(() =>
    localStorage.setItem('freshet ids', JSON.stringify({ poolId: 'local_freshet', clientId: 'freshet-web' })),
  );
  await page.reload();
  await row(page, 'Paint the boat').waitFor();
  expect(device.complaints).toEqual([]);
});
