import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { captureBytes, capturePath } from '../support/captures.ts';
import type { TestWindow } from './support/window.ts';
import {
  MISSING,
  launch,
  openSample,
  openWindow,
  press,
  selectedRow,
  watchForAlert,
} from './support/window.ts';

if (MISSING !== undefined) console.log(`shell: skipped, ${MISSING}`);

describe.skipIf(MISSING !== undefined)('the shell of the window', () => {
  let browser: Browser;
  let window: TestWindow;
  beforeAll(async () => {
    browser = await launch();
    window = await openSample(browser);
  });
  afterAll(async () => {
    await window?.close();
    await browser?.close();
  });

  it('leads through groups, tabs and the rail by keys', async () => {
    const { page } = window;
    const focused = (): Promise<string> =>
      page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? '');
    await page.waitForSelector('[aria-label="Faults"]:focus');
    await press(page, 'F8');
    await expect.poll(focused).toBe('Console console.cast');
    await press(page, 'F8');
    await expect.poll(focused).toBe('Explanation');
    await press(page, 'Shift+F8 Shift+F8');
    await expect.poll(focused).toBe('Faults');
    await press(page, '2');
    await expect.poll(focused).toBe('Tables');
    await press(page, '1');
    await expect.poll(focused).toBe('Faults');
    // One tab stop each for the toolbar's buttons, the rail and the status bar.
    const stops = await page.evaluate(() =>
      ['.toolbar', '.rail', '.statusbar'].map(
        (part) => document.querySelectorAll(`${part} button[tabindex="0"]`).length,
      ),
    );
    expect(stops).toEqual([1, 1, 1]);
    await page.locator('.rail-row', { hasText: 'Console' }).focus();
    await press(page, 'ArrowDown');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('RRegisters');
    await press(page, 'g f');
  });

  it('lists what may follow a leader, and Esc forgets it', async () => {
    const { page } = window;
    await press(page, 'v');
    await page.getByRole('status', { name: 'Keys after V' }).getByText('Layout: Lab').waitFor();
    await press(page, 'Escape');
    expect(await page.getByRole('status', { name: 'Keys after V' }).count()).toBe(0);
    await press(page, '3');
    expect(await page.getByText('simulated, not measured').count()).toBe(0);
  });

  it('goes back and forward through selections with the browser’s own keys', async () => {
    const { page } = window;
    await page.waitForSelector('[aria-label="Faults"]:focus');
    await press(page, 'Home ArrowDown ArrowDown');
    await page.getByRole('heading', { name: /0xdead000/ }).waitFor();
    await press(page, 'ArrowDown');
    await page.getByRole('heading', { name: /0xdeaf000/ }).waitFor();
    await page.goBack();
    await page.getByRole('heading', { name: /0xdead000/ }).waitFor();
    await page.goForward();
    await page.getByRole('heading', { name: /0xdeaf000/ }).waitFor();
  });

  it('filters, completes and says what is wrong with a filter', async () => {
    const { page } = window;
    await press(page, 'f');
    await page.keyboard.type('re');
    await page.getByRole('option', { name: /reason:/ }).waitFor();
    await press(page, 'Tab');
    await page.getByRole('option', { name: /0x05.*2/ }).waitFor();
    await page.keyboard.type('zz');
    await page.getByRole('alert').getByText('reason takes a hex code such as 0x06').waitFor();
    const box = page.getByLabel('Filter faults');
    await box.fill('reason:0x05');
    await page.getByText('2 of 3').waitFor();
    await box.fill('bdf:09:00.0');
    await page.getByText('0 of 3 faults pass.').waitFor();
    await page.getByRole('button', { name: /Clear filter/ }).click();
    await selectedRow(page, 'Faults').or(page.locator('.row.is-group')).first().waitFor();
    expect(await box.inputValue()).toBe('');
  });

  it('follows a link to an entry', async () => {
    const { page } = window;
    await page.evaluate(() => {
      location.hash = '#dmar0/01:00.0/context';
    });
    await selectedRow(page, 'Tables').getByText('01:00.0').waitFor();
  });

  it('remembers theme, layout and session over a reload', async () => {
    const { page } = window;
    await press(page, 'v 2 v t');
    await expect
      .poll(() => page.evaluate(() => document.documentElement.dataset.theme))
      .toBe('light');
    await page.reload();
    await page.getByRole('tree', { name: 'Tables' }).waitFor();
    expect(await page.locator('[aria-label="Faults"][role="treegrid"]').count()).toBe(0);
    expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe('light');
    await page.locator('.statusbar').getByText('3 faults').waitFor();
  });

  it('says that the engine stopped, and goes on when it is back', async () => {
    const { page, served } = window;
    const { pid } = served.engine;
    expect(pid).toBeDefined();
    const stopped = await watchForAlert(page, 'The engine stopped');
    process.kill(pid!, 'SIGKILL');
    expect(await stopped()).toContain('it starts again by itself');
    await page.locator('.notice').waitFor({ state: 'detached', timeout: 60_000 });
    await page.getByRole('tree', { name: 'Tables' }).getByText('dmar0').waitFor();
  });

  it.each([
    ['joins what a person has open', ['tables.before.elf', 'other.log'], false],
    ['takes the place of the sample', ['other.log'], true],
  ])('a dropped log %s', async (_, chips, sample) => {
    const files = ['tables.before.elf', 'regs.before.json'];
    const paths = sample ? undefined : files.map((name) => capturePath('intel-6.1', name));
    const dropped = await openWindow(browser, { paths, sample });
    const { page } = dropped;
    try {
      await page.locator('.statusbar').getByText('dmar0').waitFor();
      const text = captureBytes('intel-6.1', 'console.log').toString('latin1').slice(0, 4000);
      const transfer = await page.evaluateHandle((content) => {
        const data = new DataTransfer();
        data.items.add(new File([content], 'other.log', { type: 'text/plain' }));
        return data;
      }, text);
      await page.dispatchEvent('.shell', 'drop', { dataTransfer: transfer });
      for (const chip of chips) await page.locator('.chip').getByText(chip).first().waitFor();
      if (sample)
        await page.locator('.chip').getByText('vmcore').first().waitFor({ state: 'detached' });
    } finally {
      await dropped.close();
    }
  });
});
