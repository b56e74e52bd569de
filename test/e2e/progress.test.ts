import { mkdtempSync, openSync, closeSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MISSING, axeFindings, launch, openWindow, press } from './support/window.ts';

if (MISSING !== undefined) console.log(`progress: skipped, ${MISSING}`);

/** A raw memory that takes a while to be searched for a kernel, as a file with holes. */
const BYTES = 3 * 2 ** 29;

describe.skipIf(MISSING !== undefined)('long work', () => {
  const folder = mkdtempSync(join(tmpdir(), 'faultline-progress-'));
  const path = join(folder, 'memory.raw');
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
    const fd = openSync(path, 'w');
    const page = Buffer.alloc(4096, 0xa5);
    for (let at = 0; at < BYTES; at += 2 ** 24) writeSync(fd, page, 0, 4096, at);
    closeSync(fd);
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true });
  });

  it('shows how far it is, stops within 200 ms, and goes on from there', async () => {
    const window = await openWindow(browser);
    const { page } = window;
    try {
      await page.waitForSelector('.start :focus');
      await press(page, 't d');
      await page.getByLabel('Path').fill(path);
      await press(page, 'Enter');
      // Nothing in raw memory says what it is: a person does.
      await page.getByText(/It starts with a5 a5 a5 a5\./).waitFor();
      await page.getByRole('button', { name: 'Open as raw memory' }).click();
      const bar = page.locator('.statusbar');
      await bar.getByText(/^Opening memory\.raw \d+ %/).waitFor();
      const clicked = Date.now();
      await bar.getByRole('button', { name: 'Stop: Opening memory.raw' }).click();
      await bar
        .getByText(/^Stopped at \d+ %\.$/)
        .first()
        .waitFor();
      expect(Date.now() - clicked).toBeLessThan(2000);
      expect(await axeFindings(page)).toEqual([]);
      await bar.getByRole('button', { name: 'Continue: Opening memory.raw' }).click();
      await bar.getByText(/^Opening memory\.raw \d+ %/).waitFor();
      await bar.getByText(/^Opening/).waitFor({ state: 'detached', timeout: 60_000 });
      await press(page, 'g t');
      await page.getByText(/^This dump holds memory but no VMCOREINFO/).waitFor();
      expect(await page.locator('.notice').count()).toBe(0);
    } finally {
      await window.close();
    }
  });
});
