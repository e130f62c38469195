import { afterAll, beforeAll, expect, test } from 'vitest';
import { addTask, type Device, row, type Stage, settled, startStage } from './fixture.ts';

let stage: Stage;
let ana: Device;
let ben: Device;

beforeAll(async () => {
  stage = await startStage();
  await stage.account('ana@example.com', 'Ana');
  await stage.account('ben@example.com', 'Ben');
  [ana, ben] = [await stage.open(), await stage.open()];
  await ana.signIn('ana@example.com');
  await ben.signIn('ben@example.com');
});
afterAll(() => stage?.stop());

const title = ({ page }: Device) => page.getByLabel('Title', { exact: true });
const offline = ({ page }: Device) =>
  page
    .getByRole('button', { name: /Connection: Offline/ })
    .first()
    .waitFor();

/** The titles of the tasks as the server has them. */
async function titles(): Promise<string[]> {
  const { listTasks } = await stage.ask<{ listTasks: { items: { title: string }[] } }>(
    '{ listTasks { items { title } } }',
  );
  return listTasks.items.map(({ title }) => title);
}

async function rename(device: Device, to: string): Promise<void> {
  await title(device).fill(to);
  await title(device).press('Enter');
}

test('who is found by e-mail has the task at once', async () => {
  await addTask(ana, 'Plan the trip');
  await row(ana.page, 'Plan the trip').click();
  const field = ana.page.getByLabel('Share with, by e-mail');
  for (const [email, answer] of [
    ['nobody@example.com', 'Nobody here has this address.'],
    ['ana@example.com', 'That is you.'],
    ['no address', 'That is no e-mail address.'],
  ] as const) {
    await field.fill(email);
    await field.press('Enter');
    await ana.page.getByText(answer).waitFor();
  }
  await field.fill('ben@example.com');
  await field.press('Enter');
  await ana.page.getByText('Shared with Ben.').first().waitFor();
  await row(ben.page, 'Plan the trip').waitFor();
});

test('one sees that the other is there, and what they change, for a moment marked', async () => {
  await row(ben.page, 'Plan the trip').click();
  await ana.page.getByText('Ben is looking at this too').waitFor();
  await ben.page.getByText('Ana is looking at this too').waitFor();
  await rename(ana, 'Plan the trip to Porto');
  await expect.poll(() => title(ben).inputValue()).toBe('Plan the trip to Porto');
  await ben.page.locator('li .fresh').waitFor();
  await expect.poll(() => ben.page.locator('.fresh').count(), { timeout: 10_000 }).toBe(0);
  expect(await ana.page.locator('.fresh').count()).toBe(0); // one's own change is no news
  await ben.page.getByRole('button', { name: 'Close the task' }).click();
  await expect.poll(() => ana.page.getByText('is looking at this too').count()).toBe(0);
});

test('what one writes is not overwritten while it is written', async () => {
  await row(ben.page, 'Plan the trip to Porto').click();
  await title(ben).fill('Plan the trip to Braga');
  await rename(ana, 'Plan the trip to Faro');
  await row(ben.page, 'Plan the trip to Faro').waitFor();
  expect(await title(ben).inputValue()).toBe('Plan the trip to Braga');
  await title(ben).press('Enter');
  await ben.page.getByText('was changed by somebody else while you were writing').waitFor();
  await ben.page.getByRole('button', { name: 'Keep mine' }).click();
  await expect.poll(() => title(ana).inputValue()).toBe('Plan the trip to Braga');
});

test('the history says who changed what', async () => {
  await ana.page.getByText('History').click();
  const history = ana.page.getByRole('group').filter({ hasText: 'History' }).getByRole('listitem');
  await expect.poll(() => history.first().textContent()).toMatch(/^B?Ben changed title/);
  await expect.poll(() => history.last().textContent()).toContain('You created it');
});

