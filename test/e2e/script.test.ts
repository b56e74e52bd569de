import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { sharedWindow } from './support/shared-window.ts';
import { MISSING, axeFindings, openSample, press } from './support/window.ts';

if (MISSING !== undefined) console.log(`script and lab: skipped, ${MISSING}`);

describe.skipIf(MISSING !== undefined)('script and hand-off lab', () => {
  const window = sharedWindow(openSample);
  let page: Page;
  beforeAll(() => {
    ({ page } = window);
  });

  const output = (): ReturnType<Page['locator']> => page.getByRole('log', { name: 'Output' });

  it('runs the sample that finds and changes the faulting device’s entry', async () => {
    await press(page, 'g s');
    await page.waitForSelector('.monaco-editor :focus', { state: 'attached' });
    await press(page, 'Control+Enter');
    await output()
      .getByText(/finished after/)
      .waitFor();
    expect(await output().textContent()).toContain('00:06.0');
    expect(await output().textContent()).toContain('Present bit in context entry is clear');
    // What it printed leads somewhere.
    await output().getByRole('button', { name: 'dmar0/00:06.0/context' }).first().click();
    await page.getByRole('tree', { name: 'Tables' }).waitFor();
  });

  it('completes from the API’s own types', async () => {
    await press(page, 'g s');
    await page.waitForSelector('.monaco-editor :focus', { state: 'attached' });
    await press(page, 'Control+a');
    await page.keyboard.type('const first = un');
    // The language service may still be starting: it is asked until it knows the API.
    const known = page.locator('.suggest-widget').getByText('units').first();
    await expect
      .poll(
        async () => {
          if (await known.isVisible()) return true;
          await press(page, 'Control+Space');
          await known.waitFor({ timeout: 3000 }).catch(() => undefined);
          return known.isVisible();
        },
        { timeout: 60_000 },
      )
      .toBe(true);
    await press(page, 'Escape');
  });

  it('keeps what a line of the REPL declares', async () => {
    const repl = page.getByLabel('One line of script');
    await repl.fill('const answer = 6 * 7');
    await repl.press('Enter');
    // The second run of this window, after the sample's.
    await output()
      .getByText(/finished after/)
      .nth(1)
      .waitFor();
    await repl.fill('answer + 0.5');
    await repl.press('Enter');
    await output()
      .getByText(/^‹ 42\.5$/)
      .waitFor();
    await repl.press('ArrowUp');
    await repl.press('ArrowUp');
    expect(await repl.inputValue()).toBe('const answer = 6 * 7');
    await repl.fill('');
  });

  it('draws a chart, which is a table too, and copies a table', async () => {
    const repl = page.getByLabel('One line of script');
    await repl.fill("chart([[0, 1], [1, 4], [2, 9]], 'Squares')");
    await repl.press('Enter');
    const drawn = output().getByRole('img', { name: /^Squares: 3 points, x from 0 to 2/ });
    await drawn.waitFor();
    await output().getByRole('button', { name: 'Show as table' }).click();
    await output().getByRole('cell', { name: '9', exact: true }).waitFor();
    await output().getByRole('cell', { name: '9', exact: true }).focus();
    await press(page, 'c');
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe('9');
    expect(await axeFindings(page)).toEqual([]);
  });

  it('stops a script that does not end, with the window alive', async () => {
    const repl = page.getByLabel('One line of script');
    await repl.fill('while (true) {}');
    await repl.press('Enter');
    await page.getByRole('button', { name: 'Stop' }).click();
    await output()
      .getByText(/stopped/)
      .last()
      .waitFor();
    await repl.fill('1 + 1');
    await repl.press('Enter');
    await output().getByText(/^‹ 2$/).waitFor();
  });

  it('ends a script that takes too much memory, with the window alive', async () => {
    const repl = page.getByLabel('One line of script');
    await repl.fill('{ const kept = []; for (;;) kept.push(new Uint8Array(1 << 22).fill(1)); }');
    await repl.press('Enter');
    await output()
      .getByText(/MiB of memory/)
      .waitFor({ timeout: 60_000 });
    await repl.fill('2 + 2');
    await repl.press('Enter');
    await output().getByText(/^‹ 4$/).waitFor();
  });

  it('says where a script failed', async () => {
    const repl = page.getByLabel('One line of script');
    await repl.fill('throw new Error("no such device")');
    await repl.press('Enter');
    await output().getByRole('alert').getByText('no such device').waitFor();
  });

  it('plays the hpsa story under both strategies', async () => {
    await press(page, 'Escape g o');
    const lab = page.getByRole('grid', { name: 'Outcomes by strategy and scenario' });
    await lab.waitFor();
    expect(await page.getByText('simulated, not measured').count()).toBe(1);
    await page.getByRole('button', { name: 'Run all' }).click();
    await lab.getByRole('button', { name: /^Copy context tables, hpsa.*device lost/ }).waitFor();
    await lab
      .getByRole('button', { name: /^Copy context tables, flush on map.*dump saved/ })
      .waitFor();
    await lab.getByRole('button', { name: /device lost/ }).click();
    const steps = page.getByRole('region', { name: 'Steps of the run' });
    await steps.focus();
    await press(page, 'End');
    await page
      .getByLabel('Console up to this step')
      .getByText(/fault addr.*reason 06/)
      .first()
      .waitFor();
    await press(page, 'Home ArrowRight');
    await steps.getByText('Step 2 of').waitFor();
    expect(await axeFindings(page)).toEqual([]);
    expect(window.complaints).toEqual([]);
  });
});
