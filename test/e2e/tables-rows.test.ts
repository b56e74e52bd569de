import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { capturePath } from '../support/captures.ts';
import { sharedWindow } from './support/shared-window.ts';
import {
  MISSING,
  axeFindings,
  jumpTo,
  openSecond,
  openTables,
  press,
  selectedRow,
} from './support/window.ts';

if (MISSING !== undefined)
  console.log(`rows of Tables and the fields of Entry: skipped, ${MISSING}`);

const tree = (page: Page) => page.getByRole('tree', { name: 'Tables' });
const row = (page: Page, text: RegExp | string) =>
  tree(page).locator('.row').filter({ hasText: text });

/** Types a name into the tree, as a person types it: at once. */
async function typeName(page: Page, text: string): Promise<void> {
  for (const key of text) await page.keyboard.press(key);
}

describe.skipIf(MISSING !== undefined)('rows of Tables on AMD-Vi', () => {
  const window = sharedWindow((browser) => openTables(browser, 'amd-6.1'));
  let page: Page;
  beforeAll(async () => {
    ({ page } = window);
    await press(page, 'v 2');
    await page.waitForSelector('[aria-label="Tables"]:focus');
    await press(page, 'Home ArrowRight ArrowRight ArrowRight ArrowRight');
    await row(page, '00:04.0').first().waitFor();
  });

  it('are found by typing their names, and say how many entries are set below', async () => {
    await typeName(page, '00:1f.2');
    await selectedRow(page, 'Tables').getByText('00:1f.2').waitFor();
    await press(page, 'ArrowRight');
    await row(page, /L\d table, [1-9]\d* of 512 present/)
      .first()
      .waitFor();
    await press(page, 'ArrowLeft');
  });

  it('count what was changed below them, and the changes can be listed', async () => {
    await typeName(page, '00:04.0');
    await selectedRow(page, 'Tables').getByText('00:04.0').waitFor();
    await page.getByText('DTE of 00:04.0').first().waitFor();
    await page.getByRole('button', { name: /^Change DomainID/ }).click();
    await page.getByLabel(/^New value of DomainID/).fill('0x77');
    await page.keyboard.press('Enter');
    await selectedRow(page, 'Tables').getByText('DomainID was 3').waitFor();
    for (const parent of [/^▾ivhd0/, 'Device table'])
      await row(page, parent).getByText('Δ 1').waitFor();
    await page.getByRole('button', { name: /Δ 1 changed/ }).click();
    await page.getByRole('menuitem', { name: /ivhd0\/00:04\.0\/dte/ }).click();
    await page.waitForSelector('[aria-label="Tables"]:focus');
  });

  it('lead to the next finding by [ and ], wherever it is', async () => {
    await page
      .getByRole('option', { name: /^reserved/i })
      .first()
      .dblclick();
    await page.getByLabel(/^New value of reserved/i).fill('1');
    await page.keyboard.press('Enter');
    // Its parents have the finding's mark as soon as the tables were looked through again.
    await row(page, /^▾ivhd0/)
      .getByRole('img', { name: 'Error' })
      .waitFor();
    await press(page, 'g t Home ]');
    await selectedRow(page, 'Tables').getByText('00:04.0').waitFor();
    await page
      .getByRole('region', { name: 'Findings' })
      .getByText(/eserved/)
      .first()
      .waitFor();
    await press(page, 'End [');
    await selectedRow(page, 'Tables').getByText('00:04.0').waitFor();
    await page.locator('.rail-row', { hasText: 'Audit' }).locator('.rail-count').waitFor();
  });

  it('show that a note is pinned to them', async () => {
    await page.locator('.status-selection').getByText('ivhd0/00:04.0/dte').waitFor();
    await press(page, 'p');
    await selectedRow(page, 'Tables').getByRole('button', { name: '1 note' }).waitFor();
    await press(page, 't z t z');
    await tree(page).locator('.row.is-changed').waitFor({ state: 'detached' });
  });

  it('have links that lead back to them: in the Jump box, in the address bar, in the go-to field', async () => {
    await page.waitForSelector('[aria-label="Tables"]:focus');
    await typeName(page, '00:1f.2');
    await selectedRow(page, 'Tables').getByText('00:1f.2').waitFor();
    await press(page, 'ArrowRight ArrowRight');
    await selectedRow(page, 'Tables').getByText('L3[').waitFor();
    const label = (await page.locator('.crumbs').textContent())!;
    await press(page, 'l');
    await page.getByText(/^Copied:/).waitFor();
    const link = await page.evaluate(() => navigator.clipboard.readText());
    expect(new URL(link).hash).toMatch(/^#ivhd0\/00:1f\.2\/L3\[\d+\]$/);
    const away = async () => {
      await page.locator('.crumbs').getByText('ivhd0').click();
      await selectedRow(page, 'Tables').getByText('AMD-Vi').waitFor();
    };
    const back = () => expect.poll(() => page.locator('.crumbs').textContent()).toBe(label);
    await away();
    await press(page, 'F2');
    await page.keyboard.insertText(link);
    await page.getByRole('option').first().waitFor();
    await press(page, 'Enter');
    await back();
    await away();
    await page.evaluate((hash) => {
      location.hash = hash;
    }, new URL(link).hash);
    await back();
    await away();
    await press(page, 'f');
    await page.keyboard.insertText(`faultline://tables.before.elf/${new URL(link).hash.slice(1)}`);
    await press(page, 'Enter');
    await back();
    // Another window of the same engine opens there.
    const other = await page.context().newPage();
    await other.goto(link);
    await expect
      .poll(() => other.locator('.crumbs').textContent(), { timeout: 20_000 })
      .toBe(label);
    await other.close();
  });

  it('have nothing to complain about', async () => {
    expect(await axeFindings(page)).toEqual([]);
    expect(window.complaints).toEqual([]);
  });
});

describe.skipIf(MISSING !== undefined)('entries of another state, and their fields', () => {
  const window = sharedWindow((browser) => openTables(browser, 'intel-6.1'));
  let page: Page;
  beforeAll(async () => {
    ({ page } = window);
    await press(page, 'v 2');
    await page.waitForSelector('[aria-label="Tables"]:focus');
  });

  it('what only the other state has leads to its place in Tables, that state beside it', async () => {
    await openSecond(
      page,
      capturePath('intel-6.1', 'tables.crash.elf'),
      capturePath('intel-6.1', 'regs.crash.json'),
    );
    const compare = page.getByRole('treegrid', { name: 'Compare' });
    const added = compare.locator('.row').filter({ has: page.getByRole('img', { name: 'added' }) });
    await compare.getByText('RTADDR').waitFor();
    await press(page, 'g d End');
    await added.locator('.link').first().click();
    await page.getByRole('button', { name: 'Δ tables.crash.elf' }).waitFor();
    await page.locator('[aria-label="Tables"] .row[aria-selected="true"]').waitFor();
    // What differs is counted by the rows above it.
    await row(page, /^▾dmar0/)
      .getByText(/Δ \d+/)
      .waitFor();
    expect(await axeFindings(page)).toEqual([]);
  });

  it('fields are copied by themselves, as words, as C', async () => {
    await jumpTo(page, '00:07.0');
    await page.getByText('context entry of 00:07.0').first().waitFor();
    await press(page, 'i');
    await page.waitForSelector('.ruler:focus');
    await press(page, 'Home ArrowRight ArrowRight');
    const name = (await page.locator('.readout b').textContent())!;
    await press(page, 'Shift+C');
    for (const form of [`Copy: Field ${name}`, 'Copy: Words', 'Copy: C initialiser'])
      await page.getByRole('menuitem', { name: form }).waitFor();
    await page.getByRole('menuitem', { name: 'Copy: C initialiser' }).click();
    await page.getByText(/^Copied:/).waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(
      /^\{ 0x[0-9a-f]+ULL, 0x[0-9a-f]+ULL \}$/,
    );
    await page.waitForSelector('.ruler:focus');
    await press(page, 'c');
    await expect
      .poll(() => page.evaluate(() => navigator.clipboard.readText()))
      .toMatch(/^0x[0-9a-f]+$/);
  });

  it('the ruler has narrower cells where there is less room, then half as many in a row', async () => {
    const shape = () =>
      page.locator('.ruler').evaluate((ruler) => {
        const style = (ruler as HTMLElement).style;
        return {
          room: ruler.clientWidth,
          cell: Number.parseFloat(style.getPropertyValue('--cell')),
          columns: Number(style.getPropertyValue('--columns')),
        };
      });
    for (const width of [1440, 1280, 1024]) {
      await page.setViewportSize({ width, height: 800 });
      await expect
        .poll(async () => {
          const { room, cell, columns } = await shape();
          return room >= 730 ? cell === 10.5 : columns === 64 ? cell === 8 : columns === 32;
        })
        .toBe(true);
      const { room, cell, columns } = await shape();
      expect(cell * columns).toBeLessThanOrEqual(room);
      expect(await page.locator('.readout > span').count()).toBe(2);
    }
    expect(window.complaints).toEqual([]);
  });
});
