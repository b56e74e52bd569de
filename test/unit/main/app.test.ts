import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { APP_ORIGIN, CONTENT_SECURITY_POLICY, IPC } from '../../../core/protocol/shell.ts';
import * as electron from './stand-in.ts';

vi.mock('electron', () => import('./stand-in.ts'));
const { runApp } = await import('../../../electron/main/app.ts');

let folder: string;
const argv = process.argv;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'faultline-main-'));
  electron.reset();
  electron.app.root = folder;
  electron.app.userData = folder;
  electron.app.single = true;
  process.argv = ['/opt/faultline'];
});
const watching = process.listeners('uncaughtExceptionMonitor');
afterEach(() => {
  for (const each of process.listeners('uncaughtExceptionMonitor'))
    if (!watching.includes(each)) process.off('uncaughtExceptionMonitor', each);
  process.argv = argv;
  rmSync(folder, { recursive: true });
});

interface Started {
  readonly window: electron.BrowserWindow;
  readonly page: electron.WebContents;
  readonly engine: electron.UtilityProcess;
}

async function start(): Promise<Started> {
  runApp();
  await electron.app.becomeReady();
  const [window] = electron.BrowserWindow.all;
  const [engine] = electron.utilityProcess.all;
  return { window, page: window.webContents, engine };
}

/** An event from the app's own page, or from elsewhere. */
function from(page: electron.WebContents, url?: string): object {
  return { sender: page, senderFrame: url === undefined ? page.mainFrame : { url } };
}

describe('the window', () => {
  test('has no Node, is isolated and sandboxed, and shows the app’s own page', async () => {
    const { window } = await start();
    expect(window.options.webPreferences).toMatchObject({
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      webviewTag: false,
      preload: join(folder, 'dist/preload/preload.cjs'),
    });
    expect(window.loaded).toBe(`${APP_ORIGIN}/`);
    window.emit('ready-to-show');
    expect(window.show).toHaveBeenCalledTimes(1);
  });

  test('stands where it stood, if a screen is there', async () => {
    writeFileSync(
      join(folder, 'shell.json'),
      '{"bounds":{"x":5,"y":6,"width":1100,"height":800},"maximized":true,"recent":[]}',
    );
    const { window } = await start();
    expect(window.options).toMatchObject({ x: 5, y: 6, width: 1100, height: 800 });
    expect(window.maximize).toHaveBeenCalledTimes(1);
    window.emit('close');
    expect(JSON.parse(readFileSync(join(folder, 'shell.json'), 'utf8'))).toMatchObject({
      bounds: { x: 10, y: 20 },
      maximized: false,
    });
  });

  test.each([
    ['far away', '{"bounds":{"x":9000,"y":0,"width":1100,"height":800},"recent":[]}'],
    ['damaged', '{"bounds":"x","recent":7'],
  ])('stands where it always does when what was kept is %s', async (_what, text) => {
    writeFileSync(join(folder, 'shell.json'), text);
    const { window } = await start();
    expect(window.options).toMatchObject({ width: 1440, height: 900, minWidth: 1024 });
    expect(window.options['x']).toBeUndefined();
  });

  test('goes nowhere, opens nothing, attaches nothing', async () => {
    const { page } = await start();
    const prevented = (name: string, ...args: unknown[]): boolean => {
      const event = { preventDefault: vi.fn() };
      page.emit(name, event, ...args);
      return event.preventDefault.mock.calls.length > 0;
    };
    expect(prevented('will-navigate', 'https://example.org/')).toBe(true);
    expect(prevented('will-navigate', 'file:///etc/passwd')).toBe(true);
    expect(prevented('will-navigate', `${APP_ORIGIN}.evil/`)).toBe(true);
    expect(prevented('will-navigate', `${APP_ORIGIN}/#x`)).toBe(false);
    expect(prevented('will-redirect', `${APP_ORIGIN}/`)).toBe(true);
    expect(prevented('will-attach-webview')).toBe(true);
    expect(page.openHandler?.()).toEqual({ action: 'deny' });
  });

  test('is permitted nothing and fetches nothing from a network', async () => {
    await start();
    const own = electron.session.defaultSession;
    const decide = vi.fn();
    own.setPermissionRequestHandler.mock.calls.at(-1)![0](undefined, 'media', decide);
    expect(decide).toHaveBeenCalledWith(false);
    expect(own.setPermissionCheckHandler.mock.calls.at(-1)![0]()).toBe(false);
    expect(own.setDevicePermissionHandler.mock.calls.at(-1)![0]()).toBe(false);
    const asked = own.webRequest.onBeforeRequest.mock.calls.at(-1)![0];
    const cancelled = (url: string): boolean => {
      let answer = { cancel: false };
      asked({ url }, (given) => {
        answer = given;
      });
      return answer.cancel;
    };
    expect(cancelled('https://example.org/')).toBe(true);
    expect(cancelled('http://127.0.0.1/')).toBe(true);
    expect(cancelled('file:///etc/passwd')).toBe(true);
    expect(cancelled(`${APP_ORIGIN}/index.html`)).toBe(false);
  });

  test('is loaded again when its process ends', async () => {
    const { page } = await start();
    electron.app.emit('render-process-gone', {}, page, { reason: 'oom', exitCode: 5 });
    expect(page.reload).toHaveBeenCalledTimes(1);
    expect(readFileSync(join(folder, 'crash.log'), 'utf8')).toMatch(/oom, code 5/);
  });
});

