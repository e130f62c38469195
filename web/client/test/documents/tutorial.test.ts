import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Browser, startBrowserAt, withoutChromium } from '../browser.ts';
import { Freshet, secret } from '../sync/freshet.ts';
import { type Block, blocksOf, built, filesOf, root } from './book.ts';

// docs/client.md, as it stands: its files are written, its commands run, and its pages used. Only the address of the
// server is another, for 8080 may be taken.

const blocks = blocksOf('docs/client.md');
const skipped = withoutChromium ? `: skipped, ${withoutChromium}` : '';

describe.skipIf(withoutChromium)(`docs/client.md${skipped}`, () => {
  const here = mkdtempSync(join(tmpdir(), 'freshet-tutorial-'));
  let freshet: Freshet;
  let browser: Browser;

  beforeAll(async () => {
    if (!built) throw new Error('`npm run build` comes first');
    freshet = new Freshet(blocks.find((block) => block.language === 'graphql')!.text);
    await freshet.start();
    for (const directory of ['todo', 'bin']) mkdirSync(join(here, directory));
    symlinkSync(join(root, 'web'), join(here, 'web'));
    symlinkSync(freshet.program, join(here, 'bin/freshet'));
    for (const block of blocks) await follow(block);
    browser = await startBrowserAt(filesOf(join(here, 'todo')));
  }, 180_000);
  afterAll(async () => {
    await browser?.close();
    await freshet?.remove();
    rmSync(here, { recursive: true });
  });

  async function follow({ language, note, text }: Block): Promise<void> {
    if (note === 'run') execFileSync('sh', ['-ec', text], { cwd: here, stdio: 'pipe' });
    else if (note)
      writeFileSync(join(here, note), text.replace('http://127.0.0.1:8080/graphql', freshet.endpoint));
    else if (language === 'sh') expect(text).toMatch(/make build|bin\/freshet serve/); // what this test does itself
  }

  async function open(name: string): Promise<Page> {
    const page = await browser.context.newPage();
    await page.goto(`${browser.origin}/${name}#${secret}`);
    return page;
  }

  async function titles(page: Page): Promise<string[]> {
    const items = await page.locator('li').allInnerTexts();
    return items.map((text) => text.replace(/\s*Delete$/, ''));
  }
  const status = (page: Page) => page.locator('output').textContent();
  async function add(page: Page, title: string): Promise<void> {
    await page.getByLabel('Title').fill(title);
    await page.getByText('Add', { exact: true }).click();
  }

  test.each(['index.html', 'react.html'])(
    '%s works without the server, and sends when it is back',
    { timeout: 60_000 },
    async (name) => {
      const [one, two] = [await open(name), await open(name)];
      await expect.poll(() => status(one)).toBe('live, 0 to send');
      const before = await titles(one);
      await add(one, 'Water');
      await expect.poll(() => titles(one)).toEqual([...before, 'Water']);
      await expect.poll(() => titles(two)).toEqual([...before, 'Water']);
      await expect.poll(() => status(one)).toBe('live, 0 to send');

      await freshet.kill();
      await add(two, 'Paint');
      await one.locator('li', { hasText: 'Water' }).getByRole('checkbox').click();
      await expect.poll(() => status(one)).toMatch(/, 2 to send$/);
      await two.close();
      await one.reload();
      await expect.poll(() => titles(one)).toEqual([...before, 'Water', 'Paint']);
      await expect.poll(() => status(one)).toMatch(/, 2 to send$/);

      await freshet.start();
      await expect.poll(() => status(one), { timeout: 40_000 }).toBe('live, 0 to send');
      const list = { query: '{ listTodos { items { title done } } }' };
      const headers = { 'x-api-key': secret, 'content-type': 'application/json' };
      const answer = await fetch(freshet.endpoint, { method: 'POST', headers, body: JSON.stringify(list) });
      const { data } = (await answer.json()) as { data: { listTodos: { items: object[] } } };
      expect(data.listTodos.items).toHaveLength(before.length + 2);
      expect(data.listTodos.items).toContainEqual({ title: 'Water', done: true });
      await one.locator('li', { hasText: 'Water' }).getByText('Delete').click();
      await one.locator('li', { hasText: 'Paint' }).getByText('Delete').click();
      await expect.poll(() => titles(one)).toEqual(before);
      await expect.poll(() => status(one)).toBe('live, 0 to send');
      await one.close();
    },
  );

  test('compiles: the app with React, and what the sections show', { timeout: 60_000 }, () => {
    const shown = blocks.filter(({ language, note }) => language === 'ts' && !note);
    expect(shown.length).toBeGreaterThan(8);
    const sections = `
      import { type Client, createClient, type Schema } from '@freshet/client';
      import { createSession } from '@freshet/client/accounts';
      import { schema } from './schema.ts';
      declare const client: Client<typeof schema extends Schema<infer C> ? C : never>;
      ${shown.map(({ text }, n) => `export async function section${n}() {\n${text}\n}`).join('\n')}`;
    writeFileSync(join(here, 'todo/sections.ts'), sections);
    const base = JSON.parse(readFileSync(join(root, 'web/tsconfig.base.json'), 'utf8'));
    const compilerOptions = { ...base.compilerOptions, jsx: 'react-jsx' };
    symlinkSync(join(root, 'web/node_modules'), join(here, 'node_modules'));
    const include = ['todo/main.tsx', 'todo/sections.ts'];
    writeFileSync(join(here, 'tsconfig.json'), JSON.stringify({ compilerOptions, include }));
    let said = '';
    try {
      execFileSync(join(root, 'web/node_modules/.bin/tsc'), ['-p', here], { stdio: 'pipe' });
    } catch (error) {
      said = String((error as { stdout: Buffer }).stdout);
    }
    expect(said).toBe('');
  });
});
