import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { KEYS } from '../../renderer/keys.ts';
import type { TestWindow } from './support/window.ts';
import { MISSING, launch, openWindow, press, selectedRow } from './support/window.ts';

if (MISSING !== undefined) console.log(`keys: skipped, ${MISSING}`);

const PLAYWRIGHT: Readonly<Record<string, string>> = {
  Up: 'ArrowUp',
  Down: 'ArrowDown',
  Left: 'ArrowLeft',
  Right: 'ArrowRight',
  Esc: 'Escape',
  PgUp: 'PageUp',
  PgDn: 'PageDown',
  Ins: 'Insert',
};

/** Presses keys in the notation of the key map: `G T`, `Shift+C`, `PgDn`. */
async function stroke(page: Page, keys: string): Promise<void> {
  for (const each of keys.split(' ')) {
    const parts = each === '+' ? ['+'] : each.replace('Ctrl', 'Control').split('+');
    const key = parts.at(-1)!;
    const plain = /^[A-Z]$/.test(key) ? key.toLowerCase() : (PLAYWRIGHT[key] ?? key);
    await page.keyboard.press([...parts.slice(0, -1), plain].join('+'));
  }
}

/** The tab in front of the group that has the focus. */
const activeTab = (page: Page, title: string) =>
  page.locator('.dv-active-group .dv-active-tab').getByText(title, { exact: true }).waitFor();

/** The panel whose tab that is holds the focus. */
async function goesTo(page: Page, title: string): Promise<void> {
  await activeTab(page, title);
  await page.locator('.dv-active-group .panel :focus, .dv-active-group .panel:focus').waitFor();
}

const dialog = (name: RegExp) => (page: Page) => page.getByRole('dialog', { name }).waitFor();
const menu = (name: RegExp) => (page: Page) => page.getByRole('menu', { name }).waitFor();
const root = (page: Page, attribute: string): Promise<string | undefined> =>
  page.evaluate((name) => document.documentElement.dataset[name], attribute);
const clipboard = (page: Page): Promise<string> =>
  page.evaluate(() => navigator.clipboard.readText());

/** Presses the keys and sees a number or text change from what it was. */
const changes =
  (look: (page: Page) => Promise<unknown>) =>
  async (page: Page, keys: string): Promise<void> => {
    const before = await look(page);
    await stroke(page, keys);
    await expect.poll(() => look(page)).not.toEqual(before);
  };
const after =
  (seen: (page: Page) => Promise<unknown>) =>
  async (page: Page, keys: string): Promise<void> => {
    await stroke(page, keys);
    await seen(page);
  };
const copies = (expected: RegExp) => async (page: Page, keys: string) => {
  await page.evaluate(() => navigator.clipboard.writeText('nothing'));
  await stroke(page, keys);
  await expect.poll(() => clipboard(page)).toMatch(expected);
};
const groups = (page: Page): Promise<number> => page.locator('.dv-groupview:visible').count();
const zoom = (page: Page): Promise<string> =>
  page.evaluate(() => document.documentElement.style.getPropertyValue('--zoom'));
const selection = (page: Page): Promise<string | null> =>
  page.locator('.status-selection').textContent();

/** To a panel with no devices of its own. */
async function elsewhere(page: Page): Promise<void> {
  await stroke(page, 'G C');
  await page.waitForSelector('[role="log"]:focus');
}

