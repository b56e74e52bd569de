import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MISSING, axeFindings, launch, openWindow, press } from './support/window.ts';

if (MISSING !== undefined) console.log(`a window of one panel: skipped, ${MISSING}`);

/** Electron opens such windows; their page is the same in a browser. */
describe.skipIf(MISSING !== undefined)('a window of one panel', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser?.close());

  it('shows the panel alone and follows what is selected in the main window', async () => {
    const window = await openWindow(browser);
    const { page, complaints } = window;
    try {
      await page.waitForSelector('.start :focus');
      await press(page, 'Enter');
      await page.waitForSelector('.verdict');
      // In a browser there is no such command.
      await page.getByRole('button', { name: /^Menu of Faults/ }).click();
      await page.getByRole('menuitem', { name: /Close this tab/ }).waitFor();
      expect(await page.getByRole('menuitem', { name: /window of its own/ }).count()).toBe(0);
      await press(page, 'Escape');

      const own = await page.context().newPage();
      await own.goto(`${new URL(page.url()).origin}/?panel=explain`);
      await own.getByRole('heading', { name: /0x1f00000/ }).waitFor();
      expect(await own.locator('.toolbar, .rail').count()).toBe(0);
      expect(await own.getByRole('tab').count()).toBe(1);
      expect(await axeFindings(own)).toEqual([]);
      await page.bringToFront();
      await press(page, ']');
      await own.getByRole('heading', { name: /0xdead000/ }).waitFor();
      expect(complaints).toEqual([]);
    } finally {
      await window.close();
    }
  });
});
