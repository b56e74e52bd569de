import { EventEmitter } from 'node:events';
import { vi, type Mock } from 'vitest';

type Fake<F extends (...args: never[]) => unknown = (...args: unknown[]) => unknown> = Mock<F>;

/** Records what it was called with. */
const fake = (): Fake => vi.fn();

/**
 * A stand-in for Electron's modules: what the main process asked of them is recorded, and tests
 * play Electron's part.
 */
export class WebContents extends EventEmitter {
  readonly mainFrame: { url: string };
  openHandler: (() => { action: string }) | undefined;
  readonly posted: { channel: string; ports: Port[] }[] = [];
  readonly sent: unknown[][] = [];
  readonly reload: Fake = fake();
  readonly #destroyed = false;

  constructor(url = '') {
    super();
    this.mainFrame = { url };
  }

  setWindowOpenHandler(handler: () => { action: string }): void {
    this.openHandler = handler;
  }

  postMessage(channel: string, _message: unknown, ports: Port[]): void {
    this.posted.push({ channel, ports });
  }

  send(...message: unknown[]): void {
    this.sent.push(message);
  }

  isDestroyed(): boolean {
    return this.#destroyed;
  }
}

export class Port {
  readonly side: string;

  constructor(side: string) {
    this.side = side;
  }
}

export class MessageChannelMain {
  readonly port1 = new Port('engine');
  readonly port2 = new Port('page');
}

export class UtilityProcess extends EventEmitter {
  readonly entry: string;
  readonly args: readonly string[];
  readonly posted: { message: unknown; ports: Port[] }[] = [];
  readonly kill: Fake = fake();

  constructor(entry: string, args: readonly string[]) {
    super();
    this.entry = entry;
    this.args = args;
  }

  postMessage(message: unknown, ports: Port[]): void {
    this.posted.push({ message, ports });
  }
}

export interface WindowOptions {
  readonly [key: string]: unknown;
  readonly webPreferences: Readonly<Record<string, unknown>>;
}

export class BrowserWindow extends EventEmitter {
  static all: BrowserWindow[] = [];
  readonly options: WindowOptions;
  readonly webContents: WebContents;
  loaded = '';
  readonly show: Fake = fake();
  readonly maximize: Fake = fake();
  readonly restore: Fake = fake();
  readonly focus: Fake = fake();
  readonly close: Fake = vi.fn(() => this.emit('closed'));

  constructor(options: WindowOptions) {
    super();
    this.options = options;
    this.webContents = new WebContents();
    BrowserWindow.all.push(this);
    app.emit('web-contents-created', {}, this.webContents);
  }

  static getAllWindows(): BrowserWindow[] {
    return BrowserWindow.all;
  }

  async loadURL(url: string): Promise<void> {
    this.loaded = url;
    this.webContents.mainFrame.url = url;
  }

  isMinimized(): boolean {
    return true;
  }

  isMaximized(): boolean {
    return false;
  }

  getNormalBounds(): object {
    return { x: 10, y: 20, width: 1200, height: 700 };
  }
}

class App extends EventEmitter {
  root = '/app';
  userData = '/nowhere';
  isPackaged = true;
  single = true;
  #ready!: () => void;
  #whenReady = Promise.resolve();
  readonly quit: Fake = fake();
  readonly setAsDefaultProtocolClient: Fake = fake();
  readonly addRecentDocument: Fake = fake();
  readonly clearRecentDocuments: Fake = fake();

  requestSingleInstanceLock(): boolean {
    return this.single;
  }

  getAppPath(): string {
    return this.root;
  }

  getPath(): string {
    return this.userData;
  }

  whenReady(): Promise<void> {
    return this.#whenReady;
  }

  /** Back to a program that has just started. */
  reset(): void {
    this.removeAllListeners();
    this.quit.mockClear();
    this.#whenReady = new Promise((resolve) => {
      this.#ready = resolve;
    });
  }

  async becomeReady(): Promise<void> {
    this.#ready();
    await this.#whenReady;
    await Promise.resolve();
  }
}

export const app = new App();

type Handler = (event: unknown, ...args: unknown[]) => unknown;

class IpcMain extends EventEmitter {
  readonly handlers = new Map<string, Handler>();

  handle(channel: string, handler: Handler): void {
    this.handlers.set(channel, handler);
  }
}

export const ipcMain = new IpcMain();

type Answerer = (request: Request) => Promise<Response>;

export const protocol: {
  readonly registerSchemesAsPrivileged: Fake;
  readonly handle: Fake<(scheme: string, handler: Answerer) => void>;
} = {
  registerSchemesAsPrivileged: fake(),
  handle: vi.fn(),
};

type Decide<Answer> = (answer: Answer) => void;
type PermissionHandler = (contents: unknown, name: string, decide: Decide<boolean>) => void;
type RequestHandler = (details: { url: string }, decide: Decide<{ cancel: boolean }>) => void;

export const session: {
  readonly defaultSession: {
    readonly setPermissionRequestHandler: Fake<(handler: PermissionHandler) => void>;
    readonly setPermissionCheckHandler: Fake<(handler: () => boolean) => void>;
    readonly setDevicePermissionHandler: Fake<(handler: () => boolean) => void>;
    readonly webRequest: { readonly onBeforeRequest: Fake<(handler: RequestHandler) => void> };
  };
} = {
  defaultSession: {
    setPermissionRequestHandler: vi.fn(),
    setPermissionCheckHandler: vi.fn(),
    setDevicePermissionHandler: vi.fn(),
    webRequest: { onBeforeRequest: vi.fn() },
  },
};

export const dialog: {
  readonly showOpenDialog: Fake<() => Promise<{ filePaths: string[] }>>;
  readonly showSaveDialog: Fake<
    (options: object) => Promise<{ canceled: boolean; filePath: string }>
  >;
  readonly showErrorBox: Fake;
} = {
  showOpenDialog: vi.fn(async () => ({ filePaths: ['/tmp/a.vmcore'] })),
  showSaveDialog: vi.fn(async () => ({ canceled: false, filePath: '' })),
  showErrorBox: fake(),
};

export interface MenuItem {
  readonly label?: string;
  readonly role?: string;
  readonly submenu?: readonly MenuItem[];
  readonly click?: () => void;
}

export const Menu = {
  template: [] as readonly MenuItem[],
  buildFromTemplate: (template: readonly MenuItem[]): readonly MenuItem[] => template,
  setApplicationMenu(template: readonly MenuItem[]): void {
    Menu.template = template;
  },
};

export const utilityProcess = {
  all: [] as UtilityProcess[],
  fork(entry: string, args: readonly string[]): UtilityProcess {
    const child = new UtilityProcess(entry, args);
    utilityProcess.all.push(child);
    return child;
  },
};

export const screen = {
  getAllDisplays: () => [{ workArea: { x: 0, y: 0, width: 1920, height: 1080 } }],
};

export const shell: { readonly showItemInFolder: Fake } = { showItemInFolder: fake() };

export const contextBridge: {
  readonly exposeInMainWorld: Fake<(name: string, api: unknown) => void>;
} = { exposeInMainWorld: vi.fn() };

class IpcRenderer extends EventEmitter {
  readonly send: Fake = fake();
  readonly invoke: Fake = vi.fn(async () => []);
}

export const ipcRenderer = new IpcRenderer();
export const webUtils: { readonly getPathForFile: Fake } = { getPathForFile: fake() };

/** Forgets all windows, processes and listeners. */
export function reset(): void {
  app.reset();
  BrowserWindow.all = [];
  utilityProcess.all = [];
  ipcMain.removeAllListeners();
  ipcMain.handlers.clear();
}
