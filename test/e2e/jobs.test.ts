import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expandedPaths, MISSING_CAPTURE } from '../support/captures.ts';
import { SHELLS } from './support/shells.ts';
import {
  MISSING,
  axeFindings,
  jumpTo,
  launch,
  press,
  selectedRow,
  watchForAlert,
} from './support/window.ts';

if (MISSING !== undefined) console.log(`whole jobs: skipped, ${MISSING}`);

/** Captures whose console tells of faults, and what stands at the end of the first one's walk. */
const CASES = [
  { name: 'intel-6.1', reason: '0x06', stop: 'L3 entry', tables: '00:06.0' },
  { name: 'intel-5.10', reason: '0x06', stop: 'L4 entry', tables: '00:06.0' },
  { name: 'intel-6.12-sm', reason: '0x71', stop: 'L4 entry', tables: 'PASID 0' },
] as const;

/** Opens a file by the dialog and the keyboard alone. */
async function open(page: Page, path: string): Promise<void> {
  await press(page, 't d');
  await page.getByRole('dialog').waitFor();
  const field = page.getByLabel('Path', { exact: true });
  await field.fill(path);
  await field.press('Enter');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
}

describe.skipIf(MISSING !== undefined).each(SHELLS)(
  'whole jobs on real captures ($shell)',
  (shell) => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await launch();
    });
    afterAll(() => browser?.close());

    for (const { name, reason, stop, tables } of CASES) {
      const [vmcore, log] = [expandedPaths(name, 'vmcore'), expandedPaths(name, 'console.log')];
      const missing = vmcore === undefined || log === undefined;
      if (missing) console.log(`whole job on ${name}: skipped, ${MISSING_CAPTURE}`);
      it.skipIf(missing)(
        `${name}: opens, finds the faulting device, explains, jumps, filters, and finds it all again`,
        async () => {
          const window = await shell.open(browser);
          const { page, complaints } = window;
          try {
            await page.waitForSelector('.start :focus');
            await open(page, vmcore![0]);
            await page.locator('.statusbar').getByText('dmar0').waitFor();
            await open(page, log![0]);

            // Find the faulting device, and why.
            await press(page, 'g f');
            await selectedRow(page, 'Faults').getByText('00:06.0').waitFor();
            await page.locator('.verdict h3').getByText('Not mapped').waitFor();
            await page
              .getByRole('heading', { name: /00:06\.0 was refused a DMA read at 0x1f00000/ })
              .waitFor();
            expect(await page.locator('.walk-step.is-stop').textContent()).toContain(stop);

            // Filter by words that complete and by the parser's other spellings, then all again.
            await press(page, 'f');
            const box = page.getByLabel('Filter faults');
            await box.fill('access:w && addr in 0xdeaf000..0xdeaffff');
            await page.getByText('1 of 3', { exact: true }).waitFor();
            await box.fill(`access:r reason:${reason}`);
            await page.getByText('1 of 3', { exact: true }).waitFor();
            await box.fill('');
            await press(page, 'Escape');

            // Jump to the device's tables.
            await press(page, 'v 2');
            await jumpTo(page, '00:06.0');
            // In scalable mode it is the entry of its requests without PASID that is found.
            await selectedRow(page, 'Tables').getByText(tables).waitFor();
            expect(await axeFindings(page)).toEqual([]);
            expect(complaints).toEqual([]);

            // The engine is killed; all of it is there again.
            const stopped = await watchForAlert(page, 'The engine stopped');
            await window.killEngine();
            await stopped();
            await page.locator('.notice').waitFor({ state: 'detached', timeout: 60_000 });
            await page.getByRole('tree', { name: 'Tables' }).getByText('00:06.0').waitFor();
            await page.locator('.statusbar').getByText('3 faults').waitFor();
          } finally {
            await window.close();
          }
        },
      );
    }
  },
);