describe('the app’s own scheme', () => {
  async function ask(path: string, method = 'GET'): Promise<Response> {
    mkdirSync(join(folder, 'dist/renderer/assets'), { recursive: true });
    writeFileSync(join(folder, 'secret.txt'), 'secret');
    writeFileSync(join(folder, 'dist/renderer/index.html'), 'window');
    writeFileSync(join(folder, 'dist/renderer/assets/a.js'), '');
    await start();
    const [scheme, handler] = electron.protocol.handle.mock.calls.at(-1)!;
    expect(scheme).toBe('faultline-app');
    return handler({ url: path, method } as Request);
  }

  test.each([
    [`${APP_ORIGIN}/`, 'text/html; charset=utf-8'],
    [`${APP_ORIGIN}/?x#y`, 'text/html; charset=utf-8'],
    [`${APP_ORIGIN}/assets/a.js`, 'text/javascript; charset=utf-8'],
  ])('serves %s with its type and the policy', async (address, type) => {
    const response = await ask(address);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe(type);
    expect(response.headers.get('content-security-policy')).toBe(CONTENT_SECURITY_POLICY);
  });

  test.each([
    `${APP_ORIGIN}/../../secret.txt`,
    `${APP_ORIGIN}/%2e%2e/%2e%2e/secret.txt`,
    `${APP_ORIGIN}/..%5c..%5csecret.txt`,
    `${APP_ORIGIN}/nothing.js`,
    `${APP_ORIGIN}/assets`,
    `${APP_ORIGIN}/%`,
    'faultline-app://other/index.html',
  ])('does not serve %s', async (address) => {
    expect((await ask(address)).status).toBe(404);
  });

  test('answers nothing but GET', async () => {
    expect((await ask(`${APP_ORIGIN}/`, 'POST')).status).toBe(404);
  });
});

describe('the engine', () => {
  test('gives each page that asks a port of its own, once it runs', async () => {
    const { page, engine } = await start();
    expect(engine.entry).toBe(join(folder, 'dist/host/process.mjs'));
    electron.ipcMain.emit(IPC.connect, from(page));
    expect(page.posted).toEqual([]);
    engine.emit('spawn');
    expect(engine.posted[0].ports[0].side).toBe('engine');
    expect(page.posted).toMatchObject([{ channel: IPC.port, ports: [{ side: 'page' }] }]);
  });

  test('is started again with its session when it ends, and blamed files stay shut', async () => {
    const { page, engine } = await start();
    engine.emit('spawn');
    engine.emit('message', { type: 'ready', session: '/state/s1' });
    engine.emit('exit', 139);
    const second = electron.utilityProcess.all[1];
    expect(second.args).toEqual(['--session', '/state/s1']);
    electron.ipcMain.emit(IPC.connect, from(page));
    second.emit('spawn');
    expect(page.posted).toHaveLength(1);
    second.emit('exit', 139);
    expect(electron.utilityProcess.all[2].args).toEqual(['--session', '/state/s1', '--blame']);
    expect(readFileSync(join(folder, 'crash.log'), 'utf8')).toMatch(/code 139/);
  });

  test('is given up after ending again and again', async () => {
    await start();
    for (let n = 0; n < 5; n++) electron.utilityProcess.all[n].emit('exit', 1);
    expect(electron.utilityProcess.all).toHaveLength(5);
    expect(electron.dialog.showErrorBox).toHaveBeenCalledTimes(1);
    expect(electron.app.quit).toHaveBeenCalled();
  });

  test('ends with the app', async () => {
    const { engine } = await start();
    electron.app.emit('will-quit');
    expect(engine.kill).toHaveBeenCalledTimes(1);
    engine.emit('exit', 0);
    expect(electron.utilityProcess.all).toHaveLength(1);
  });
});

