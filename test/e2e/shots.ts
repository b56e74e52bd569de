/**
 * `npm run shots`: pictures of the main screens in both themes and two sizes, into build/shots,
 * to be held beside the mock-ups, and from them those of the README. Needs the built window and
 * Chromium.
 */
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { ROOT, capturePath } from '../support/captures.ts';
import type { Look } from './support/window.ts';
import { MISSING, launch, openSecond, openWindow, press } from './support/window.ts';

const OUT = join(ROOT, 'build/shots');

/** Pictures of the README: the dark theme at the size that the design is made for. */
const IN_README = { '2-triage': 'triage-dark.png', '3-tables': 'tables-dark.png' } as const;

const SIZES = [
  { width: 1280, height: 720 },
  { width: 1440, height: 900 },
] as const;

interface Screen {
  readonly name: string;
  /** Leads from the screen before to this one. */
  readonly go: (page: Page) => Promise<unknown>;
}

const jump = async (page: Page, text: string): Promise<void> => {
  await page.keyboard.press('F2');
  await page.keyboard.type(text);
  await page.getByRole('option').first().waitFor();
  await page.keyboard.press('Enter');
};

const NOTE = `The driver of 00:06.0 never **mapped** this page.

- #1 and the line L512 say the same
- \`dmar0/00:06.0/context\` is set, the table below it is empty`;

const SCREENS: readonly Screen[] = [
  { name: '1-start', go: (page) => page.waitForSelector('.start :focus') },
  {
    name: '2-triage',
    async go(page) {
      await page.keyboard.press('Enter');
      await page.waitForSelector('.verdict');
      await page.locator('.console-row.is-current').first().waitFor();
      await page.waitForSelector('[aria-label="Faults"]:focus');
    },
  },
  {
    name: '3-tables',
    async go(page) {
      await press(page, 'v 2');
      await page.waitForSelector('[aria-label="Tables"]:focus');
      await jump(page, '00:07.0');
      await page.getByText('context entry of 00:07.0').first().waitFor();
      await press(page, 'ArrowRight ArrowRight ArrowRight ArrowRight ArrowRight ArrowRight');
      await page.locator('.row').getByText('L1[').first().waitFor();
      const memory = page.locator('[aria-label="Physical memory"] .row');
      await memory.filter({ hasText: 'L1[488]' }).first().waitFor();
    },
  },
  {
    name: '4-changed',
    async go(page) {
      await jump(page, '00:06.0');
      await page.getByText('context entry of 00:06.0').first().waitFor();
      await page.getByRole('button', { name: /^Change DID/ }).click();
      await page.getByLabel(/^New value of DID/).fill('0xb');
      await page.keyboard.press('Enter');
      await page.locator('.row.is-changed').first().waitFor();
    },
  },
  {
    name: '5-registers',
    async go(page) {
      await press(page, 't m g r');
      await page.getByRole('button', { name: 'dmar0 ▾' }).click();
      await page.getByRole('menuitemradio', { name: /sim0/ }).click();
      const registers = page.getByRole('treegrid', { name: 'Registers of sim0' });
      await registers.getByText('GSTS').click();
      await page.keyboard.press('ArrowRight');
      await registers.getByText('TES').first().waitFor();
    },
  },
  {
    name: '6-lab',
    async go(page) {
      await press(page, 'v 3');
      await page.getByRole('button', { name: 'Run all' }).click();
      await page
        .getByRole('grid')
        .getByRole('button', { name: /device lost/ })
        .click();
      await page.getByText('State after step').waitFor();
    },
  },
  {
    name: '7-timeline',
    async go(page) {
      await press(page, 'v 4');
      await page.waitForSelector('[aria-label="Timeline"]:focus');
      await page.locator('.timeline-name').first().waitFor();
      await press(page, 'ArrowDown ArrowDown Home');
      await page.locator('.timeline-current').getByText('0x1f00000').waitFor();
      await press(page, 'Shift+ArrowRight');
      await page.locator('.timeline-selected').waitFor();
    },
  },
  {
    name: '7-map',
    async go(page) {
      await press(page, 'v 2 g m');
      const devices = page.getByRole('grid', { name: 'Devices' });
      await devices.locator('.row').filter({ hasText: '00:07.0' }).locator('.map-name').click();
      await page.getByRole('listbox', { name: /^Regions of 00:07\.0/ }).focus();
      await page.getByText(/, [1-9]\d* in view$/).waitFor({ state: 'attached' });
      await press(page, 'ArrowRight');
      await page
        .locator('.entry-title')
        .getByText(/^L1 entry/)
        .waitFor();
    },
  },
  {
    name: '7-reverse',
    async go(page) {
      await press(page, 'g w');
      await page.getByLabel('Physical address or range').fill('0x0-0x3fffffff');
      await press(page, 'Enter');
      const ways = page.getByRole('grid', { name: 'Who can reach it' });
      await ways.locator('.row').first().waitFor();
      await ways.focus();
    },
  },
  {
    name: '7-memory',
    async go(page) {
      await press(page, 'v 2 g h');
      await page.getByLabel('Address space').selectOption('virtual');
      const field = page.getByLabel('Virtual address or symbol');
      await field.fill('linux_banner');
      await field.press('Enter');
      const rows = page.getByRole('grid', { name: 'Virtual memory' });
      await rows.getByText('Linux version 6.').click();
    },
  },
  {
    name: '8-console',
    async go(page) {
      await press(page, 'v 5');
      await page.locator('.xterm-rows').first().waitFor();
    },
  },
  {
    name: '9-script',
    async go(page) {
      await press(page, 'Shift+F2 v 1');
      await press(page, 'g s');
      await page.waitForSelector('.monaco-editor :focus', { state: 'attached' });
      await press(page, 'Control+Enter');
      await page
        .getByRole('log', { name: 'Output' })
        .getByText(/finished after/)
        .waitFor();
      await press(page, 'Shift+F2 v m');
    },
  },
  {
    name: '9-audit',
    async go(page) {
      await press(page, 'Shift+F2 v 1');
      await press(page, 'g a');
      await page.waitForSelector('[aria-label="Audit"]:focus');
      await page
        .getByRole('treegrid', { name: 'Audit' })
        .getByText(/passed/)
        .waitFor();
      await press(page, ']');
      await page.getByText('Evidence').first().waitFor();
    },
  },
  {
    name: '9-compare',
    async go(page) {
      await openSecond(
        page,
        capturePath('intel-6.1', 'tables.crash.elf'),
        capturePath('intel-6.1', 'regs.crash.json'),
      );
      const compare = page.getByRole('treegrid', { name: 'Compare' });
      const row = compare.getByRole('row').filter({ hasText: /00:07\.0.*Domain/ });
      await row.click({ position: { x: 320, y: 8 } });
      await press(page, 'ArrowRight');
      await compare.getByText('Page table', { exact: true }).first().waitFor();
      await press(page, 'i');
      await page.getByRole('columnheader', { name: 'tables.crash.elf', exact: true }).waitFor();
    },
  },
  {
    name: '9-against',
    async go(page) {
      await press(page, 'g t v c');
      await page.getByRole('menuitemradio', { name: /tables\.crash\.elf/ }).click();
      await page.locator('[aria-label="Tables"] .row.is-changed').first().waitFor();
      await page.getByText(/^dmar0 bus 0x00/).waitFor();
    },
  },
  {
    name: '9-notes',
    async go(page) {
      await press(page, 'v 1');
      await page.waitForSelector('[aria-label="Faults"]:focus');
      await press(page, 'n n');
      await page.locator('.notes-editor').fill(NOTE);
      await page
        .getByRole('region', { name: 'The note as it reads' })
        .getByText('mapped')
        .waitFor();
    },
  },
  {
    name: '9-sessions',
    async go(page) {
      await press(page, 'Escape Shift+F2 n o');
      await page.getByRole('dialog', { name: 'Open a session' }).waitFor();
    },
  },
  {
    name: '9-report',
    async go(page) {
      await press(page, 'Escape Shift+F2 n r');
      await page.getByRole('dialog', { name: 'Report of the investigation' }).waitFor();
    },
  },
  {
    name: '10-palette',
    async go(page) {
      await press(page, 'Escape F2');
      await page.keyboard.type('>lay');
      await page.getByRole('listbox').getByRole('option').first().waitFor();
    },
  },
  {
    name: '11-keys',
    async go(page) {
      await press(page, 'Escape Shift+F2 ?');
      await page.getByRole('dialog').waitFor();
    },
  },
  {
    name: '12-story',
    async go(page) {
      await press(page, 'Escape Shift+F2 v 1');
      await press(page, 'Shift+F2 t h');
      await page.locator('.verdict h3').getByText('Stale cached translation').waitFor();
      await page.locator('.walk-step.is-last').waitFor();
    },
  },
];

