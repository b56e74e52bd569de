/**
 * What the window finds around it: the names that the renderer and its shell agree on. In browser
 * mode the engine is a WebSocket of the page's own origin; under Electron the preload script puts
 * a `Bridge` on the window and hands a MessagePort over.
 */

/** Browser mode: path of the engine's WebSocket. */
export const ENGINE_PATH = '/engine';

/**
 * Browser mode: path to which a file is sent (POST, its bytes as the body, its name URL-encoded in
 * `?name=`); the answer is an `UploadAnswer`.
 */
export const UPLOAD_PATH = '/upload';

/** Where a file that was sent stands, to be opened with `session.open`; or why it does not. */
export interface UploadAnswer {
  readonly path?: string;
  /** Words to go on a sentence with: `…: there are 3 GiB free on the disk there`. */
  readonly why?: string;
}

/** Browser mode: header that an upload carries, which no foreign page can set unasked. */
export const UPLOAD_HEADER = 'x-faultline';

/** Electron: type of the window message that carries the engine's MessagePort. */
export const PORT_MESSAGE = 'faultline:port';

/** Electron: property of the window that holds the bridge. */
export const BRIDGE = 'faultline';

/**
 * What the page may do: scripts, workers, fonts, pictures and connections of its own origin, and
 * inline styles, which Monaco and xterm need.
 */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "font-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Electron: the page's address. The scheme is the app's own, and serves its files alone. */
export const APP_SCHEME = 'faultline-app';
export const APP_ORIGIN = `${APP_SCHEME}://app`;

/** Electron: the part of a page's address that names the one panel which its window shows. */
export const PANEL_PARAMETER = 'panel';

/** Electron: the scheme of links to entries. */
export const LINK_SCHEME = 'faultline';

/** Electron: names of the messages between preload script and main process. */
export const IPC = {
  connect: 'faultline:connect',
  port: 'faultline:port',
  choose: 'faultline:choose',
  save: 'faultline:save',
  opened: 'faultline:opened',
  command: 'faultline:command',
  panel: 'faultline:panel',
} as const;

/** Commands of native menus, dialogs and links that the window carries out. */
export type ShellCommand =
  /** An action of the window by its name, chosen in a menu. */
  | { readonly kind: 'action'; readonly action: string }
  /** Files were opened from outside: a second start, a file association, a recent file. */
  | { readonly kind: 'open'; readonly paths: readonly string[] }
  /** The window of a panel was closed: its tab is the main window's again. */
  | { readonly kind: 'back'; readonly panel: string }
  /** A `faultline://` link. */
  | { readonly kind: 'link'; readonly path: string };

/** What the preload script offers the window. No Node, no Electron object crosses it. */
export interface Bridge {
  readonly platform: string;
  /** Asks for a road to the engine; it comes as a window message of type PORT_MESSAGE. */
  connect(): void;
  /** The system's dialog for files to open; empty when cancelled. */
  chooseFiles(): Promise<readonly string[]>;
  /** The system's dialog for a file to write, and writes it. @returns its path, or undefined. */
  saveFile(name: string, text: string): Promise<string | undefined>;
  /** The path of a file that was dropped on the window. */
  pathOf(file: unknown): string;
  /** Tells the shell what was opened, for its list of recent files. */
  opened(paths: readonly string[]): void;
  /** Shows a panel in a window of its own. */
  openPanel(panel: string): void;
  /** Calls the listener with every command; @returns a function that takes it away. */
  onCommand(listener: (command: ShellCommand) => void): () => void;
}
