import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedWindow } from './support/shared-window.ts';
import type { TestWindow } from './support/window.ts';
import {
  MISSING,
  axeFindings,
  launch,
  openSample,
  openWindow,
  press,
  selectedRow,
} from './support/window.ts';

if (MISSING !== undefined) console.log(`layout: skipped, ${MISSING}`);

/** The view that the page sent to be saved last, from now on. */
async function watchSaves(page: Page): Promise<() => Promise<string>> {
  await page.evaluate(() => {
    const send = Object.getOwnPropertyDescriptor(WebSocket.prototype, 'send')?.value as (
      this: WebSocket,
      data: unknown,
    ) => void;
    WebSocket.prototype.send = function record(data) {
      if (typeof data === 'string' && data.includes('view.save'))
        document.documentElement.dataset['saved'] = data.replaceAll('\\', '');
      send.call(this, data);
    };
  });
  return () => page.evaluate(() => document.documentElement.dataset['saved'] ?? '');
}

const end = (page: Page, column: string): Locator =>
  page.getByRole('separator', { name: `Width of ${column}`, exact: true }).first();

const head = (page: Page, column: string): Locator =>
  page.getByRole('columnheader', { name: column, exact: true }).first();

const valueOf = async (separator: Locator): Promise<number> =>
  Number(await separator.getAttribute('aria-valuenow'));

async function boxOf(
  what: Locator,
): Promise<{ x: number; y: number; width: number; height: number }> {
  const box = await what.boundingBox();
  if (!box) throw new Error('it is not shown');
  return box;
}

/** Drags something by so many px of the screen. */
async function drag(page: Page, what: Locator, x: number, y: number): Promise<void> {
  const box = await boxOf(what);
  const [left, top] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.move(left, top);
  await page.mouse.down();
  await page.mouse.move(left + x / 2, top + y / 2);
  await page.mouse.move(left + x, top + y);
  await page.mouse.up();
}

/** The first row of a list that is wholly below its head. */
const firstRow = (page: Page, label: string): Promise<string> =>
  page.evaluate((name) => {
    const list = document.querySelector(`.rows-list[aria-label="${name}"]`);
    const top = (list?.closest('.rows')?.getBoundingClientRect().top ?? 0) + 20;
    const rows = [...(list?.querySelectorAll('.row') ?? [])]
      .map((row) => ({ row, at: row.getBoundingClientRect().top }))
      .filter(({ at }) => at >= top)
      .toSorted((a, b) => a.at - b.at);
    return rows[0]?.row.firstElementChild?.textContent ?? '';
  }, label);

/** Unfolds far more rows in Tables than the panel shows, however high it is. */
async function unfoldMuch(page: Page): Promise<Locator> {
  const tree = page.getByRole('tree', { name: 'Tables' });
  for (const folded of ['Invalidation queue', 'Interrupt remapping table']) {
    const row = tree.getByRole('treeitem').filter({ hasText: folded });
    await row.click();
    await tree.focus();
    await press(page, 'ArrowRight');
    await page.locator(`[role="treeitem"][aria-expanded="true"]`, { hasText: folded }).waitFor();
  }
  await expect.poll(() => page.locator('[aria-label="Tables"] .row').count()).toBeGreaterThan(20);
  return tree;
}

/** Turns the wheel over Tables. @returns the first row then */
async function scrollDown(page: Page): Promise<string> {
  const box = await boxOf(page.getByRole('tree', { name: 'Tables' }));
  await page.mouse.move(box.x + 100, box.y + 100);
  const top = await firstRow(page, 'Tables');
  await page.mouse.wheel(0, 200);
  await expect.poll(() => firstRow(page, 'Tables')).not.toBe(top);
  let place = '';
  const settled = async (): Promise<boolean> => {
    const before = place;
    place = await firstRow(page, 'Tables');
    return place === before;
  };
  await expect.poll(settled).toBe(true);
  return place;
}

