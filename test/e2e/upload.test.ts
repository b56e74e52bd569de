import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MISSING, launch, openWindow, press, selectedRow } from './support/window.ts';

if (MISSING !== undefined) console.log(`files that are dropped: skipped, ${MISSING}`);

const LOG = `[    3.000000] DMAR: [DMA Write NO_PASID] Request device [02:00.0] fault addr 0xdead000 [fault reason 0x05] PTE Write access is not set\n`;

describe.skipIf(MISSING !== undefined)('files that are dropped on the window', () => {
  const state = mkdtempSync(join(tmpdir(), 'faultline-dropped-'));
  const before = process.env['FAULTLINE_STATE'];
  let browser: Browser;
  beforeAll(async () => {
    process.env['FAULTLINE_STATE'] = state;
    browser = await launch();
  });
  afterAll(async () => {
    if (before === undefined) delete process.env['FAULTLINE_STATE'];
    else process.env['FAULTLINE_STATE'] = before;
    await browser?.close();
    rmSync(state, { recursive: true, force: true });
  });

  it('are kept with the session, which finds them again; the words say so', async () => {
    const first = await openWindow(browser);
    try {
      const { page } = first;
      await page.waitForSelector('.start :focus');
      /** What is dragged; the browser empties it with each event. */
      const dragged = () =>
        page.evaluateHandle((text) => {
          const files = new DataTransfer();
          files.items.add(new File([text], 'ttyS0.log'));
          return files;
        }, LOG);
      await page.dispatchEvent('.start', 'dragover', { dataTransfer: await dragged() });
      await page
        .getByText('Drop to open: vmcore, raw memory, console log or session', { exact: true })
        .waitFor();
      await page.dispatchEvent('.start', 'drop', { dataTransfer: await dragged() });
      await selectedRow(page, 'Faults').getByText('02:00.0').waitFor();
      await page
        .getByText(/^ttyS0\.log is kept on .+ with this session \(\d+ B\), so that it finds it/)
        .waitFor();
      expect(await page.locator('.notice').count()).toBe(1);
      await press(page, 'Escape');
      await page.locator('.notice').waitFor({ state: 'detached' });
    } finally {
      await first.close();
    }

    // Another server: the session is listed, and opens without looking for its file.
    const second = await openWindow(browser);
    try {
      const { page } = second;
      await page.waitForSelector('.start :focus');
      const recent = page.locator('.start-recent').first();
      expect(await recent.textContent()).toContain('1 fault');
      expect(await recent.textContent()).not.toContain('File not found');
      await recent.click();
      await page.locator('[aria-label="Faults"]').getByText('02:00.0').first().waitFor();
      await page.locator('.statusbar').getByText('1 fault', { exact: true }).waitFor();
    } finally {
      await second.close();
    }
  });
});
