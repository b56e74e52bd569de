import type { ChildProcess } from 'node:child_process';
import { createWriteStream, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SOCAT, cable } from '../support/cable.ts';
import { MISSING, axeFindings, launch, openWindow, press } from './support/window.ts';

if (MISSING !== undefined) console.log(`driving a target: skipped, ${MISSING}`);

describe.skipIf(MISSING !== undefined || !SOCAT)('driving a target', () => {
  let browser: Browser;
  let child: ChildProcess;
  let target: string;
  let here: string;
  const folder = mkdtempSync(join(tmpdir(), 'faultline-target-'));
  beforeAll(async () => {
    browser = await launch();
    ({ child, target, here } = await cable());
  });
  afterAll(async () => {
    await browser?.close();
    child?.kill();
    rmSync(folder, { recursive: true });
  });

  it('writes only when armed by its name, logs to a file, and folds a storm', async () => {
    const window = await openWindow(browser);
    const { page, complaints } = window;
    const name = here.split('/').at(-1)!;
    const chip = page.locator('.write-state');
    const fd = openSync(target, 'r+');
    const port = createWriteStream('', { fd, autoClose: false });
    /** What the target's end has got. */
    const got = (): string => {
      const into = Buffer.alloc(64);
      return into.toString('latin1', 0, readSync(fd, into));
    };
    try {
      await page.waitForSelector('.start :focus');
      await press(page, 't c');
      await page.getByLabel('Port').fill(here);
      await page.getByRole('button', { name: 'Connect', exact: true }).click();
      await page.locator('.console').waitFor();
      await press(page, 'g c');
      await page.waitForSelector(`[aria-label="Console ${name}"]:focus`);

      // The first key says what is to be done.
      await press(page, 'z');
      await page.getByText('Read-only. T A arms writes.').waitFor();
      expect(await chip.textContent()).toBe('Read-only');

      // Arming asks for the name; Cancel has the focus, and another name arms nothing.
      await press(page, 't a');
      const dialog = page.getByRole('dialog', { name: `Arm writes to ${name}?` });
      await dialog.getByRole('button', { name: 'Cancel' }).and(page.locator(':focus')).waitFor();
      await dialog.getByLabel('Name of the target').fill('other');
      expect(await dialog.getByRole('button', { name: 'Arm writes' }).isDisabled()).toBe(true);
      expect(await axeFindings(page)).toEqual([]);
      await dialog.getByLabel('Name of the target').fill(name);
      await press(page, 'Enter');
      await chip.getByText(/Writes armed [45]:\d\d/).waitFor();
      await page.locator('.console.is-armed').waitFor();
      await page.locator(`[aria-label="Console ${name}"]`).click();
      await page.keyboard.type('ls');
      await page.keyboard.press('Enter');
      let sent = '';
      await expect.poll(() => (sent += got())).toBe('ls\r');

      // SysRq that destroys asks by name too; a pty has no break, and that is said.
      await page.getByRole('button', { name: 'SysRq ▾' }).click();
      await page.getByRole('menuitem', { name: /^c: Crash the kernel/ }).click();
      const confirm = page.getByRole('dialog', { name: `Send SysRq c to ${name}?` });
      await confirm.getByLabel('Name of the target').fill(name);
      await press(page, 'Enter');
      await confirm.getByText(/no real line/).waitFor();
      await confirm.getByRole('button', { name: 'Cancel' }).click();

      // The log file gets what was said before and what comes.
      port.write('before\r\n');
      await page.locator('.xterm-rows').getByText('before').waitFor();
      await page.getByRole('button', { name: '○ Log to file' }).click();
      const path = join(folder, 'target.log');
      await page.getByLabel('Log file').fill(path);
      await page.getByRole('button', { name: 'Log', exact: true }).click();
      await page.getByRole('button', { name: /^● Log: target\.log/ }).waitFor();
      const line = 'DMAR: DRHD: handling fault status reg 2';
      const storm = Array.from({ length: 1500 }, () => `[   20.000001] ${line}\r\n`).join('');
      port.write(storm);
      port.write('after\r\n');
      await page.locator('.xterm-rows').getByText('after').waitFor();
      await page
        .locator('.console-count')
        .filter({ hasText: /^× [\d,]+$/ })
        .first()
        .waitFor();
      await expect.poll(() => readFileSync(path, 'latin1')).toBe(`before\r\n${storm}after\r\n`);
      await page.getByRole('button', { name: 'Fold' }).click();
      await page.locator('.console-number').getByText('1502', { exact: true }).waitFor();

      // Disconnecting disarms.
      await press(page, 'Shift+F2 t x');
      await chip.getByText('Read-only').waitFor();
      await page.getByRole('button', { name: 'Reconnect' }).waitFor();
      expect(complaints).toEqual([]);
    } finally {
      await window.close();
      port.destroy();
    }
  });
});
