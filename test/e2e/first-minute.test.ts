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
        // Its console shows the line that told it; one hint stands in the bar until it is used.
        if (look.width >= 1200) await page.locator('.console-row.is-current').first().waitFor();
        const hint = page.locator('.faults-hint');
        expect(await hint.textContent()).toBe('E explains the selected fault, ? lists keys');
        expect(await page.locator('.verdict').textContent()).toMatch(
          /Tables say.*Hardware said.*what would disprove this\?/s,
        );

        await press(page, 'ArrowDown ArrowDown');
        await page.getByRole('heading', { name: /refused a DMA write at 0xdead000/ }).waitFor();
        await press(page, '] ]');
        await page.getByRole('heading', { name: /refused a DMA read at 0x1f00000/ }).waitFor();

        await press(page, 'e');
        await page.waitForSelector('[aria-label="Explanation"]:focus');
        expect(await page.locator('.walk-step.is-stop').textContent()).toContain('L3 entry');
        await hint.waitFor({ state: 'detached' });

        await press(page, 'g c');
        await page.locator('.console-row.is-current').getByText('512').waitFor();
        expect(await axeFindings(page)).toEqual([]);

        // The entry that decided, in Tables.
        await press(page, 'g y');
        await page.waitForSelector('[aria-label="Explanation"]:focus');
        const step = page.locator('.walk-step').getByRole('button', { name: 'L3 entry' });
        await step.focus();
        await page.keyboard.press('Enter');
        await selectedRow(page, 'Tables').getByText('L3[0]').waitFor();

        // The lab, from the explanation: both strategies side by side.
        await press(page, 'g y');
        await page.waitForSelector('[aria-label="Explanation"]:focus');
        await page.getByRole('button', { name: 'Try in Hand-off lab' }).focus();
        await page.keyboard.press('Enter');
        const lab = page.getByRole('grid', { name: 'Outcomes by strategy and scenario' });
        await lab.waitFor();
        await lab
          .getByRole('button', { name: /^Copy context tables,/ })
          .first()
          .focus();
        await page.keyboard.press('Enter');
        // The failing cell opens at the step that decides, and the arrow keys play it.
        await page.waitForSelector('.stepper-main:focus');
        await lab
          .getByRole('button', { name: /^Copy context tables, hpsa.*device lost/ })
          .waitFor();
        await page.locator('.lanes-box rect.is-deciding').first().waitFor();
        await press(page, 'Escape ArrowDown Enter');
        await page.waitForSelector('.stepper-main:focus');
        await lab.getByRole('button', { name: /flush on map.*dump saved/ }).waitFor();
        expect(await axeFindings(page)).toEqual([]);

        // It is kept as a note, and the report is written.
        await press(page, 'n n');
        await page.waitForFunction(() => document.activeElement?.matches('.notes-editor'));
        await page.keyboard.type('never **mapped**');
        await press(page, 'Escape n r');
        const dialog = page.getByRole('dialog', { name: 'Report of the investigation' });
        await dialog.getByText('never mapped').waitFor();
        await dialog.getByRole('button', { name: 'Save…' }).focus();
        const [report] = await Promise.all([
          page.waitForEvent('download'),
          page.keyboard.press('Enter'),
        ]);
        expect(report.suggestedFilename()).toMatch(/-report\.html$/);
        expect(await axeFindings(page)).toEqual([]);
        expect(complaints).toEqual([]);
      } finally {
        await window.close();
      }
    },
  );

  it.each(LOOKS)(
    'the hand-off story: stale cache, its entry, the strategy that mends it ($width x $height, $theme)',
    async (look) => {
      const window = await openWindow(browser, { look });
      const { page, complaints } = window;
      try {
        await page.waitForSelector('.start :focus');
        await press(page, 't h');
        await selectedRow(page, 'Faults').getByText('02:00.0').waitFor();
        await page.locator('.verdict h3').getByText('Stale cached translation').waitFor();
        await page.waitForSelector('[aria-label="Faults"]:focus');
        const verdict = page.locator('.verdict');
        expect(await verdict.textContent()).toMatch(
          /Tables say.*rw → 0x[0-9a-f]+.*Hardware said.*read refused, reason 0x06/s,
        );

        // The entry allows the read; in the first kernel's tables it was not there.
        await press(page, 'e');
        await page.waitForSelector('[aria-label="Explanation"]:focus');
        await page.locator('.walk-step').getByRole('button', { name: 'L1 entry' }).focus();
        await page.keyboard.press('Enter');
        const row = page.locator('[aria-label="Tables"] .row').filter({ hasText: 'L1[511]' });
        await row.getByText(/was not present/).waitFor();

        // The lab opens at the cell and the step that decide.
        await press(page, 'g y');
        await page.waitForSelector('[aria-label="Explanation"]:focus');
        await page.getByRole('button', { name: 'Try in Hand-off lab' }).focus();
        await page.keyboard.press('Enter');
        const lab = page.getByRole('grid', { name: 'Outcomes by strategy and scenario' });
        await lab
          .getByRole('button', { name: /^Copy context tables, hpsa.*device lost/ })
          .waitFor();
        await page
          .getByText(/^The controller reads its command: fault$/)
          .first()
          .waitFor();
        await page
          .getByRole('button', { name: 'Run all' })
          .or(page.getByRole('button', { name: 'Continue' }))
          .focus();
        await page.keyboard.press('Enter');
        await lab.getByRole('button', { name: /flush on map.*dump saved/ }).waitFor();
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

      // Every piece of evidence leads to what it names.
      const evidence = page.locator('.evidence').getByRole('button');
      const names = await evidence.allTextContents();
      expect(names.length).toBeGreaterThan(2);
      for (const [at, name] of names.entries()) {
        await evidence.nth(at).click();
        const line = /^console (\d+)$/.exec(name)?.[1];
        if (line === undefined)
          await expect
            .poll(async () => (await page.locator('.statusbar').textContent()) ?? '')
            .toContain(name);
        else await page.locator('.console-row.is-current').getByText(line).waitFor();
      }

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
