import { writeFile } from 'node:fs/promises';
import { basename, isAbsolute, join } from 'node:path';
import { app, BrowserWindow, dialog, ipcMain } from 'electron';
import { IPC, LINK_SCHEME, type ShellCommand } from '../../core/protocol/shell.ts';
import { commandsOf, linkPath } from './arguments.ts';
import { crashLog } from './crash-log.ts';
import { Engine } from './engine.ts';
import { denyPermissions, guardPages, isOwnSender } from './guards.ts';
import { KeptFile } from './kept.ts';
import { buildMenu } from './menu.ts';
import { registerScheme, servePages } from './scheme.ts';
import { AppWindow } from './window.ts';

/** A report is text; more than this is a mistake. */
const MAX_SAVED = 256 << 20;
const MAX_PATHS = 64;
/** Windows beside the main one. */
const MAX_PANELS = 16;
/** A panel's id: its kind, and the console that it shows. */
const PANEL = /^[a-z]{1,20}(:[\w-]{1,64})?$/;

/** What the open dialog offers by name; anything can be opened. */
const FILTERS = [
  { name: 'Everything', extensions: ['*'] },
  { name: 'Dumps', extensions: ['vmcore', 'kdump', 'dump', 'lime', 'elf', 'core'] },
  { name: 'Console logs', extensions: ['log', 'txt', 'cast'] },
];

/** The broker: one instance, its window, menus and dialogs, and the engine beside it. */
export function runApp(): void {
  const root = app.getAppPath();
  const crashes = join(app.getPath('userData'), 'crash.log');
  const log = crashLog(crashes);

  // A second start hands what it was asked for to the first one and ends.
  if (!app.requestSingleInstanceLock()) {
    app.quit();
    return;
  }

  const started: ShellCommand[] = commandsOf(process.argv, {
    packaged: app.isPackaged,
    folder: process.cwd(),
  });
  let main: AppWindow | undefined;
  const send = (command: ShellCommand): void => {
    if (main) main.send(command);
    else started.push(command);
  };

  // Electron shows it in a dialog of its own as well.
  process.on('uncaughtExceptionMonitor', (error) =>
    log(`The shell failed: ${error.stack ?? error.message}`),
  );
  registerScheme();
  guardPages();
  app.setAsDefaultProtocolClient(LINK_SCHEME);
  app.on('open-file', (event, path) => {
    event.preventDefault();
    send({ kind: 'open', paths: [path] });
  });
  app.on('open-url', (event, address) => {
    event.preventDefault();
    const path = linkPath(address);
    if (path !== undefined) send({ kind: 'link', path });
  });
  app.on('second-instance', (_event, argv, folder) => {
    main?.focus();
    for (const command of commandsOf(argv, { packaged: app.isPackaged, folder })) send(command);
  });
  app.on('render-process-gone', (_event, contents, details) => {
    log(`The window's process ended: ${details.reason}, code ${details.exitCode}.`);
    if (details.reason !== 'clean-exit' && !contents.isDestroyed()) contents.reload();
  });
  app.on('child-process-gone', (_event, details) =>
    log(`A process (${details.type}) ended: ${details.reason}, code ${details.exitCode}.`),
  );
  app.on('window-all-closed', () => app.quit());

  void app.whenReady().then(() => {
    const kept = new KeptFile(join(app.getPath('userData'), 'shell.json'));
    denyPermissions();
    servePages(join(root, 'dist/renderer'));
    const engine = new Engine({
      entry: join(root, 'dist/host/process.mjs'),
      log,
      gaveUp: (reason) => {
        log(reason);
        dialog.showErrorBox(
          'The engine can’t be kept running',
          `${reason} The session is kept; start Faultline again.`,
        );
        app.quit();
      },
    });
    app.on('will-quit', () => engine.stop());
    const menu = (): void =>
      buildMenu({
        recent: kept.value.recent,
        send,
        openFiles: () =>
          void chooseFiles().then((paths) => {
            if (paths.length > 0) send({ kind: 'open', paths });
          }),
        crashes,
        clearRecent: () => {
          kept.change({ recent: [] });
          app.clearRecentDocuments();
          menu();
        },
      });
    const preload = join(root, 'dist/preload/preload.cjs');
    /** Windows that show one panel each. */
    const panels = new Set<AppWindow>();
    handlePages(engine, {
      opened: (paths) => {
        kept.opened(paths);
        for (const path of paths) app.addRecentDocument(path);
        menu();
      },
      openPanel: (panel) => {
        const back = (): void => main?.send({ kind: 'back', panel });
        if (panels.size >= MAX_PANELS) return back();
        const own = new AppWindow(preload, kept, panel);
        panels.add(own);
        own.window.on('closed', () => {
          panels.delete(own);
          back();
        });
      },
    });
    menu();
    const open = (): void => {
      main = new AppWindow(preload, kept);
      main.window.on('closed', () => {
        main = undefined;
        for (const { window } of panels) window.close();
      });
      for (const command of started.splice(0)) main.send(command);
    };
    open();
    app.on('activate', () => {
      if (BrowserWindow.getAllWindows().length === 0) open();
    });
  });
}

async function chooseFiles(): Promise<readonly string[]> {
  const { filePaths } = await dialog.showOpenDialog({
    properties: ['openFile', 'multiSelections'],
    filters: FILTERS,
  });
  return filePaths;
}

/** What pages ask of the shell. */
interface PageRequests {
  readonly opened: (paths: readonly string[]) => void;
  /** Shows a panel in a window of its own. */
  readonly openPanel: (panel: string) => void;
}

/** Answers the preload script's messages, when they come from the app's own page. */
function handlePages(engine: Engine, { opened, openPanel }: PageRequests): void {
  ipcMain.on(IPC.connect, (event) => {
    if (isOwnSender(event)) engine.connect(event.sender);
  });
  ipcMain.on(IPC.opened, (event, paths: unknown) => {
    if (isOwnSender(event) && isPathList(paths)) opened(paths);
  });
  ipcMain.on(IPC.panel, (event, panel: unknown) => {
    if (isOwnSender(event) && typeof panel === 'string' && PANEL.test(panel)) openPanel(panel);
  });
  ipcMain.handle(IPC.choose, (event) => {
    if (!isOwnSender(event)) throw new Error('not allowed');
    return chooseFiles();
  });
  ipcMain.handle(IPC.save, async (event, name: unknown, text: unknown) => {
    if (!isOwnSender(event)) throw new Error('not allowed');
    if (typeof name !== 'string' || typeof text !== 'string' || text.length > MAX_SAVED)
      throw new Error('a file needs a name and a text');
    const { canceled, filePath } = await dialog.showSaveDialog({ defaultPath: basename(name) });
    if (canceled || !filePath) return undefined;
    await writeFile(filePath, text);
    return filePath;
  });
}

function isPathList(value: unknown): value is string[] {
  return (
    Array.isArray(value) &&
    value.length <= MAX_PATHS &&
    value.every((each) => typeof each === 'string' && isAbsolute(each))
  );
}
