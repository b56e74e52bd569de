/**
 * `node electron/icons.ts`: draws the PNGs of resources/icons/icon.svg that packages need, by Chromium.
 * Run it after a change of the drawing; its results are part of the repository.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { PACKAGE_ROOT } from './host/package-root.ts';

const SIZES = [16, 32, 48, 64, 128, 256, 512];
const folder = join(PACKAGE_ROOT, 'resources/icons');
const svg = readFileSync(join(folder, 'icon.svg'), 'utf8');

const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});
try {
  const page = await browser.newPage();
  for (const size of SIZES) {
    await page.setViewportSize({ width: size, height: size });
    await page.setContent(
      `<style>*{margin:0}svg{display:block;width:${size}px;height:${size}px}</style>${svg}`,
    );
    writeFileSync(
      join(folder, `${size}x${size}.png`),
      await page.screenshot({ omitBackground: true }),
    );
  }
} finally {
  await browser.close();
}
