import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestWindow } from './support/window.ts';
import {
  MISSING,
  axeFindings,
  launch,
  openSample,
  openWindow,
  press,
  selectedRow,
} from './support/window.ts';

if (MISSING !== undefined) console.log(`notes and sessions: skipped, ${MISSING}`);

/** What an action gives as a file. */
async function saved(
  page: Page,
  act: () => Promise<unknown>,
): Promise<{ name: string; text: string }> {
  const [download] = await Promise.all([page.waitForEvent('download'), act()]);
  return { name: download.suggestedFilename(), text: readFileSync(await download.path(), 'utf8') };
}

const chooseIn = (page: Page, title: string) => page.getByRole('menuitem', { name: title }).click();

describe.skipIf(MISSING !== undefined)('notes and sessions', () => {
  const state = mkdtempSync(join(tmpdir(), 'faultline-e2e-notes-'));
  let browser: Browser;
  let window: TestWindow;
  let page: Page;
  const before = process.env['FAULTLINE_STATE'];

  beforeAll(async () => {
    process.env['FAULTLINE_STATE'] = state;
    browser = await launch();
    window = await openSample(browser);
    ({ page } = window);
    await page.waitForSelector('[aria-label="Faults"]:focus');
  });
  afterAll(async () => {
    await window?.close();
    await browser?.close();
    if (before === undefined) delete process.env['FAULTLINE_STATE'];
    else process.env['FAULTLINE_STATE'] = before;
    rmSync(state, { recursive: true, force: true });
  });

  it('pins a note to the selected fault, and what is typed stays text', async () => {
    await press(page, 'n n');
    const editor = page.getByRole('textbox', { name: /^Text of the note on #1 00:06\.0/ });
    await editor.waitFor();
    await page.waitForFunction(() => document.activeElement?.matches('.notes-editor'));
    await page.keyboard.type('**never mapped** <img src=x onerror=alert(1)> see #1');
    const read = page.getByRole('region', { name: 'The note as it reads' });
    await read.getByText('never mapped', { exact: true }).waitFor();
    expect(await read.locator('strong').textContent()).toBe('never mapped');
    expect(await read.locator('img').count()).toBe(0);
    expect(await read.textContent()).toContain('<img src=x onerror=alert(1)>');
    await page.keyboard.press('Escape');
    await selectedRow(page, 'Notes').getByText('never mapped').waitFor();
    expect(await axeFindings(page)).toEqual([]);
  });

  it('pins an entry with one key, and the entry says so', async () => {
    await press(page, 'v 2 F2');
    await page.keyboard.type('00:06.0');
    await page
      .getByRole('option', { name: /00:06\.0/ })
      .first()
      .waitFor();
    await press(page, 'Enter');
    await page.getByText('context entry of 00:06.0').first().waitFor();
    await selectedRow(page, 'Tables').getByText('00:06.0').waitFor();
    await press(page, 'g t p');
    await page.getByText('Pinned to Notes: dmar0/00:06.0/context').waitFor();
    await press(page, 'Escape i');
    await page.locator('.facts').getByRole('button', { name: '1 note' }).waitFor();
    await selectedRow(page, 'Tables').getByRole('button', { name: '1 note' }).waitFor();
  });

  it('marks the fault’s row and the console’s line, and shows the report before it is saved', async () => {
    await press(page, 'v 1 g f');
    await page.waitForSelector('[aria-label="Faults"]:focus');
    await page
      .locator('[aria-label="Faults"] .row')
      .getByRole('img', { name: /never mapped/ })
      .first()
      .waitFor();
    await page.locator('.console-row.has-note').getByText('512').waitFor();
    await press(page, 'n r');
    const dialog = page.getByRole('dialog', { name: 'Report of the investigation' });
    await dialog
      .getByText('Addresses and host names stay as they are. Replace host names?')
      .waitFor();
    await dialog.getByLabel('Phases of the boot').uncheck();
    await dialog.getByRole('button', { name: 'Preview' }).click();
    const frame = page.frameLocator('iframe[title="Preview of the report"]');
    await frame.getByRole('heading', { name: 'What is not known' }).waitFor();
    await frame.getByText('Left out of this report: Phases.').waitFor();
    expect(await frame.getByRole('heading', { name: 'Phases' }).count()).toBe(0);
    await dialog.getByLabel('Format').selectOption('markdown');
    await dialog.getByRole('button', { name: 'Preview' }).click();
    await dialog.getByText(/# Sample: intel-6\.1/).waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await press(page, 'Escape');
    await dialog.waitFor({ state: 'detached' });
    expect(window.complaints).toEqual([]);
    await press(page, 'v 2 i');
  });

  it('changes a field', async () => {
    await page.getByRole('button', { name: /^Change DID/ }).click();
    await page.getByLabel(/^New value of DID/).fill('0xb');
    await press(page, 'Enter');
    await page.locator('.statusbar').getByText('1 change').waitFor();
  });

  it.each<[string, string, string, RegExp]>([
    [
      'CSV',
      'v 1',
      'Save the table as CSV…',
      /^n,line,time,kernel,[^\n]*\n1,512,16\.\d+,0,dma,read,00:06\.0/,
    ],
    [
      'JSON',
      'g t',
      'Save the table as JSON…',
      /"schema": "faultline\.table\/1"[^]*"path": "dmar0\/00:06\.0\/context"/,
    ],
    ['Markdown', 'g n', 'Save the table as Markdown…', /\| #1 00:06\.0|\| \\#1 00:06\.0/],
  ])('saves a table as %s', async (_format, go, item, holds) => {
    await press(page, go);
    await page.waitForFunction(() => document.activeElement?.closest('.panel') !== null);
    await press(page, 'Escape Shift+C');
    const { text } = await saved(page, () => chooseIn(page, item));
    expect(text).toMatch(holds);
  });

  it('is there again when everything was ended and started anew', async () => {
    // The window saves its own state a second after the last change.
    await page.waitForFunction(async () => {
      await new Promise((resolve) => requestAnimationFrame(resolve));
      return !document.querySelector('.loading-bar');
    });
    const { engine } = window.served;
    const client = engine.client();
    await expect
      .poll(async () => (await client.call('view.load', {})).state ?? '', { timeout: 15_000 })
      .toContain('"selection"');
    client.close();
    await window.close();

    window = await openWindow(browser);
    ({ page } = window);
    const row = page.getByRole('button', { name: /Sample: intel-6\.1/ });
    await row.waitFor();
    expect(await row.textContent()).toMatch(/3 faults.*1 change.*2 notes/);
    expect(await axeFindings(page)).toEqual([]);
    await row.click();
    await page.locator('.statusbar').getByText('1 change').waitFor();
    await press(page, 'g n');
    await page.getByRole('grid', { name: 'Notes' }).getByText('never mapped').waitFor();
    await page.getByRole('grid', { name: 'Notes' }).getByText('never mapped').click();
    await page
      .locator('.notes-head')
      .getByRole('button', { name: /#1 00:06\.0/ })
      .click();
    await page
      .getByRole('heading', { name: /00:06\.0/ })
      .first()
      .waitFor();
    await press(page, 'v 2');
    await page.locator('.row.is-changed').first().waitFor();
    expect(window.complaints).toEqual([]);
  });

  it('is saved as a copy that another engine opens', async () => {
    const { name, text } = await saved(page, () => press(page, 'n s'));
    expect(name).toBe('Sample-intel-6.1.faultline');
    expect(JSON.parse(text)).toMatchObject({ format: 'faultline.session', version: 2 });
    await press(page, 'n o');
    const dialog = page.getByRole('dialog', { name: 'Open a session' });
    await dialog.waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await press(page, 'Escape');
    await dialog.waitFor({ state: 'detached' });
  });
});
