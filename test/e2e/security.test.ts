import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { capturePath } from '../support/captures.ts';
import { MISSING, launch, openWindow, press } from './support/window.ts';

if (MISSING !== undefined) console.log(`security of the window: skipped, ${MISSING}`);

const MARKUP = '<img src=x onerror="globalThis.owned=1">';

describe.skipIf(MISSING !== undefined)('what is not trusted', () => {
  const folder = mkdtempSync(join(tmpdir(), 'faultline-security-'));
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true });
  });

  it('the page has no road to Node, nor may it run what is not its own', async () => {
    const window = await openWindow(browser);
    const { page } = window;
    try {
      expect(
        await page.evaluate(() =>
          ['process', 'require', 'module', 'Buffer', 'global', '__dirname', 'electron'].filter(
            (name) => name in globalThis,
          ),
        ),
      ).toEqual([]);
      // The policy stops code out of text, inline handlers, foreign connections and frames.
      const refused = await page.evaluate(async () => {
        const tries: Record<string, string> = {};
        const attempt = async (name: string, act: () => unknown): Promise<void> => {
          try {
            await act();
            tries[name] = 'done';
          } catch {
            tries[name] = 'refused';
          }
        };
        // What the debugger evaluates may do this; what the page does itself may not.
        await new Promise((resolve) => setTimeout(resolve, 0));
        // oxlint-disable-next-line no-eval
        await attempt('eval', () => (0, eval)('1'));
        // oxlint-disable-next-line typescript/no-implied-eval
        await attempt('function', () => new Function('return 1')());
        await attempt('fetch', () => fetch('https://example.com/'));
        await attempt('import', () => import('data:text/javascript,export default 1' as string));
        const holder = document.createElement('div');
        holder.innerHTML = '<img src="x:" onerror="globalThis.owned = 1">';
        document.body.append(holder);
        await new Promise((resolve) => {
          holder.firstElementChild!.addEventListener('error', resolve);
        });
        holder.remove();
        tries['handler'] = 'owned' in globalThis ? 'done' : 'refused';
        return tries;
      });
      expect(refused).toEqual({
        eval: 'refused',
        function: 'refused',
        fetch: 'refused',
        import: 'refused',
        handler: 'refused',
      });
    } finally {
      await window.close();
    }
  });

  it('names of files stay text wherever they show', async () => {
    const dump = join(folder, `${MARKUP.replaceAll('/', '')} \u202edump.elf`);
    copyFileSync(capturePath('intel-6.1', 'tables.before.elf'), dump);
    const log = join(folder, `${MARKUP.replaceAll('/', '')}.log`);
    writeFileSync(
      log,
      '[    1.000000] DMAR: [DMA Read NO_PASID] Request device [00:06.0] fault addr 0x1000 [fault reason 0x06] PTE Read access is not set\n',
    );
    const window = await openWindow(browser, {
      paths: [dump, capturePath('intel-6.1', 'regs.before.json'), log],
    });
    const { page, complaints } = window;
    try {
      await page.locator('.toolbar').getByText('<img src=x').first().waitFor();
      for (const preset of ['v 1', 'v 2', 'v 5']) {
        await press(page, preset);
        expect(await page.locator('img').count()).toBe(0);
      }
      expect(await page.evaluate(() => 'owned' in globalThis)).toBe(false);
      expect(complaints).toEqual([]);
    } finally {
      await window.close();
    }
  });

  it.each(['/etc/../etc/passwd', '../dump', 'dump', '/tmp/a\u0000b'])(
    'the path %j is refused in words',
    async (path) => {
      const window = await openWindow(browser);
      const { page } = window;
      try {
        await page.waitForSelector('.start :focus');
        await press(page, 't d');
        const field = page.getByLabel('Path', { exact: true });
        // A text field takes no NUL; the call itself does.
        const client = window.served.engine.client();
        await expect(
          client.call('session.open', { paths: [path], add: false }),
        ).rejects.toMatchObject({ kind: 'usage' });
        client.close();
        if (path.includes('\u0000')) return;
        await field.fill(path);
        await field.press('Enter');
        await page.getByRole('dialog').getByText('is not a plain absolute path').waitFor();
      } finally {
        await window.close();
      }
    },
  );
});
