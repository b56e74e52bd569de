import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { BRIDGE, IPC, PORT_MESSAGE, type Bridge } from '../../../core/protocol/shell.ts';
import * as electron from './stand-in.ts';

vi.mock('electron', () => import('./stand-in.ts'));

const postMessage = vi.fn();
beforeEach(() => {
  vi.stubGlobal('window', { postMessage, location: { origin: 'faultline-app://app' } });
});
afterEach(() => vi.unstubAllGlobals());

test('puts nothing but the bridge on the window, and hands the port over', async () => {
  await import('../../../electron/preload/preload.ts');
  expect(electron.contextBridge.exposeInMainWorld).toHaveBeenCalledTimes(1);
  const [name, api] = electron.contextBridge.exposeInMainWorld.mock.calls[0];
  expect(name).toBe(BRIDGE);
  const bridge = api as Bridge;
  expect(Object.keys(bridge).sort()).toEqual([
    'chooseFiles',
    'connect',
    'onCommand',
    'openPanel',
    'opened',
    'pathOf',
    'platform',
    'saveFile',
  ]);

  bridge.connect();
  bridge.opened(['/a']);
  bridge.openPanel('console:console-1');
  expect(electron.ipcRenderer.send.mock.calls).toEqual([
    [IPC.connect],
    [IPC.opened, ['/a']],
    [IPC.panel, 'console:console-1'],
  ]);
  await bridge.saveFile('a', 'b');
  expect(electron.ipcRenderer.invoke).toHaveBeenCalledWith(IPC.save, 'a', 'b');

  const port = {};
  electron.ipcRenderer.emit(IPC.port, { ports: [port] });
  expect(postMessage).toHaveBeenCalledWith({ type: PORT_MESSAGE }, 'faultline-app://app', [port]);

  const listener = vi.fn();
  const stop = bridge.onCommand(listener);
  electron.ipcRenderer.emit(IPC.command, { sender: 'secret' }, { kind: 'action', action: 'jump' });
  expect(listener.mock.calls).toEqual([[{ kind: 'action', action: 'jump' }]]);
  stop();
  electron.ipcRenderer.emit(IPC.command, {}, { kind: 'action', action: 'jump' });
  expect(listener).toHaveBeenCalledTimes(1);
});