test('a description is Markdown, without anything that runs or loads', async () => {
  await ana.page.getByRole('button', { name: 'Add a description' }).click();
  const field = ana.page.getByLabel('Description', { exact: true });
  await field.fill(
    '**Bold** <b id="raw">b</b> <img src="https://example.com/x.png" onerror="document.title=1"> <script>document.title=1</script> [bad](javascript:alert(1)) [good](https://example.com)\n\n- [x] done',
  );
  await field.press('Control+Enter');
  for (const { page } of [ana, ben]) {
    await page.locator('.markdown strong').waitFor();
    expect(await page.locator('.markdown :is(img, script, b, [onerror], [id])').count()).toBe(0);
    expect(
      await page
        .locator('.markdown a[href]')
        .evaluateAll((links) => links.map((a) => a.getAttribute('href'))),
    ).toEqual(['https://example.com']);
    expect(await page.locator('.markdown input:checked:disabled').count()).toBe(1);
  }
});

test('both change the same field apart: the one who comes later decides', async () => {
  ben.line.cut();
  await offline(ben);
  await ben.page.getByLabel('Share with, by e-mail').fill('cleo@example.com');
  await ben.page.getByLabel('Share with, by e-mail').press('Enter');
  await ben.page.getByText('Finding somebody takes a connection.').waitFor();
  await rename(ben, 'Plan the trip to Lagos');
  await rename(ana, 'Plan the trip to Evora');
  await expect.poll(titles).toEqual(['Plan the trip to Evora']);
  await ben.line.mend();
  const conflicts = ben.page
    .getByRole('navigation')
    .first()
    .getByRole('link', { name: /Conflicts/ });
  await conflicts.click({ timeout: 60_000 });
  const card = ben.page.getByRole('article');
  await expect
    .poll(() => card.textContent())
    .toMatch(/You wrote\s*Plan the trip to Lagos.*It is now\s*Plan the trip to Evora/);
  await card.getByRole('button', { name: 'Use yours' }).click();
  await expect.poll(() => title(ana).inputValue()).toBe('Plan the trip to Lagos');
  await ben.page.getByRole('heading', { name: 'Nothing to decide' }).waitFor();
  await ben.page.getByRole('link', { name: 'Tasks' }).click();
  await expect.poll(() => conflicts.count()).toBe(0);
});

test('a write that the server refuses is undone and told, and can be let go', async () => {
  await row(ben.page, 'Plan the trip to Lagos').click();
  ben.line.cut();
  await offline(ben);
  await rename(ben, 'Plan the trip to Sines');
  await ana.page.getByRole('button', { name: /Do not share with Ben/ }).click();
  await settled(ana);
  await ben.line.mend();
  await ben.page
    .getByRole('navigation')
    .first()
    .getByRole('link', { name: /Conflicts/ })
    .click({ timeout: 60_000 });
  await ben.page.getByRole('heading', { name: 'Not accepted' }).waitFor();
  await expect.poll(() => ben.page.getByRole('article').textContent()).toContain('Plan the trip to Sines');
  await ben.page.getByRole('button', { name: 'Let it go' }).click();
  await ben.page.getByRole('heading', { name: 'Nothing to decide' }).waitFor();
  await ben.page.getByRole('link', { name: 'Tasks' }).click();
  await ben.page.getByRole('heading', { name: 'What has to be done?' }).waitFor();
});

test('what is deleted comes back with all that it had', async () => {
  await ana.page.getByRole('button', { name: 'More about this task' }).click();
  await ana.page.getByRole('menuitem', { name: 'Delete the task' }).click();
  await expect.poll(() => row(ana.page, 'Plan the trip').count()).toBe(0);
  await settled(ana);
  await ana.page.getByRole('button', { name: 'Undo' }).last().click();
  await row(ana.page, 'Plan the trip to Lagos').click();
  await ana.page.locator('.markdown strong').waitFor();
  await settled(ana);
  expect(await titles()).toEqual(['Plan the trip to Lagos']);
});

test('nothing was refused by the policy, and nothing threw', () => {
  expect([...ana.complaints, ...ben.complaints]).toEqual([]);
});
