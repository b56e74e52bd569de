/**
 * `npm run bench ui`: the window in Debian's Chromium, each row of section 7 of the design with its
 * budget beside it. `ui-large`, `ui-burst` and `ui-start` measure a part.
 */
import type { Browser } from 'playwright-core';
import { launch, MISSING } from '../e2e/support/window.ts';
import { bursts } from './ui-burst.ts';
import { large } from './ui-large.ts';
import { starts } from './ui-start.ts';

const inBrowser = (work: readonly ((browser: Browser) => Promise<void>)[]) => async () => {
  if (MISSING !== undefined) return console.log(`5-7. the window: skipped, ${MISSING}`);
  const browser = await launch();
  try {
    for (const each of work) await each(browser);
  } finally {
    await browser.close();
  }
};

export const ui = inBrowser([large, bursts, starts]);
/** The parts of it, to be measured alone. */
export const uiParts = {
  'ui-large': inBrowser([large]),
  'ui-burst': inBrowser([bursts]),
  'ui-start': inBrowser([starts]),
};
