import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Bridge, ShellCommand } from '../../core/protocol/shell.ts';
import { MISSING, axeFindings, launch, openSample, openWindow, press } from './support/window.ts';

if (MISSING !== undefined) console.log(`a window of one panel: skipped, ${MISSING}`);

/** Electron opens such windows; their page is the same in a browser. */
describe.skipIf(MISSING !== undefined)('a window of one panel', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser?.close());

  it('shows the panel alone and follows what is selected in the main window', async () => {
    const window = await openWindow(browser);
    const { page, complaints } = window;
    try {
      await page.waitForSelector('.start :focus');
      await press(page, 'Enter');
      await page.waitForSelector('.verdict');
      // In a browser there is no such command.
      await page.getByRole('button', { name: /^Menu of Faults/ }).click();
      await page.getByRole('menuitem', { name: /Close this tab/ }).waitFor();
      expect(await page.getByRole('menuitem', { name: /window of its own/ }).count()).toBe(0);
      await press(page, 'Escape');

      const own = await page.context().newPage();
      await own.goto(`${new URL(page.url()).origin}/?panel=explain`);
      await own.getByRole('heading', { name: /0x1f00000/ }).waitFor();
      expect(await own.locator('.toolbar, .rail').count()).toBe(0);
      expect(await own.getByRole('tab').count()).toBe(1);
      expect(await axeFindings(own)).toEqual([]);
      await page.bringToFront();
      await press(page, ']');
      await own.getByRole('heading', { name: /0xdead000/ }).waitFor();
      expect(complaints).toEqual([]);
    } finally {
      await window.close();
    }
  });

  it('gives its tab back to the place where it stood when it is closed', async () => {
    const window = await openSample(browser);
    const { page, complaints } = window;
    const tabs = page
      .locator('.dv-groupview', { has: page.getByRole('tab', { name: /^Faults/ }) })
      .getByRole('tab');
    try {
      // The page finds a shell with windows, and its engine through the shell's port.
      await page.addInitScript(standInShell);
      await page.reload();
      await page.getByRole('tab', { name: /^Faults/ }).waitFor();
      await press(page, 'g f');
      await page.waitForSelector('[aria-label="Faults"]:focus');
      const before = await tabs.allTextContents();
      await press(page, 'v o');
      await page.getByRole('tab', { name: /^Faults/ }).waitFor({ state: 'detached' });
      expect(await page.evaluate(() => globalThis.opened)).toEqual(['faults']);
      await page.evaluate(() => globalThis.command({ kind: 'back', panel: 'faults' }));
      await page.waitForSelector('[aria-label="Faults"]:focus');
      expect(await tabs.allTextContents()).toEqual(before);
      // A panel that is elsewhere when the app ends is there when it is started again.
      await press(page, 'v o');
      await page.getByRole('tab', { name: /^Faults/ }).waitFor({ state: 'detached' });
      await page.reload();
      await page.getByRole('tab', { name: /^Faults/ }).waitFor();
      expect(await tabs.allTextContents()).toEqual(before);
      expect(complaints).toEqual([]);
    } finally {
      await window.close();
    }
  });
});

declare global {
  /** Panels that the page asked the stand-in for. */
  var opened: string[];
  /** Gives the page a command of the shell. */
  var command: (command: ShellCommand) => void;
}

/** In the page: the shell's bridge, with the server's WebSocket behind its port. */
function standInShell(): void {
  globalThis.opened = [];
  const bridge: Bridge = {
    platform: 'linux',
    connect() {
      const { port1, port2 } = new MessageChannel();
      const socket = new WebSocket(`ws://${location.host}/engine`);
      socket.addEventListener('message', ({ data }) =>
        port1.postMessage({ m: JSON.parse(data as string) as unknown }),
      );
      socket.addEventListener('close', () => port1.postMessage({ bye: 'the socket closed' }));
      socket.addEventListener('open', () => {
        port1.addEventListener('message', ({ data }: MessageEvent<{ m?: unknown }>) =>
          socket.send(JSON.stringify(data.m)),
        );
        port1.start();
        globalThis.postMessage({ type: 'faultline:port' }, location.origin, [port2]);
      });
    },
    chooseFiles: () => Promise.resolve([]),
    saveFile: () => Promise.resolve(undefined),
    pathOf: () => '',
    opened: () => undefined,
    openPanel: (panel) => globalThis.opened.push(panel),
    onCommand(listener) {
      globalThis.command = listener;
      return () => undefined;
    },
  };
  Object.assign(globalThis, { faultline: bridge });
}
