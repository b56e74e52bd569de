import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedWindow } from './support/shared-window.ts';
import type { TestWindow } from './support/window.ts';
import { MISSING, axeFindings, launch, openSample, press, selectedRow } from './support/window.ts';

if (MISSING !== undefined) console.log(`address map and reverse: skipped, ${MISSING}`);

const zoom = (page: Page) => page.getByRole('listbox', { name: /^Regions of / });
const region = (page: Page) => zoom(page).getByRole('option');
const reached = (page: Page) => page.getByRole('grid', { name: 'Who can reach it' });

/** Left and right address of the zoom strip. */
async function shown(page: Page): Promise<[bigint, bigint]> {
  const name = (await zoom(page).getAttribute('aria-label')) ?? '';
  const match = / in (0x[0-9a-f]+)–(0x[0-9a-f]+)$/.exec(name);
  if (!match) throw new Error(`no addresses in "${name}"`);
  return [BigInt(match[1]), BigInt(match[2])];
}

const widthOf = async (page: Page): Promise<bigint> => {
  const [from, to] = await shown(page);
  return to - from + 1n;
};

describe.skipIf(MISSING !== undefined)('address map and reverse', () => {
  const window = sharedWindow(openSample);
  let page: Page;
  beforeAll(() => {
    ({ page } = window);
  });

  it('shows the device of the selected fault, its faults pinned and its refusal in words', async () => {
    await press(page, 'v 2 g m');
    await selectedRow(page, 'Devices').getByText('00:06.0').waitFor();
    await selectedRow(page, 'Devices').getByText('3').waitFor();
    const [from, to] = await shown(page);
    expect(from <= 0x1f00000n && 0x1f00000n <= to).toBe(true);
    await page.getByRole('img', { name: /^Physical addresses: .*crash kernel at 0x/ }).waitFor();
    await page.getByRole('img', { name: '00:06.0: Nothing mapped for this device.' }).waitFor();
  });

  it('goes from device to device and from region to region by keys', async () => {
    await page.waitForSelector('[aria-label="Devices"]:focus');
    await press(page, 'ArrowDown');
    await selectedRow(page, 'Devices').getByText('00:07.0').waitFor();
    await zoom(page).focus();
    await region(page)
      .getByText(/, [1-9]\d* in view$/)
      .waitFor();
    await press(page, 'ArrowRight');
    await region(page)
      .getByText(/^0x[0-9a-f]+–0x[0-9a-f]+, .*read and write, to 0x/)
      .waitFor();
    const first = await region(page).textContent();
    await press(page, 'ArrowRight');
    await expect.poll(() => region(page).textContent()).not.toBe(first);
    await press(page, 'ArrowLeft');
    await expect.poll(() => region(page).textContent()).toBe(first);
  });

  it('goes on to regions behind the edges of the view, and back', async () => {
    // A page in view at a time: every step leads out of it.
    const starts = ['0xfffe8000', '0xfffe9000', '0xfffea000', '0xffff8000', '0xffff9000'];
    for (let size = 0; size < 24; size++) await press(page, '+');
    await expect.poll(() => widthOf(page)).toBe(4096n);
    const at = (address: string) =>
      region(page)
        .getByText(new RegExp(`^${address}–`))
        .waitFor();
    await at(starts[0]);
    for (const start of starts.slice(1)) {
      await press(page, 'ArrowRight');
      await at(start);
    }
    for (const start of starts.reverse().slice(1)) {
      await press(page, 'ArrowLeft');
      await at(start);
    }
    // Before the first one there is none: nothing moves.
    await press(page, 'ArrowLeft');
    await at('0xfffe8000');
    expect(await widthOf(page)).toBe(4096n);
  });

  it('goes from device to device and from mark to mark with { } and [ ]', async () => {
    await press(page, '{');
    await selectedRow(page, 'Devices').getByText('00:06.0').waitFor();
    const readout = page.locator('.map-readout');
    await press(page, ']');
    await readout.getByText('0x1f00000 · 1 fault').waitFor();
    await press(page, ']');
    await readout.getByText('0xdead000 · 1 fault').waitFor();
    const [from, to] = await shown(page);
    expect(from <= 0xdead000n && 0xdead000n <= to).toBe(true);
    await page.locator('.statusbar').getByText('00:06.0 IOVA 0xdead000').waitFor();
    await press(page, ']');
    await readout.getByText('0xdeaf000 · 1 fault').waitFor();
    await press(page, ']');
    // No more faults of this device: the next one with a mark has spans that could not be read.
    await selectedRow(page, 'Devices').getByText('01:00.0').waitFor();
    await readout
      .getByText(/^0x[0-9a-f]+–0x[0-9a-f]+, .*iB, .*excluded by the dump's filter/)
      .waitFor();
    await press(page, '[');
    await selectedRow(page, 'Devices').getByText('00:06.0').waitFor();
    await readout.getByText('0xdeaf000 · 1 fault').waitFor();
    await press(page, '}');
    await selectedRow(page, 'Devices').getByText('00:07.0').waitFor();
    await zoom(page).focus();
  });

  it('says range, size and owner of what is under the pointer', async () => {
    const readout = page.locator('.map-readout');
    const physical = page.getByRole('img', { name: /^Physical addresses/ });
    await physical.hover({ position: { x: 120, y: 28 } });
    await readout.getByText(/^Physical: 0x[0-9a-f]+–0x[0-9a-f]+, .*iB, \w/).waitFor();
    const strip = page.getByRole('img', { name: /^00:07\.0: 0x/ });
    const { width } = (await strip.boundingBox())!;
    await strip.hover({ position: { x: width - 1, y: 12 } });
    await readout
      .getByText(/^00:07\.0: 0x[0-9a-f]+–0x[0-9a-f]+, .*memory, domain 7 of dmar0$/)
      .waitFor();
    await strip.hover({ position: { x: width / 2, y: 12 } });
    await readout.getByText(/^00:07\.0: 0x[0-9a-f]+, not mapped$/).waitFor();
    await zoom(page).hover({ position: { x: 1, y: 30 } });
    await zoom(page).focus();
  });

  it('zooms from all addresses to one page, and pans', async () => {
    await press(page, 'Shift+Z');
    await expect.poll(() => widthOf(page)).toBe(1n << 64n);
    await press(page, '-');
    expect(await widthOf(page)).toBe(1n << 64n);
    await press(page, '+');
    await expect.poll(() => widthOf(page)).toBe(1n << 63n);
    await press(page, 'Home');
    for (let size = 63; size > 12; size--) await press(page, 'w');
    await expect.poll(() => widthOf(page)).toBe(4096n);
    await press(page, '+');
    expect(await widthOf(page)).toBe(4096n);
    const [from] = await shown(page);
    await press(page, 's s');
    await expect.poll(() => widthOf(page)).toBe(16384n);
    const [before] = await shown(page);
    await press(page, 'd');
    await expect.poll(async () => (await shown(page))[0]).toBe(before + 8192n);
    await press(page, 'a');
    await expect.poll(async () => (await shown(page))[0]).toBe(before);
    expect(from).toBeGreaterThan(0n);
  });

  it('zooms around the pointer by the wheel', async () => {
    const strip = zoom(page).locator('canvas');
    const box = await strip.boundingBox();
    if (!box) throw new Error('the strip is not there');
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    const before = await widthOf(page);
    await page.mouse.wheel(0, 100);
    await expect.poll(() => widthOf(page)).toBe(before * 2n);
    await page.mouse.wheel(0, -100);
    await expect.poll(() => widthOf(page)).toBe(before);
  });

  it('has a table of the same regions, and a click selects for all panels', async () => {
    await page.getByRole('button', { name: 'Table', exact: true }).click();
    const rows = page.getByRole('grid', { name: 'Regions in view' });
    await zoom(page).focus();
    await press(page, 'Shift+Z');
    await rows.locator('.row').first().waitFor();
    await press(page, 'End');
    for (let n = 0; n < 45; n++) await press(page, '+');
    await press(page, 'End');
    await rows.locator('.row').last().click();
    await page
      .locator('.statusbar')
      .getByText(/00:07\.0 IOVA 0x/)
      .waitFor();
    // The entry of the region's leaf stands in the inspector.
    await page
      .locator('.entry-title')
      .getByText(/^L1 entry \d+$/)
      .waitFor();
  });

  it('opens the leaf in Tables', async () => {
    await page.getByRole('grid', { name: 'Regions in view' }).focus();
    await press(page, 'Enter');
    await selectedRow(page, 'Tables').getByText('L1[').waitFor();
    expect(await page.locator('.crumbs').textContent()).toMatch(/00:07\.0.*L3.*L2.*L1/);
  });

  it('lists who can reach the page that an entry maps, and leads back to the entry', async () => {
    await press(page, 'g w');
    await page.getByText(/ways? of \d+ devices? to reach/).waitFor();
    const row = reached(page).getByRole('row').filter({ hasText: '00:07.0' });
    expect(await row.count()).toBeGreaterThan(0);
    await row.first().click();
    await press(page, 'Enter');
    await page.waitForSelector('[aria-label="Tables"]:focus');
    await selectedRow(page, 'Tables').getByText('L1[').waitFor();
  });

  it('takes ranges, and says what is wrong with what is no address', async () => {
    const field = page.getByLabel('Physical address or range');
    await field.fill('0x0-0x7fffffff');
    await field.press('Enter');
    await page.getByText(/^[\d,]+ ways of 6 devices/).waitFor();
    await field.fill('0xfffffffff000');
    await field.press('Enter');
    await page.getByText(/No device can reach the page of 0xfffffffff000/).waitFor();
    await field.fill('somewhere');
    await field.press('Enter');
    await page.getByText('Not a physical address: "somewhere". Write it as 0x13f2da000.').waitFor();
  });

  it('asks from the context menu of an address', async () => {
    await page.getByRole('button', { name: 'Reverse' }).click();
    await press(page, 'Escape g e');
    await page.waitForSelector('.ruler:focus');
    await page.locator('.entry-title ~ span .link').click({ button: 'right' });
    await page.getByRole('menuitem', { name: 'Who can reach this page?' }).click();
    await page.getByLabel('Physical address or range').waitFor();
    // A page table is nobody's to reach.
    await page
      .getByText(/No device can reach|to reach/)
      .first()
      .waitFor();
  });

  it('copies the picture', async () => {
    await press(page, 'Escape g m');
    await page.waitForSelector('[aria-label="Devices"]:focus');
    await page.getByRole('button', { name: 'Copy SVG' }).click();
    const read = (): Promise<string> => page.evaluate(() => navigator.clipboard.readText());
    await expect
      .poll(read)
      .toMatch(/^<svg [\s\S]*crashkernel 256 MiB[\s\S]*00:07\.0[\s\S]*<\/svg>$/);
  });

  it('has nothing to complain about', async () => {
    expect(await axeFindings(page)).toEqual([]);
    expect(window.complaints).toEqual([]);
  });
});

describe.skipIf(MISSING !== undefined)('the tables are a place to go to', () => {
  let browser: Browser;
  let window: TestWindow;
  let page: Page;
  const field = () => page.getByLabel('Go to a BDF, an address or a link');
  beforeAll(async () => {
    browser = await launch();
    window = await openSample(browser);
    ({ page } = window);
    await press(page, 'v 2');
    await page.waitForSelector('[aria-label="Tables"]:focus');
  });
  afterAll(async () => {
    await window?.close();
    await browser?.close();
  });

  it('goes to a device, and to the leaf of its address', async () => {
    await press(page, 'f');
    await page.keyboard.type('00:07.0');
    await press(page, 'Enter');
    await selectedRow(page, 'Tables').getByText('00:07.0').waitFor();
    await field().fill('00:07.0 0xffffa000');
    await field().press('Enter');
    await selectedRow(page, 'Tables').getByText('L1[506]').waitFor();
  });

  it("asks whether an address is the device's or memory's", async () => {
    await field().fill('0xffffb000');
    await field().press('Enter');
    await page.getByRole('menuitem', { name: /IOVA 0xffffb000 of 00:07\.0/ }).click();
    await selectedRow(page, 'Tables').getByText('L1[507]').waitFor();
    // The page that the leaf maps leads back to the leaf.
    await press(page, 'c');
    const mapped = await page.evaluate(() => navigator.clipboard.readText());
    await field().fill(mapped);
    await field().press('Enter');
    await page.getByRole('menuitem', { name: /00:07\.0 maps it/ }).click();
    await selectedRow(page, 'Tables').getByText('L1[507]').waitFor();
  });

  it('takes its own link back, here and in the jump box', async () => {
    await page.getByRole('tree', { name: 'Tables' }).focus();
    await press(page, 'l');
    const link = await page.evaluate(() => navigator.clipboard.readText());
    await field().fill('00:1f.2');
    await field().press('Enter');
    await selectedRow(page, 'Tables').getByText('00:1f.2').waitFor();
    await field().fill(link);
    await field().press('Enter');
    await selectedRow(page, 'Tables').getByText('L1[507]').waitFor();
    await page.getByLabel('Jump').focus();
    await page.keyboard.insertText(link);
    await page.getByRole('option', { name: /L1\[507\]/ }).waitFor();
    await press(page, 'Escape');
  });

  it('shows raw words beside their meaning', async () => {
    await page.getByRole('button', { name: 'Raw', exact: true }).click();
    await selectedRow(page, 'Tables')
      .locator('.tree-raw')
      .getByText(/^[0-9a-f]{16}$/)
      .waitFor();
  });

  it('says what is no place', async () => {
    await field().fill('nowhere');
    await field().press('Enter');
    await page
      .getByRole('alert')
      .getByText('Not found: a BDF, an address or a link')
      .waitFor({ state: 'attached' });
    await field().fill('');
  });

  it('lists what changed since the last look, until it is seen', async () => {
    await page.getByRole('tree', { name: 'Tables' }).focus();
    await press(page, 'i');
    await page.waitForSelector('.ruler:focus');
    await press(page, 'End Enter');
    await page.getByLabel(/^New value of/).fill('0');
    await press(page, 'Enter');
    const list = page.getByRole('button', { name: /1 changed/ });
    await list.click();
    await page.getByRole('menuitem', { name: /L1\[507\]/ }).waitFor();
    // A change of memory is no reason to look elsewhere.
    expect(await page.locator('.status-selection').textContent()).toContain('00:07.0');
    await press(page, 'Escape t z');
    await list.waitFor({ state: 'detached' });
  });

  it('has nothing to complain about', async () => {
    expect(await axeFindings(page)).toEqual([]);
    expect(window.complaints).toEqual([]);
  });
});
