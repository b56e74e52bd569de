/**
 * `npm run bench ui`: the window in Debian's Chromium, over a domain of 10 million leaves and a
 * million faults, under a burst of console lines, and from nothing to the sample's first tree.
 */
import { type ChildProcess } from 'node:child_process';
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { launch, MISSING, openWindow, press, type TestWindow } from '../e2e/support/window.ts';
import { cable, SOCAT } from '../support/cable.ts';
import { mainThread, percentile, TRACE_CATEGORIES } from './trace.ts';
import { FAULTS, LEAVES, windowInputs } from './ui-inputs.ts';

const SCROLL_SECONDS = 6;
const BURST_SECONDS = 30;
const LINES_A_SECOND = 20_000;
const MEBIBYTE = 1 << 20;
/** From nothing to the sample's first tree, in loads of a blank page. */
const START_BUDGET = 6;

const say = (name: string, value: string, goal: string): void =>
  console.log(`  ${name.padEnd(46)} ${value.padStart(12)}   ${goal}`);

const milliseconds = (value: number): string => `${value.toFixed(1)} ms`;

/** Turns the wheel over a place, once a frame, down and up again. */
async function scroll(page: Page, at: string, seconds: number): Promise<void> {
  const box = await page.locator(at).first().boundingBox();
  if (!box) throw new Error(`${at} is not shown`);
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  const end = performance.now() + seconds * 1000;
  for (let n = 0; performance.now() < end; n++) {
    await page.mouse.wheel(0, n % 200 < 150 ? 400 : -400);
    await page.waitForTimeout(12);
  }
}

async function traced(
  name: string,
  browser: Browser,
  page: Page,
  act: () => Promise<void>,
): Promise<void> {
  await browser.startTracing(page, { categories: TRACE_CATEGORIES });
  await act();
  const { script, scriptAndLayout, tasks } = mainThread(await browser.stopTracing());
  for (const [what, times] of [
    ['script', script],
    ['script and layout', scriptAndLayout],
  ] as const)
    say(
      `${name}: ${what} of a frame, p95`,
      milliseconds(percentile(times.clock, 0.95)),
      `budget 16 ms; ${milliseconds(percentile(times.processor, 0.95))} of processor, ${times.clock.length} frames`,
    );
  say(
    `${name}: longest task`,
    milliseconds(Math.max(0, ...tasks.clock)),
    `budget 50 ms; ${milliseconds(Math.max(0, ...tasks.processor))} of processor`,
  );
}

/** Heap of the page after a collection, MiB. */
async function heap(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = (await session.send('Runtime.getHeapUsage')) as { usedSize: number };
  await session.detach();
  return usedSize / MEBIBYTE;
}

async function large(browser: Browser): Promise<void> {
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
    await page.getByLabel('Jump').focus();
    await page.keyboard.type('00:02.0');
    await page
      .getByRole('option', { name: /00:02\.0/ })
      .first()
      .waitFor();
    await press(page, 'Enter');
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
    await press(page, 'ArrowRight');
    await traced('tables, scrolling', browser, page, () =>
      scroll(page, '[aria-label="Tables"]', SCROLL_SECONDS),
    );
    await press(page, 'v 1');
    await page
      .getByRole('treegrid', { name: 'Faults' })
      .or(page.getByLabel('Faults'))
      .first()
      .waitFor();
    await traced('faults, scrolling', browser, page, () =>
      scroll(page, '[aria-label="Faults"]', SCROLL_SECONDS),
    );
    say('renderer heap', `${(await heap(page)).toFixed(0)} MiB`, 'goal 400 MiB');
  } finally {
    await window.close();
  }
}

/** A console line of the size that kernels print. */
const burstLine = (n: number): string =>
  `[${(n / LINES_A_SECOND).toFixed(6).padStart(12)}] burst line ${String(n).padStart(7, '0')} of the target\r\n`;

