import { newProfile } from '../client/chromium.js';
import { openBrowser, settled, usable } from './browser.js';
import { user } from './server.js';

/** Visits with a new profile: the first, the second, and one while the server is not there. */
export async function visits(server, samples) {
  const profile = await newProfile();
  try {
    await visit(profile, 'cold', await server.signIn());
    await visit(profile, 'warm');
    await server.stop();
    await visit(profile, 'offline');
    await server.start();
  } finally {
    await profile.remove();
  }

  /** Each is of a browser that was just started, so nothing is in its memory. */
  async function visit(of, name, kept) {
    const browser = await openBrowser(of, kept);
    try {
      await browser.page.goto(`${server.url}/tasks`, { waitUntil: 'commit' });
      samples.add(name, await usable(browser.page, 'tasks'));
      if (name !== 'offline') await settled(browser.page);
    } finally {
      await browser.close();
    }
  }
}

/** Signs in with a new profile. */
export async function signIn(server, samples) {
  const profile = await newProfile();
  const browser = await openBrowser(profile);
  try {
    const { page } = browser;
    await page.goto(`${server.url}/`, { waitUntil: 'commit' });
    samples.add('sign-in page', await usable(page, 'signIn'));
    await page.getByLabel('E-mail or user name').fill(user.name);
    await page.getByLabel('Password', { exact: true }).fill(user.password);
    await page.evaluate(() =>
      addEventListener('keydown', ({ timeStamp }) => (globalThis.pressedAt = timeStamp), true),
    );
    await page.keyboard.press('Enter');
    const at = await usable(page, 'tasks');
    samples.add('signing in', at - (await page.evaluate(() => globalThis.pressedAt)));
  } finally {
    await browser.close();
    await profile.remove();
  }
}
