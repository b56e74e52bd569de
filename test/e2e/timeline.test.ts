import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  MISSING,
  axeFindings,
  launch,
  openSample,
  openWindow,
  press,
  selectedRow,
} from './support/window.ts';

if (MISSING !== undefined) console.log(`timeline: skipped, ${MISSING}`);

describe.skipIf(MISSING !== undefined)('the timeline', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser?.close());

  it('leads from the phases to a fault, its line and back, with keys only', async () => {
    const window = await openSample(browser);
    const { page, complaints } = window;
    const current = page.locator('.timeline-current');
    try {
      await press(page, 'v 4');
      await page.waitForSelector('[aria-label="Timeline"]:focus');
      for (const lane of ['Phases', 'Console', 'dmar0', 'Interrupts', 'Invalidations', 'Probes'])
        await page.locator('.timeline-name').getByText(lane, { exact: true }).waitFor();
      // The sample's replay says when each line was received.
      await page.getByRole('button', { name: /aligned by received times/ }).waitFor();

      // Down to the unit's lane, its first fault.
      await press(page, 'ArrowDown ArrowDown Home');
      await current.getByText('00:06.0 read 0x1f00000').waitFor();
      await page.getByRole('heading', { name: /0x1f00000/ }).waitFor();
      await press(page, 'ArrowRight');
      await current.getByText('0xdead000').waitFor();
      await page.locator('.console-row.is-current').getByText('514').waitFor();

      // A stretch from it to the next one, and what lies at its ends.
      await press(page, 'Shift+ArrowRight');
      await page.getByText('Selected 16.907–17.650 s, 743 ms').waitFor();
      await press(page, 'z');
      await page.getByRole('button', { name: 'Filter to 2 faults' }).click();
      await expect
        .poll(() => page.getByRole('combobox', { name: 'Filter faults' }).inputValue())
        .toMatch(/^kernel:0 t:16\.9\d+\.\.17\.\d+$/);
      await page
        .locator('.filter-count')
        .getByText(/2 of 3/)
        .waitFor();

      // Enter goes to the line in the console.
      await press(page, 'g l');
      await page.waitForSelector('[aria-label="Timeline"]:focus');
      await press(page, 'Enter');
      await page.waitForSelector('[aria-label="Console console.cast"]:focus');
      await page.locator('.console-row.is-current').getByText('516').waitFor();
      expect(complaints).toEqual([]);
    } finally {
      await window.close();
    }
  });

  it('is a list too, follows the other panels, and a drag selects', async () => {
    const window = await openSample(browser);
    const { page } = window;
    try {
      await press(page, 'v 4');
      const canvas = page.locator('.timeline-lanes canvas');
      await page.locator('.timeline-name').first().waitFor();
      expect(await canvas.getAttribute('aria-label')).toMatch(
        /first kernel, then second kernel: .*dmar0 3/,
      );
      const box = (await canvas.boundingBox())!;
      await page.mouse.move(box.x + box.width * 0.3, box.y + 120);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width * 0.4, box.y + 120, { steps: 4 });
      await page.mouse.up();
      await page
        .locator('.timeline-selected')
        .getByText(/^Selected \d+\.\d+–\d+\.\d+ s/)
        .waitFor();

      await page.mouse.wheel(0, -600);
      await page.getByRole('button', { name: 'List' }).click();
      const list = page.getByRole('grid', { name: 'Timeline as a list' });
      await list
        .getByText(/Linux version/)
        .first()
        .waitFor();
      await list.focus();
      await press(page, 'End');
      await list.getByText('makedumpfile Completed').waitFor();
      await page.locator('.console-row.is-current').getByText('1095').waitFor();
      expect(await axeFindings(page)).toEqual([]);
    } finally {
      await window.close();
    }
  });

  it('says that clocks are not aligned, and that a log has no stamps', async () => {
    const window = await openWindow(browser);
    const { page } = window;
    const paste = async (text: string): Promise<void> => {
      await press(page, 't p');
      await page.getByLabel('Text').fill(text);
      await page.getByRole('button', { name: 'Read it' }).click();
    };
    try {
      await page.waitForSelector('.start :focus');
      await paste(
        [
          '[    0.000000] Linux version 6.1.0',
          '[   20.000000] Kernel panic - not syncing: sysrq triggered crash',
          '[    0.000000] Linux version 6.1.0',
          '[    0.000000] Command line: elfcorehdr=0x1000',
          '[    9.000000] DMAR: [DMA Read NO_PASID] Request device [02:00.0] fault addr 0x1000 [fault reason 0x06] PTE Read access is not set',
        ].join('\n'),
      );
      await selectedRow(page, 'Faults').getByText('02:00.0').waitFor();
      await press(page, 'g l');
      await page
        .getByRole('button', { name: "First kernel's clock isn't aligned; align at panic" })
        .click();
      await page.getByRole('menuitemradio', { name: /aligned at panic/ }).click();
      await page.getByRole('button', { name: 'Clock: kernel, aligned at panic' }).waitFor();
    } finally {
      await window.close();
    }
  });

  it('shows the order alone of a log without time stamps', async () => {
    const window = await openWindow(browser);
    const { page } = window;
    try {
      await page.waitForSelector('.start :focus');
      await press(page, 't p');
      await page
        .getByLabel('Text')
        .fill(
          [
            'Linux version 6.1.0',
            'DMAR: [DMA Read NO_PASID] Request device [02:00.0] fault addr 0x1000 [fault reason 0x06] PTE Read access is not set',
            'DMAR: [DMA Write NO_PASID] Request device [02:00.0] fault addr 0x2000 [fault reason 0x05] PTE Write access is not set',
          ].join('\n'),
        );
      await page.getByRole('button', { name: 'Read it' }).click();
      await selectedRow(page, 'Faults').getByText('02:00.0').waitFor();
      await press(page, 'g l');
      await page.getByText('This log has no time stamps; lanes show order only.').waitFor();
    } finally {
      await window.close();
    }
  });
});
