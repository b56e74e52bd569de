import { BrowserWindow, screen } from 'electron';
import { APP_ORIGIN, IPC, PANEL_PARAMETER, type ShellCommand } from '../../core/protocol/shell.ts';
import { onScreen, type KeptFile } from './kept.ts';

/** Reference and minimum size of the window (ui.md, section 1). */
const SIZE = { width: 1440, height: 900 };
/** A window of one panel: at least a group's size (ui.md, section 1). */
const PANEL_SIZE = { width: 900, height: 600, minWidth: 400, minHeight: 240 };
const MIN_SIZE = { minWidth: 1024, minHeight: 640 };
/** The darker theme's chrome: shown until the page has drawn itself. */
const BACKGROUND = '#14171c';

/**
 * A window of the app: the main one, or one that shows a single panel beside it. Commands that come
 * before its page is there wait for it.
 */
export class AppWindow {
  readonly window: BrowserWindow;
  #loaded = false;
  #waiting: ShellCommand[] = [];

  /** @param panel the one panel that it shows; the whole workbench without it */
  constructor(preload: string, kept: KeptFile, panel?: string) {
    const areas = screen.getAllDisplays().map((display) => display.workArea);
    this.window = new BrowserWindow({
      ...(panel === undefined
        ? { ...SIZE, ...onScreen(kept.value.bounds, areas), ...MIN_SIZE }
        : PANEL_SIZE),
      show: false,
      title: 'Faultline',
      backgroundColor: BACKGROUND,
      webPreferences: {
        preload,
        sandbox: true,
        contextIsolation: true,
        nodeIntegration: false,
        nodeIntegrationInWorker: false,
        nodeIntegrationInSubFrames: false,
        webSecurity: true,
        webviewTag: false,
        spellcheck: false,
        navigateOnDragDrop: false,
      },
    });
    const { window } = this;
    const main = panel === undefined;
    if (main && kept.value.maximized) window.maximize();
    window.once('ready-to-show', () => window.show());
    if (main)
      window.on('close', () =>
        kept.change({ bounds: window.getNormalBounds(), maximized: window.isMaximized() }),
      );
    window.webContents.on('did-finish-load', () => {
      this.#loaded = true;
      for (const command of this.#waiting.splice(0)) this.send(command);
    });
    window.webContents.on('did-start-loading', () => {
      this.#loaded = false;
    });
    // A console's text must not become the window's title.
    window.on('page-title-updated', (event) => event.preventDefault());
    const query = main ? '' : `?${PANEL_PARAMETER}=${encodeURIComponent(panel)}`;
    void window.loadURL(`${APP_ORIGIN}/${query}`);
  }

  send(command: ShellCommand): void {
    if (this.#loaded) this.window.webContents.send(IPC.command, command);
    else this.#waiting.push(command);
  }

  /** Brings it in front. */
  focus(): void {
    if (this.window.isMinimized()) this.window.restore();
    this.window.focus();
  }
}