/** Kills the engine. @returns waits until the page has rows of the tables from the next one */
async function killEngine({ page, served }: TestWindow): Promise<() => Promise<void>> {
  const anew = page.waitForEvent('websocket', { timeout: 60_000 });
  process.kill(served.engine.pid!, 'SIGKILL');
  const socket = await anew;
  return async () => {
    await socket.waitForEvent('framereceived', {
      predicate: ({ payload }) => /"path":"dmar0[^"]*","depth":/.test(String(payload)),
      timeout: 60_000,
    });
  };
}

describe.skipIf(MISSING !== undefined)('the layout of the window', () => {
  const window = sharedWindow(openWindow);
  beforeAll(async () => {
    await window.page.waitForSelector('.start :focus');
    await window.page.keyboard.press('Enter');
    await window.page.waitForSelector('.verdict');
    await selectedRow(window.page, 'Faults').waitFor();
  });

  it('gives a column the width that its end is dragged to, and its rows with it', async () => {
    const { page } = window;
    const source = end(page, 'Source · driver');
    expect((await boxOf(source)).width).toBe(7);
    expect(await valueOf(source)).toBe(158);
    await drag(page, source, 60, 0);
    await expect.poll(() => valueOf(source)).toBe(218);
    const cell = page.locator('[aria-label="Faults"] [role="gridcell"]').first();
    expect((await boxOf(cell)).width).toBe(218);
    await drag(page, source, -600, 0);
    await expect.poll(() => valueOf(source)).toBe(40);
    await source.dblclick();
    await expect.poll(() => source.getAttribute('aria-valuetext')).toBe('usual width');
    expect((await boxOf(cell)).width).toBe(158);
  });

  it('leads through a head by keys: arrows move an end, Home gives the usual width', async () => {
    const { page } = window;
    await head(page, 'Source · driver').getByRole('button').focus();
    await press(page, 'ArrowRight');
    const source = end(page, 'Source · driver');
    expect(await source.evaluate((each) => each === document.activeElement)).toBe(true);
    await press(page, 'ArrowRight ArrowRight Shift+ArrowLeft');
    await expect.poll(() => valueOf(source)).toBe(158 + 8 + 8 - 1);
    await press(page, 'Home');
    await expect.poll(() => valueOf(source)).toBe(158);
    await press(page, 'ArrowDown');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Count');
    const stops = page.locator('.faults-grid .rows-head [tabindex="0"]');
    expect(await stops.count()).toBe(1);
  });

  it('sorts by a head, turns around by the same, and keeps the selected row', async () => {
    const { page } = window;
    const address = head(page, 'Address');
    expect(await head(page, 'Verdict').getAttribute('aria-sort')).toBe('descending');
    expect(await address.getAttribute('aria-sort')).toBe('none');
    const rows = (): Promise<string[]> =>
      page.locator('[aria-label="Faults"] .row.is-inner').allTextContents();
    const before = await selectedRow(page, 'Faults').textContent();
    await address.getByRole('button').click();
    await expect.poll(() => address.getAttribute('aria-sort')).toBe('ascending');
    await expect
      .poll(rows)
      .toEqual([expect.stringContaining('0x06'), expect.stringContaining('0x05')]);
    await address.getByRole('button').focus();
    await press(page, 'Enter');
    await expect.poll(() => address.getAttribute('aria-sort')).toBe('descending');
    await expect
      .poll(rows)
      .toEqual([expect.stringContaining('0x05'), expect.stringContaining('0x06')]);
    expect(await selectedRow(page, 'Faults').textContent()).toBe(before);
  });

  it('has splitters that can be grabbed, and moved by keys, down to the least of a group', async () => {
    const { page } = window;
    const upright = page.getByRole('separator', { name: 'Between Faults and Explain' });
    const level = page.getByRole('separator', { name: 'Between Faults and console.cast' });
    expect((await boxOf(upright)).width).toBe(7);
    expect((await boxOf(level)).height).toBe(7);
    const was = await valueOf(upright);
    await upright.focus();
    await press(page, 'ArrowLeft ArrowLeft ArrowLeft ArrowLeft');
    await expect.poll(() => valueOf(upright)).toBeLessThan(was);
    const width = async (group: number): Promise<number> =>
      (await boxOf(page.locator('.dv-groupview').nth(group))).width;
    await press(page, 'Home');
    await expect.poll(() => width(0)).toBe(240);
    await level.focus();
    await press(page, 'End');
    await expect
      .poll(async () => (await boxOf(page.locator('.dv-groupview').nth(1))).height)
      .toBe(120);
    await drag(page, upright, 900, 0);
    const right = page.locator('.dv-groupview').nth(2);
    await expect.poll(async () => (await boxOf(right)).width).toBe(240);
    await press(page, 'v r');
    await expect.poll(() => valueOf(upright)).toBe(was);
  });

  it('moves a tab to the edge of a group', async () => {
    const { page } = window;
    const groups = page.locator('.dv-groupview');
    const before = await groups.count();
    const body = await boxOf(page.getByRole('tabpanel', { name: /^Explain/ }));
    await page.getByRole('tab', { name: 'Entry' }).dragTo(groups.nth(2), {
      targetPosition: { x: body.width / 2, y: body.height - 20 },
    });
    await expect.poll(() => groups.count()).toBe(before + 1);
    await page
      .getByRole('separator', { name: /^Between .*Entry/ })
      .first()
      .waitFor();
    await press(page, 'v r');
    await expect.poll(() => groups.count()).toBe(before);
  });

  it('takes a panel’s link to the selection away by V L, and gives it back', async () => {
    const { page } = window;
    await press(page, 'g y v l');
    const menu = page.getByRole('button', { name: 'Menu of Explain' });
    await menu.click();
    const item = page.getByRole('menuitemradio', { name: /Follows the selection/ });
    expect(await item.getAttribute('aria-checked')).toBe('false');
    await press(page, 'Escape');
    await press(page, 'g y v l');
    await menu.click();
    expect(await item.getAttribute('aria-checked')).toBe('true');
    await press(page, 'Escape');
  });

  it('folds in a narrow window, and is what it was when it is wide again', async () => {
    const { page } = window;
    await press(page, 'v r');
    const upright = page.getByRole('separator', { name: 'Between Faults and Explain' });
    await upright.focus();
    await press(page, 'ArrowLeft ArrowLeft ArrowLeft ArrowLeft ArrowLeft ArrowLeft');
    const was = await valueOf(upright);
    await page.setViewportSize({ width: 1100, height: 900 });
    await expect.poll(() => page.locator('.dv-groupview').count()).toBe(2);
    await expect.poll(() => upright.getAttribute('aria-orientation')).toBe('horizontal');
    expect((await boxOf(page.locator('.rail'))).width).toBe(36);
    await page.setViewportSize({ width: 1440, height: 900 });
    await expect.poll(() => page.locator('.dv-groupview').count()).toBe(3);
    await expect.poll(() => valueOf(upright)).toBe(was);
  });

  it('never scrolls the page at 200 %, in the smallest window, and drags as the pointer goes', async () => {
    const { page } = window;
    await page.setViewportSize({ width: 1024, height: 640 });
    for (let step = 0; step < 5; step++) await press(page, 'v +');
    await expect
      .poll(() => page.evaluate(() => document.documentElement.style.getPropertyValue('--zoom')))
      .toBe('2');
    for (const preset of ['2', '3', '4', '5', '1']) {
      await press(page, `v ${preset}`);
      await expect
        .poll(() =>
          page.evaluate(() => {
            const { scrollWidth, scrollHeight } = document.documentElement;
            return [scrollWidth, scrollHeight];
          }),
        )
        .toEqual([1024, 640]);
    }
    await selectedRow(page, 'Faults').waitFor();
    const source = end(page, 'Source · driver');
    await drag(page, source, 60, 0);
    await expect.poll(() => valueOf(source)).toBe(158 + 30);
    await source.dblclick();
    const level = page.getByRole('separator', { name: /^Between Faults and/ });
    const from = await boxOf(level);
    await drag(page, level, 0, -10);
    await expect.poll(async () => (await boxOf(level)).y - from.y).toBe(-10);
    await press(page, 'v r');
    for (let step = 0; step < 5; step++) await press(page, 'v -');
    await page.setViewportSize({ width: 1440, height: 900 });
  });

  it('is found again after a kill: widths, order, filter, places, folds and sizes', async () => {
    const { page, served } = window;
    const saves = await watchSaves(page);
    await press(page, 'v 1');
    await selectedRow(page, 'Faults').waitFor();
    await drag(page, end(page, 'Source · driver'), 42, 0);
    await head(page, 'Reason').getByRole('button').click();
    await page.getByLabel('Filter faults').fill('reason:0x05');
    await page.getByText('2 of 3').waitFor();
    await press(page, 'Escape');
    await press(page, 'v 2');
    const tree = await unfoldMuch(page);
    await drag(page, end(page, 'Points to'), 24, 0);
    const place = await scrollDown(page);
    const upright = page.getByRole('separator', { name: 'Between Tables and Entry' });
    await upright.focus();
    await press(page, 'ArrowRight ArrowRight ArrowRight');
    const size = await valueOf(upright);
    // A second after the last change it is saved; then nothing is closed in order.
    await page.evaluate(() => delete document.documentElement.dataset['saved']);
    await expect.poll(saves).toMatch(/"pointsTo":122/);
    await expect.poll(saves).toMatch(/"tables":\{"id":"dmar0/);
    process.kill(served.engine.pid!, 'SIGKILL');
    await page.reload();
    await tree.waitFor();
    await expect.poll(() => valueOf(end(page, 'Points to'))).toBe(122);
    await expect.poll(() => firstRow(page, 'Tables')).toBe(place);
    await expect.poll(() => valueOf(upright)).toBe(size);
    await press(page, 'v 1');
    await page.getByText('2 of 3').waitFor();
    expect(await valueOf(end(page, 'Source · driver'))).toBe(200);
    expect(await head(page, 'Reason').getAttribute('aria-sort')).toBe('ascending');
  });

  it('has names and roles that axe finds nothing wrong with', async () => {
    const { page } = window;
    for (const preset of ['1', '2', '4']) {
      await press(page, `v ${preset}`);
      expect(await axeFindings(page)).toEqual([]);
    }
  });
});

describe.skipIf(MISSING !== undefined)('the window when its engine ends', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser?.close());

  it('keeps the place of a list, and reads again what it ended with twice when it is asked to', async () => {
    const window = await openSample(browser);
    const { page } = window;
    try {
      const saves = await watchSaves(page);
      await press(page, 'v 2');
      await unfoldMuch(page);
      const place = await scrollDown(page);
      await expect.poll(saves).toMatch(/"unfolded":\[[^\]]*"dmar0\/irq"/);
      const there = await killEngine(window);
      await there();
      await expect.poll(() => firstRow(page, 'Tables')).toBe(place);

      // The second end within a minute: what is open is to blame.
      await killEngine(window);
      const panel = page.getByText(/^The engine ended with vmcore open and was started again/);
      await panel.first().waitFor({ timeout: 60_000 });
      await page.locator('.chip', { hasText: 'vmcore' }).getByText('Read again').waitFor();
      await page.locator('.panel').getByRole('button', { name: 'Read again' }).first().waitFor();
      expect(await axeFindings(page)).toEqual([]);
      await press(page, 't r');
      await expect.poll(() => firstRow(page, 'Tables'), { timeout: 60_000 }).toBe(place);
      await panel.first().waitFor({ state: 'detached' });
    } finally {
      await window.close();
    }
  });
});
