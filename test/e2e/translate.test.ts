import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { capturePath } from '../support/captures.ts';
import { sharedWindow } from './support/shared-window.ts';
import {
  MISSING,
  axeFindings,
  openSecond,
  openSample,
  openTables,
  press,
} from './support/window.ts';

if (MISSING !== undefined) console.log(`translate: skipped, ${MISSING}`);

const body = (page: Page) => page.getByRole('region', { name: 'Translation' });
const boxes = (page: Page) => page.getByRole('list', { name: 'The walk as a picture' });
const fact = (page: Page, name: string) =>
  body(page).locator('dl.facts > div, dl.facts').locator(`dt:text-is("${name}") + dd`);

async function ask(page: Page, bdf: string, address: string): Promise<void> {
  await page.getByLabel('Device', { exact: true }).fill(bdf);
  await page.getByLabel('I/O virtual address', { exact: true }).first().fill(address);
}

describe.skipIf(MISSING !== undefined)('translate, of VT-d', () => {
  const window = sharedWindow(openSample);
  let page: Page;
  beforeAll(async () => {
    ({ page } = window);
    await press(page, 'v 2 g x');
    await page.getByLabel('Device', { exact: true }).waitFor();
  });

  it('walks to a page, and says by whom it is mapped and what it holds', async () => {
    await ask(page, '00:07.0', '0xffffa010');
    await boxes(page).getByText('+ 0x010').waitFor();
    expect(await boxes(page).getByRole('listitem').locator('b').allTextContents()).toEqual([
      'Root',
      'Context',
      'L3',
      'L2',
      'L1',
      'Page',
    ]);
    await body(page).getByRole('status').getByText('4 KiB page, System RAM').waitFor();
    await fact(page, 'Hardware').getByText('reported no fault here').waitFor();
    await fact(page, 'First kernel').getByText("this dump's tables are its own").waitFor();
    await fact(page, 'Mapped by')
      .getByText(/^00:07\.0 only, of the tables that could be read/)
      .waitFor();
    // The sample has no records of pages: what the kernel uses it for is not told.
    await fact(page, 'Holds').getByText('System RAM').waitFor();
    await fact(page, 'Read from').getByText('5 table entries, all in the dump').waitFor();
  });

  it('leads to all mappings of the page', async () => {
    await fact(page, 'Mapped by').getByRole('button', { name: 'all mappings' }).click();
    await page.getByRole('grid', { name: 'Who can reach it' }).getByText('00:07.0').waitFor();
    await page.getByRole('button', { name: 'Reverse' }).click();
  });

  it('takes a whole kernel line, and agrees with the hardware', async () => {
    await page.getByLabel('Device', { exact: true }).focus();
    await page.evaluate(() =>
      navigator.clipboard.writeText(
        '[   16.113870] DMAR: [DMA Read NO_PASID] Request device [00:06.0] fault addr 0x1f00000 [fault reason 0x06] PTE Read access is not set',
      ),
    );
    await press(page, 'Control+v');
    await body(page).getByRole('status').getByText('refused: reason 0x06').waitFor();
    await fact(page, 'Hardware')
      .getByText(/agrees: 1 fault, reason 0x06/)
      .waitFor();
    await fact(page, 'Mapped by').getByText('the walk ends before a page').waitFor();
    // Levels below the refusal stand without light.
    expect(await boxes(page).locator('.is-unreached b').allTextContents()).toEqual([
      'L2',
      'L1',
      'Page',
    ]);
    await fact(page, 'Hardware').getByRole('button', { name: 'Explain' }).click();
    await page.getByRole('heading', { name: /00:06\.0.*0x1f00000/ }).waitFor();
    await press(page, 'g x');
  });

  it('says what is no device, and which device the unit does not know', async () => {
    await ask(page, '2.0', '0x1000');
    await page.getByRole('alert').getByText('Not a BDF: "2.0". Write it as 02:00.0.').waitFor();
    await ask(page, '00:1e.0', '0x1000');
    await body(page)
      .getByRole('status')
      .getByText('00:1e.0 has no context entry on dmar0: its DMA would fault with 0x02.')
      .waitFor();
    await ask(page, '00:07.0', 'x');
    await page
      .getByRole('alert')
      .getByText('Not an address: "x". Write it as 0xfffff000.')
      .waitFor();
  });

  it('sets the walk of a second state beside it', async () => {
    await ask(page, '00:07.0', '0xffffa000');
    await body(page).focus();
    await openSecond(
      page,
      capturePath('intel-6.1', 'tables.crash.elf'),
      capturePath('intel-6.1', 'regs.crash.json'),
    );
    await press(page, 'g x');
    await fact(page, 'First kernel')
      .getByText(/^in tables\.crash\.elf:.*\(DID \d+\)$/)
      .waitFor();
  });

  it('copies the walk as a picture, here and in Explain', async () => {
    const read = (): Promise<string> => page.evaluate(() => navigator.clipboard.readText());
    for (const [go, region] of [
      ['g x', 'Translation'],
      ['g y', 'Explanation'],
    ] as const) {
      await page.evaluate(() => navigator.clipboard.writeText(''));
      await press(page, `Escape ${go}`);
      await page.getByRole('region', { name: region }).focus();
      await press(page, 'Shift+C');
      await page.getByRole('menuitem', { name: 'Copy the picture as SVG' }).click();
      await expect.poll(read).toMatch(/^<svg [\s\S]*Root entry[\s\S]*<\/svg>$/);
    }
  });

  it('has nothing to complain about', async () => {
    expect(await axeFindings(page)).toEqual([]);
    expect(window.complaints).toEqual([]);
  });
});

describe.skipIf(MISSING !== undefined)('translate, of AMD-Vi', () => {
  const window = sharedWindow((browser) => openTables(browser, 'amd-6.1'));

  it('walks from the device table', async () => {
    const { page } = window;
    await page.locator('.statusbar').getByText('ivhd0').waitFor();
    await press(page, 'Escape g x');
    await ask(page, '00:03.0', '0x1000');
    await boxes(page).getByText('Device table', { exact: true }).waitFor();
    await boxes(page).getByRole('button', { name: '00:03.0' }).waitFor();
    await body(page).getByRole('status').getByText('refused: event 0x02 IO_PAGE_FAULT').waitFor();
    await fact(page, 'First kernel').getByText('not known: no second state is open').waitFor();
  });
});
