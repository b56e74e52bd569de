/** What a person waits for first: Start, the sample, a dump as large as a machine. */
import type { Browser } from 'playwright-core';
import { openWindow, press } from '../e2e/support/window.ts';
import { largeVmcore } from './ui-inputs.ts';
import { milliseconds, say } from './ui-measure.ts';
import { percentile } from './trace.ts';

const RUNS = 5;
/** From nothing to the sample's first tree, in loads of a blank page. */
const START_BUDGET = 6;

/** The middle one of several times, ms. */
const middle = (values: readonly number[]): number => percentile(values, 0.5);
const all = (values: readonly number[]): string =>
  `of ${values.map((each) => each.toFixed(0)).join(', ')}`;

export async function starts(browser: Browser): Promise<void> {
  console.log('7. what is waited for first');
  await firstPages(browser);
  await firstTree(browser);
  await firstUnit(browser);
}

/** From the address to Start, and from its first button to the first fault. */
async function firstPages(browser: Browser): Promise<void> {
  const start: number[] = [];
  const fault: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const window = await openWindow(browser);
    const { page } = window;
    await page.waitForSelector('.start :focus');
    // By now the address has spent its token; the page itself is as new as the first time.
    const loaded = performance.now();
    await page.reload();
    await page.waitForSelector('.start :focus');
    start.push(performance.now() - loaded);
    const began = performance.now();
    await page.keyboard.press('Enter');
    await page.locator('[aria-label="Faults"] .row').getByText('00:06.0').first().waitFor();
    fault.push(performance.now() - began);
    await window.close();
  }
  say('address to Start', milliseconds(middle(start)), `budget 1,500 ms; ${all(start)}`);
  say('sample to its first fault', milliseconds(middle(fault)), `budget 2,000 ms; ${all(fault)}`);
}

/** Start to the sample's first tree, against a blank page of the same browser. */
async function firstTree(browser: Browser): Promise<void> {
  const blank: number[] = [];
  const tree: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const context = await browser.newContext();
    const page = await context.newPage();
    const began = performance.now();
    await page.goto('data:text/html,<p>blank');
    await page.locator('p').waitFor();
    blank.push(performance.now() - began);
    await context.close();
    const window = await openWindow(browser, { sample: true });
    const { page: own } = window;
    await own.waitForSelector('.statusbar');
    const again = performance.now();
    await own.reload();
    await own.waitForSelector('.statusbar');
    await press(own, 'v 2');
    await own.locator('[aria-label="Tables"] .row').first().waitFor();
    tree.push(performance.now() - again);
    await window.close();
  }
  say('blank page', milliseconds(middle(blank)), '');
  say(
    'first tree of the sample',
    milliseconds(middle(tree)),
    `${(middle(tree) / middle(blank)).toFixed(1)}x of the blank page (budget ${START_BUDGET}x)`,
  );
}

/** From the wish to open a dump of 60 GiB to its unit's row in Tables. */
async function firstUnit(browser: Browser): Promise<void> {
  const vmcore = largeVmcore();
  if (vmcore === undefined)
    return console.log('  60 GiB vmcore: skipped, the captures are not here');
  const unit: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const window = await openWindow(browser);
    const { page } = window;
    await page.waitForSelector('.start :focus');
    const client = window.served.engine.client();
    const began = performance.now();
    const opening = client.call('session.open', { paths: [vmcore], add: false });
    await page.locator('.dock [role="tab"]').first().waitFor();
    await press(page, 'g t');
    await page.locator('[aria-label="Tables"] .row').getByText('dmar0').first().waitFor();
    unit.push(performance.now() - began);
    await opening;
    client.close();
    await window.close();
  }
  say(
    '60 GiB vmcore to its first unit',
    milliseconds(middle(unit)),
    `budget 3,000 ms; ${all(unit)}`,
  );
}
