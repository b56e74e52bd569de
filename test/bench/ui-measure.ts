/** How the window's benchmark measures, and how it says what it measured. */
import type { Browser, Page } from 'playwright-core';
import { mainThread, percentile, TRACE_CATEGORIES } from './trace.ts';

const MEBIBYTE = 1 << 20;

/** A line of the report: what, how much, and what it may be. */
export const say = (name: string, value: string, budget: string): void =>
  console.log(`  ${name.padEnd(52)} ${value.padStart(12)}   ${budget}`);

export const milliseconds = (value: number): string => `${value.toFixed(1)} ms`;

/** A budget for times: their 95th percentile, and the longest. */
export function sayTimes(name: string, times: readonly number[], budget: string): void {
  say(
    `${name}, 95th percentile`,
    milliseconds(percentile(times, 0.95)),
    `budget ${budget}; ${times.length} times, middle ${milliseconds(percentile(times, 0.5))}, longest ${milliseconds(Math.max(...times))}`,
  );
}

/** Turns the wheel over a place, once a frame, down and up again. */
export async function scroll(page: Page, at: string, seconds: number): Promise<void> {
  // The list itself is as long as all of its rows.
  const box = await page.locator('.rows', { has: page.locator(at) }).boundingBox();
  if (!box) throw new Error(`${at} is not shown`);
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  const end = performance.now() + seconds * 1000;
  for (let n = 0; performance.now() < end; n++) {
    await page.mouse.wheel(0, n % 200 < 150 ? 400 : -400);
    await page.waitForTimeout(12);
  }
}

/** Traces the page while something is done, and says what its frames and tasks took. */
export async function traced(
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
export async function heap(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = (await session.send('Runtime.getHeapUsage')) as { usedSize: number };
  await session.detach();
  return usedSize / MEBIBYTE;
}

/** What is on the screen when an action is answered: an expression of the page. */
export type Shown = string;

/** Text of the first element that a selector finds differs from what it is now. */
export async function another(page: Page, selector: string): Promise<Shown> {
  const text = `document.querySelector(${JSON.stringify(selector)})?.textContent`;
  const now: unknown = await page.evaluate(text);
  return `(${text} ?? ${JSON.stringify(now)}) !== ${JSON.stringify(now)}`;
}

/** An answer that does not come counts as one of that time, ms. */
const GIVEN_UP = 10_000;

/**
 * Time from the key or the click, as the browser stamped it, to the frame after the one that
 * shows the answer, ms.
 */
export async function answer(page: Page, shown: Shown, act: () => Promise<void>): Promise<number> {
  await page.evaluate(`globalThis.answered = new Promise((resolve) => {
    let began;
    const start = (event) => { began ??= event.timeStamp; };
    for (const name of ['keydown', 'mousedown', 'input'])
      addEventListener(name, start, { capture: true, once: true });
    // A frame's own callbacks may draw after this one: it is looked at when all of them ran.
    const drawn = new MessageChannel();
    drawn.port1.onmessage = () => {
      const late = performance.now() - (began ?? Infinity) > ${GIVEN_UP};
      if (began !== undefined && (late || (${shown})))
        requestAnimationFrame(() => resolve(performance.now() - began));
      else requestAnimationFrame(look);
    };
    const look = () => drawn.port2.postMessage(undefined);
    requestAnimationFrame(look);
  }); undefined`);
  await act();
  return (await page.evaluate('globalThis.answered')) as number;
}
