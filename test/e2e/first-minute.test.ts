import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MISSING, axeFindings, launch, openWindow, press, selectedRow } from './support/window.ts';

if (MISSING !== undefined) console.log(`first minute: skipped, ${MISSING}`);

const LOOKS = [
  { width: 1440, height: 900, theme: 'dark' },
  { width: 1440, height: 900, theme: 'light' },
  { width: 1024, height: 640, theme: 'dark' },
  { width: 1024, height: 640, theme: 'light' },
] as const;

describe.skipIf(MISSING !== undefined)('the first minute', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser?.close());

  it.each(LOOKS)(
    'from Start to the fault explained by keyboard alone ($width x $height, $theme)',
    async (look) => {
      const window = await openWindow(browser, { look });
      const { page, complaints } = window;
      try {
        await page.waitForSelector('.start :focus');
        await page.keyboard.press('Enter');

        await selectedRow(page, 'Faults').getByText('00:06.0').waitFor();
        await page.locator('.verdict h3').getByText('Not mapped').waitFor();
        expect(await selectedRow(page, 'Faults').textContent()).toMatch(/00:06\.0.*3.*Not mapped/);
        // The list has the focus, so that arrows move at once.
        await page.waitForSelector('[aria-label="Faults"]:focus');
        expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe(look.theme);

        await press(page, 'ArrowDown ArrowDown');
        await page.getByRole('heading', { name: /refused a DMA write at 0xdead000/ }).waitFor();
        await press(page, '] ]');
        await page.getByRole('heading', { name: /refused a DMA read at 0x1f00000/ }).waitFor();

        await press(page, 'e');
        await page.waitForSelector('[aria-label="Explanation"]:focus');
        expect(await page.locator('.walk-step.is-stop').textContent()).toContain('L3 entry');

        await press(page, 'g c');
        await page.locator('.console-row.is-current').getByText('512').waitFor();

        expect(await axeFindings(page)).toEqual([]);
        expect(complaints).toEqual([]);
      } finally {
        await window.close();
      }
    },
  );

  it('by mouse, on the replay that npm start shows', async () => {
    const window = await openWindow(browser, { sample: true });
    const { page, complaints } = window;
    try {
      await page.getByRole('button', { name: 'To the end' }).click();
      await page.locator('.verdict h3').getByText('Not mapped').waitFor();
      await page.locator('[aria-label="Faults"] .row').getByText('#3').click();
      await page.getByRole('heading', { name: /refused a DMA write at 0xdeaf000/ }).waitFor();
      await page.locator('.console-row.is-current').getByText('516').waitFor();

      // A marked line of the console publishes its fault.
      await page.locator('.console-row').getByText('514', { exact: true }).click({ force: true });
      await page.getByRole('heading', { name: /refused a DMA write at 0xdead000/ }).waitFor();

      // A step of the walk opens Tables at that entry.
      await page.locator('.walk-step').getByRole('button', { name: 'Context entry' }).click();
      await selectedRow(page, 'Tables').getByText('00:06.0').waitFor();

      await page.getByRole('button', { name: /Theme: dark/ }).click();
      expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe('light');
      expect(complaints).toEqual([]);
    } finally {
      await window.close();
    }
  });

  it('shows the first fault at once on npm start, and the others as the replay brings them', async () => {
    const window = await openWindow(browser, { sample: true });
    const { page } = window;
    try {
      await selectedRow(page, 'Faults').getByText('00:06.0').waitFor();
      await page.getByRole('button', { name: '×1 ▾' }).click();
      await page.getByRole('menuitemradio', { name: '×64' }).click();
      await selectedRow(page, 'Faults').getByText('00:06.0').waitFor();
      await page.locator('.verdict h3').getByText('Not mapped').waitFor();
      await page.locator('.statusbar').getByText('3 faults').waitFor();
    } finally {
      await window.close();
    }
  });
});
