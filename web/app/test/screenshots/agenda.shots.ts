import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Device, type Stage, settled, startStage } from '../fixture.ts';
import { shoot } from './shoot.ts';

const zone = 'Europe/London';
const now = new Date('2027-03-24T10:20:00Z'); // a Wednesday before Easter
const pool = 'local:0d6f9c3e-1c1b-4a52-9b55-5d2f0a3b7c11';

let stage: Stage;
let device: Device;
let ana: string;
let ben: string;

beforeAll(async () => {
  stage = await startStage('--identity-pool', pool);
  ana = await stage.account('ana@example.com', 'Ana Marques');
  ben = await stage.account('ben@example.com', 'Ben Okafor');
  await fill();
  device = await stage.open({ timezoneId: zone });
  await device.page.clock.setFixedTime(now);
  await device.signIn('ana@example.com');
});
afterAll(() => stage?.stop());

const create = (model: string, input: object): Promise<unknown> =>
  stage.ask(`mutation ($input: Create${model}Input!) { create${model}(input: $input) { id } }`, { input });

const calendars = {
  work: 'b7a4c1de-60c2-4d3f-9a1e-2c5f0e7d8a11',
  home: 'f03d9e52-8c1b-4f6a-b7d4-91e6a2c35b22',
  choir: '5c8e2f71-3a9d-4b60-8e15-d7f4b0a96c33',
};

/** A month of somebody who works, sings and is about to travel. */
async function fill(): Promise<void> {
  const { work, home, choir } = calendars;
  await create('Calendar', { id: work, name: 'Work', color: '#2f5fb3', owner: ana });
  await create('Calendar', { id: home, name: 'Home', color: '#2b6e3f', owner: ana });
  await create('Calendar', { id: choir, name: 'Choir', color: '#7048a8', owner: ben, sharedWith: [ana] });
  const timed = (calendar: string, title: string, date: string, start: string, end: string, more = {}) =>
    create('Event', {
      title,
      calendar,
      zone,
      owner: ana,
      start: `${date}T${start}:00Z`,
      end: `${date}T${end}:00Z`,
      ...more,
    });
  const days = (calendar: string, title: string, first: string, after: string, more = {}) =>
    timed(calendar, title, first, '00:00', '00:00', { allDay: true, end: `${after}T00:00:00Z`, ...more });

  await timed(work, 'Stand-up', '2027-03-01', '09:15', '09:30', {
    rrule: 'FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR',
  });
  await timed(work, 'Design review', '2027-03-03', '14:00', '15:00', {
    rrule: 'FREQ=WEEKLY',
    location: 'Room 4',
    notes: 'Bring one thing that is not finished.',
    attendees: [ben],
  });
  await timed(work, 'Priya', '2027-03-02', '11:00', '11:45', { rrule: 'FREQ=WEEKLY;INTERVAL=2' });
  await timed(work, 'Interview', '2027-03-25', '13:30', '14:30');
  await timed(work, 'Lunch with Leo', '2027-03-24', '12:00', '13:00', { location: 'Café Norte' });
  await timed(work, 'Talk: offline apps', '2027-03-25', '16:00', '17:00', { location: 'Hall B' });
  await timed(work, 'Planning', '2027-03-22', '10:30', '12:00');
  await timed(work, 'Retrospective', '2027-03-12', '15:00', '16:00');
  await days(work, 'Report due', '2027-03-23', '2027-03-24');
  await timed(home, 'Dentist', '2027-03-23', '08:00', '08:45', { location: 'Mill Lane 12' });
  await timed(home, 'Swimming', '2027-03-06', '09:30', '10:30', { rrule: 'FREQ=WEEKLY' });
  await timed(home, 'Dinner at Noor’s', '2027-03-26', '19:00', '22:00');
  await timed(home, 'Collect the bicycle', '2027-03-18', '17:30', '18:00');
  await timed(home, 'Cinema', '2027-03-10', '20:00', '22:15');
  await days(home, 'Lisbon', '2027-03-29', '2027-04-03');
  await days(home, 'Mum’s birthday', '2027-03-14', '2027-03-15', { rrule: 'FREQ=YEARLY' });
  const sung = { owner: ben, attendees: [ana] };
  await timed(choir, 'Rehearsal', '2027-03-02', '19:15', '20:45', {
    ...sung,
    rrule: 'FREQ=WEEKLY;UNTIL=20270325T000000Z',
    location: 'St Mary’s',
  });
  await timed(choir, 'Spring concert', '2027-03-27', '18:00', '20:00', {
    ...sung,
    location: 'St Mary’s',
    notes: 'Doors open at 17:30. Free entry, and a collection for the roof.',
  });
  await timed(choir, 'Sound check', '2027-03-27', '15:00', '16:00', { ...sung, location: 'St Mary’s' });
}