/** What each key of the window does, from the layout Triage with the first fault selected. */
const WINDOW: readonly (readonly [string, (page: Page, keys: string) => Promise<unknown>])[] = [
  ['F2', after((page) => page.waitForSelector('input[role="combobox"][aria-label="Jump"]:focus'))],
  ['Shift+F2', after((page) => page.getByText('The next keys are plain keys.').waitFor())],
  ['F8', after((page) => page.waitForSelector('[role="log"]:focus'))],
  ['Shift+F8', after((page) => page.waitForSelector('[aria-label="Explanation"]:focus'))],
  ['?', after(dialog(/^Keys$/))],
  ['G C', after((page) => goesTo(page, 'console.cast'))],
  ['G R', after((page) => goesTo(page, 'Registers'))],
  ['G H', after((page) => goesTo(page, 'Memory'))],
  ['G T', after((page) => goesTo(page, 'Tables'))],
  ['G X', after((page) => goesTo(page, 'Translate'))],
  ['G M', after((page) => goesTo(page, 'Address map'))],
  ['G F', after((page) => page.waitForSelector('[aria-label="Faults"]:focus'))],
  ['G L', after((page) => goesTo(page, 'Timeline'))],
  ['G A', after((page) => goesTo(page, 'Audit'))],
  ['G D', after((page) => goesTo(page, 'Compare'))],
  ['G O', after((page) => goesTo(page, 'Hand-off lab'))],
  ['G S', after((page) => goesTo(page, 'Script'))],
  ['G N', after((page) => goesTo(page, 'Notes'))],
  ['G E', after((page) => goesTo(page, 'Entry'))],
  ['G Y', after((page) => goesTo(page, 'Explain'))],
  ['G G', after((page) => page.locator('.start').waitFor())],
  ['G W', after((page) => page.getByLabel('Physical address').waitFor())],
  ['N N', after((page) => page.waitForSelector('.panel textarea:focus'))],
  ['P', after((page) => page.getByText(/^Pinned to Notes/).waitFor())],
  ['N M', after((page) => page.waitForSelector('.panel textarea:focus'))],
  ['N R', after(dialog(/^Report/))],
  [
    'N S',
    async (page, keys) => {
      const download = page.waitForEvent('download');
      await stroke(page, keys);
      await download;
    },
  ],
  ['N O', after(dialog(/session/i))],
  ['T C', after(dialog(/Connect/))],
  ['T D', after(dialog(/Open/))],
  ['T 2', after(dialog(/Open a second state/))],
  ['T S', after(dialog(/Scan/))],
  ['T G', after(dialog(/root table/))],
  ['T P', after(dialog(/Paste/))],
  ['V T', changes((page) => root(page, 'theme'))],
  ['V D', changes((page) => root(page, 'density'))],
  [
    'V X',
    async (page, keys) => {
      await stroke(page, 'G T');
      await page.waitForSelector('[aria-label="Tables"]:focus');
      await stroke(page, 'G E');
      await page.locator('.field-table').waitFor();
      const value = (): Promise<string[]> =>
        page.locator('.field-table td:nth-child(3)').allTextContents();
      const before = await value();
      expect(before.some((each) => each.startsWith('0x'))).toBe(true);
      await stroke(page, keys);
      await expect.poll(value).not.toEqual(before);
      await stroke(page, keys);
      await expect.poll(value).toEqual(before);
    },
  ],
  ['V H', after((page) => page.locator('.notice').getByText(/heap/i).waitFor())],
  ['V M', changes(groups)],
  ['V C', after(menu(/./))],
  ['V S', changes(groups)],
  ['V B', changes(groups)],
  [
    'V W',
    after((page) => page.getByRole('tab', { name: /^Faults/ }).waitFor({ state: 'detached' })),
  ],
  [
    'V R',
    async (page, keys) => {
      const before = await groups(page);
      await stroke(page, 'V S');
      await expect.poll(() => groups(page)).toBe(before + 1);
      await stroke(page, keys);
      await expect.poll(() => groups(page)).toBe(before);
    },
  ],
  ['V +', changes(zoom)],
  ['V -', changes(zoom)],
  ['V 1', after((page) => page.getByRole('tab', { name: /^Faults/, selected: true }).waitFor())],
  ['V 2', after((page) => page.getByRole('tree', { name: 'Tables' }).waitFor())],
  ['V 3', after((page) => page.getByRole('tab', { name: 'Hand-off lab' }).waitFor())],
  ['V 4', after((page) => page.waitForSelector('[aria-label="Timeline"]:focus'))],
  ['V 5', changes(groups)],
  ['F', after((page) => page.waitForSelector('[aria-label="Filter faults"]:focus'))],
  [
    '1',
    async (page, keys) => {
      await stroke(page, '2');
      await page.waitForSelector('[aria-label="Tables"]:focus');
      await stroke(page, keys);
      await page.waitForSelector('[aria-label="Faults"]:focus');
    },
  ],
  ['2', after((page) => page.waitForSelector('[aria-label="Tables"]:focus'))],
  ['C', copies(/DMAR|0x/)],
  ['Shift+C', after(menu(/Copy or save Faults/))],
  ['Ctrl+C', copies(/DMAR|0x/)],
  [
    'L',
    async (page, keys) => {
      await elsewhere(page);
      await changes(selection)(page, '}');
      await copies(/#dmar0\//)(page, keys);
    },
  ],
  ['E', after((page) => page.waitForSelector('[aria-label="Explanation"]:focus'))],
  ['I', after((page) => activeTab(page, 'Entry'))],
  ['X', after(menu(/Show in/))],
  ['.', after(menu(/Actions/))],
  ['Shift+F10', after(menu(/Actions/))],
  [
    '[',
    async (page, keys) => {
      await changes(selection)(page, ']');
      await changes(selection)(page, keys);
    },
  ],
  [']', changes(selection)],
  [
    '{',
    async (page, keys) => {
      await elsewhere(page);
      await changes(selection)(page, keys);
    },
  ],
  [
    '}',
    async (page, keys) => {
      await elsewhere(page);
      await changes(selection)(page, keys);
    },
  ],
  [
    'Alt+Left',
    async (page, keys) => {
      const before = await selection(page);
      await changes(selection)(page, ']');
      await stroke(page, keys);
      await expect.poll(() => selection(page)).toBe(before);
    },
  ],
  [
    'Alt+Right',
    async (page, keys) => {
      await changes(selection)(page, ']');
      const then = await selection(page);
      await changes(selection)(page, 'Alt+Left');
      await stroke(page, keys);
      await expect.poll(() => selection(page)).toBe(then);
    },
  ],
];

/** Keys of the window that are proven elsewhere. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  Esc: 'below',
  'T X': 'target.test.ts',
  'T A': 'target.test.ts',
  'T B': 'needs a line that has breaks',
  'T Q': 'target.test.ts',
  'T L': 'target.test.ts',
  'T R': 'registers of a live target',
  'V L': 'the same as the menu of its tab',
  'T M': 'tables.test.ts',
  'T H': 'first-minute.test.ts',
  'T J': 'needs long work; progress.test.ts stops it by its button',
  'V O': 'own-window.test.ts',
  'T Z': 'tables.test.ts',
  'T Y': 'tables.test.ts',
};

describe.skipIf(MISSING !== undefined)('keys', () => {
  let browser: Browser;
  let window: TestWindow;
  let page: Page;
  beforeAll(async () => {
    browser = await launch();
    window = await openWindow(browser);
    ({ page } = window);
    await page.waitForSelector('.start :focus');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.verdict');
    page.setDefaultTimeout(12_000);
  });
  afterAll(async () => {
    await window?.close();
    await browser?.close();
  });

  /** Back to the first look, nothing open, the first fault of the list selected. */
  beforeEach(async () => {
    const open = page.locator('dialog[open]');
    if ((await open.count()) > 0) await stroke(page, 'Esc');
    await open.waitFor({ state: 'detached' });
    await stroke(page, 'Esc Esc Esc');
    await stroke(page, 'Shift+F2 V 1');
    await page.waitForSelector('[aria-label="Faults"]:focus');
    await stroke(page, 'Home Down Down');
    await selectedRow(page, 'Faults').getByText('#2').waitFor();
    await page.locator('.status-selection').getByText('0xdead000').waitFor();
  });

  it.each(WINDOW)('%s', async (keys, does) => {
    await does(page, keys);
  });

  it('every key of the window is walked', () => {
    const walked = new Set([...WINDOW.map(([keys]) => keys), ...Object.keys(ELSEWHERE)]);
    const own = KEYS.filter(({ scope }) => scope === 'everywhere' || scope === 'global')
      .map(({ keys }) => keys)
      .filter((keys) => !/^[3-9]$/.test(keys));
    expect(own.filter((keys) => !walked.has(keys))).toEqual([]);
  });

  it('are text in a field, and plain again for the strokes after Shift+F2', async () => {
    await stroke(page, 'F');
    const filter = page.getByLabel('Filter faults');
    await page.waitForSelector('[aria-label="Filter faults"]:focus');
    await page.keyboard.type('gt?.x');
    expect(await filter.inputValue()).toBe('gt?.x');
    await stroke(page, 'Shift+F2 G T');
    await page.waitForSelector('[aria-label="Tables"]:focus');
    await stroke(page, 'G F F');
    expect(await filter.inputValue()).toBe('gt?.x');
    // Esc takes the promise back.
    await stroke(page, 'Shift+F2 Esc');
    await page.getByText('The next keys are plain keys.').waitFor({ state: 'detached' });
    await page.keyboard.type('g');
    expect(await filter.inputValue()).toMatch(/g/);
    await filter.fill('');
  });

  it('Esc closes what is open, then clears the filter, then the list has the focus', async () => {
    await stroke(page, 'F');
    await page.keyboard.type('reason:0x05 ');
    await page.getByText('2 of 3').waitFor();
    await stroke(page, 'Shift+F2 .');
    await page.getByRole('menu').waitFor();
    await stroke(page, 'Esc');
    await page.getByRole('menu').waitFor({ state: 'detached' });
    await page.getByText('2 of 3').waitFor();
    await stroke(page, 'Esc');
    if ((await page.getByLabel('Filter faults').inputValue()) !== '') await stroke(page, 'Esc');
    await page.waitForSelector('[aria-label="Faults"]:focus');
    expect(await page.getByLabel('Filter faults').inputValue()).toBe('');
  });

  it('a leader lists what may follow, and Esc forgets it', async () => {
    await stroke(page, 'G');
    const list = page.getByRole('status', { name: 'Keys after G' });
    await list.getByText('Tables', { exact: true }).waitFor();
    await stroke(page, 'Esc');
    await list.waitFor({ state: 'detached' });
    await stroke(page, 'T');
    await page.getByRole('status', { name: 'Keys after T' }).waitFor();
    await stroke(page, 'Esc');
  });

  it.each([
    ['Down', 'Down', '#3'],
    ['J', 'J', '#3'],
    ['Up', 'Down Up', '#2'],
    ['K', 'J K', '#2'],
    ['Home', 'Home', '00:06.0'],
    ['End', 'End', '#1'],
    ['PgDn', 'PgDn', '#1'],
    ['PgUp', 'PgUp', '00:06.0'],
    ['Left', 'Left', '0x05'],
    ['U', 'U', '0x05'],
    ['Right', 'Home Right', '0x05'],
  ])('%s moves in lists and trees', async (_, keys, row) => {
    await stroke(page, keys);
    await selectedRow(page, 'Faults').getByText(row).first().waitFor();
  });

  it('Space folds and opens, * opens all that is below', async () => {
    await stroke(page, 'Home');
    await selectedRow(page, 'Faults').getByText('00:06.0').first().waitFor();
    const rows = page.locator('[aria-label="Faults"] .row');
    const all = await rows.count();
    // A group inside is folded too.
    await stroke(page, 'Down Space');
    await expect.poll(() => rows.count()).toBe(all - 2);
    await stroke(page, 'Home Space');
    await expect.poll(() => rows.count()).toBe(1);
    await stroke(page, '*');
    await expect.poll(() => rows.count()).toBe(all);
  });

  it('Enter opens, Shift+Enter opens beside', async () => {
    await stroke(page, 'Enter');
    await page.waitForSelector('[aria-label="Explanation"]:focus');
    await stroke(page, 'V W G F');
    await page.waitForSelector('[aria-label="Faults"]:focus');
    const before = await groups(page);
    await stroke(page, 'Shift+Enter');
    await page.getByRole('region', { name: 'Explain' }).waitFor();
    await expect.poll(() => groups(page)).toBe(before + 1);
  });

  it.each([
    ['00:06.0', /00:06\.0/, 'a device comes before actions'],
    ['@', /^[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/, '@ lists devices'],
    ['@06', /00:06\.0/, '@ finds devices'],
    [':fault addr', /fault addr/, ': finds text of the console'],
    ['#1', /#1/, 'a fault'],
    ['L512', /L512|line 512/, 'a line'],
    ['>theme', /theme/i, '> finds actions'],
  ])('the palette, %s: %s (%s)', async (text, first) => {
    await stroke(page, 'F2');
    await page.keyboard.type(text);
    await page.getByRole('option', { selected: true }).getByText(first).first().waitFor();
    await stroke(page, 'Esc');
    await page.waitForSelector('[aria-label="Faults"]:focus');
  });

  it('the palette says when nothing matches', async () => {
    await stroke(page, 'F2');
    await page.keyboard.type('xyz');
    await page
      .getByText('Nothing matches "xyz". Addresses need hex digits; actions start with >.')
      .waitFor();
    await stroke(page, 'Esc');
  });

  it('can be changed, and are kept', async () => {
    await stroke(page, '?');
    const sheet = page.getByRole('dialog', { name: 'Keys' });
    await sheet.getByLabel('Find a key or what it does').fill('Tables');
    await sheet.getByRole('button', { name: 'G T, Tables. Change' }).click();
    await page.waitForSelector('.key-recorder:focus');
    await stroke(page, 'G F');
    await sheet.getByRole('alert').getByText('G F is already "Faults".').waitFor();
    await sheet.getByRole('button', { name: 'G T, Tables. Change' }).click();
    await stroke(page, 'F5');
    await sheet
      .getByRole('alert')
      .getByText(/F5 belongs to the browser/)
      .waitFor();
    await sheet.getByRole('button', { name: 'G T, Tables. Change' }).click();
    await stroke(page, 'G B');
    await sheet.getByRole('button', { name: 'G B, Tables. Change' }).waitFor();
    await sheet.getByLabel('Find a key or what it does').fill('Arm');
    await sheet.getByRole('button', { name: /^T A, Arm/ }).click();
    await stroke(page, 'T 5');
    await sheet.getByRole('button', { name: /^T 5, Arm/ }).waitFor();
    await sheet.getByRole('button', { name: 'Close' }).click();
    // What the window says of a key is the key as it is now.
    await expect
      .poll(() => page.locator('.write-state').getAttribute('title'))
      .toContain('T 5 arms writes.');
    await stroke(page, 'G T');
    await stroke(page, 'G B');
    await page.waitForSelector('[aria-label="Tables"]:focus');
    expect(await page.locator('.rail-row', { hasText: 'Tables' }).locator('b').textContent()).toBe(
      'B',
    );
    await page.reload();
    await page.getByRole('tree', { name: 'Tables' }).waitFor();
    await stroke(page, 'G F');
    await page.waitForSelector('[aria-label="Faults"]:focus');
    await stroke(page, 'G B');
    await page.waitForSelector('[aria-label="Tables"]:focus');
    await stroke(page, '?');
    await sheet.getByRole('button', { name: 'Reset all keys' }).click();
    await sheet.getByRole('button', { name: 'G T, Tables. Change' }).waitFor();
    await press(page, 'Escape');
  });

  it('has nothing to complain about', () => {
    expect(window.complaints).toEqual([]);
  });
});
