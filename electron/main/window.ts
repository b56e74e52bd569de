import { BrowserWindow, screen } from 'electron';
import { APP_ORIGIN, IPC, type ShellCommand } from '../../core/protocol/shell.ts';
import { onScreen, type KeptFile } from './kept.ts';

/** Reference and minimum size of the window (ui.md, section 1). */
const SIZE = { width: 1440, height: 900 };
const MIN_SIZE = { minWidth: 1024, minHeight: 640 };
/** The darker theme's chrome: shown until the page has drawn itself. */
const BACKGROUND = '#14171c';

/** The app's window. Commands that come before its page is there wait for it. */
export class AppWindow {
  readonly window: BrowserWindow;
  #loaded = false;
  #waiting: ShellCommand[] = [];

  constructor(preload: string, kept: KeptFile) {
    const areas = screen.getAllDisplays().map((display) => display.workArea);
    this.window = new BrowserWindow({
      ...SIZE,
      ...onScreen(kept.value.bounds, areas),
      ...MIN_SIZE,
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
    if (kept.value.maximized) window.maximize();
    window.once('ready-to-show', () => window.show());
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
    void window.loadURL(`${APP_ORIGIN}/`);
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
