/** The window over a domain of 10 million leaves and a million faults. */
import type { Browser, Page } from 'playwright-core';
import { jumpTo, openWindow, press } from '../e2e/support/window.ts';
import { FAULTS, LEAVES, windowInputs } from './ui-inputs.ts';
import { another, answer, heap, say, sayTimes, scroll, traced } from './ui-measure.ts';

const SCROLL_SECONDS = 6;
/** Times that an action is done whose answer is waited for. */
const TIMES = 20;
/** Elements that a panel may have. */
const MOST_ELEMENTS = 2500;

/** The selected row of Tables is open and the first of its children is below it. */
const EXPANDED = `(() => {
  const row = document.querySelector('[aria-label="Tables"] .row[aria-selected="true"]');
  if (row?.getAttribute('aria-expanded') !== 'true') return false;
  const next = document.getElementById(row.id.replace(/\\d+$/, (at) => Number(at) + 1));
  return Number(next?.getAttribute('aria-level')) > Number(row.getAttribute('aria-level'));
})()`;

export async function large(browser: Browser): Promise<void> {
  console.log(
    `5. the window over ${LEAVES.toLocaleString('en')} leaves and ${FAULTS.toLocaleString('en')} faults`,
  );
  const { elf, registers, log } = windowInputs();
  const window = await openWindow(browser, { paths: [elf, registers, log] });
  try {
    const { page } = window;
    await page
      .locator('.statusbar')
      .getByText(FAULTS.toLocaleString('en'))
      .first()
      .waitFor({ timeout: 120_000 });
    await press(page, 'v 2');
    await page.waitForSelector('[aria-label="Tables"]:focus');
    await jumpTo(page, '00:02.0');
    await page
      .locator('[aria-label="Tables"] .row[aria-selected="true"]')
      .getByText('00:02.0')
      .waitFor();
    await traced('tables, expanding', browser, page, async () => {
      // The device, its first tables down to leaves, then one table after the other.
      await press(page, 'ArrowRight ArrowRight ArrowRight ArrowRight ArrowRight ArrowRight');
      for (let n = 0; n < 20; n++) {
        await press(page, 'ArrowRight');
        await page.waitForTimeout(60);
        await press(page, 'ArrowLeft ArrowLeft ArrowDown');
        await page.waitForTimeout(60);
      }
    });
    await expansions(page);
    await traced('tables, scrolling', browser, page, () =>
      scroll(page, '[aria-label="Tables"]', SCROLL_SECONDS),
    );
    await press(page, 'g m');
    await page.waitForSelector('.map-devices .row', { timeout: 120_000 });
    await traced('address map, zooming', browser, page, async () => {
      await press(page, 'w w w w w w w w w w w w s s s s s s s s s s s s');
    });
    await press(page, 'v 1');
    await page.waitForSelector('[aria-label="Faults"]:focus');
    // In groups only a few of each show at first: all of them are scrolled through.
    await group(page, 'none');
    await traced('faults, scrolling', browser, page, () =>
      scroll(page, '.rows-list[aria-label="Faults"]', SCROLL_SECONDS),
    );
    await group(page, 'device, reason');
    await answers(page);
    await elements(page);
    say('renderer heap', `${(await heap(page)).toFixed(0)} MiB`, 'budget 400 MiB');
  } finally {
    await window.close();
  }
}

/** Groups the faults by something, and waits for the rows. */
async function group(page: Page, by: string): Promise<void> {
  await page.getByRole('button', { name: /^Group: / }).click();
  await page.getByRole('menuitemradio', { name: `Group by ${by}`, exact: true }).click();
  await page
    .locator(`[aria-label="Faults"] .row.is-group`)
    .first()
    .waitFor({ state: by === 'none' ? 'detached' : 'visible' });
  await press(page, 'g f');
  await page.waitForSelector('.rows-list[aria-label="Faults"]:focus');
}

