import { setTimeout as sleep } from 'node:timers/promises';
import { newProfile } from '../client/chromium.js';
import { openBrowser, settled, usable } from './browser.js';

const pause = 50; // ms between changes

/** Tasks written in one browser, until another one shows them, and until its own list does. */
export async function changes(server, samples, times) {
  await withTwo(server, async (here, there) => {
    for (let n = 0; n < times; n++) {
      const title = `Change ${n}, ${Date.now()}`;
      const [pressed, own, other] = [
        await watchEnter(here),
        await watchTask(here, title),
        await watchTask(there, title),
      ];
      await write(here, title);
      const at = await pressed();
      samples.add('own list', (await own()) - at);
      samples.add('other browser', (await other()) - at);
      await sleep(pause);
    }
  });
}

/** The same field while each answer of the network takes seconds: keys until they are shown, and tasks until they are. */
export async function typing(server, samples, { keys, tasks }, latency) {
  const profile = await newProfile();
  const browser = await openBrowser(profile, await server.signIn());
  try {
    const { page } = browser;
    await page.goto(`${server.url}/tasks`);
    await settled(page);
    const cdp = await browser.cdp();
    await cdp.send('Network.enable');
    await cdp.send('Network.emulateNetworkConditions', {
      offline: false,
      latency,
      downloadThroughput: -1,
      uploadThroughput: -1,
    });
    await page.reload();
    await usable(page, 'tasks');
    samples.add('slow request', await page.evaluate(request));
    await page.getByLabel('Add a task').focus();
    await page.evaluate(watchKeys);
    await page.keyboard.type(
      'All that is typed is there at once. '.repeat(Math.ceil(keys / 36)).slice(0, keys),
      { delay: 30 },
    );
    await page.waitForFunction((count) => globalThis.keys.length >= count, keys);
    samples.add('key', ...(await page.evaluate(() => globalThis.keys)));
    for (let n = 0; n < tasks; n++) {
      const title = `Slow ${n}, ${Date.now()}`;
      const [pressed, own] = [await watchEnter(page), await watchTask(page, title)];
      await write(page, title);
      samples.add('slow own list', -(await pressed()) + (await own()));
    }
  } finally {
    await browser.close();
    await profile.remove();
  }
}

async function withTwo(server, use) {
  const profiles = [await newProfile(), await newProfile()];
  const browsers = [];
  try {
    for (const profile of profiles) {
      const browser = await openBrowser(profile, await server.signIn());
      browsers.push(browser);
      await browser.page.goto(`${server.url}/tasks`);
      await settled(browser.page);
    }
    await use(...browsers.map(({ page }) => page));
  } finally {
    for (const browser of browsers) await browser.close();
    for (const profile of profiles) await profile.remove();
  }
}

async function write(page, title) {
  await page.getByLabel('Add a task').fill(title);
  await page.keyboard.press('Enter');
}

/** Waits in a page for the Enter key. Gives the function that gives its time, in ms since 1970. */
async function watchEnter(page) {
  const watch = await page.evaluateHandle(() => ({
    found: new Promise((resolve) => {
      const press = ({ timeStamp }) => resolve(performance.timeOrigin + timeStamp);
      addEventListener('keydown', press, { capture: true, once: true });
    }),
  }));
  return () => watch.evaluate(({ found }) => found);
}

/** Waits in a page for a task in the list. Gives the function that gives the time of the frame that shows it. */
async function watchTask(page, title) {
  const watch = await page.evaluateHandle((words) => {
    const isThere = () =>
      [...document.querySelectorAll('[data-task]')].some((row) => row.textContent.includes(words));
    return {
      found: new Promise((resolve) => {
        const observer = new MutationObserver(() => {
          if (!isThere()) return;
          observer.disconnect();
          requestAnimationFrame(() => resolve(performance.timeOrigin + performance.now()));
        });
        observer.observe(document.body, { childList: true, subtree: true, characterData: true });
      }),
    };
  }, title);
  return () => watch.evaluate(({ found }) => found);
}

/** Runs in the page: notes for each key how long it takes until the field shows one character more. */
function watchKeys() {
  globalThis.keys = [];
  const field = document.querySelector('input[aria-label="Add a task"]');
  field.addEventListener('keydown', ({ timeStamp }) => {
    const before = field.value.length;
    const look = () => {
      if (field.value.length === before) return requestAnimationFrame(look);
      const { port1, port2 } = new MessageChannel(); // its turn comes when the frame is done
      port1.onmessage = () => globalThis.keys.push(performance.now() - timeStamp);
      port2.postMessage(undefined);
    };
    requestAnimationFrame(look);
  });
}

/** Runs in the page: how long a request takes. */
async function request() {
  const before = performance.now();
  await fetch('/healthz', { cache: 'no-store' });
  return performance.now() - before;
}
