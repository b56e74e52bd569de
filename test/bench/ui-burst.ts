/** Console lines in a burst: what is lost, what keys feel of it, how often counts are drawn. */
import { type ChildProcess } from 'node:child_process';
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { openWindow, press, type TestWindow } from '../e2e/support/window.ts';
import { cable, SOCAT } from '../support/cable.ts';
import { percentile } from './trace.ts';
import { heap, milliseconds, say } from './ui-measure.ts';

const MEBIBYTE = 1 << 20;

interface Burst {
  readonly lines: number;
  readonly linesASecond: number;
}

/** 20,000 lines a second for 30 s, and 5 MB a second for 10 s. */
const BURSTS: readonly Burst[] = [
  { lines: 600_000, linesASecond: 20_000 },
  { lines: 850_000, linesASecond: 85_000 },
];

/** A console line of the size that kernels print; every two hundredth tells a fault. */
function burstLine(n: number, linesASecond: number): string {
  const stamp = `[${(n / linesASecond).toFixed(6).padStart(12)}]`;
  if (n % 200 !== 199) return `${stamp} burst line ${String(n).padStart(7, '0')} of the target\r\n`;
  const address = (0x1000_0000 + n * 4096).toString(16);
  return `${stamp} DMAR: [DMA Read NO_PASID] Request device [00:06.0] fault addr 0x${address} [fault reason 0x06] PTE Read access is not set\r\n`;
}

/**
 * Writes lines at a rate; a pty takes 4 KiB at a time, so what it refuses is written again.
 * @returns the bytes of all lines
 */
async function write(fd: number, { lines, linesASecond }: Burst): Promise<number> {
  const began = performance.now();
  let rest = Buffer.alloc(0);
  let bytes = 0;
  for (let done = 0; done < lines || rest.length > 0;) {
    const due = Math.min(lines, Math.floor(((performance.now() - began) / 1000) * linesASecond));
    if (due > done && rest.length < MEBIBYTE) {
      const parts: string[] = [];
      for (; done < due; done++) parts.push(burstLine(done, linesASecond));
      const more = Buffer.from(parts.join(''));
      bytes += more.length;
      rest = Buffer.concat([rest, more]);
    }
    try {
      rest = rest.subarray(writeSync(fd, rest, 0, Math.min(rest.length, 4096)));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    if (rest.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return bytes;
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

/** Keeps the time from each key to the frame that shows its effect, as the browser counts it. */
async function watchKeys(page: Page): Promise<void> {
  await page.evaluate(() => {
    const kept = globalThis as unknown as { latencies: number[] };
    kept.latencies = [];
    new PerformanceObserver((list) => {
      for (const { name, duration } of list.getEntries())
        if (name === 'keydown') kept.latencies.push(duration);
    }).observe({ type: 'event', durationThreshold: 16, buffered: false } as never);
  });
}

async function latencies(page: Page): Promise<number[]> {
  return await page.evaluate(() => (globalThis as unknown as { latencies: number[] }).latencies);
}

/**
 * Counts, for parts of the window, the drawings of each second that change what they say: which
 * panel a person's own keys went to is marked at once.
 */
async function watchDrawings(page: Page): Promise<void> {
  await page.evaluate(() => {
    const drawn: Record<string, number[]> = {};
    for (const selector of ['.rail', '.statusbar', '.rate']) {
      const part = document.querySelector(selector);
      if (!part) continue;
      const times: number[] = (drawn[selector] = []);
      new MutationObserver(() => times.push(performance.now())).observe(part, {
        childList: true,
        subtree: true,
        characterData: true,
        // The chart tells what it draws in its label.
        attributes: selector === '.rate',
      });
    }
    Object.assign(globalThis, { drawn });
  });
}

/** Most drawings of a part within a second. */
async function mostDrawings(page: Page): Promise<[string, number][]> {
  const drawn = await page.evaluate(
    () => (globalThis as unknown as { drawn: Record<string, number[]> }).drawn,
  );
  return Object.entries(drawn).map(([part, times]) => [
    part,
    Math.max(0, ...times.map((from) => times.filter((t) => t >= from && t < from + 1000).length)),
  ]);
}

/** Waits until the console has taken that many bytes, or does not go on. @returns what it took */
async function taken(window: TestWindow, id: string, expected: number): Promise<number> {
  const client = window.served.engine.client();
  const patience = AbortSignal.timeout(60_000);
  let got = 0;
  try {
    for await (const info of client.subscribe('session.changes', {}, { signal: patience })) {
      got = info.consoles.find((each) => each.id === id)?.bytes ?? 0;
      if (got >= expected) break;
    }
  } finally {
    client.close();
  }
  return got;
}

async function one(browser: Browser, burst: Burst): Promise<void> {
  const window = await openWindow(browser, { sample: true });
  let child: ChildProcess | undefined;
  try {
    const { page } = window;
    const made = await cable();
    ({ child } = made);
    const fd = openSync(made.target, constants.O_RDWR | constants.O_NONBLOCK);
    const id = await connect(window, made.here);
    // Console, Faults with its chart, and Explain side by side.
    await press(page, 'v 1');
    await page.waitForSelector('[aria-label="Faults"]:focus');
    await watchKeys(page);
    await watchDrawings(page);
    const began = performance.now();
    const over = new AbortController();
    const written = write(fd, burst).finally(() => over.abort());
    let keys = 0;
    while (!over.signal.aborted) {
      await press(page, keys % 2 === 0 ? 'g c' : 'g f');
      keys++;
      await page.waitForTimeout(250);
    }
    const expected = await written;
    const seconds = (performance.now() - began) / 1000;
    const drawings = await mostDrawings(page);
    const got = await taken(window, id, expected);
    const all = await latencies(page);
    say(
      'lines written',
      burst.lines.toLocaleString('en'),
      `in ${seconds.toFixed(1)} s, ${(expected / seconds / 1e6).toFixed(1)} MB a second`,
    );
    say('bytes lost', (expected - got).toLocaleString('en'), 'budget 0');
    say(
      'input latency, 95th percentile',
      milliseconds(percentile(all, 0.95)),
      `budget 100 ms; ${keys} strokes, longest ${milliseconds(Math.max(0, ...all))}`,
    );
    for (const [part, most] of drawings)
      say(`drawings of ${part} within a second, most`, String(most), 'budget 4');
    say('renderer heap', `${(await heap(page)).toFixed(0)} MiB`, 'budget 400 MiB');
    closeSync(fd);
  } finally {
    child?.kill();
    await window.close();
  }
}

/** Every burst, each in a window of its own. */
export async function bursts(browser: Browser): Promise<void> {
  if (!SOCAT) return console.log('6. console bursts: skipped, needs socat');
  for (const burst of BURSTS) {
    console.log(
      `6. ${burst.linesASecond.toLocaleString('en')} console lines a second for ${burst.lines / burst.linesASecond} s`,
    );
    await one(browser, burst);
  }
}
