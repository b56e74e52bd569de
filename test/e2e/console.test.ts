import { spawn, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  closeSync,
  createWriteStream,
  existsSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { captureBytes } from '../support/captures.ts';
import type { TestWindow } from './support/window.ts';
import {
  MISSING,
  axeFindings,
  jumpTo,
  launch,
  openSample,
  openWindow,
  press,
  selectedRow,
} from './support/window.ts';

const NO_SOCAT = spawnSync('socat', ['-V']).error !== undefined;
if (MISSING !== undefined) console.log(`console: skipped, ${MISSING}`);
else if (NO_SOCAT) console.log('console over a pty: skipped, needs socat');

/** What a hostile target may print: markup, a title, a link, questions to the terminal. */
const HOSTILE = [
  '[    1.000000] <img src=x onerror="document.title=`owned`"><script>document.title="owned"</script>',
  '[    1.100000] \u001b]0;owned\u0007title \u001b]8;;https://example.com/\u0007link\u001b]8;;\u0007 \u001b[6n\u001b[c\u001b[?1000h',
  '[    2.000000] DMAR: [DMA Write NO_PASID] Request device [02:00.0] fault addr 0x<b>1000</b> [fault reason 0x05] PTE',
  '[    3.000000] DMAR: [DMA Write NO_PASID] Request device [02:00.0] fault addr 0xdead000 [fault reason 0x05] PTE Write access is not set',
].join('\n');

describe.skipIf(MISSING !== undefined)('the console', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser?.close());

  it('keeps what a log says text', async () => {
    const window = await openWindow(browser);
    const { page, complaints } = window;
    try {
      await page.waitForSelector('.start :focus');
      await press(page, 't p');
      await page.getByLabel('Text').fill(HOSTILE);
      await page.getByRole('button', { name: 'Read it' }).click();
      await selectedRow(page, 'Faults').getByText('02:00.0').waitFor();
      await page.locator('.xterm-rows').getByText('<img src=x').waitFor();
      expect(await page.title()).toBe('Faultline');
      expect(await page.locator('img').count()).toBe(0);
      expect(await page.locator('.console a').count()).toBe(0);
      await page.locator('.xterm-rows').getByText('link').click({ force: true });
      expect(page.context().pages()).toHaveLength(1);
      expect(complaints).toEqual([]);
    } finally {
      await window.close();
    }
  });

  it('is that of the session that is open, when another took the place of the last', async () => {
    const window = await openSample(browser);
    const { page } = window;
    try {
      await page.locator('.xterm-rows').getByText('fault addr 0x1f00000').first().waitFor();
      await press(page, 't h');
      await page.locator('.xterm-rows').getByText('hpsa').first().waitFor();
      await page.locator('.console-row.is-current').first().waitFor();
      const lines = await page.locator('.xterm-rows').textContent();
      expect(lines).not.toContain('0x1f00000');
    } finally {
      await window.close();
    }
  });

  it('finds, moves by lines and keeps its place', async () => {
    const window = await openSample(browser);
    const { page } = window;
    try {
      await press(page, 'g c');
      await page.waitForSelector('[aria-label="Console console.cast"]:focus');
      await press(page, 'ArrowDown ArrowDown');
      await page.locator('.console-row.is-current').getByText('514').waitFor();
      await page.getByRole('heading', { name: /0xdead000/ }).waitFor();
      await press(page, 'f');
      await page.keyboard.type('makedumpfile Completed');
      await press(page, 'Enter');
      await page.locator('.console-number').getByText('1095').waitFor();
      await page.getByLabel('Find in the console').fill('no such text');
      await press(page, 'Enter');
      await page.locator('.console-find[aria-invalid="true"]').waitFor();
      await press(page, 'Escape');
      await page.getByRole('button', { name: 'Time: kernel' }).click();
      await page.getByRole('button', { name: 'Time: received' }).click();
      await page.getByRole('button', { name: 'Time: delta' }).waitFor();
      await expect
        .poll(() => page.locator('.console-time').first().textContent())
        .toMatch(/^\+|^$/);
    } finally {
      await window.close();
    }
  });

  it('is led to from an entry, one after the other through the lines that name its device', async () => {
    const window = await openSample(browser);
    const { page } = window;
    try {
      await press(page, 'v 2');
      await jumpTo(page, '00:06.0');
      const named = page.getByRole('button', { name: '9 console lines' });
      for (const line of [235, 236]) {
        await named.click();
        const current = page.locator('.console-row.is-current');
        await current.getByText(String(line), { exact: true }).waitFor();
        await page.waitForSelector('.console:focus');
      }
      expect(await page.getByText('context entry of 00:06.0').count()).toBeGreaterThan(0);
    } finally {
      await window.close();
    }
  });

  it('keeps numbers and times beside their lines while the window changes its width', async () => {
    const window = await openWindow(browser);
    const { page } = window;
    /** Rows whose time column is not the time that the line itself prints. */
    const wrong = (): Promise<string[]> =>
      page.evaluate(() => {
        const text = [...document.querySelectorAll('.xterm-rows > div')];
        const rows = [...document.querySelectorAll('.console-row')].map((row, index) => ({
          time: row.querySelector('.console-time')?.textContent ?? '',
          printed: /^\[ *(\d+\.\d+)\]/.exec(text[index]?.textContent ?? '')?.[1],
        }));
        const stamped = rows.filter(({ printed }) => printed !== undefined);
        if (stamped.length === 0) return ['no line with a stamp'];
        return stamped
          .filter(({ time, printed }) => Number(printed).toFixed(3) !== time)
          .map(({ time, printed }) => `${printed} beside ${time}`);
      });
    try {
      await page.waitForSelector('.start :focus');
      await press(page, 'Enter');
      await page.locator('.console-row.is-current').first().waitFor();
      for (const width of [1210, 1500, 1290, 1600, 1240]) {
        await page.setViewportSize({ width, height: 800 });
        await page.locator('.console-row.is-current').getByText('512').waitFor();
        await expect.poll(wrong).toEqual([]);
      }
      for (const width of [1500, 1250, 1400, 1210, 1300])
        await page.setViewportSize({ width, height: 700 });
      await page.locator('.console-row.is-current').getByText('512').waitFor();
      await expect.poll(wrong).toEqual([]);
    } finally {
      await window.close();
    }
  });

  it.skipIf(NO_SOCAT)('takes what comes through a serial port to the fault list', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'faultline-pty-'));
    const [near, far] = [join(folder, 'near'), join(folder, 'far')];
    const socat = spawn('socat', [`pty,raw,echo=0,link=${near}`, `pty,raw,echo=0,link=${far}`]);
    const window = await openWindow(browser);
    const { page } = window;
    try {
      await expect.poll(() => existsSync(near) && existsSync(far), { timeout: 10_000 }).toBe(true);
      await page.waitForSelector('.start :focus');
      await press(page, 't c');
      await page.getByLabel('Port').fill(near);
      await page.getByRole('button', { name: 'Connect', exact: true }).click();
      await page.locator('.console').waitFor();
      // Following goes on when the first fault comes, in the list and in the console.
      const follow = page.getByRole('button', { name: 'Follow', exact: true });
      await follow.first().click();
      const pressed = (): Promise<(string | null)[]> =>
        follow.evaluateAll((each) => each.map((button) => button.getAttribute('aria-pressed')));
      expect(await pressed()).toEqual(['true', 'true']);

      const port = createWriteStream(far);
      const text = captureBytes('intel-6.1', 'console.log').toString('latin1').split('\n');
      port.write(Buffer.from(`${text.slice(505, 516).join('\n')}\n`, 'latin1'));
      await page.locator('.xterm-rows').getByText('0xdeaf000').waitFor();
      await page.locator('.statusbar').getByText('3 faults').waitFor();
      await selectedRow(page, 'Faults').getByText('#3').waitFor();
      expect(await pressed()).toEqual(['true', 'true']);
      await press(page, 'g f');
      await selectedRow(page, 'Faults').getByText('00:06.0').waitFor();
      port.end();

      // Nobody allowed typing, so nothing is sent.
      await press(page, 'g c');
      await page.keyboard.type('z');
      expect(await page.locator('.write-state').textContent()).toBe('Read-only');
    } finally {
      await window.close();
      socat.kill();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

/** The kernel's lines of a capture's console, repeated into a log of so many bytes at least. */
function bigLog(path: string, bytes: number): { lines: number; text: readonly string[] } {
  const text = captureBytes('intel-6.1', 'console.log')
    .toString('latin1')
    .split('\n')
    .filter((line) => line.startsWith('['));
  const piece = Buffer.from(text.map((line) => `${line}\n`).join(''), 'latin1');
  const fd = openSync(path, 'w');
  let turns = 0;
  for (; turns * piece.length < bytes; turns++) writeSync(fd, piece);
  closeSync(fd);
  return { lines: turns * text.length, text };
}

/** What stands beside each other on the screen: numbers of lines, and their text. */
const shown = (page: Page): Promise<{ line: number; text: string }[]> =>
  page.evaluate(() => {
    const text = [...document.querySelectorAll('.xterm-rows > div')];
    return [...document.querySelectorAll('.console-row')].flatMap((row, index) => {
      const line = Number(row.querySelector('.console-number')?.textContent || 0);
      return line === 0 ? [] : [{ line, text: (text[index]?.textContent ?? '').trimEnd() }];
    });
  });

const topLine = async (page: Page): Promise<number> => (await shown(page))[0]?.line ?? 0;
const lastLine = async (page: Page): Promise<number> => (await shown(page)).at(-1)?.line ?? 0;

async function jump(page: Page, line: number): Promise<void> {
  await page.getByLabel('Jump').focus();
  await page.keyboard.type(`L${line}`);
  await page.getByRole('option').first().waitFor();
  await press(page, 'Enter');
  await page.locator('.console-row.is-current').getByText(String(line)).waitFor();
}

describe.skipIf(MISSING !== undefined)('a console with a long record', () => {
  const folder = mkdtempSync(join(tmpdir(), 'faultline-long-'));
  let browser: Browser;
  let window: TestWindow | undefined;
  beforeAll(async () => {
    browser = await launch();
  });
  afterEach(async () => {
    await window?.close();
    window = undefined;
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true });
  });

  /** Opens a log alone, over the whole dock, and the end of it. */
  async function open(path: string): Promise<Page> {
    window = await openWindow(browser, { paths: [path] });
    const { page } = window;
    await page.locator('.statusbar').getByText('log, read to the end').waitFor({ timeout: 60_000 });
    await press(page, 'v 5');
    await press(page, 'g c');
    await page.waitForSelector('.console:focus');
    return page;
  }

  it('stands where it stood: behind another tab, in a new page, with a new engine', async () => {
    const path = join(folder, 'places.log');
    const { lines } = bigLog(path, 4 << 20);
    const page = await open(path);
    const follow = page
      .getByRole('tabpanel', { name: 'places.log' })
      .getByRole('button', { name: 'Follow', exact: true });
    await jump(page, 20_000);
    await press(page, 'g c');
    await press(page, 'Shift+PageUp Shift+PageUp Shift+PageUp');
    await expect.poll(() => topLine(page)).toBeLessThan(19_950);
    let place = 0;
    const still = async (): Promise<boolean> => place === (place = await topLine(page));
    await expect.poll(still).toBe(true);

    await press(page, 'v 1');
    await page.locator('.dv-tab', { hasText: 'Script' }).click();
    await page.locator('.console').waitFor({ state: 'hidden' });
    await page.locator('.dv-tab', { hasText: 'places.log' }).click();
    await expect.poll(() => topLine(page)).toBe(place);

    await page.reload();
    await page.locator('.console-row').first().waitFor();
    await expect.poll(() => topLine(page)).toBe(place);
    expect(await follow.getAttribute('aria-pressed')).toBe('false');

    const anew = page.waitForEvent('websocket', { timeout: 60_000 });
    process.kill(window!.served.engine.pid!, 'SIGKILL');
    await anew;
    await page.locator('.notice').waitFor({ state: 'detached', timeout: 60_000 });
    await expect.poll(() => topLine(page), { timeout: 60_000 }).toBe(place);

    await follow.click();
    await expect.poll(() => lastLine(page)).toBe(lines);
    await page.reload();
    await page.locator('.console-row').first().waitFor();
    await expect.poll(() => lastLine(page)).toBe(lines);
    expect(await follow.getAttribute('aria-pressed')).toBe('true');
  });

  it('shows its end at once, and any other line with its own number, however long it is', async () => {
    const path = join(folder, 'big.log');
    const { lines, text } = bigLog(path, 64 << 20);
    const page = await open(path);
    /** Rows that are not the line whose number stands beside them. */
    const wrong = async (): Promise<string[]> => {
      const rows = await shown(page);
      if (rows.length < 20) return ['less than a screen'];
      return rows
        .filter(({ line, text: row }) => !text[(line - 1) % text.length].trim().startsWith(row))
        .map(({ line, text: row }) => `${line}: ${row}`);
    };
    const isAt = async (line: number): Promise<void> => {
      await expect
        .poll(async () => (await shown(page)).some((row) => row.line === line), { timeout: 10_000 })
        .toBe(true);
      await expect.poll(wrong).toEqual([]);
    };
    await page
      .getByRole('tabpanel', { name: 'big.log' })
      .getByRole('button', { name: 'Follow', exact: true })
      .click();
    await isAt(lines);

    let received = 0;
    page.on('websocket', (socket) =>
      socket.on('framereceived', ({ payload }) => (received += payload.length)),
    );
    await page.reload();
    await page.locator('.console-row').first().waitFor();
    await isAt(lines);
    expect(received).toBeLessThan(4 << 20);

    await jump(page, 700_000);
    await isAt(700_000);
    await press(page, 'g c');
    const top = await topLine(page);
    // Further up than what was read with it.
    for (let pages = 0; top - (await topLine(page)) < 5000; pages++) {
      await press(page, 'Shift+PageUp');
      expect(pages).toBeLessThan(2000);
    }
    await expect.poll(wrong).toEqual([]);
    await press(page, 'Home');
    await isAt(1);
    await press(page, 'End');
    await isAt(lines);
    expect(received).toBeLessThan(16 << 20);
  });

  it('begins anew when another file takes the place of the log, as log rotation does', async () => {
    const path = join(folder, 'rotated.log');
    bigLog(path, 1 << 20);
    const page = await open(path);
    await jump(page, 5000);
    renameSync(path, `${path}.1`);
    writeFileSync(
      path,
      '[    0.000000] the first line of the next file\n[    0.100000] and more\n',
    );
    await page
      .locator('.console-status')
      .getByText('log file was replaced, read from its start')
      .waitFor();
    await expect
      .poll(() => shown(page))
      .toEqual([
        { line: 1, text: '[    0.000000] the first line of the next file' },
        { line: 2, text: '[    0.100000] and more' },
      ]);
    appendFileSync(path, '[    0.200000] and the last\n');
    await expect.poll(() => lastLine(page)).toBe(3);
  });

  it('can be stopped while it is read, and goes on', async () => {
    const path = join(folder, 'stopped.log');
    bigLog(path, 160 << 20);
    window = await openWindow(browser, { paths: [path] });
    const { page } = window;
    const bar = page.locator('.statusbar');
    await bar.getByText(/^Reading stopped\.log \d+ %/).waitFor();
    await bar.getByRole('button', { name: 'Stop: Reading stopped.log' }).click();
    await page
      .locator('.console-status')
      .getByText(/^reading stopped at \d+ %$/)
      .waitFor();
    await bar
      .getByText(/^Stopped at \d+ %\.$/)
      .first()
      .waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await bar.getByRole('button', { name: 'Continue: Reading stopped.log' }).click();
    await bar.getByText(/^Reading stopped\.log \d+ %/).waitFor();
  });
});
