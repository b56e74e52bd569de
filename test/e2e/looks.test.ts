import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MISSING, axeFindings, launch, openSample, press } from './support/window.ts';

if (MISSING !== undefined) console.log(`looks: skipped, ${MISSING}`);

/** In the page: parts of toolbar and status bar that the window's edge or another part cuts. */
function cut(): string[] {
  const parts = document.querySelectorAll('.statusbar > button, .toolbar button, .toolbar .jump');
  return [...parts].flatMap((part) => {
    const { left, right, width } = part.getBoundingClientRect();
    const box = part.closest('.chips')?.getBoundingClientRect() ?? { left: 0, right: innerWidth };
    const name = part.getAttribute('aria-label') ?? part.textContent ?? '';
    return width > 0 && (left < box.left - 1 || right > box.right + 1) ? [name] : [];
  });
}

/** In the page: canvases with fewer pixels than the screen shows of them. */
function blurred(): string[] {
  return [...document.querySelectorAll('canvas')].flatMap((canvas) => {
    const { width, height } = canvas.getBoundingClientRect();
    if (width === 0 || height === 0 || canvas.closest('.xterm')) return [];
    return canvas.width < width - 2 || canvas.height < height - 2
      ? [`${canvas.ariaLabel ?? ''} ${canvas.width} of ${Math.round(width)}`]
      : [];
  });
}

describe.skipIf(MISSING !== undefined)('the window looks right', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser?.close());

  it('at twice the font in the smallest window: nothing of the bars is cut, no picture blurred', async () => {
    const window = await openSample(browser, {
      look: { width: 1024, height: 640, theme: 'light' },
    });
    const { page } = window;
    try {
      for (let step = 0; step < 5; step++) await press(page, 'v +');
      await expect
        .poll(() => page.evaluate(() => document.documentElement.style.getPropertyValue('--zoom')))
        .toBe('2');
      await expect.poll(() => page.evaluate(cut)).toEqual([]);
      await expect.poll(() => page.evaluate(blurred)).toEqual([]);
      await press(page, 'v 4');
      await page.waitForSelector('[aria-label="Timeline"]:focus');
      await expect.poll(() => page.locator('.timeline canvas').count()).toBe(1);
      await expect.poll(() => page.evaluate(blurred)).toEqual([]);
      await press(page, 'g m');
      await page.locator('.map-devices canvas').first().waitFor();
      await expect.poll(() => page.evaluate(blurred)).toEqual([]);
      // What is shortened has the whole in its tip.
      const session = page.locator('.session-chip');
      expect(await session.getAttribute('title')).toBe(
        await session.locator('.chip-name').textContent(),
      );
      for (const each of await page.locator('.status-gives').all())
        expect(await each.getAttribute('title')).toBe(await each.textContent());
      expect(window.complaints).toEqual([]);
    } finally {
      await window.close();
    }
  });

  it('in a person’s own colours, and without movement', async () => {
    const window = await openSample(browser);
    const { page } = window;
    /** Colours of an element's text and of what is behind it. */
    const colours = (selector: string) =>
      page
        .locator(selector)
        .first()
        .evaluate((element) => {
          const { color, backgroundColor, forcedColorAdjust } = getComputedStyle(element);
          return { color, backgroundColor, forcedColorAdjust };
        });
    const system = (name: string) =>
      page.evaluate((colour) => {
        const probe = document.body.appendChild(document.createElement('i'));
        probe.style.cssText = `forced-color-adjust: none; color: ${colour}`;
        const { color } = getComputedStyle(probe);
        probe.remove();
        return color;
      }, name);
    try {
      await page.emulateMedia({ forcedColors: 'active', reducedMotion: 'reduce' });
      const [ground, text] = [await system('Highlight'), await system('HighlightText')];
      for (const chosen of ['.row[aria-selected="true"]', '.btn-primary'])
        expect(await colours(chosen), chosen).toEqual({
          color: text,
          backgroundColor: ground,
          forcedColorAdjust: 'none',
        });
      // The letter of a write is seen on its ground.
      const write = await colours('.row:not([aria-selected="true"]) .access-write');
      expect(write.color).not.toBe(write.backgroundColor);
      expect(write.forcedColorAdjust).toBe('none');
      const tab = page.locator('.dv-active-group .dv-active-tab').first();
      expect(await tab.evaluate((each) => getComputedStyle(each).borderTopColor)).toBe(ground);
      expect(await axeFindings(page)).toEqual([]);
      await press(page, 'v 2');
      await page.waitForSelector('[aria-label="Tables"]:focus');
      const moving = await page.evaluate(() =>
        [...document.querySelectorAll('*')]
          .filter((each) => getComputedStyle(each).animationName !== 'none')
          .map((each) => each.className),
      );
      expect(moving).toEqual([]);
      expect(window.complaints).toEqual([]);
    } finally {
      await window.close();
    }
  });
});
