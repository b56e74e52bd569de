import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { captureJson, capturePath } from '../support/captures.ts';
import { sharedWindow } from './support/shared-window.ts';
import {
  MISSING,
  axeFindings,
  openSecond,
  openTables,
  press,
  selectedRow,
} from './support/window.ts';

if (MISSING !== undefined) console.log(`compare and audit: skipped, ${MISSING}`);

interface Truth {
  readonly units: readonly {
    readonly rootTable: string;
    readonly devices: readonly {
      readonly bdf: string;
      readonly domain: number;
      readonly pageTable: string;
    }[];
  }[];
}
const BEFORE = captureJson<Truth>('intel-6.1', 'truth.before.json').units[0];
const CRASH = captureJson<Truth>('intel-6.1', 'truth.crash.json').units[0];
/** Devices that the crash kernel gave new tables. */
const MOVED = BEFORE.devices.filter(
  (device) => CRASH.devices.find(({ bdf }) => bdf === device.bdf)?.pageTable !== device.pageTable,
);
const DEVICE = MOVED[0];
const THEN = CRASH.devices.find(({ bdf }) => bdf === DEVICE.bdf)!;

const grid = (page: Page, name: string) => page.getByRole('treegrid', { name });

describe.skipIf(MISSING !== undefined)('two states of one machine', () => {
  const window = sharedWindow((browser) => openTables(browser, 'intel-6.1'));
  let page: Page;
  beforeAll(() => {
    ({ page } = window);
  });

  it('asks for a second one while there is only one', async () => {
    await press(page, 'g d');
    await page.getByText('One state is open. Open a second one to see what differs.').waitFor();
    expect(await axeFindings(page)).toEqual([]);
  });

  it('opens the crash kernel’s beside it, and lists exactly the devices that it moved', async () => {
    await openSecond(
      page,
      capturePath('intel-6.1', 'tables.crash.elf'),
      capturePath('intel-6.1', 'regs.crash.json'),
    );
    const compare = grid(page, 'Compare');
    await compare.getByText('RTADDR').waitFor();
    const devices = await compare
      .getByRole('row')
      .filter({ hasText: /Domain \d+, Page table/ })
      .allTextContents();
    const named = devices.map((text) => /[0-9a-f]{2}:[0-9a-f]{2}\.\d/.exec(text)?.[0]);
    expect(new Set(named)).toEqual(new Set(MOVED.map(({ bdf }) => bdf)));
    expect(named).toHaveLength(MOVED.length);
    expect(await axeFindings(page)).toEqual([]);
  });

  it('shows the entry of a row with the other state beside it', async () => {
    await grid(page, 'Compare')
      .getByRole('row')
      .filter({ hasText: DEVICE.bdf })
      .first()
      .click({ position: { x: 300, y: 8 } });
    await press(page, 'i');
    await page.getByText(`context entry of ${DEVICE.bdf}`).first().waitFor();
    await page.getByRole('columnheader', { name: 'tables.crash.elf', exact: true }).waitFor();
    const domain = page.locator('.field-table tr').filter({ hasText: 'DID' });
    expect(await domain.textContent()).toContain(
      `Δ 0x${THEN.domain.toString(16).padStart(4, '0')}`,
    );
    // The ruler fills the bits that differ.
    expect(await page.locator('.ruler-bit.is-changed').count()).toBeGreaterThan(0);
  });

  it('unfolds an entry to its fields by keys, and leads to the entry in Tables', async () => {
    await press(page, 'g d');
    await page.waitForSelector('[aria-label="Compare"]:focus');
    await selectedRow(page, 'Compare').getByText(DEVICE.bdf).waitFor();
    await press(page, 'ArrowRight ArrowRight');
    await selectedRow(page, 'Compare').getByText('Domain', { exact: true }).waitFor();
    expect(await selectedRow(page, 'Compare').textContent()).toContain(
      `Domain${DEVICE.domain}${THEN.domain}`,
    );
    await press(page, 'ArrowLeft');
    await selectedRow(page, 'Compare').getByText(DEVICE.bdf).waitFor();
    await press(page, 'Enter');
    await selectedRow(page, 'Tables').getByText(DEVICE.bdf).waitFor();
  });

  it('marks in Tables what differs, and lists it', async () => {
    await press(page, 'v c');
    await page.getByRole('menuitemradio', { name: /tables\.crash\.elf/ }).click();
    await page.locator('[aria-label="Tables"] .row.is-changed').first().waitFor();
    expect(await selectedRow(page, 'Tables').textContent()).toContain(`DID was ${THEN.domain}`);
    const list = page.getByRole('region', { name: 'Entries that differ from tables.crash.elf' });
    await list.getByText(`${MOVED[1].bdf}/context`).click();
    await selectedRow(page, 'Tables').getByText(MOVED[1].bdf).waitFor();
    expect(await axeFindings(page)).toEqual([]);
  });

  it('copies what differs as a table', async () => {
    await press(page, 'g d');
    await page.waitForSelector('[aria-label="Compare"]:focus');
    await press(page, 'Shift+C');
    await page.getByRole('menuitem', { name: 'Copy the table as CSV' }).click();
    await page.getByText(/^Copied:/).waitFor();
    const csv = await page.evaluate(() => navigator.clipboard.readText());
    expect(csv).toContain(`dmar0/${DEVICE.bdf}/context`);
  });

  it('opens everything below a row, and folds it', async () => {
    const closed = grid(page, 'Compare').locator('[aria-expanded="false"]');
    await press(page, 'Home');
    await expect.poll(() => closed.count()).toBeGreaterThan(0);
    await press(page, '*');
    await expect.poll(() => closed.count()).toBe(0);
    expect(await grid(page, 'Compare').locator('[aria-level="4"]').count()).toBeGreaterThan(0);
  });

  it('leads to a row whose name is typed', async () => {
    await press(page, 'Home , d o m');
    await selectedRow(page, 'Compare')
      .getByText(/^Domain/)
      .first()
      .waitFor();
    await page.locator('.rows-typed').getByText('dom').waitFor();
    await press(page, 'x');
    await page.locator('.rows-typed').getByText('no row begins so').waitFor();
    await press(page, 'Escape');
    await page.locator('.rows-typed').waitFor({ state: 'detached' });
    expect(await axeFindings(page)).toEqual([]);
  });

  it('finds it all again after a reload', async () => {
    await page.waitForFunction(async () => document.querySelector('.panel') !== null);
    await page.reload();
    await press(page, 'g d');
    await grid(page, 'Compare').getByText('RTADDR').waitFor();
    // With everything open, as it was left.
    expect(await grid(page, 'Compare').locator('[aria-expanded="false"]').count()).toBe(0);
  });

  it('audits a state, tells why, and leads from a hit to its entry', async () => {
    await press(page, 'g a');
    const audit = grid(page, 'Audit');
    await audit.getByText(/rules? passed/).waitFor();
    await page.waitForSelector('[aria-label="Audit"]:focus');
    await press(page, ']');
    const row = selectedRow(page, 'Audit');
    const where = await row.locator('.link').textContent();
    await page.getByRole('region', { name: 'The selected rule' }).getByText('Why').waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await press(page, 'Enter');
    await page.waitForSelector('[aria-label="Tables"]:focus');
    await expect
      .poll(() => page.locator('.crumbs').textContent(), { timeout: 30_000 })
      .toBe(where!.replaceAll('/', ' › '));
  });

  it('had nothing to complain of', () => {
    expect(window.complaints).toEqual([]);
  });
});
