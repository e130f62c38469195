import AxeBuilder from '@axe-core/playwright';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Device, type Stage, settled, startStage } from './fixture.ts';

const pool = 'local:0d6f9c3e-1c1b-4a52-9b55-5d2f0a3b7c11';
const zurich = { timezoneId: 'Europe/Zurich' };

let stage: Stage;
let ana: Device;

beforeAll(async () => {
  stage = await startStage('--identity-pool', pool);
  await stage.account('ana@example.com', 'Ana');
  ana = await stage.open({ ...zurich, permissions: ['clipboard-read', 'clipboard-write'] });
  await ana.signIn('ana@example.com');
});
afterAll(() => stage?.stop());

const event = (page: Page, title: string) => page.locator('[data-occurrence]', { hasText: title });
const dialog = (page: Page) => page.getByRole('dialog').last();

/** Opens the agenda at a date, on the view that is asked for. */
async function openAgenda({ page, url }: Device, view: string): Promise<void> {
  await page.goto(`${url}/agenda`);
  await page.getByRole('radio', { name: view }).check({ force: true });
}

/** Goes to a month by the buttons. */
async function goTo(page: Page, title: RegExp, button: 'Earlier' | 'Later'): Promise<void> {
  const heading = page.locator('p[aria-live]');
  for (let n = 0; n < 30 && !title.test((await heading.textContent()) ?? ''); n++)
    await page.getByRole('button', { name: button }).click();
  expect(await heading.textContent()).toMatch(title);
}

async function drag(page: Page, from: { x: number; y: number }, to: { x: number; y: number }): Promise<void> {
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move((from.x + to.x) / 2, (from.y + to.y) / 2, { steps: 5 });
  await page.mouse.move(to.x, to.y, { steps: 5 });
  await page.mouse.up();
}

const middle = async (locator: Locator) => {
  const box = (await locator.boundingBox())!;
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
};

async function create(
  page: Page,
  fields: { title: string; starts?: string; ends?: string; rule?: string; calendar?: string },
): Promise<void> {
  await page.keyboard.press('n');
  const form = dialog(page);
  await form.getByLabel('Title').fill(fields.title);
  if (fields.starts) await form.getByLabel('Starts').fill(fields.starts);
  if (fields.ends) await form.getByLabel('Ends').fill(fields.ends);
  if (fields.rule) await form.getByLabel('Repeats').selectOption(fields.rule);
  if (fields.calendar) await form.getByLabel('Calendar').selectOption(fields.calendar);
  await form.getByRole('button', { name: 'Create' }).click();
  await expect.poll(() => page.getByRole('dialog').count()).toBe(0);
}

/** Looks for what keeps people out, light and dark, and on a phone. */
async function audit(page: Page, where: string): Promise<void> {
  for (const { colorScheme, ...viewport } of [
    { colorScheme: 'light', width: 390, height: 844 },
    { colorScheme: 'light', width: 1280, height: 800 },
    { colorScheme: 'dark', width: 1280, height: 800 },
  ] as const) {
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme });
    await page.evaluate(() => Promise.allSettled(document.getAnimations().map(({ finished }) => finished)));
    const { violations } = await new AxeBuilder({ page }).analyze();
    const found = violations.filter(({ impact }) => impact !== 'minor');
    expect(
      found.map(
        ({ id, nodes }) =>
          `${where}, ${colorScheme}, ${viewport.width}: ${id} ${nodes.map(({ html }) => html).join('\n')}`,
      ),
    ).toEqual([]);
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(wider, `${where} is wider than ${viewport.width}`).toBeLessThanOrEqual(0);
  }
}

const eventsOf = async (title: string) => {
  const { listEvents } = await stage.ask<{
    listEvents: {
      items: {
        title: string;
        start: string;
        end: string;
        owner: string;
        series: string | null;
        occurrence: string | null;
      }[];
    };
  }>('{ listEvents(limit: 1000) { items { title start end owner series occurrence } } }');
  return listEvents.items.filter((one) => one.title === title);
};

