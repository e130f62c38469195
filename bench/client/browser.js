import { createServer } from 'node:http';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { launch, newProfile } from './chromium.js';

/** Bundles pages/NAME.js for each name. Gives the scripts by their names. */
export async function bundle(names, { alias, minify }) {
  const { outputFiles } = await build({
    entryPoints: names.map((name) => `pages/${name}.js`),
    outdir: '/',
    bundle: true,
    minify,
    format: 'esm',
    target: 'es2022',
    define: { global: 'globalThis', 'process.env.NODE_ENV': '"production"' },
    alias,
    write: false,
    logLevel: 'error',
  });
  return new Map(outputFiles.map(({ path, text }) => [path, text]));
}

/** Serves a page for each script. */
export async function servePages(scripts) {
  const server = createServer(({ url }, response) => {
    const script = scripts.get(url);
    response.setHeader('content-type', script ? 'text/javascript' : 'text/html; charset=utf-8');
    response.end(script ?? `<!doctype html><script type="module" src="${url}.js"></script>`);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { origin: `http://127.0.0.1:${server.address().port}`, close };
}

/** Starts Chromium with an empty profile on the disk, and opens a page in it. */
export async function openTab(url) {
  const profile = await newProfile();
  const context = await chromium.launchPersistentContext(profile.folder, launch);
  const page = context.pages()[0] ?? (await context.newPage());
  page.setDefaultTimeout(600_000);
  page.on('pageerror', (error) => console.error(`in the page: ${error.stack}`));
  const load = async () => {
    await page.goto(url);
    await page.waitForFunction(() => 'measures' in globalThis);
  };
  await load();
  const cdp = await context.newCDPSession(page);
  await cdp.send('Performance.enable');
  return {
    page,
    load,
    /** Calls one of the page's measures. */
    measure: (name, ...given) => page.evaluate(([n, g]) => globalThis.measures[n](...g), [name, given]),
    /** For how many milliseconds the main thread was busy. */
    async busy() {
      const { metrics } = await cdp.send('Performance.getMetrics');
      return metrics.find(({ name }) => name === 'TaskDuration').value * 1000;
    },
    async close() {
      await context.close();
      await profile.remove();
    },
  };
}
