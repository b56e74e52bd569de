import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestWindow } from './support/window.ts';
import { MISSING, axeFindings, launch, openWindow, press, selectedRow } from './support/window.ts';

if (MISSING !== undefined) console.log(`the list of faults: skipped, ${MISSING}`);

const stamp = (time: number): string => `[${time.toFixed(6).padStart(12)}]`;
const line = (time: number, text: string): string => `${stamp(time)} DMAR: ${text}`;

/** A kdump boot of which one device floods the log; the unit had no room for all of its faults. */
function log(): string {
  const lines = [
    `${stamp(0)} Linux version 6.1.0 (test) #1 SMP`,
    line(0.1, 'Host address width 46'),
    line(0.4, 'IOMMU enabled'),
    line(1.03, 'Translation already enabled - trying to copy translation structures'),
    line(1.04, 'Copied translation tables from previous kernel for dmar0'),
    line(1.1, 'DRHD: handling fault status reg 2'),
    line(
      1.2,
      '[DMA Write NO_PASID] Request device [04:00.1] fault addr 0x9e3f2000 [fault reason 0x02] Present bit in context entry is clear',
    ),
    line(13.7, 'DRHD: handling fault status reg 3'),
  ];
  for (let n = 0; n < 400; n++)
    lines.push(
      line(
        13.744 + n / 100,
        `[DMA Read NO_PASID] Request device [02:00.0] fault addr 0xfffff000 [fault reason 0x06] PTE Read access is not set`,
      ),
    );
  lines.push(
    line(
      18,
      'INTR-REMAP: Request device [61:00.0] fault index 0x2a [fault reason 0x22] Present field in the IRTE entry is clear',
    ),
  );
  return `${lines.join('\n')}\n`;
}

