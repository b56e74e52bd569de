import type { Browser } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { launch, type TestWindow } from './window.ts';

/**
 * One browser and one window for all specs of a `describe`; its parts can be had once the first
 * of them runs.
 */
export function sharedWindow(open: (browser: Browser) => Promise<TestWindow>): TestWindow {
  let browser: Browser | undefined;
  let window: TestWindow | undefined;
  beforeAll(async () => {
    browser = await launch();
    window = await open(browser);
  });
  afterAll(async () => {
    await window?.close();
    await browser?.close();
  });
  return {
    get page() {
      return window!.page;
    },
    get served() {
      return window!.served;
    },
    get complaints() {
      return window!.complaints;
    },
    close: () => window!.close(),
  };
}