describe('a panel in a window of its own', () => {
  test('has the same guards, an engine port of its own, and goes with the main window', async () => {
    const { window, page, engine } = await start();
    engine.emit('spawn');
    electron.ipcMain.emit(IPC.panel, from(page), 'console:console-1');
    const own = electron.BrowserWindow.all[1];
    expect(own.loaded).toBe(`${APP_ORIGIN}/?panel=console%3Aconsole-1`);
    expect(own.options.webPreferences).toEqual(window.options.webPreferences);
    expect(own.webContents.openHandler?.()).toEqual({ action: 'deny' });
    electron.ipcMain.emit(IPC.connect, from(own.webContents));
    expect(own.webContents.posted).toMatchObject([{ channel: IPC.port }]);
    // What it does to its own size is not the main window's.
    own.emit('close');
    expect(existsSync(join(folder, 'shell.json'))).toBe(false);
    window.emit('closed');
    expect(own.close).toHaveBeenCalledTimes(1);
  });

  test('is the main window’s again when its own is closed, and when there are too many', async () => {
    const { window, page } = await start();
    page.emit('did-finish-load');
    electron.ipcMain.emit(IPC.panel, from(page), 'faults');
    expect(page.sent).toEqual([]);
    electron.BrowserWindow.all[1].close();
    expect(page.sent).toEqual([[IPC.command, { kind: 'back', panel: 'faults' }]]);
    for (let n = 0; n < 17; n++) electron.ipcMain.emit(IPC.panel, from(page), `console:c-${n}`);
    expect(page.sent.slice(1)).toEqual([[IPC.command, { kind: 'back', panel: 'console:c-16' }]]);
    // A window that is gone is told nothing.
    window.emit('closed');
    expect(page.sent).toHaveLength(2);
  });

  test.each(['../x', 'console:a b', '', 'x'.repeat(99), 7])('%j is no panel', async (panel) => {
    const { page } = await start();
    electron.ipcMain.emit(IPC.panel, from(page), panel);
    expect(electron.BrowserWindow.all).toHaveLength(1);
  });

  test('is not opened for another page, nor without end', async () => {
    const { page } = await start();
    electron.ipcMain.emit(IPC.panel, from(page, 'https://example.org/'), 'faults');
    expect(electron.BrowserWindow.all).toHaveLength(1);
    for (let n = 0; n < 40; n++) electron.ipcMain.emit(IPC.panel, from(page), 'faults');
    expect(electron.BrowserWindow.all).toHaveLength(17);
  });
});

describe('the crash log', () => {
  test('has what ended the shell itself, is shown from the menu, and does not grow for ever', async () => {
    writeFileSync(join(folder, 'crash.log'), 'x'.repeat((1 << 20) + 1));
    const before = process.listeners('uncaughtExceptionMonitor');
    await start();
    const [listener] = process
      .listeners('uncaughtExceptionMonitor')
      .filter((each) => !before.includes(each));
    listener(new Error('boom'), 'uncaughtException');
    process.off('uncaughtExceptionMonitor', listener);
    expect(readFileSync(join(folder, 'crash.log'), 'utf8')).toMatch(
      /^\S+ The shell failed: Error: boom/,
    );
    expect(existsSync(join(folder, 'crash.log.1'))).toBe(true);
    const help = electron.Menu.template.find(({ role }) => role === 'help')!;
    help.submenu!.find(({ label }) => label === 'Show the crash log')!.click!();
    expect(electron.shell.showItemInFolder).toHaveBeenCalledWith(join(folder, 'crash.log'));
  });
});