describe('the agenda', () => {
  test('makes an event where somebody drags, which is on the server then', async () => {
    const { page } = ana;
    await openAgenda(ana, 'Week');
    const row = await middle(page.getByText(/^10$|^10:00$/).first());
    const column = page.viewportSize()!.width / 2;
    await drag(page, { x: column, y: row.y + 4 }, { x: column, y: row.y + 60 });
    await dialog(page).getByLabel('Title').fill('Dragged');
    await dialog(page).getByRole('button', { name: 'Create' }).click();
    await event(page, 'Dragged').waitFor();
    await expect.poll(async () => (await eventsOf('Dragged')).length).toBe(1);
    const [made] = await eventsOf('Dragged');
    const local = new Date(made!.start).toLocaleTimeString('en-GB', {
      timeZone: 'Europe/Zurich',
      hour: '2-digit',
      minute: '2-digit',
    });
    expect(local).toMatch(/^10:[03]0$/);
    expect(Date.parse(made!.end) - Date.parse(made!.start)).toBeGreaterThanOrEqual(30 * 60_000);
  });

  test('shows what repeats at the same local time before and after the clocks change', async () => {
    const { page } = ana;
    await openAgenda(ana, 'List');
    await create(page, {
      title: 'Rehearsal',
      starts: '2027-03-22T19:15',
      ends: '2027-03-22T20:45',
      rule: 'FREQ=WEEKLY',
    });
    await goTo(page, /March 2027/, 'Later');
    await expect.poll(() => event(page, 'Rehearsal').count()).toBe(2);
    await expect.poll(async () => (await page.getByText(/19:15/).allTextContents()).length).toBe(2);
    await page.getByRole('button', { name: 'Later' }).click();
    await expect.poll(() => event(page, 'Rehearsal').count()).toBe(4);
    expect((await page.getByText(/19:15/).allTextContents()).length).toBe(4);
  });

  test('shows it to somebody elsewhere when it is there', async () => {
    const away = await stage.open({ timezoneId: 'America/New_York' });
    await away.signIn('ana@example.com');
    await openAgenda(away, 'List');
    await goTo(away.page, /March 2027/, 'Later');
    await expect
      .poll(async () => (await away.page.getByText(/1[34]:15/).allTextContents()).join())
      .toMatch(/14:15.*13:15/);
  });

  test('moves one occurrence by dragging, and only that one', async () => {
    const { page } = ana;
    await openAgenda(ana, 'Month');
    await goTo(page, /March 2027/, 'Later');
    await expect.poll(() => event(page, 'Rehearsal').count()).toBeGreaterThanOrEqual(2);
    const from = await middle(event(page, 'Rehearsal').first());
    const width = (await page.locator('[data-date="2027-03-22"]').first().boundingBox())!.width;
    await drag(page, from, { x: from.x + width, y: from.y });
    await dialog(page).getByRole('button', { name: 'Only this one' }).click();
    await expect
      .poll(async () =>
        (await eventsOf('Rehearsal')).map(({ start, series }) => `${start} ${!!series}`).sort(),
      )
      .toEqual(['2027-03-22T18:15:00.000Z false', '2027-03-23T18:15:00.000Z true']);
    await page.keyboard.press('l');
    await goTo(page, /March 2027/, 'Later');
    await expect.poll(() => event(page, 'Rehearsal').count()).toBe(2);
  });

  test('is driven by keys', async () => {
    const { page } = ana;
    await openAgenda(ana, 'List');
    await goTo(page, /March 2027/, 'Later');
    await event(page, 'Rehearsal').first().waitFor();
    await page.locator('body').focus();
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await expect.poll(() => dialog(page).getByLabel('Title').inputValue()).toBe('Rehearsal');
    await page.keyboard.press('Escape');
    await expect.poll(() => page.getByRole('dialog').count()).toBe(0);
    await page.keyboard.press('t');
    await expect.poll(() => page.locator('p[aria-live]').textContent()).not.toMatch(/2027/);
  });

  test('ends a series with one occurrence, and takes that back', async () => {
    const { page } = ana;
    await openAgenda(ana, 'List');
    await create(page, {
      title: 'Course',
      starts: '2027-05-03T18:00',
      ends: '2027-05-03T19:00',
      rule: 'FREQ=WEEKLY',
    });
    await goTo(page, /May 2027/, 'Later');
    await expect.poll(() => event(page, 'Course').count()).toBe(5);
    await event(page, 'Course').nth(2).click();
    await dialog(page).getByRole('button', { name: 'Delete' }).click();
    await dialog(page).getByRole('button', { name: 'This one and all that follow' }).click();
    await expect.poll(() => event(page, 'Course').count()).toBe(2);
    await page.keyboard.press('z');
    await expect.poll(() => event(page, 'Course').count()).toBe(5);
    await event(page, 'Course').nth(2).click();
    await dialog(page).getByRole('button', { name: 'Delete' }).click();
    await dialog(page).getByRole('button', { name: 'Only this one' }).click();
    await expect.poll(() => event(page, 'Course').count()).toBe(4);
    await event(page, 'Course').first().click();
    await dialog(page).getByLabel('Title').fill('Drawing course');
    await dialog(page).getByRole('button', { name: 'Save' }).click();
    await dialog(page).getByRole('button', { name: 'All of them' }).click();
    await expect.poll(() => event(page, 'Drawing course').count()).toBe(4);
  });

  test('changes a series from one occurrence on, and takes that back', async () => {
    const { page } = ana;
    await openAgenda(ana, 'List');
    await goTo(page, /May 2027/, 'Later');
    await expect.poll(() => event(page, 'Drawing course').count()).toBe(4);
    const rename = async () => {
      await event(page, 'Drawing course').nth(2).click();
      await dialog(page).getByLabel('Title').fill('Painting course');
      await dialog(page).getByLabel('Starts').fill('2027-05-25T18:30'); // on Tuesdays from then on
      await dialog(page).getByRole('button', { name: 'Save' }).click();
      await dialog(page).getByRole('button', { name: 'This one and all that follow' }).click();
      await expect.poll(() => event(page, 'Painting course').count()).toBe(1);
      await expect.poll(() => event(page, 'Drawing course').count()).toBe(2);
    };
    await rename();
    await page.keyboard.press('z');
    await expect.poll(() => event(page, 'Drawing course').count()).toBe(4);
    await expect.poll(() => event(page, 'Painting course').count()).toBe(0);
    await rename();
    await page.getByRole('button', { name: 'Later' }).click();
    await expect.poll(() => event(page, 'Painting course').count()).toBe(5);
    expect(await event(page, 'Drawing course').count()).toBe(0);
    await expect
      .poll(async () => (await eventsOf('Painting course')).map(({ start }) => start))
      .toEqual(['2027-05-25T16:30:00.000Z']);
    // Of the first one there is nothing before it, so it is that one or all.
    await goTo(page, /May 2027/, 'Earlier');
    await event(page, 'Painting course').click();
    await dialog(page).getByRole('button', { name: 'Delete' }).click();
    await dialog(page).getByRole('button', { name: 'All of them' }).waitFor();
    expect(
      await dialog(page)
        .getByRole('button', { name: /that follow/ })
        .count(),
    ).toBe(0);
    await page.keyboard.press('Escape');
  });

  test('is shared by e-mail, to be read or to be changed', async () => {
    const { page } = ana;
    await stage.account('ben@example.com', 'Ben');
    await openAgenda(ana, 'List');
    await page.keyboard.press('n');
    await dialog(page).getByLabel('Title').fill('With Ben');
    await dialog(page).getByLabel('Starts').fill('2027-06-01T10:00');
    await dialog(page).getByLabel('Repeats').selectOption('FREQ=WEEKLY');
    await dialog(page).getByLabel('Add by e-mail').fill('nobody@example.com');
    await dialog(page).getByRole('button', { name: 'Add', exact: true }).click();
    await dialog(page).getByText('Nobody here has this address.').waitFor();
    await dialog(page).getByLabel('Add by e-mail').fill('ben@example.com');
    await dialog(page).getByRole('button', { name: 'Add', exact: true }).click();
    await dialog(page).getByText('Ben', { exact: true }).waitFor();
    await dialog(page).getByRole('button', { name: 'Create' }).click();
    await settled(ana);

    const ben = await stage.open(zurich);
    await ben.signIn('ben@example.com');
    await openAgenda(ben, 'List');
    await goTo(ben.page, /June 2027/, 'Later');
    await event(ben.page, 'With Ben').nth(1).click();
    const form = dialog(ben.page);
    expect(await form.getByRole('button', { name: 'Delete' }).count()).toBe(0);
    await form.getByLabel('Place').fill('Bern');
    await form.getByRole('button', { name: 'Save' }).click();
    await dialog(ben.page).getByRole('button', { name: 'All of them' }).waitFor();
    expect(
      await dialog(ben.page)
        .getByRole('button', { name: /that follow/ })
        .count(),
    ).toBe(0); // it is Ana's
    await dialog(ben.page).getByRole('button', { name: 'Only this one' }).click();
    await goTo(page, /June 2027/, 'Later');
    await expect
      .poll(async () => (await eventsOf('With Ben')).map(({ series }) => !!series).sort())
      .toEqual([false, true]);
    await event(page, 'With Ben').nth(1).click();
    await expect.poll(() => dialog(page).getByLabel('Place').inputValue()).toBe('Bern');
    await page.keyboard.press('Escape');
    await goTo(ben.page, /May 2027/, 'Earlier');
    expect(await event(ben.page, 'Drawing course').count()).toBe(0);
    expect(ben.complaints).toEqual([]);
  });

  test('takes a file, and says what became of it', async () => {
    const { page } = ana;
    const file = [
      'BEGIN:VCALENDAR',
      'VERSION:2.0',
      'PRODID:test',
      'BEGIN:VEVENT',
      'UID:one@test',
      'DTSTAMP:20270101T000000Z',
      'DTSTART;TZID=Europe/Zurich:20270322T120000',
      'DTEND;TZID=Europe/Zurich:20270322T130000',
      'SUMMARY:Imported lunch',
      'END:VEVENT',
      'BEGIN:VEVENT',
      'UID:two@test',
      'DTSTAMP:20270101T000000Z',
      'DTSTART:20270322T120000Z',
      'RDATE:20270323T120000Z',
      'SUMMARY:Odd',
      'END:VEVENT',
      'END:VCALENDAR',
      '',
    ].join('\r\n');
    await openAgenda(ana, 'List');
    await page
      .getByLabel('Choose a file')
      .setInputFiles({ name: 'test.ics', mimeType: 'text/calendar', buffer: Buffer.from(file) });
    await dialog(page).getByRole('button', { name: 'Import' }).click();
    await dialog(page).getByText('1 new', { exact: true }).waitFor();
    await dialog(page).getByText('1 event was not taken').waitFor();
    await dialog(page).getByText('Odd').waitFor();
    await page.keyboard.press('Escape');
    await goTo(page, /March 2027/, 'Later');
    await event(page, 'Imported lunch').waitFor();
  });

  test('publishes a calendar, which others see live, until it ends', { timeout: 120_000 }, async () => {
    const { page } = ana;
    await openAgenda(ana, 'List');
    await page.getByRole('button', { name: 'New calendar' }).click();
    await dialog(page).getByLabel('Name').fill('Choir');
    await dialog(page).getByRole('radio', { name: 'Violet' }).check({ force: true });
    await dialog(page).getByRole('button', { name: 'Create the calendar' }).click();
    await create(page, {
      title: 'Concert',
      starts: '2027-03-24T20:00',
      ends: '2027-03-24T22:00',
      calendar: 'Choir',
    });
    await settled(ana);
    await page.getByRole('button', { name: 'Choir: settings' }).click();
    await dialog(page).getByRole('button', { name: 'Make links' }).click();
    const address = await dialog(page).getByLabel('Page', { exact: true }).inputValue();
    const feed = await dialog(page).getByLabel('Feed for calendar apps', { exact: true }).inputValue();
    await dialog(page).getByRole('button', { name: 'Copy: Page' }).click();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(address);

    const fed = async () =>
      [...(await (await fetch(feed)).text()).matchAll(/^SUMMARY:(.*)\r$/gm)].map(([, title]) => title);
    expect(await fed()).toEqual(['Concert']);

    const guest = await stage.open(zurich);
    await guest.page.goto(address);
    await guest.page.getByRole('radio', { name: 'List' }).check({ force: true });
    await goTo(guest.page, /March 2027/, 'Later');
    await event(guest.page, 'Concert').waitFor();
    expect(await event(guest.page, 'Rehearsal').count()).toBe(0);
    await event(guest.page, 'Concert').click();
    await dialog(guest.page).getByRole('heading', { name: 'Concert' }).waitFor();
    await guest.page.keyboard.press('Escape');

    await page.keyboard.press('Escape');
    await create(page, {
      title: 'Encore',
      starts: '2027-03-25T20:00',
      ends: '2027-03-25T22:00',
      calendar: 'Choir',
    });
    await event(guest.page, 'Encore').waitFor();

    // Anybody may name the calendar in an event; it is shown when the calendar is shared with them.
    const [, calendar] = new URL(address).pathname.match(/calendar\/(.*)/)!;
    const by = (owner: string, title: string) =>
      stage.ask('mutation ($input: CreateEventInput!) { createEvent(input: $input) { id } }', {
        input: { title, owner, calendar, start: '2027-03-26T20:00:00Z', end: '2027-03-26T21:00:00Z' },
      });
    await by('eve', 'Advertisement');
    const ownerOf = (await eventsOf('Encore'))[0]!.owner;
    await by(ownerOf, 'Party');
    const listed = () => guest.page.locator('[data-occurrence]').allTextContents();
    await expect.poll(async () => (await listed()).join()).toMatch(/Party/);
    expect((await listed()).join()).not.toMatch(/Advertisement/);
    expect((await fed()).sort()).toEqual(['Concert', 'Encore', 'Party']);
    await stage.ask('mutation ($input: UpdateCalendarInput!) { updateCalendar(input: $input) { id } }', {
      input: { id: calendar, sharedWith: ['eve'] },
    });
    await expect.poll(async () => (await listed()).join()).toMatch(/Advertisement/);
    await audit(guest.page, 'a calendar that is published');
    expect((await fed()).sort()).toEqual(['Advertisement', 'Concert', 'Encore', 'Party']);

    await page.getByRole('button', { name: 'Choir: settings' }).click();
    await dialog(page).getByRole('button', { name: 'Stop publishing' }).click();
    await guest.page.getByText('This calendar is not published').waitFor();
    await audit(guest.page, 'one that is not any more');
    expect((await fetch(feed)).status).toBe(404);
    await page.keyboard.press('Escape');
    expect(guest.complaints).toEqual([]);
  });

  test('keeps open what is written in when the window becomes narrow', async () => {
    const { page } = ana;
    await openAgenda(ana, 'List');
    await page.getByRole('button', { name: 'New calendar' }).click();
    await dialog(page).getByLabel('Name').fill('Garden');
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await dialog(page).getByLabel('Name').isVisible()).toBe(true);
    expect(await dialog(page).getByLabel('Name').inputValue()).toBe('Garden');
    await page.keyboard.press('Escape');
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  test('shows public holidays, also without a network', async () => {
    const { page } = ana;
    await openAgenda(ana, 'List');
    await page.getByLabel('Public holidays').selectOption({ label: 'Switzerland' });
    await goTo(page, /August 2027/, 'Later');
    await page.getByText('Bundesfeier').first().waitFor();
    ana.line.cut();
    await page.reload();
    await page.getByRole('radio', { name: 'List' }).check({ force: true });
    await goTo(page, /August 2027/, 'Later');
    await page.getByText('Bundesfeier').first().waitFor();
    await ana.line.mend();
  });

  test('creates an event by a signed request', async () => {
    const { page, url } = ana;
    await page.goto(`${url}/agenda/new`);
    await page.getByLabel('Title').fill('Signed');
    await page.getByLabel('Starts').fill('2027-03-26T08:00');
    const [request] = await Promise.all([
      page.waitForRequest(
        (sent) => sent.url().endsWith('/graphql') && (sent.postData() ?? '').includes('createEvent'),
      ),
      page.getByRole('button', { name: 'Sign and create' }).click(),
    ]);
    await page.getByText('It was signed and is in the agenda.').waitFor();
    const headers = await request.allHeaders();
    expect(headers.authorization).toMatch(/^AWS4-HMAC-SHA256 /);
    expect(headers['x-amz-security-token']).toBeTruthy();
    await page.getByRole('link', { name: 'To the agenda' }).click();
    await page.getByRole('radio', { name: 'List' }).check({ force: true });
    await goTo(page, /March 2027/, 'Later');
    await event(page, 'Signed').waitFor();
  });

  test('does not sign where the server has no identity pool', async () => {
    const other = await startStage();
    try {
      await other.account('eva@example.com', 'Eva');
      const eva = await other.open();
      await eva.signIn('eva@example.com');
      await eva.page.goto(`${eva.url}/agenda/new`);
      await eva.page.getByText('Requests cannot be signed here').waitFor();
    } finally {
      await other.stop();
    }
  });

  test('keeps nobody out, light and dark', { timeout: 180_000 }, async () => {
    const { page } = ana;
    for (const view of ['Month', 'Week', 'Day', 'List']) {
      await openAgenda(ana, view);
      await settled(ana);
      await audit(page, view);
    }
    await page.keyboard.press('n');
    await dialog(page).getByLabel('Title').waitFor();
    await audit(page, 'the form');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Choir: settings' }).click();
    await audit(page, 'a calendar');
    await page.keyboard.press('Escape');
    await page.goto(`${ana.url}/agenda/new`);
    await page.getByLabel('Title').waitFor();
    await audit(page, 'a signed event');
  });

  test('needs nothing that the policy does not allow', () => {
    expect(ana.complaints).toEqual([]);
  });
});