/** Writes lines at a rate; a pty takes 4 KiB at a time, so what it refuses is written again. */
async function burst(fd: number, lines: number): Promise<void> {
  const began = performance.now();
  let rest = Buffer.alloc(0);
  for (let done = 0; done < lines || rest.length > 0;) {
    const due = Math.min(lines, Math.floor(((performance.now() - began) / 1000) * LINES_A_SECOND));
    if (due > done && rest.length < MEBIBYTE) {
      const parts: string[] = [];
      for (; done < due; done++) parts.push(burstLine(done));
      rest = Buffer.concat([rest, Buffer.from(parts.join(''))]);
    }
    try {
      rest = rest.subarray(writeSync(fd, rest, 0, Math.min(rest.length, 4096)));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    if (rest.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

async function connect(window: TestWindow, path: string): Promise<string> {
  const client = window.served.engine.client();
  const { console: id } = await client.call('console.connect', {
    kind: 'serial',
    path,
    baud: 115_200,
    dataBits: 8,
    parity: 'none',
    stopBits: 1,
    typing: false,
  });
  client.close();
  return id;
}

/** Time from a key to the frame that shows its effect, as the browser itself counts it, ms. */
async function latencies(page: Page): Promise<number[]> {
  return await page.evaluate(() => (globalThis as unknown as { latencies: number[] }).latencies);
}

async function burstOfLines(browser: Browser): Promise<void> {
  console.log(
    `6. ${LINES_A_SECOND.toLocaleString('en')} console lines a second for ${BURST_SECONDS} s`,
  );
  if (!SOCAT) return console.log('  skipped: needs socat');
  const window = await openWindow(browser, { sample: true });
  let child: ChildProcess | undefined;
  try {
    const { page } = window;
    const made = await cable();
    ({ child } = made);
    const fd = openSync(made.target, constants.O_RDWR | constants.O_NONBLOCK);
    const id = await connect(window, made.here);
    await press(page, 'v 5');
    await page.evaluate(() => {
      const kept = globalThis as unknown as { latencies: number[] };
      kept.latencies = [];
      new PerformanceObserver((list) => {
        for (const { name, duration } of list.getEntries())
          if (name === 'keydown') kept.latencies.push(duration);
      }).observe({ type: 'event', durationThreshold: 16, buffered: false } as never);
    });
    const lines = LINES_A_SECOND * BURST_SECONDS;
    const began = performance.now();
    const over = new AbortController();
    const written = burst(fd, lines).finally(() => over.abort());
    let keys = 0;
    while (!over.signal.aborted) {
      await press(page, keys % 2 === 0 ? 'g c' : 'g t');
      keys++;
      await page.waitForTimeout(250);
    }
    await written;
    const seconds = (performance.now() - began) / 1000;
    const client = window.served.engine.client();
    let expected = 0;
    for (let n = 0; n < lines; n++) expected += burstLine(n).length;
    let got = 0;
    for await (const info of client.subscribe('session.changes', {})) {
      const found = info.consoles.find((each) => each.id === id);
      got = found?.bytes ?? 0;
      if (got >= expected) break;
      if (performance.now() - began > (BURST_SECONDS + 60) * 1000) break;
    }
    client.close();
    const all = await latencies(page);
    say('lines written', lines.toLocaleString('en'), `in ${seconds.toFixed(1)} s`);
    say('bytes lost', (expected - got).toLocaleString('en'), 'goal 0');
    say(
      'input latency, 95th percentile',
      milliseconds(percentile(all, 0.95)),
      `goal 100 ms; ${keys} strokes`,
    );
    say('input latency, longest', milliseconds(Math.max(0, ...all)), '');
    say('renderer heap', `${(await heap(page)).toFixed(0)} MiB`, 'goal 400 MiB');
    closeSync(fd);
  } finally {
    child?.kill();
    await window.close();
  }
}

/** Times of several loads, the middle one, ms. */
const middle = (values: number[]): number => percentile(values, 0.5);

/** Start to the sample's first tree, against a blank page of the same server and browser. */
async function start(browser: Browser): Promise<void> {
  console.log('7. from nothing to the first tree of the sample');
  const blank: number[] = [];
  const tree: number[] = [];
  for (let run = 0; run < 5; run++) {
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

export async function ui(): Promise<void> {
  if (MISSING !== undefined) return console.log(`5-7. the window: skipped, ${MISSING}`);
  const browser = await launch();
  try {
    await large(browser);
    await burstOfLines(browser);
    await start(browser);
  } finally {
    await browser.close();
  }
}
