import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { sharedWindow } from './support/shared-window.ts';
import { MISSING, openSample, press, selectedRow } from './support/window.ts';

if (MISSING !== undefined) console.log(`lists: skipped, ${MISSING}`);

/** Lists with names: how they are reached, a name that is typed, the row that has it. */
const NAMED: readonly (readonly [string, string, string, RegExp])[] = [
  ['Tables', 'g t Home', 'dma', /dmar0/],
  ['Faults', 'g f End', '00:06', /00:06\.0/],
  ['Faults', 'g f Home', '#3', /#3/],
  ['Audit', 'g a Home', 'rules', /rules? passed/],
  ['Registers of dmar0', 'g r Home', 'gst', /GSTS/],
  ['Devices', 'g m Home', '00:07', /00:07/],
];

describe.skipIf(MISSING !== undefined)('lists and trees', () => {
  const window = sharedWindow(openSample);
  let page: Page;
  beforeAll(() => {
    ({ page } = window);
  });

  const focus = (label: string) => page.waitForSelector(`[aria-label="${label}"]:focus`);

  it.each(NAMED)(
    '%s (%s) leads to a row whose name is typed: %s',
    async (label, keys, text, row) => {
      const [leader, panel, ...more] = keys.split(' ');
      await press(page, `Escape ${leader} ${panel}`);
      await focus(label);
      // An audit takes its time: the row must be there to be found.
      await page.locator(`[aria-label="${label}"] .row`).filter({ hasText: row }).first().waitFor();
      await press(page, [...more, ','].join(' '));
      await page.locator('.rows-typed').waitFor();
      await page.keyboard.type(text);
      await selectedRow(page, label).getByText(row).first().waitFor();
      await press(page, 'Escape');
      await page.locator('.rows-typed').waitFor({ state: 'detached' });
      // What came last was no key: the list still has the focus.
      await focus(label);
    },
  );

  it('begin a name with a character that is no key, and keep the keys that are', async () => {
    await press(page, 'g r');
    await focus('Registers of dmar0');
    // A name that is typed before the rows are there is looked for when they come.
    await press(page, 'r');
    await selectedRow(page, 'Registers of dmar0').getByText(/^R/).first().waitFor();
    await page.locator('.rows-typed').waitFor({ state: 'detached' });
    await press(page, 'g t');
    await focus('Tables');
  });

  it('keep what is folded and open with the session', async () => {
    await press(page, 'g f');
    await focus('Faults');
    const faults = page.locator('[aria-label="Faults"] .row');
    await press(page, 'Home ArrowDown Space');
    const folded = page.locator('[aria-label="Faults"] .row[aria-expanded="false"]');
    await folded.waitFor();
    const left = await faults.count();
    await press(page, 'g r');
    await focus('Registers of dmar0');
    await press(page, 'Home ArrowRight');
    const open = '[aria-label="Registers of dmar0"] [aria-expanded="true"]';
    await page.locator(open).waitFor();
    const register = await page.locator(open).textContent();
    await press(page, 'g a');
    await focus('Audit');
    await page
      .locator('[aria-label="Audit"] .row')
      .getByText(/rules? passed/)
      .waitFor();
    await press(page, ', r u l e s Escape');
    await selectedRow(page, 'Audit')
      .getByText(/rules? passed/)
      .waitFor();
    await press(page, '*');
    await page.locator('[aria-label="Audit"] [aria-level="2"] .is-passed').first().waitFor();

    await page.reload();
    await page.waitForSelector('.panel');
    await press(page, 'g a');
    await page.locator('[aria-label="Audit"] [aria-level="2"] .is-passed').first().waitFor();
    await press(page, 'g r');
    await expect.poll(() => page.locator(open).textContent()).toBe(register);
    await press(page, 'g f');
    await folded.waitFor();
    await expect.poll(() => faults.count()).toBe(left);
  });

  it('had nothing to complain of', () => {
    expect(window.complaints).toEqual([]);
  });
});