const event = (page: Page, title: string) => page.locator('[data-occurrence]', { hasText: title });
const dialog = (page: Page) => page.getByRole('dialog').last();
const close = async (page: Page) => {
  await page.keyboard.press('Escape');
  await expect.poll(() => page.getByRole('dialog').count()).toBe(0);
};

test('the agenda', async () => {
  const { page, url } = device;
  await page.goto(`${url}/agenda`);
  await settled(device);
  await page.getByLabel('Public holidays').selectOption('GB');
  await event(page, 'Lunch with Leo').waitFor();
  await shoot(page, 'agenda-week', { dark: true });
  await page.keyboard.press('m');
  await event(page, 'Swimming').first().waitFor();
  await shoot(page, 'agenda-month', { dark: true });
  await page.keyboard.press('d');
  await shoot(page, 'agenda-day');
  await page.keyboard.press('l');
  await event(page, 'Cinema').waitFor();
  const inSight = async () => {
    await page.keyboard.press('m');
    await page.keyboard.press('l');
    await event(page, 'Lunch with Leo').waitFor();
  };
  await shoot(page, 'agenda-list', { dark: true, before: inSight });

  await event(page, 'Design review').nth(3).click();
  await dialog(page).getByText('Ben Okafor').waitFor();
  await shoot(page, 'agenda-event', { dark: true });
  await dialog(page).getByLabel('Place').fill('Room 7');
  await dialog(page).getByRole('button', { name: 'Save' }).click();
  await dialog(page).getByRole('button', { name: 'Only this one' }).waitFor();
  await shoot(page, 'agenda-which');
  await close(page);

  await page
    .getByLabel('Choose a file')
    .setInputFiles({ name: 'club.ics', mimeType: 'text/calendar', buffer: Buffer.from(file()) });
  await dialog(page).getByLabel('Into').selectOption('Home');
  await dialog(page).getByRole('button', { name: 'Import' }).click();
  await dialog(page).getByText('2 new').waitFor();
  await shoot(page, 'agenda-import');
  await close(page);

  await page.goto(`${url}/agenda/new`);
  await page.getByLabel('Title').fill('Book club');
  await page.getByLabel('Place').fill('At Jonas’');
  await shoot(page, 'agenda-new');
});

test('a calendar that is published', async () => {
  const { page, url } = device;
  const other = await stage.open({ timezoneId: zone });
  await other.page.clock.setFixedTime(now);
  await other.signIn('ben@example.com');
  await other.page.goto(`${other.url}/agenda`);
  await settled(other);
  await other.page.getByRole('button', { name: 'Choir: settings' }).click();
  await dialog(other.page).getByRole('button', { name: 'Make links' }).click();
  const address = await dialog(other.page).getByLabel('Page', { exact: true }).inputValue();
  await dialog(other.page).getByLabel('Page', { exact: true }).scrollIntoViewIfNeeded();
  await shoot(other.page, 'agenda-publish');
  const { pathname, hash } = new URL(address);
  await page.goto(`${url}${pathname}${hash}`);
  await event(page, 'Spring concert').waitFor();
  const before = async () => {
    const view = page.viewportSize()!.width < 768 ? 'List' : 'Month';
    await page.getByRole('radio', { name: view }).check({ force: true });
    await event(page, 'Spring concert').waitFor();
  };
  await shoot(page, 'calendar', { dark: true, before });
  await event(page, 'Spring concert').click();
  await dialog(page).getByText('Doors open').waitFor();
  await shoot(page, 'calendar-event');
  await page.goto(`${url}${pathname}#nothing`);
  await page.getByText('This calendar is not published').waitFor();
  await shoot(page, 'calendar-gone');
  expect([...device.complaints, ...other.complaints]).toEqual([]);
});

/** What another calendar gives, with an event that is not taken. */
function file(): string {
  const of = (uid: string, title: string, start: string, more: string[] = []) => [
    'BEGIN:VEVENT',
    `UID:${uid}@club.example`,
    'DTSTAMP:20270101T000000Z',
    `DTSTART;TZID=Europe/London:${start}`,
    `SUMMARY:${title}`,
    ...more,
    'END:VEVENT',
  ];
  return [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:club',
    ...of('1', 'Regatta', '20270411T100000'),
    ...of('2', 'Annual meeting', '20270415T190000'),
    ...of('3', 'Boathouse open', '20270417T090000', ['RDATE:20270424T090000Z']),
    'END:VCALENDAR',
    '',
  ].join('\r\n');
}
