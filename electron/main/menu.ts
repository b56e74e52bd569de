import { Menu, shell, type MenuItemConstructorOptions } from 'electron';
import { basename } from 'node:path';
import type { ShellCommand } from '../../core/protocol/shell.ts';

export interface MenuParts {
  readonly recent: readonly string[];
  readonly send: (command: ShellCommand) => void;
  readonly openFiles: () => void;
  readonly clearRecent: () => void;
  /** Path of the crash log. */
  readonly crashes: string;
}

/** Actions of the window that have a place in the menus: label and name. */
const VIEW_ACTIONS = [
  ['Jump…', 'palette.open'],
  ['Find or filter', 'panel.filter'],
  ['Theme', 'view.theme'],
  ['Row height', 'view.density'],
  ['Reset layout', 'view.resetLayout'],
] as const;

/** The desktop's usual strokes for two of them; browsers keep these for themselves. */
const ALIASES: Readonly<Record<string, string>> = {
  'palette.open': 'CmdOrCtrl+Shift+P',
  'panel.filter': 'CmdOrCtrl+F',
};

/** The native menus. Their keys are Electron's aliases; the window has its own (ui.md, section 6). */
export function buildMenu(parts: MenuParts): void {
  const action = (name: string) => (): void => parts.send({ kind: 'action', action: name });
  const recent: MenuItemConstructorOptions[] = parts.recent.map((path) => ({
    label: basename(path),
    sublabel: path,
    click: () => parts.send({ kind: 'open', paths: [path] }),
  }));
  const file: MenuItemConstructorOptions = {
    label: 'File',
    submenu: [
      { label: 'Open…', accelerator: 'CmdOrCtrl+O', click: () => parts.openFiles() },
      {
        label: 'Recent',
        enabled: recent.length > 0,
        submenu: [
          ...recent,
          { type: 'separator' },
          { label: 'Clear', click: () => parts.clearRecent() },
        ],
      },
      { label: 'Open the sample', click: action('target.sample') },
      { label: 'Connect…', click: action('target.connect') },
      { type: 'separator' },
      { role: process.platform === 'darwin' ? 'close' : 'quit' },
    ],
  };
  const view: MenuItemConstructorOptions = {
    label: 'View',
    submenu: [
      ...VIEW_ACTIONS.map(([label, name]) => ({
        label,
        click: action(name),
        ...(name in ALIASES ? { accelerator: ALIASES[name] } : {}),
      })),
      { type: 'separator' },
      { role: 'zoomIn' },
      { role: 'zoomOut' },
      { role: 'resetZoom' },
      { role: 'togglefullscreen' },
    ],
  };
  const help: MenuItemConstructorOptions = {
    role: 'help',
    submenu: [
      { label: 'Keys', click: action('help.open') },
      {
        label: 'Show the crash log',
        click: () => shell.showItemInFolder(parts.crashes),
      },
      { role: 'about' },
    ],
  };
  const apple: MenuItemConstructorOptions[] =
    process.platform === 'darwin' ? [{ role: 'appMenu' }] : [];
  Menu.setApplicationMenu(
    Menu.buildFromTemplate([
      ...apple,
      file,
      { role: 'editMenu' },
      view,
      { role: 'windowMenu' },
      help,
    ]),
  );
}
