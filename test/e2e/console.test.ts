import { spawn, spawnSync } from 'node:child_process';
import { createWriteStream, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { captureBytes } from '../support/captures.ts';
import { MISSING, launch, openSample, openWindow, press, selectedRow } from './support/window.ts';

const NO_SOCAT = spawnSync('socat', ['-V']).error !== undefined;
if (MISSING !== undefined) console.log(`console: skipped, ${MISSING}`);
else if (NO_SOCAT) console.log('console over a pty: skipped, needs socat');

/** What a hostile target may print: markup, a title, a link, questions to the terminal. */
const HOSTILE = [
  '[    1.000000] <img src=x onerror="document.title=`owned`"><script>document.title="owned"</script>',
  '[    1.100000] \u001b]0;owned\u0007title \u001b]8;;https://example.com/\u0007link\u001b]8;;\u0007 \u001b[6n\u001b[c\u001b[?1000h',
  '[    2.000000] DMAR: [DMA Write NO_PASID] Request device [02:00.0] fault addr 0x<b>1000</b> [fault reason 0x05] PTE',
  '[    3.000000] DMAR: [DMA Write NO_PASID] Request device [02:00.0] fault addr 0xdead000 [fault reason 0x05] PTE Write access is not set',
].join('\n');

describe.skipIf(MISSING !== undefined)('the console', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser?.close());

  it('keeps what a log says text', async () => {
    const window = await openWindow(browser);
    const { page, complaints } = window;
    try {
      await page.waitForSelector('.start :focus');
      await press(page, 't p');
      await page.getByLabel('Text').fill(HOSTILE);
      await page.getByRole('button', { name: 'Read it' }).click();
      await selectedRow(page, 'Faults').getByText('02:00.0').waitFor();
      await page.locator('.xterm-rows').getByText('<img src=x').waitFor();
      expect(await page.title()).toBe('Faultline');
      expect(await page.locator('img').count()).toBe(0);
      expect(await page.locator('.console a').count()).toBe(0);
      await page.locator('.xterm-rows').getByText('link').click({ force: true });
      expect(page.context().pages()).toHaveLength(1);
      expect(complaints).toEqual([]);
    } finally {
      await window.close();
    }
  });

  it('is that of the session that is open, when another took the place of the last', async () => {
    const window = await openSample(browser);
    const { page } = window;
    try {
      await page.locator('.xterm-rows').getByText('fault addr 0x1f00000').first().waitFor();
      await press(page, 't h');
      await page.locator('.xterm-rows').getByText('hpsa').first().waitFor();
      await page.locator('.console-row.is-current').first().waitFor();
      const lines = await page.locator('.xterm-rows').textContent();
      expect(lines).not.toContain('0x1f00000');
    } finally {
      await window.close();
    }
  });

  it('finds, moves by lines and keeps its place', async () => {
    const window = await openSample(browser);
    const { page } = window;
    try {
      await press(page, 'g c');
      await page.waitForSelector('[aria-label="Console console.cast"]:focus');
      await press(page, 'ArrowDown ArrowDown');
      await page.locator('.console-row.is-current').getByText('514').waitFor();
      await page.getByRole('heading', { name: /0xdead000/ }).waitFor();
      await press(page, 'f');
      await page.keyboard.type('makedumpfile Completed');
      await press(page, 'Enter');
      await page.locator('.console-number').getByText('1095').waitFor();
      await page.getByLabel('Find in the console').fill('no such text');
      await press(page, 'Enter');
      await page.locator('.console-find[aria-invalid="true"]').waitFor();
      await press(page, 'Escape');
      await page.getByRole('button', { name: 'Time: kernel' }).click();
      await page.getByRole('button', { name: 'Time: received' }).click();
      await page.getByRole('button', { name: 'Time: delta' }).waitFor();
      await expect
        .poll(() => page.locator('.console-time').first().textContent())
        .toMatch(/^\+|^$/);
    } finally {
      await window.close();
    }
  });

  it('keeps numbers and times beside their lines while the window changes its width', async () => {
    const window = await openWindow(browser);
    const { page } = window;
    /** Rows whose time column is not the time that the line itself prints. */
    const wrong = (): Promise<string[]> =>
      page.evaluate(() => {
        const text = [...document.querySelectorAll('.xterm-rows > div')];
        const rows = [...document.querySelectorAll('.console-row')].map((row, index) => ({
          time: row.querySelector('.console-time')?.textContent ?? '',
          printed: /^\[ *(\d+\.\d+)\]/.exec(text[index]?.textContent ?? '')?.[1],
        }));
        const stamped = rows.filter(({ printed }) => printed !== undefined);
        if (stamped.length === 0) return ['no line with a stamp'];
        return stamped
          .filter(({ time, printed }) => Number(printed).toFixed(3) !== time)
          .map(({ time, printed }) => `${printed} beside ${time}`);
      });
    try {
      await page.waitForSelector('.start :focus');
      await press(page, 'Enter');
      await page.locator('.console-row.is-current').first().waitFor();
      for (const width of [1210, 1500, 1290, 1600, 1240]) {
        await page.setViewportSize({ width, height: 800 });
        await page.locator('.console-row.is-current').getByText('512').waitFor();
        await expect.poll(wrong).toEqual([]);
      }
      for (const width of [1500, 1250, 1400, 1210, 1300])
        await page.setViewportSize({ width, height: 700 });
      await page.locator('.console-row.is-current').getByText('512').waitFor();
      await expect.poll(wrong).toEqual([]);
    } finally {
      await window.close();
    }
  });

  it.skipIf(NO_SOCAT)('takes what comes through a serial port to the fault list', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'faultline-pty-'));
    const [near, far] = [join(folder, 'near'), join(folder, 'far')];
    const socat = spawn('socat', [`pty,raw,echo=0,link=${near}`, `pty,raw,echo=0,link=${far}`]);
    const window = await openWindow(browser);
    const { page } = window;
    try {
      await expect.poll(() => existsSync(near) && existsSync(far), { timeout: 10_000 }).toBe(true);
      await page.waitForSelector('.start :focus');
      await press(page, 't c');
      await page.getByLabel('Port').fill(near);
      await page.getByRole('button', { name: 'Connect', exact: true }).click();
      await page.locator('.console').waitFor();

      const port = createWriteStream(far);
      const text = captureBytes('intel-6.1', 'console.log').toString('latin1').split('\n');
      port.write(Buffer.from(`${text.slice(505, 516).join('\n')}\n`, 'latin1'));
      await page.locator('.xterm-rows').getByText('0xdeaf000').waitFor();
      await page.locator('.statusbar').getByText('3 faults').waitFor();
      await press(page, 'g f');
      await selectedRow(page, 'Faults').getByText('00:06.0').waitFor();
      port.end();

      // Nobody allowed typing, so nothing is sent.
      await press(page, 'g c');
      await page.keyboard.type('z');
      expect(await page.locator('.write-state').textContent()).toBe('Read-only');
    } finally {
      await window.close();
      socat.kill();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
