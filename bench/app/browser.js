import { chromium } from 'playwright-core';
import { launch } from '../client/chromium.js';

/** Starts Chromium with a profile. What is kept is put into localStorage before the app runs. */
export async function openBrowser({ folder }, kept = {}) {
  const context = await chromium.launchPersistentContext(folder, {
    ...launch,
    viewport: { width: 1280, height: 800 },
    locale: 'en-GB',
  });
  const page = context.pages()[0] ?? (await context.newPage());
  page.setDefaultTimeout(120_000);
  page.on('pageerror', (error) => console.error(`in the page: ${error.stack}`));
  await page.addInitScript(watch, kept);
  return { page, cdp: () => context.newCDPSession(page), close: () => context.close() };
}

/**
 * Notes when a page can be used, in ms since it was asked for: `signIn` when the sign-in takes a name, and `tasks` when
 * tasks are on the screen beneath the field that takes another one.
 */
function watch(kept) {
  for (const [key, value] of Object.entries(kept))
    localStorage.getItem(key) ?? localStorage.setItem(key, value);
  const can = {
    signIn: () => document.querySelector('input[autocomplete="username"]'),
    tasks: () =>
      document.querySelector('input[aria-label="Add a task"]') && document.querySelector('[data-task]'),
  };
  globalThis.usable = {};
  const look = () => {
    for (const [name, is] of Object.entries(can)) {
      if (!(name in globalThis.usable) && is())
        requestAnimationFrame(() => {
          globalThis.usable[name] ??= performance.now(); // the frame that shows it is done
        });
    }
    if (!('tasks' in globalThis.usable)) requestAnimationFrame(look);
  };
  look();
}

/** Waits until a page can be used. Gives when that was. */
export async function usable(page, name) {
  const at = await page.waitForFunction((what) => globalThis.usable[what], name);
  return at.jsonValue();
}

/** Waits until the app is kept by the service worker, everything is received and nothing is left to send. */
export async function settled(page) {
  await page.getByRole('button', { name: 'Connection: Live.' }).first().waitFor();
  await page.waitForFunction(async () => (await navigator.serviceWorker.ready).active.state === 'activated');
}