describe.skipIf(MISSING !== undefined)('the list of faults', () => {
  const folder = mkdtempSync(join(tmpdir(), 'faultline-e2e-faults-'));
  let browser: Browser;
  let window: TestWindow;
  let page: Page;

  beforeAll(async () => {
    const path = join(folder, 'flood.log');
    writeFileSync(path, log());
    browser = await launch();
    window = await openWindow(browser, { paths: [path] });
    ({ page } = window);
    await page.locator('.statusbar').getByText('402 faults').waitFor();
    await page.waitForSelector('[aria-label="Faults"]');
    await press(page, 'g f');
    await selectedRow(page, 'Faults').waitFor();
  });
  afterAll(async () => {
    await window?.close();
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const filter = () => page.getByRole('combobox', { name: 'Filter faults' });
  const passing = (words: string) =>
    page.locator('.filter-count').getByText(words, { exact: true }).waitFor();
  const rows = () => page.locator('[aria-label="Faults"] .row');

  it('says that counts are a lower bound, and where the log shows it', async () => {
    const strip = page.locator('.partial-strip');
    await strip
      .getByText('The unit dropped faults here (PFO set); counts are a lower bound.')
      .waitFor();
    await strip.getByRole('button', { name: 'console 8' }).click();
    await page.locator('.console-row.is-current').getByText('8', { exact: true }).waitFor();
    await press(page, 'g f');
    expect(await axeFindings(page)).toEqual([]);
  });

  it('groups by device, reason, page and not at all, each named by what is common', async () => {
    const by = async (name: string): Promise<void> => {
      await page.getByRole('button', { name: /^Group: / }).click();
      await page.getByRole('menuitemradio', { name: `Group by ${name}`, exact: true }).click();
    };
    await by('reason');
    await rows()
      .getByText(/^▾0x06 02:00\.0$/)
      .waitFor();
    await by('page');
    await rows()
      .getByText(/^▾0xfffff000 02:00\.0$/)
      .waitFor();
    await by('none');
    await page.waitForFunction(() => document.querySelector('.row.is-group') === null);
    await by('device, reason');
    await rows()
      .getByText(/02:00\.0/)
      .first()
      .waitFor();
    await rows().getByText('same as group').first().waitFor();
  });

  it('shows a few faults of each group, and the others when they are stepped to or asked for', async () => {
    const more = rows().filter({ hasText: '396 more, same page and reason · show all' });
    const selected = selectedRow(page, 'Faults');
    const reopen = async (): Promise<void> => {
      await press(page, 'Home Space');
      await selected.and(page.locator('[aria-expanded="false"]')).waitFor();
      await press(page, 'Space');
      await more.waitFor();
    };
    await more.waitFor();
    for (const device of ['02:00.0', '04:00.1', '61:00.0'])
      await rows().getByText(device).first().waitFor();
    await press(page, 'g f Home ArrowDown ArrowDown ArrowDown ArrowDown');
    // The first fault of the log is another device's.
    await selected.getByText('#5', { exact: true }).waitFor();
    await press(page, ']');
    await selected.getByText('#6', { exact: true }).waitFor();
    await more.waitFor({ state: 'detached' });
    // Folded and opened again it shows a few.
    await reopen();
    await more.getByText('show all').click();
    await more.waitFor({ state: 'detached' });
    await reopen();
    await more.click();
    await press(page, 'ArrowRight');
    await more.waitFor({ state: 'detached' });
    expect(await axeFindings(page)).toEqual([]);
  });

  it('goes from device to device with { and }, past hundreds of faults', async () => {
    await press(page, 'g f Home');
    // The first row is a device's.
    await selectedRow(page, 'Faults').getByText('▾').waitFor();
    const first = await selectedRow(page, 'Faults').textContent();
    await press(page, '}');
    await expect.poll(() => selectedRow(page, 'Faults').textContent()).not.toBe(first);
    const second = await selectedRow(page, 'Faults').textContent();
    expect(second).not.toMatch(/^\s*#/);
    await press(page, '}');
    await expect.poll(() => selectedRow(page, 'Faults').textContent()).not.toBe(second);
    const third = await selectedRow(page, 'Faults').textContent();
    expect([first, second, third].map((text) => /\d\d:\d\d\.\d/.exec(text ?? '')?.[0])).toEqual(
      expect.arrayContaining(['02:00.0', '04:00.1', '61:00.0']),
    );
    await press(page, '{ {');
    await expect.poll(() => selectedRow(page, 'Faults').textContent()).toBe(first);
  });

  it('completes fields and their real values with counts, by keys alone', async () => {
    await press(page, 'f');
    await page.keyboard.type('re');
    const list = page.getByRole('listbox', { name: 'Completions' });
    await list.getByRole('option', { name: /^reason:/ }).waitFor();
    // While a field's name is typed the list stays as it was.
    await passing('402');
    await press(page, 'Tab');
    await list.getByRole('option', { name: /^0x06\s*400$/ }).waitFor();
    await press(page, 'ArrowDown ArrowDown Enter');
    await expect.poll(() => filter().inputValue()).toMatch(/^reason:0x(02|22)$/);
    await passing('1 of 402');
    await filter().fill('');
    await passing('402');
  });

  it('says under the caret what is wrong, and keeps the rows of the last valid text', async () => {
    await filter().fill('bdf:04:00.1');
    await passing('1 of 402');
    await filter().fill('bdf:04:00.1 reason:xyz');
    await press(page, 'Enter');
    const error = page.getByRole('alert').getByText('reason takes a hex code such as 0x06');
    await error.waitFor();
    expect(await filter().getAttribute('aria-invalid')).toBe('true');
    // It stands where the character is that it is about.
    const [box, place] = [await filter().boundingBox(), await error.boundingBox()];
    expect(place!.y).toBeGreaterThan(box!.y);
    expect(Math.abs(place!.x - (box!.x + 8 + 19 * 7.2))).toBeLessThan(16);
    await passing('1 of 402');
    await rows().getByText('04:00.1').first().waitFor();
    await filter().fill('bdf:07:00.0');
    await page.getByText('0 of 402 faults pass.').waitFor();
    await press(page, 'Escape');
    await page.keyboard.press('Escape');
    await passing('402');
  });

  it('narrows to and leaves out what is selected elsewhere', async () => {
    await press(page, 'g f Home e');
    await page.waitForSelector('[aria-label="Explanation"]:focus');
    await press(page, '.');
    await page.getByRole('menuitem', { name: /^Filter to reason:0x/ }).waitFor();
    const device = page.getByRole('menuitem', { name: /^Filter out bdf:/ });
    const title = (await device.textContent()) ?? '';
    await device.click();
    await expect.poll(() => filter().inputValue()).toBe(title.replace('Filter out ', 'not '));
    await press(page, 'g f Escape');
    await passing('402');
  });

  it('chooses a stretch of time in the chart by keys, zooms, and shows it as a table', async () => {
    const chart = page.getByRole('img', { name: /^Faults from/ });
    await chart.focus();
    await press(page, 'ArrowRight');
    await page
      .locator('.rate-readout')
      .getByText(/s: 1 write$/)
      .waitFor();
    await press(page, 'ArrowRight');
    await page
      .locator('.rate-readout')
      .getByText(/reads?$/)
      .waitFor();
    await press(page, 'Shift+ArrowRight Shift+ArrowRight Enter');
    await expect.poll(() => filter().inputValue()).toMatch(/^t:13\.\d+\.\.\d+\.\d+$/);
    const wide = await chart.getAttribute('aria-label');
    await press(page, 'z');
    await expect.poll(() => chart.getAttribute('aria-label')).not.toBe(wide);
    await press(page, 'd a w s Shift+Z');
    await expect.poll(() => chart.getAttribute('aria-label')).toBe(wide);
    await press(page, 'g f .');
    await page.getByRole('menuitem', { name: 'Show the rate as a table' }).click();
    const table = page.getByRole('region', { name: 'Faults over time' });
    await table.getByRole('columnheader', { name: 'interrupt' }).waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await press(page, 'g f .');
    await page.getByRole('menuitem', { name: 'Show the rate as a chart' }).click();
    await chart.waitFor();
    await press(page, 'g f Escape');
    await passing('402');
  });

  it('follows the newest, and holds when another row is chosen', async () => {
    await page.getByRole('button', { name: 'Follow', exact: true }).first().click();
    await selectedRow(page, 'Faults').getByText('61:00.0').waitFor();
    await press(page, 'g f ArrowUp');
    const held = page.getByRole('button', { name: /^Held/ });
    await held.waitFor();
    expect(await held.getAttribute('aria-pressed')).toBe('mixed');
    await press(page, 'End');
    await held.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Follow', exact: true }).first().click();
    await rows().getByText('same as group').first().waitFor();
  });

  it('copies the kernel’s own line', async () => {
    await press(page, 'g f');
    await page.waitForSelector('[aria-label="Faults"]:focus');
    await press(page, 'Home');
    await selectedRow(page, 'Faults').getByText('▾').first().waitFor();
    await press(page, 'c');
    await expect
      .poll(() => page.evaluate(() => navigator.clipboard.readText()))
      .toMatch(/DMAR: .*\[(?:0[24]|61):00\.[01]\] fault/);
    expect(window.complaints).toEqual([]);
  });
});