/** Expands one table of 512 entries after the other, and waits for each. */
async function expansions(page: Page): Promise<void> {
  const times: number[] = [];
  for (let n = 0; n < TIMES; n++) {
    times.push(await answer(page, EXPANDED, () => press(page, 'ArrowRight')));
    await press(page, 'ArrowLeft');
    await page.waitForSelector(
      '[aria-label="Tables"] .row[aria-selected="true"][aria-expanded="false"]',
    );
    await press(page, 'ArrowDown');
    await page.waitForTimeout(100);
  }
  sayTimes('expand a table of 512 entries', times, '50 ms');
  await press(page, 'ArrowRight');
  await page.waitForTimeout(200);
  const moves: number[] = [];
  for (let n = 0; n < TIMES; n++)
    moves.push(
      await answer(page, await another(page, '.entry-title'), () => press(page, 'ArrowDown')),
    );
  sayTimes('key to the entry, bit by bit', moves, '100 ms');
}

/** Keys, clicks and filters over a million faults. */
async function answers(page: Page): Promise<void> {
  const heading = '[aria-label="Explanation"] h2';
  // From the first group's row to its faults, one by one.
  await press(page, 'Home ArrowDown ArrowDown');
  await page.waitForSelector(heading);
  const keys: number[] = [];
  for (let n = 0; n < TIMES; n++) {
    keys.push(await answer(page, await another(page, heading), () => press(page, ']')));
    await page.waitForTimeout(50);
  }
  sayTimes('key to the next fault explained', keys, '100 ms');
  const clicks: number[] = [];
  const rows = page.locator('[aria-label="Faults"] .row');
  for (let n = 0; n < TIMES; n++) {
    const box = await rows.nth(4 + (n % 8)).boundingBox();
    const shown = await another(page, heading);
    clicks.push(await answer(page, shown, () => page.mouse.click(box!.x + 60, box!.y + 8)));
    await page.waitForTimeout(50);
  }
  sayTimes('click to the fault explained', clicks, '100 ms');
  const filters: number[] = [];
  await press(page, 'f');
  const field = page.getByLabel('Filter', { exact: false }).first();
  for (let n = 0; n < TIMES; n++) {
    const device = `${(n + 5).toString(16).padStart(2, '0')}:00.0`;
    const reason = 5 + (n % 2);
    const shown = `(() => {
      const rows = [...document.querySelectorAll('[aria-label="Faults"] .row')];
      return rows.length > 0 && rows[0].textContent.includes('${device}');
    })()`;
    filters.push(
      await answer(page, shown, () =>
        field.fill(`bdf == ${device} && address > 0x${reason}0000000`),
      ),
    );
    await page.waitForTimeout(200);
  }
  sayTimes('filter 1,000,000 faults, first screen', filters, '150 ms');
  await field.fill('');
  // The first closes what completes, the second leads back to the list.
  await press(page, 'Escape Escape');
  await page.waitForSelector('.rows-list[aria-label="Faults"]:focus');
}

/** Opens every panel, and says how many elements the largest has. */
async function elements(page: Page): Promise<void> {
  const counts: [string, number][] = [];
  for (const letter of [
    'c',
    'r',
    'h',
    't',
    'x',
    'm',
    'f',
    'l',
    'a',
    'd',
    'o',
    's',
    'n',
    'e',
    'y',
  ]) {
    await press(page, `g ${letter}`);
    await page.waitForTimeout(300);
    counts.push(
      ...(await page.evaluate(() =>
        [...document.querySelectorAll('.panel')].map((panel): [string, number] => [
          panel.closest('[role="tabpanel"]')?.getAttribute('aria-label') ??
            panel.closest('.dv-groupview')?.querySelector('.dv-active-tab')?.textContent ??
            '',
          panel.querySelectorAll('*').length,
        ]),
      )),
    );
  }
  const [name, most] = counts.sort((a, b) => b[1] - a[1])[0];
  say('elements of the largest panel', String(most), `budget ${MOST_ELEMENTS}; ${name}`);
}
