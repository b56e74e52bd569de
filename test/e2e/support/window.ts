import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { chromium } from 'playwright-core';
import type { Served } from '../../../electron/serve/serve.ts';
import { serve } from '../../../electron/serve/serve.ts';
import { capturePath, ROOT, type CaptureName } from '../../support/captures.ts';

/** Debian's Chromium; specs skip where it is missing. */
const CHROMIUM = '/usr/bin/chromium';
/** The built window; another build of it may be named. */
const PAGES = process.env['FAULTLINE_PAGES'] ?? join(ROOT, 'dist/renderer');

export const MISSING = !existsSync(CHROMIUM)
  ? `needs ${CHROMIUM}`
  : !existsSync(join(PAGES, 'index.html'))
    ? 'needs the built window (npm run build)'
    : undefined;

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Starts the browser that a file of specs shares. */
export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
}

export interface Look {
  readonly width: number;
  readonly height: number;
  readonly theme: 'dark' | 'light';
}

const USUAL: Look = { width: 1440, height: 900, theme: 'dark' };

/** A window over an engine of its own, and what went wrong in it. */
export interface TestWindow {
  readonly page: Page;
  readonly served: Served;
  /** Messages of the page's console that are errors, failed requests, requests to elsewhere. */
  readonly complaints: readonly string[];
  close(): Promise<void>;
}

export interface WindowOptions {
  readonly look?: Look;
  /** Absolute paths to open; none shows Start. */
  readonly paths?: readonly string[];
  /** Opens the sample, its console replaying, as `npm start` does. */
  readonly sample?: boolean;
}

/** Opens the window in browser mode, as `faultline serve` does. */
export async function openWindow(
  browser: Browser,
  options: WindowOptions = {},
): Promise<TestWindow> {
  const { width, height, theme } = options.look ?? USUAL;
  const served = await serve({ paths: options.paths, sample: options.sample, pages: PAGES });
  let context: BrowserContext | undefined;
  try {
    context = await browser.newContext({
      viewport: { width, height },
      colorScheme: theme,
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    const page = await context.newPage();
    const complaints: string[] = [];
    const origin = new URL(served.url).origin;
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(`console: ${message.text()}`);
    });
    page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
    page.on('requestfailed', (request) => complaints.push(`failed: ${request.url()}`));
    page.on('request', (request) => {
      const url = new URL(request.url());
      const own = url.origin === origin || url.protocol === 'blob:' || url.protocol === 'data:';
      if (!own) complaints.push(`elsewhere: ${request.url()}`);
    });
    await page.goto(served.url);
    await page.waitForSelector('.toolbar');
    return {
      page,
      served,
      complaints,
      async close() {
        await context?.close();
        await served.close();
      },
    };
  } catch (error) {
    await context?.close();
    await served.close();
    throw error;
  }
}

/** Opens the window and, by Start's first choice, the sample: a fault of it is explained. */
export async function openSample(
  browser: Browser,
  options: WindowOptions = {},
): Promise<TestWindow> {
  const window = await openWindow(browser, options);
  const { page } = window;
  try {
    await page.waitForSelector('.start :focus');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.verdict');
    return window;
  } catch (error) {
    await window.close();
    throw error;
  }
}

/** Opens the tables and registers that a capture's first kernel left, without its console. */
export async function openTables(browser: Browser, capture: CaptureName): Promise<TestWindow> {
  const files = ['tables.before.elf', 'regs.before.json'];
  const window = await openWindow(browser, {
    paths: files.map((file) => capturePath(capture, file)),
  });
  await window.page.waitForSelector('.panel');
  return window;
}

/**
 * Looks out for an alert, however shortly it stands: one that says that the engine is away can be
 * gone before a locator looks.
 * @returns waits for it, and answers its text
 */
export async function watchForAlert(page: Page, wanted: string): Promise<() => Promise<string>> {
  const watch = await page.evaluateHandle((words) => {
    const seen = new Promise<string>((resolve) => {
      const observer = new MutationObserver(() => {
        for (const { textContent } of document.querySelectorAll('[role="alert"]'))
          if (textContent?.includes(words)) {
            observer.disconnect();
            resolve(textContent);
          }
      });
      observer.observe(document, { childList: true, subtree: true, characterData: true });
    });
    return { seen };
  }, wanted);
  return () => watch.evaluate(({ seen }) => seen);
}

/** Presses keys one after the other: `press(page, 'v 2')`. */
export async function press(page: Page, keys: string): Promise<void> {
  for (const key of keys.split(' ')) await page.keyboard.press(key);
}

/** Goes to a device by the Jump box, by the first thing that it offers. */
export async function jumpTo(page: Page, device: string): Promise<void> {
  await page.getByLabel('Jump').focus();
  await page.keyboard.type(device);
  await page.getByRole('option').filter({ hasText: device }).first().waitFor();
  await press(page, 'Enter');
}

/** Opens a dump and its register values as a second state, through the dialog. */
export async function openSecond(page: Page, dump: string, registers: string): Promise<void> {
  await press(page, 't 2');
  const dialog = page.getByRole('dialog', { name: 'Open a second state' });
  await dialog.waitFor();
  await dialog.getByLabel('Path').fill(`${dirname(dump)}/`);
  await page.keyboard.press('Enter');
  await dialog.getByRole('row').getByText(basename(dump)).click();
  await page.keyboard.press('Space');
  await dialog.getByText(`✓ ${basename(dump)}`).waitFor();
  await dialog.getByLabel('Path').fill(registers);
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached' });
}

/** Serious and critical findings of axe, in a line each. */
export async function axeFindings(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page })
    // Drawn by xterm for the eye; its text is in the log region's own record.
    .exclude('.xterm')
    // Monaco brings its own accessibility, with its own colours for code.
    .exclude('.monaco-editor')
    .analyze();
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)}`));
}

/** The selected row of a list, tree or grid. */
export const selectedRow = (page: Page, label: string) =>
  page.locator(`[aria-label="${label}"] .row[aria-selected="true"]`);
