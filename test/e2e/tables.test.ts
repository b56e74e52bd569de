import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { sharedWindow } from './support/shared-window.ts';
import { MISSING, jumpTo, axeFindings, openSample, press, selectedRow } from './support/window.ts';

if (MISSING !== undefined) console.log(`tables and changes: skipped, ${MISSING}`);

const tree = (page: Page) => page.getByRole('tree', { name: 'Tables' });

describe.skipIf(MISSING !== undefined)('tables and changes', () => {
  const window = sharedWindow(openSample);
  let page: Page;
  beforeAll(() => {
    ({ page } = window);
  });

  it('walks the tree by keys: unit, root, bus, device, page tables', async () => {
    await press(page, 'v 2');
    await page.waitForSelector('[aria-label="Tables"]:focus');
    // The fault's device is selected; to the top, and down again by expanding.
    await selectedRow(page, 'Tables').getByText('00:06.0').waitFor();
    await press(page, 'u');
    await selectedRow(page, 'Tables').getByText('bus 0x00').waitFor();
    await press(page, 'ArrowLeft');
    await tree(page).getByText('00:06.0').waitFor({ state: 'detached' });
    await press(page, 'ArrowRight ArrowRight');
    await selectedRow(page, 'Tables').getByText('00:00.0').waitFor();
    await jumpTo(page, '00:07.0');
    await selectedRow(page, 'Tables').getByText('00:07.0').waitFor();
    await press(page, 'ArrowRight ArrowRight');
    await selectedRow(page, 'Tables').getByText('L3[').waitFor();
    await press(page, 'ArrowRight ArrowRight ArrowRight ArrowRight');
    await selectedRow(page, 'Tables').getByText('L1[').waitFor();
    const row = selectedRow(page, 'Tables');
    expect(await row.getAttribute('aria-level')).toBe('7');
    expect(Number(await row.getAttribute('aria-setsize'))).toBeGreaterThan(0);
    expect(await page.locator('.crumbs').textContent()).toMatch(
      /dmar0.*00:07\.0.*L3\[.*L2\[.*L1\[/,
    );
  });

  it('links to any entry', async () => {
    await press(page, 'l');
    const link = await page.evaluate(() => navigator.clipboard.readText());
    expect(new URL(link).hash).toMatch(/^#dmar0\/00:07\.0\/L3\[\d+\]\/L2\[\d+\]\/L1\[\d+\]$/);
  });

  it('shows an entry bit by bit, the same field in all three places', async () => {
    await jumpTo(page, '00:06.0');
    await page.getByText('context entry of 00:06.0').first().waitFor();
    await press(page, 'i');
    await page.waitForSelector('.ruler:focus');
    await press(page, 'End');
    expect(await page.locator('.readout b').textContent()).toBe('P');
    expect(await page.locator('.field-table .is-shown').textContent()).toContain('P');
    expect(await page.locator('.ruler-box.is-shown').textContent()).toMatch(/^P,/);
    await page.locator('.ruler-box').filter({ hasText: 'DID' }).hover();
    expect(await page.locator('.readout b').textContent()).toBe('DID');
    expect(await page.locator('.ruler-bit').count()).toBe(128);
  });

  it('changes a field, the walk follows, and undo takes it back', async () => {
    await press(page, 'g x');
    await page.locator('.translate-result').getByText('PTE Read access is not set').waitFor();
    await press(page, 'g e');
    await page.waitForSelector('.ruler:focus');
    await press(page, 'End Enter');
    await page.getByLabel('New value of P, bits 0').fill('2');
    await press(page, 'Enter');
    await page.getByText('The field has 1 bit: at most 0x1.').waitFor();
    await page.getByLabel('New value of P, bits 0').fill('0');
    await press(page, 'Enter');

    await selectedRow(page, 'Tables').and(page.locator('.is-changed')).waitFor();
    await page.locator('.statusbar').getByText('1 change').waitFor();
    await page.getByRole('region', { name: 'Changes made here' }).getByRole('listitem').waitFor();
    await press(page, 'g x');
    await page
      .locator('.translate-result')
      .getByText('00:06.0 has no context entry on dmar0')
      .waitFor();

    await press(page, 't z');
    await page.locator('.translate-result').getByText('PTE Read access is not set').waitFor();
    await page.locator('.row.is-changed').waitFor({ state: 'detached' });
    await press(page, 't y');
    await page
      .locator('.translate-result')
      .getByText('00:06.0 has no context entry on dmar0')
      .waitFor();
    await press(page, 't z');
    await page.locator('.translate-result').getByText('PTE Read access is not set').waitFor();
  });

  it('refuses what is no device, with the way to write one', async () => {
    await page.getByLabel('Device').fill('2.0');
    await page.getByText('Not a BDF: "2.0". Write it as 02:00.0.').waitFor();
    await page.getByLabel('Device').press('Escape');
  });

  it('shows memory, the entry underlined in it and gaps by name', async () => {
    await press(page, 'g h');
    const memory = page.getByRole('grid', { name: 'Physical memory' });
    await memory.getByText('06.0 context entry').waitFor();
    await page.getByLabel('Physical address').fill('0x10000000000');
    await press(page, 'Enter');
    await memory.getByText('not in this dump').first().waitFor();
  });

  it('puts a simulated unit beside the captured one and writes its registers', async () => {
    await press(page, 'Escape t m');
    await tree(page).getByText('sim0').waitFor();
    await press(page, 'g r');
    await page.getByRole('button', { name: /^dmar0 ▾/ }).click();
    await page.getByRole('menuitemradio', { name: /sim0/ }).click();
    const registers = page.getByRole('treegrid', { name: 'Registers of sim0' });
    await registers.getByText('GCMD').click();
    await press(page, 'Enter');
    // Translation off: TE is bit 31 of GCMD.
    await page.getByLabel('New value of GCMD').fill('0x0');
    await press(page, 'Enter');
    await page.getByRole('region', { name: 'What the unit did' }).waitFor();
    const status = registers.locator('.row').filter({ hasText: 'GSTS' });
    await expect.poll(() => status.textContent()).not.toMatch(/0xc0000000 *RTPS · TES/);
  });

  it('decodes a pasted value', async () => {
    await page.getByLabel('Decode a value: name=value').fill('GSTS=0xc7000000');
    const result = page.locator('.decode-result');
    await result.getByText('TES').waitFor();
    expect(await result.textContent()).toContain('IRES');
    await page.getByLabel('Decode a value: name=value').press('Escape');
  });

  it('has nothing to complain about', async () => {
    await press(page, 'v 2');
    expect(await axeFindings(page)).toEqual([]);
    expect(window.complaints).toEqual([]);
  });

  it('keeps few elements, and none for hidden panels', async () => {
    const panels = await page.evaluate(() =>
      [...document.querySelectorAll('.panel')].map((panel) => panel.querySelectorAll('*').length),
    );
    expect(panels.length).toBeGreaterThan(0);
    for (const count of panels) expect(count).toBeLessThan(2500);
    expect(await page.locator('[aria-label="Faults"][role="treegrid"]').count()).toBe(0);
  });
});
