import { contextBridge, ipcRenderer, webUtils } from 'electron';
import {
  BRIDGE,
  IPC,
  PORT_MESSAGE,
  type Bridge,
  type ShellCommand,
} from '../../core/protocol/shell.ts';

/**
 * Runs before the page, in a world of its own: puts the bridge on the window and hands the
 * engine's port over. Nothing of Electron or Node crosses.
 */
const bridge: Bridge = {
  platform: process.platform,
  connect: () => ipcRenderer.send(IPC.connect),
  chooseFiles: () => ipcRenderer.invoke(IPC.choose) as Promise<readonly string[]>,
  saveFile: (name, text) => ipcRenderer.invoke(IPC.save, name, text) as Promise<string | undefined>,
  pathOf: (file) => webUtils.getPathForFile(file as File),
  opened: (paths) => ipcRenderer.send(IPC.opened, [...paths].map(String)),
  openPanel: (panel) => ipcRenderer.send(IPC.panel, panel),
  onCommand(listener) {
    const receive = (_event: unknown, command: ShellCommand): void => listener(command);
    ipcRenderer.on(IPC.command, receive);
    return () => ipcRenderer.off(IPC.command, receive);
  },
};

contextBridge.exposeInMainWorld(BRIDGE, bridge);

// A port can't cross the bridge; it goes to the page as a message of the window to itself.
ipcRenderer.on(IPC.port, (event) => {
  window.postMessage({ type: PORT_MESSAGE }, window.location.origin, event.ports);
});
