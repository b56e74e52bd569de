import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { captureJson, capturePath } from '../support/captures.ts';
import { sharedWindow } from './support/shared-window.ts';
import { MISSING, jumpTo, axeFindings, openWindow, press } from './support/window.ts';

if (MISSING !== undefined) console.log(`scan for tables: skipped, ${MISSING}`);

const TRUTH = captureJson<{ units: { rootTable: string; devices: { bdf: string }[] }[] }>(
  'intel-6.1',
  'truth.before.json',
).units[0];

describe.skipIf(MISSING !== undefined)('a dump that says nothing of its kernel', () => {
  const window = sharedWindow((browser) =>
    openWindow(browser, { paths: [capturePath('intel-6.1', 'tables.before.elf')] }),
  );
  let page: Page;
  beforeAll(async () => {
    ({ page } = window);
    await page.waitForSelector('.panel');
  });

  it('says so, and offers three ways', async () => {
    await press(page, 'g t');
    await page.getByText('This ELF core holds memory but no VMCOREINFO').waitFor();
    for (const name of [/Scan for tables/, /Give a root table address/, /Load register values/])
      await page.getByRole('button', { name }).waitFor();
    expect(await axeFindings(page)).toEqual([]);
  });

  it('refuses an address that can’t be a root table', async () => {
    await press(page, 't g');
    const dialog = page.getByRole('dialog', { name: 'Give a root table address' });
    await dialog.getByLabel('Address').fill('25d1008');
    await page.keyboard.press('Enter');
    await dialog.getByText('0x25d1008 is not the address of a page.').waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
  });

  it('finds the tables by their form, and works with them', async () => {
    await press(page, 't s');
    const dialog = page.getByRole('dialog', { name: 'Scan for tables' });
    await dialog.getByText(TRUTH.rootTable).waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Use the best' }).click();
    await dialog.waitFor({ state: 'detached' });
    const tree = page.getByRole('tree', { name: 'Tables' });
    await tree.getByText('dmar0').waitFor();
    await jumpTo(page, TRUTH.devices[0].bdf);
    await tree.getByText(TRUTH.devices[0].bdf).first().waitFor();
    expect(window.complaints).toEqual([]);
  });
});
