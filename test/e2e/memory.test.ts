import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { sharedWindow } from './support/shared-window.ts';
import { MISSING, axeFindings, openSample, press } from './support/window.ts';

if (MISSING !== undefined) console.log(`memory: skipped, ${MISSING}`);

const memory = (page: Page) => page.getByRole('grid', { name: 'Physical memory' });

describe.skipIf(MISSING !== undefined)('memory', () => {
  const window = sharedWindow(openSample);
  let page: Page;
  beforeAll(async () => {
    ({ page } = window);
    await press(page, 'v 2');
    await page.waitForSelector('[aria-label="Tables"]:focus');
  });

  it('names the entries of the table that an entry stands in', async () => {
    const field = page.getByLabel('Go to a BDF, an address or a link');
    await field.fill('00:07.0 0xffffa000');
    await field.press('Enter');
    await memory(page).getByText('L1[506] L1[507]').waitFor();
    expect(await memory(page).locator('.memory-marked').count()).toBeGreaterThan(0);
    await press(page, 'g h');
    await page.getByLabel('Physical address').waitFor();
    // What the words are of, and what lies over them.
    await page.getByText(/^vmcore, ELF/).waitFor();
    const overlay = page.getByRole('button', { name: 'Overlay: L1 table' });
    await overlay.click();
    await memory(page).getByText('L1[506] L1[507]').waitFor({ state: 'detached' });
    await overlay.click();
    await memory(page).getByText('L1[506] L1[507]').waitFor();
  });

  it('folds runs of zeros, and names gaps with their size', async () => {
    const field = page.getByLabel('Go to a BDF, an address or a link');
    await field.fill('00:07.0 0xfffe9000');
    await field.press('Enter');
    await memory(page)
      .getByText(/\d+ entries, all zero · reads as zero, stored in the dump$/)
      .first()
      .waitFor();
    await memory(page)
      .getByText(/[\d.]+ [KMG]iB · page excluded by the dump's filter/)
      .first()
      .waitFor();
  });

  it('has words of four sizes by + and -', async () => {
    await memory(page).focus();
    await press(page, '+ + +');
    expect(await page.getByLabel('Word size').inputValue()).toBe('8');
    await memory(page)
      .getByText(/^[0-9a-f]{16}$/)
      .first()
      .waitFor();
    await press(page, '-');
    expect(await page.getByLabel('Word size').inputValue()).toBe('4');
    await press(page, '- -');
    expect(await page.getByLabel('Word size').inputValue()).toBe('1');
  });

  it('copies the page as bytes, words, a C array or hexdump -C', async () => {
    await memory(page).focus();
    for (const [title, wanted] of [
      ['Bytes of the page', /^(?:[0-9a-f]{2} ?){16}\n/],
      ['Words of the page, 8 B', /^[0-9a-f]{16} [0-9a-f]{16}\n/],
      ['C array of the page', /^static const unsigned char bytes\[\] = \{\n  \/\* 0x/],
      ['hexdump -C of the page', /^[0-9a-f]{8}  [0-9a-f]{2} .*\|\n/],
    ] as const) {
      await press(page, 'Shift+C');
      await page.getByRole('menuitem', { name: title }).click();
      await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toMatch(wanted);
    }
  });

  it('marks every table in view, says what its entries mean, and leads to them', async () => {
    const readout = page.locator('.memory-readout');
    const field = page.getByLabel('Physical address');
    // The page of a table, and nothing of it selected: the root table of the sample.
    await page.getByLabel('Go to a BDF, an address or a link').fill('00:07.0');
    await page.getByLabel('Go to a BDF, an address or a link').press('Enter');
    await memory(page).getByText('07.0 context entry').waitFor();
    const context = await field.inputValue();
    await field.fill(`0x${((BigInt(context) / 4096n) * 4096n).toString(16)}`);
    await field.press('Enter');
    await memory(page).getByText('00.0 context entry').click();
    await readout.getByText(/^context entry: P · .*SSPTPTR 0x/).waitFor();
    await memory(page).getByText('07.0 context entry').hover();
    await readout.getByRole('button', { name: '07.0', exact: true }).waitFor();
    await memory(page).getByText('03.0 context entry').click({ button: 'right' });
    await page.getByRole('menuitem', { name: 'Show 03.0 in Tables' }).click();
    const tree = page.getByRole('tree', { name: 'Tables' });
    await tree.locator('[aria-selected="true"]').getByText('00:03.0').waitFor();
  });

  it("shows a device's own addresses: what follows a page, and what is not mapped", async () => {
    const go = page.getByLabel('Go to a BDF, an address or a link');
    await go.fill('00:07.0 0xfffe9000');
    await go.press('Enter');
    await memory(page).getByText('L1[488] L1[489]').waitFor({ state: 'attached' });
    await page.getByLabel('Address space').selectOption('iova');
    const grid = page.getByRole('grid', { name: 'Memory of 00:07.0' });
    await grid
      .getByText(/not mapped$/)
      .first()
      .waitFor();
    const field = page.getByLabel('I/O virtual address', { exact: true }).last();
    await field.fill('0x0');
    await field.press('Enter');
    const rows = grid.getByRole('row');
    await rows.nth(1).getByText('4 GiB · not mapped').waitFor();
    await field.fill('0x10000000');
    await field.press('Enter');
    await rows
      .nth(1)
      .getByText(/ · not mapped$/)
      .waitFor();
    // A row of the space leads from the device's address to its walk.
    await rows.nth(1).click({ button: 'right' });
    await page.getByRole('menuitem', { name: 'Translate 0x10000000' }).click();
    const walked = page
      .getByRole('tabpanel', { name: /Translate/ })
      .getByLabel('I/O virtual address');
    await expect.poll(() => walked.inputValue()).toBe('0x10000000');
  });

  it("shows a kernel's own addresses, with the physical address of a page", async () => {
    await page.getByLabel('Address space').selectOption('virtual');
    const field = page.getByLabel('Virtual address or symbol');
    await field.fill('no_such_symbol');
    await field.press('Enter');
    await page.getByRole('alert').getByText('The kernel has no symbol "no_such_symbol"').waitFor();
    await field.fill('linux_banner');
    await field.press('Enter');
    const grid = page.getByRole('grid', { name: 'Virtual memory' });
    await grid.getByText('Linux version 6.').waitFor();
    expect(await field.inputValue()).toMatch(/^0xffffffff[0-9a-f]{8}$/);
    await page.getByText(/^linux_banner, vmcore/).waitFor();
    await grid
      .getByText(/^→ 0x[0-9a-f]+ physical$/)
      .first()
      .waitFor();
    // What the row is in physical memory, by a link.
    await grid.getByText('Linux version 6.').click();
    const readout = page.locator('.memory-readout');
    await readout.hover({ position: { x: 4, y: 4 } });
    await readout.getByText(/^physical 0x[0-9a-f]+$/).waitFor();
    await readout.getByRole('button').click();
    await memory(page).getByText('Linux version 6.').waitFor();
  });

  it('finds a text, and the next one behind it', async () => {
    await page.getByRole('button', { name: 'Find', exact: true }).click();
    await page.getByLabel('Physical address').fill('0x0');
    await page.getByLabel('Physical address').press('Enter');
    const box = page.getByLabel('Look for', { exact: true });
    await box.fill('Linux version');
    await press(page, 'Enter');
    const found = page.locator('.memory-find').getByRole('status');
    await found.getByText(/^Found at 0x/).waitFor();
    const first = await found.textContent();
    await memory(page).locator('.memory-match').first().waitFor();
    await press(page, 'Enter');
    await expect.poll(() => found.textContent()).not.toBe(first);
    await found.getByText(/^(?:Found at|Not found up to the end)/).waitFor();
  });

  it('says what can not be looked for, and what was not found', async () => {
    const found = page.locator('.memory-find').getByRole('status');
    await page.getByLabel('What to look for').selectOption('bytes');
    await page.getByLabel('Look for', { exact: true }).fill('xyz');
    await page.getByLabel('Look for', { exact: true }).press('Enter');
    await found.getByText('Not bytes: "xyz"').waitFor();
    await page.getByLabel('What to look for').selectOption('u64');
    await page.getByLabel('Look for', { exact: true }).fill('0x0123456789abcdee');
    await page.getByLabel('Look for', { exact: true }).press('Enter');
    await found.getByText(/^Not found up to the end: [\d,]+ pages/).waitFor();
  });

  it('asks from a row who can reach it', async () => {
    await memory(page).locator('.row').first().click({ button: 'right' });
    await page.getByRole('menuitem', { name: 'Who can reach this page?' }).click();
    await page.getByLabel('Physical address or range').waitFor();
  });

  it('has nothing to complain about', async () => {
    expect(await axeFindings(page)).toEqual([]);
    expect(window.complaints).toEqual([]);
  });
});
