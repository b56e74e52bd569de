import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestWindow } from './support/window.ts';
import { MISSING, axeFindings, launch, openWindow, press } from './support/window.ts';

if (MISSING !== undefined) console.log(`roles: skipped, ${MISSING}`);

/** Every panel: its key, and what stands in it by role and name. */
const PANELS: readonly (readonly [string, (page: Page) => Promise<unknown>])[] = [
  ['g c', (page) => page.getByRole('log', { name: 'Console console.cast' }).waitFor()],
  ['g r', (page) => page.getByRole('treegrid', { name: /^Registers of dmar0/ }).waitFor()],
  ['g h', (page) => page.getByRole('combobox', { name: 'Address space' }).waitFor()],
  ['g t', (page) => page.getByRole('tree', { name: 'Tables' }).waitFor()],
  ['g x', (page) => page.getByRole('region', { name: 'Translation' }).waitFor()],
  ['g m', (page) => page.getByRole('grid', { name: 'Devices' }).waitFor()],
  ['g f', (page) => page.getByRole('treegrid', { name: 'Faults' }).waitFor()],
  ['g l', (page) => page.waitForSelector('[aria-label="Timeline"]')],
  ['g a', (page) => page.getByRole('treegrid', { name: 'Audit' }).waitFor()],
  ['g d', (page) => page.getByText('Open a second one to see what differs').waitFor()],
  ['g o', (page) => page.getByRole('grid', { name: /^Outcomes/ }).waitFor()],
  [
    'g n',
    (page) =>
      page
        .getByRole('button', { name: /^New note/ })
        .first()
        .waitFor(),
  ],
  ['g e', (page) => page.getByRole('listbox', { name: /^Fields of the entry/ }).waitFor()],
  ['g y', (page) => page.getByRole('region', { name: 'Explanation' }).waitFor()],
];

const DIALOGS = ['?', 't c', 't d', 't p', 't s', 't g', 'n r', 'n o'];

/** What the focus is on: the part of the window, and the element in words. */
const focused = (page: Page): Promise<string> =>
  page.evaluate(() => {
    const at = document.activeElement;
    const part = at?.closest(
      '.toolbar, .rail, .dv-tabs-and-actions-container, .panel .bar, .panel, .statusbar',
    );
    const sash = at?.getAttribute('role') === 'separator' ? 'separator' : undefined;
    return sash ?? part?.className.split(' ')[0] ?? '';
  });

describe.skipIf(MISSING !== undefined).each(['dark', 'light'] as const)(
  'roles and names (%s)',
  (theme) => {
    let browser: Browser;
    let window: TestWindow;
    let page: Page;
    beforeAll(async () => {
      browser = await launch();
      window = await openWindow(browser, { look: { width: 1440, height: 900, theme } });
      ({ page } = window);
      await page.waitForSelector('.start :focus');
      await page.keyboard.press('Enter');
      await page.waitForSelector('.verdict');
    });
    afterAll(async () => {
      await window?.close();
      await browser?.close();
    });

    it.each(PANELS)('%s shows its panel, and axe finds nothing serious', async (keys, shows) => {
      await press(page, 'Escape Shift+F2 v 1');
      await page.waitForSelector('[aria-label="Faults"]:focus');
      await press(page, keys);
      await shows(page);
      expect(await axeFindings(page)).toEqual([]);
    });

    it.each(DIALOGS)('the dialog of %s is named, and gives the focus back', async (keys) => {
      await press(page, 'Escape Shift+F2 v 1');
      await page.waitForSelector('[aria-label="Faults"]:focus');
      await press(page, keys);
      const dialog = page.locator('dialog[open]');
      await dialog.waitFor();
      expect(await dialog.getAttribute('aria-label')).toMatch(/^[A-Z]/);
      expect(await axeFindings(page)).toEqual([]);
      await press(page, 'Escape');
      await dialog.waitFor({ state: 'detached' });
      await page.waitForSelector('[aria-label="Faults"]:focus');
    });

    it('Tab leads through toolbar, rail, groups and status bar, one stop a composite', async () => {
      await press(page, 'Escape Shift+F2 v 1');
      await page.waitForSelector('[aria-label="Faults"]:focus');
      await page.locator('.toolbar button[tabindex="0"]').focus();
      const order: string[] = [];
      for (let stops = 0; stops < 80 && order.at(-1) !== 'statusbar'; stops++) {
        const now = await focused(page);
        if (order.at(-1) !== now) order.push(now);
        await page.keyboard.press('Tab');
      }
      const parts = order.filter((part) => part !== 'separator' && part !== 'bar');
      expect(parts.slice(0, 3)).toEqual(['toolbar', 'rail', 'dv-tabs-and-actions-container']);
      expect(parts.at(-1)).toBe('statusbar');
      expect(parts.filter((part) => part === 'dv-tabs-and-actions-container')).toHaveLength(3);
      const stops = await page.evaluate(() =>
        ['.toolbar', '.rail', '.statusbar', '.panel .bar'].map((part) =>
          [...document.querySelectorAll(part)].every(
            (each) => each.querySelectorAll('button[tabindex="0"]').length <= 1,
          ),
        ),
      );
      expect(stops).toEqual([true, true, true, true]);
    });

    it('tells level, size and place of a tree by what there is, not by what is drawn', async () => {
      await press(page, 'Escape Shift+F2 v 2');
      await page.waitForSelector('[aria-label="Tables"]:focus');
      const rows = page.getByRole('tree', { name: 'Tables' }).getByRole('treeitem');
      await rows.first().waitFor();
      const said = await rows.evaluateAll((all) =>
        all.map((row) =>
          ['level', 'setsize', 'posinset'].map((part) => Number(row.getAttribute(`aria-${part}`))),
        ),
      );
      for (const [level, size, place] of said) {
        expect(level).toBeGreaterThan(0);
        expect(place).toBeGreaterThan(0);
        expect(place).toBeLessThanOrEqual(size);
      }
    });

    it('has nothing to complain about', () => {
      expect(window.complaints).toEqual([]);
    });
  },
);
