/**
 * `npm run shots`: pictures of the main screens on the bundled sample, in both themes and at two
 * sizes, into build/shots; `npm run shots -- --readme` also renews those of the README.
 */
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../support/captures.ts';
import {
  launch,
  MISSING,
  openWindow,
  press,
  selectedRow,
  type TestWindow,
} from './support/window.ts';

const OUT = join(ROOT, 'build/shots');
const SIZES = [
  { width: 1440, height: 900 },
  { width: 1280, height: 720 },
] as const;

/** Each screen: what brings it up, starting from the one before. */
const SCREENS: readonly {
  readonly name: string;
  readonly show: (window: TestWindow) => Promise<void>;
}[] = [
  {
    name: 'start',
    show: async ({ page }) => {
      await page.waitForSelector('.start :focus');
    },
  },
  {
    name: 'triage',
    show: async ({ page }) => {
      await page.keyboard.press('Enter');
      await selectedRow(page, 'Faults').getByText('00:06.0').waitFor();
      await page.locator('.verdict h3').getByText('Not mapped').waitFor();
    },
  },
  {
    name: 'tables',
    show: async ({ page }) => {
      await press(page, 'v 2');
      await press(page, 'g t');
      for (let step = 0; step < 4; step++) await press(page, 'ArrowRight ArrowDown');
    },
  },
  { name: 'registers', show: ({ page }) => press(page, 'g r') },
  {
    name: 'jump',
    show: async ({ page }) => {
      await press(page, 'F2');
      await page.keyboard.type('00:06');
    },
  },
  {
    name: 'lab',
    show: async ({ page }) => {
      await press(page, 'Escape Escape v 3 Enter');
    },
  },
  // Last: the editor takes plain keys for itself.
  { name: 'script', show: ({ page }) => press(page, 'g s') },
];

/** Lets what was asked for be drawn: no request on its way, and two frames painted. */
async function settle({ page }: TestWindow): Promise<void> {
  await page.waitForLoadState('networkidle');
  await page.waitForTimeout(700);
}

if (MISSING !== undefined) {
  console.error(`shots: ${MISSING}`);
  process.exit(1);
}
mkdirSync(OUT, { recursive: true });
const browser = await launch();
for (const theme of ['dark', 'light'] as const)
  for (const size of SIZES) {
    const window = await openWindow(browser, { look: { ...size, theme } });
    for (const screen of SCREENS) {
      await screen.show(window);
      await settle(window);
      const path = join(OUT, `${screen.name}-${theme}-${size.width}x${size.height}.png`);
      await window.page.screenshot({ path });
      console.log(path);
    }
    for (const complaint of window.complaints) console.error(`shots: ${complaint}`);
    await window.close();
  }
await browser.close();
if (process.argv.includes('--readme')) {
  mkdirSync(join(ROOT, 'resources/help'), { recursive: true });
  for (const name of ['triage', 'tables'])
    copyFileSync(
      join(OUT, `${name}-dark-1440x900.png`),
      join(ROOT, `resources/help/${name}-dark.png`),
    );
}
