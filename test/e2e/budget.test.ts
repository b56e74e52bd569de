import { describe, expect, it } from 'vitest';
import { sharedWindow } from './support/shared-window.ts';
import { MISSING, openSample, press } from './support/window.ts';

if (MISSING !== undefined) console.log(`budgets: skipped, ${MISSING}`);

/** Elements that a panel may have, ui.md, section 7. */
const MOST = 2500;

describe.skipIf(MISSING !== undefined)('what a panel may cost', () => {
  const window = sharedWindow(openSample);

  it.each([
    ['triage', 'v 1'],
    ['tables', 'v 2'],
    ['lab', 'v 3'],
    ['timeline', 'v 4'],
    ['console', 'v 5'],
    ['audit', 'g a'],
    ['registers', 'g r'],
  ])('%s draws the rows that show, and no more', async (_name, keys) => {
    const { page } = window;
    await press(page, keys);
    await page.waitForFunction(() => !document.querySelector('.loading-bar'));
    const counts = await page
      .locator('.panel')
      .evaluateAll((panels) => panels.map((panel) => panel.querySelectorAll('*').length));
    expect(counts.length).toBeGreaterThan(0);
    expect(Math.max(...counts)).toBeLessThan(MOST);
  });
});
