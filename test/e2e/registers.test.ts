import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { capturePath } from '../support/captures.ts';
import { sharedWindow } from './support/shared-window.ts';
import {
  MISSING,
  axeFindings,
  openSample,
  openSecond,
  openTables,
  press,
  selectedRow,
} from './support/window.ts';

if (MISSING !== undefined) console.log(`registers: skipped, ${MISSING}`);

const tree = (page: Page, unit: string) =>
  page.getByRole('treegrid', { name: `Registers of ${unit}` });

describe.skipIf(MISSING !== undefined)('registers, of a dump', () => {
  const window = sharedWindow(openSample);
  let page: Page;
  beforeAll(async () => {
    ({ page } = window);
    await press(page, 'v 2 g r');
    await tree(page, 'dmar0').waitFor();
  });

  it('says that registers are no memory, and where the values come from', async () => {
    await page
      .getByText("Registers aren't memory: this dump doesn't hold them. Values below")
      .waitFor();
    await tree(page, 'dmar0').getByTitle('From: console log').getByText('0x00000010').waitFor();
    await tree(page, 'dmar0')
      .getByTitle('From: kernel copy')
      .getByText('0x00d2008c22260206')
      .waitFor();
  });

  it('shows the selected register bit by bit, with what each field means', async () => {
    await tree(page, 'dmar0').focus();
    await press(page, 'Home ArrowDown');
    await selectedRow(page, 'Registers of dmar0').getByText('CAP').waitFor();
    await page.getByRole('region', { name: 'CAP bit by bit' }).getByText('CAP.').waitFor();
    await press(page, 'ArrowRight ArrowDown');
    const field = await selectedRow(page, 'Registers of dmar0')
      .locator('span')
      .first()
      .textContent();
    const name = /^\w+/.exec(field!.replace(/(RO|RW|W1C)$/, ''))![0];
    await page
      .getByRole('region', { name: 'CAP bit by bit' })
      .locator('.readout')
      .getByText(`CAP.${name}`)
      .waitFor();
  });

  it('marks what can be read, written, or is cleared by writing 1', async () => {
    const marks = tree(page, 'dmar0').locator('.register-access');
    await marks.getByText('RO', { exact: true }).first().waitFor();
    await marks.getByText('RW', { exact: true }).first().waitFor();
    await marks.getByText(/W1C/).first().waitFor();
  });

  it('decodes a value that is pasted, as the selected register or as the one that is named', async () => {
    await tree(page, 'dmar0').focus();
    await press(page, 'Home ArrowDown ArrowLeft ArrowDown ArrowDown ArrowDown');
    await selectedRow(page, 'Registers of dmar0').getByText('GSTS').waitFor();
    const box = page.getByLabel('Decode a value: name=value');
    const result = page.locator('.decode-result');
    await box.fill('0xc7000000');
    await result.getByText('GSTS · Global status').waitFor();
    await result.getByRole('row').filter({ hasText: 'TES' }).getByText('set').waitFor();
    await box.fill('FSTS=0x2');
    await result.getByText('FSTS · Fault status').waitFor();
    await press(page, 'Escape');
    await result.waitFor({ state: 'detached' });
  });

  it('shows old and new before a simulated register is written, and what it was after', async () => {
    await tree(page, 'dmar0').focus();
    await press(page, 't m');
    await page.getByRole('button', { name: /^dmar0 ▾|Unit dmar0/ }).click();
    await page.getByRole('menuitemradio', { name: /sim0/ }).click();
    await tree(page, 'sim0').getByText('RTADDR').click();
    await press(page, 'Enter');
    const form = page.getByRole('form', { name: 'Write RTADDR' });
    const was = await selectedRow(page, 'Registers of sim0')
      .locator('span[title^="From"]')
      .textContent();
    await page.getByLabel('New value of RTADDR').fill('0x7000');
    await form.getByText(`${was} → 0x0000000000007000`).waitFor();
    await press(page, 'Enter');
    await selectedRow(page, 'Registers of sim0').getByText(`Δ ${was}`).waitFor();
    await tree(page, 'sim0').locator('.row.is-changed').getByText('RTADDR').waitFor();
    // Read again: the same reading, and what it was is still said.
    await press(page, 't r');
    await selectedRow(page, 'Registers of sim0').getByText(`Δ ${was}`).waitFor();
  });

  it('has nothing to complain about', async () => {
    expect(await axeFindings(page)).toEqual([]);
    expect(window.complaints).toEqual([]);
  });
});

describe.skipIf(MISSING !== undefined)('registers, of AMD-Vi from a file', () => {
  const window = sharedWindow((browser) => openTables(browser, 'amd-6.1'));

  it('are all there, each with its fields', async () => {
    const { page } = window;
    await page.locator('.statusbar').getByText('ivhd0').waitFor();
    await press(page, 'Escape g r');
    await tree(page, 'ivhd0').locator('.row').first().waitFor();
    await tree(page, 'ivhd0').focus();
    await press(page, 'Home ArrowRight');
    const first = await selectedRow(page, 'Registers of ivhd0').textContent();
    expect(first).toContain('0x000');
    await page.getByRole('region', { name: / bit by bit$/ }).waitFor();
    expect(await axeFindings(page)).toEqual([]);
  });
});

describe.skipIf(MISSING !== undefined)('registers, beside a second state', () => {
  const window = sharedWindow((browser) => openTables(browser, 'intel-6.1'));

  it('Was is what the other state reads, or the reading before', async () => {
    const { page } = window;
    const file = (name: string) => capturePath('intel-6.1', name);
    await page.locator('.statusbar').getByText('dmar0').waitFor();
    await openSecond(page, file('tables.crash.elf'), file('regs.crash.json'));
    await press(page, 'Escape g r');
    const rows = tree(page, 'dmar0');
    await rows.getByText('RTADDR').waitFor();
    const was = page.getByRole('button', { name: /^Was/ });
    await was.click();
    await page.getByRole('menuitemradio', { name: /tables\.crash\.elf/ }).click();
    await rows.getByRole('columnheader', { name: 'tables.crash.elf' }).waitFor();
    await rows.locator('.row.is-changed').getByText('RTADDR').waitFor();
    await rows
      .getByText(/^Δ 0x[0-9a-f]{16}$/)
      .first()
      .waitFor();
    await rows.getByText('same', { exact: true }).first().waitFor();
    await was.click();
    await page.getByRole('menuitemradio', { name: 'Previous reading' }).click();
    await rows.getByText('same', { exact: true }).first().waitFor({ state: 'detached' });
    expect(await axeFindings(page)).toEqual([]);
    expect(window.complaints).toEqual([]);
  });
});
