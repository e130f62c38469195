import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';

const folder = process.env.SCREENSHOTS ?? fileURLToPath(new URL('../../../../docs/img', import.meta.url));
mkdirSync(folder, { recursive: true });

const desktop = { width: 1280, height: 800 };
const viewports = [{ width: 390, height: 844 }, desktop];

export interface ShootOptions {
  /** Takes it dark as well. */
  readonly dark?: boolean;
  /** What is to be done on a viewport before the picture is taken. */
  readonly before?: () => Promise<void>;
}

/** Writes a page as it is on a phone and on a desktop, light, and dark where that is asked for. */
export async function shoot(
  page: Page,
  name: string,
  { dark = false, before = async () => {} }: ShootOptions = {},
): Promise<void> {
  await page.mouse.move(0, 0);
  for (const toast of await page.getByRole('button', { name: 'Close', exact: true }).all()) {
    if (!(await page.getByRole('dialog').isVisible())) await toast.click();
  }
  for (const viewport of viewports) {
    await page.setViewportSize(viewport);
    await before();
    for (const colorScheme of dark ? (['light', 'dark'] as const) : (['light'] as const)) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.evaluate(painted);
      const suffix = colorScheme === 'dark' ? '-dark' : '';
      await page.screenshot({ path: `${folder}/${name}-${viewport.width}${suffix}.png` });
    }
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize(desktop);
}

/** Waits until what follows a change of the size has been painted too. */
const painted = async () => {
  for (let frame = 0; frame < 5; frame++) await new Promise((resolve) => requestAnimationFrame(resolve));
};