describe('messages of a page', () => {
  test.each([
    ['another origin', 'https://example.org/'],
    ['a frame inside', `${APP_ORIGIN}/`],
  ])('from %s are not listened to', async (_what, url) => {
    const { page, engine } = await start();
    engine.emit('spawn');
    electron.ipcMain.emit(IPC.connect, from(page, url));
    expect(page.posted).toEqual([]);
    expect(() => electron.ipcMain.handlers.get(IPC.choose)!(from(page, url))).toThrow(
      'not allowed',
    );
    await expect(
      electron.ipcMain.handlers.get(IPC.save)!(from(page, url), 'a', 'b'),
    ).rejects.toThrow('not allowed');
  });

  test('open the system’s dialogs', async () => {
    const { page } = await start();
    await expect(electron.ipcMain.handlers.get(IPC.choose)!(from(page))).resolves.toEqual([
      '/tmp/a.vmcore',
    ]);
    const target = join(folder, 'report.html');
    electron.dialog.showSaveDialog.mockResolvedValueOnce({ canceled: false, filePath: target });
    const save = electron.ipcMain.handlers.get(IPC.save)!;
    await expect(save(from(page), '../../report.html', 'text')).resolves.toBe(target);
    expect(electron.dialog.showSaveDialog).toHaveBeenCalledWith({ defaultPath: 'report.html' });
    expect(readFileSync(target, 'utf8')).toBe('text');
    await expect(save(from(page), 7, 'text')).rejects.toThrow('a name and a text');
  });

  test('keep the recent files, which the menu offers', async () => {
    const { page } = await start();
    electron.ipcMain.emit(IPC.opened, from(page), ['/tmp/a.vmcore', '/tmp/b.log']);
    electron.ipcMain.emit(IPC.opened, from(page), ['relative']);
    electron.ipcMain.emit(IPC.opened, from(page), 'x');
    electron.ipcMain.emit(IPC.opened, from(page), ['/tmp/b.log']);
    const kept = JSON.parse(readFileSync(join(folder, 'shell.json'), 'utf8')) as object;
    expect(kept).toMatchObject({ recent: ['/tmp/b.log', '/tmp/a.vmcore'] });
    const file = electron.Menu.template.find(({ label }) => label === 'File')!;
    const recent = file.submenu!.find(({ label }) => label === 'Recent')!;
    expect(recent.submenu!.map(({ label }) => label).slice(0, 2)).toEqual(['b.log', 'a.vmcore']);
    page.emit('did-finish-load');
    recent.submenu![0].click!();
    expect(page.sent.at(-1)).toEqual([IPC.command, { kind: 'open', paths: ['/tmp/b.log'] }]);
  });
});

describe('what a start asks for', () => {
  test('waits until the page is there', async () => {
    process.argv = ['/opt/faultline', '/tmp/a.vmcore', '--flag'];
    const { page } = await start();
    expect(page.sent).toEqual([]);
    page.emit('did-finish-load');
    expect(page.sent).toEqual([[IPC.command, { kind: 'open', paths: ['/tmp/a.vmcore'] }]]);
  });

  test('a second start hands it to the first and ends', async () => {
    const { window, page } = await start();
    page.emit('did-finish-load');
    electron.app.emit('second-instance', {}, ['/opt/faultline', 'b.vmcore'], '/home/user');
    expect(window.focus).toHaveBeenCalledTimes(1);
    expect(page.sent).toEqual([[IPC.command, { kind: 'open', paths: ['/home/user/b.vmcore'] }]]);

    electron.reset();
    electron.app.single = false;
    runApp();
    expect(electron.app.quit).toHaveBeenCalledTimes(1);
    expect(electron.utilityProcess.all).toEqual([]);
  });

  test('files and links that the system hands over', async () => {
    const { page } = await start();
    page.emit('did-finish-load');
    const event = { preventDefault: vi.fn() };
    electron.app.emit('open-file', event, '/tmp/c.vmcore');
    electron.app.emit('open-url', event, 'faultline://s/dmar0/02:00.0/L4%5B0%5D');
    electron.app.emit('open-url', event, 'faultline://s/<script>');
    expect(page.sent.map(([, command]) => command)).toEqual([
      { kind: 'open', paths: ['/tmp/c.vmcore'] },
      { kind: 'link', path: 'dmar0/02:00.0/L4[0]' },
    ]);
  });
});