async function shoot(browser: Awaited<ReturnType<typeof launch>>, look: Look): Promise<void> {
  const window = await openWindow(browser, { look });
  const size = `${look.width}x${look.height}`;
  try {
    for (const screen of SCREENS) {
      await screen.go(window.page).catch(async (error: unknown) => {
        await window.page.screenshot({ path: join(OUT, 'failed.png') });
        throw error;
      });
      // What was asked for has come, and nothing moves any more.
      await window.page.waitForLoadState('networkidle');
      await window.page.waitForFunction(() =>
        document.getAnimations().every((animation) => animation.playState !== 'running'),
      );
      await window.page.screenshot({ path: join(OUT, `${screen.name}-${look.theme}-${size}.png`) });
    }
    for (const complaint of window.complaints) console.log(`${size} ${look.theme}: ${complaint}`);
  } finally {
    await window.close();
  }
}

if (MISSING === undefined) {
  mkdirSync(OUT, { recursive: true });
  const browser = await launch();
  try {
    for (const theme of ['dark', 'light'] as const)
      for (const size of SIZES) await shoot(browser, { ...size, theme });
  } finally {
    await browser.close();
  }
  for (const [name, picture] of Object.entries(IN_README))
    copyFileSync(join(OUT, `${name}-dark-1440x900.png`), join(ROOT, 'resources/help', picture));
  console.log(`shots: ${SCREENS.length * SIZES.length * 2} pictures in ${OUT}`);
} else {
  console.log(`shots: none made, ${MISSING}`);
  process.exitCode = 1;
}
