import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { _electron } from 'playwright-core';
import { electronProgram } from '../../../electron/electron-program.ts';
import { ROOT } from '../../support/captures.ts';
import { openWindow } from './window.ts';

/** A window in one of the two shells. */
export interface ShellWindow {
  readonly page: Page;
  /** Errors in the page's console, failed requests, requests to elsewhere. */
  readonly complaints: readonly string[];
  /** Ends the engine's process as a hostile dump would. */
  killEngine(): Promise<void>;
  close(): Promise<void>;
}

export interface Shell {
  readonly shell: 'browser' | 'electron';
  /** Opens the window on nothing: Start shows. */
  open(browser: Browser): Promise<ShellWindow>;
}

const browserMode: Shell = {
  shell: 'browser',
  async open(browser) {
    const window = await openWindow(browser);
    return {
      page: window.page,
      complaints: window.complaints,
      killEngine: async () => {
        process.kill(window.served.engine.pid!, 'SIGKILL');
      },
      close: () => window.close(),
    };
  },
};

/** Electron's own window, on a profile that goes with it. */
function electronShell(program: string): Shell {
  return {
    shell: 'electron',
    async open() {
      const profile = mkdtempSync(join(tmpdir(), 'faultline-electron-'));
      const app = await _electron.launch({
        executablePath: program,
        args: [
          ROOT,
          `--user-data-dir=${profile}`,
          ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
        ],
      });
      const page = await app.firstWindow();
      const complaints: string[] = [];
      page.on('console', (message) => {
        if (message.type() === 'error') complaints.push(`console: ${message.text()}`);
      });
      page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
      await page.waitForSelector('.toolbar');
      return {
        page,
        complaints,
        killEngine: async () => {
          const pid = await app.evaluate(
            ({ app: own }) =>
              own
                .getAppMetrics()
                .find(({ serviceName, name }) => [serviceName, name].includes('Faultline engine'))
                ?.pid,
          );
          if (pid === undefined) throw new Error('the engine has no process');
          process.kill(pid, 'SIGKILL');
        },
        async close() {
          await app.close();
          rmSync(profile, { recursive: true, force: true });
        },
      };
    },
  };
}

const program = electronProgram(ROOT);
if (program === undefined)
  console.log("whole jobs on Electron: not run, Electron's program is not here");

/** The shells that can run here: browser mode, and Electron where its program is. */
export const SHELLS: readonly Shell[] = [
  browserMode,
  ...(program === undefined ? [] : [electronShell(program)]),
];
