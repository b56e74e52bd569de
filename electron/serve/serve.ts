import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { CallName, CallRequest } from '../../core/protocol/contract.ts';
import { EngineProcess } from '../host/engine-process.ts';
import { PACKAGE_ROOT } from '../host/package-root.ts';
import { isLoopback } from './access.ts';
import { WebServer } from './server.ts';

export interface ServeOptions {
  /** Absolute paths of files to open; none shows Start. */
  readonly paths?: readonly string[];
  /** Opens the bundled sample, its console replaying from the first fault on. */
  readonly sample?: boolean;
  /** 0 takes any free port (the default). */
  readonly port?: number;
  /** Address to listen on; loopback by default. */
  readonly listen?: string;
  /** Whether to show the page in a browser. */
  readonly open?: boolean;
  /** Session folder to take up. */
  readonly session?: string;
  /** Folder of the built window. */
  readonly pages?: string;
  /** Lines for the person who started it; the address is the one that matters. */
  readonly say?: (line: string) => void;
}

export interface Served {
  /** The address to open, with its one-time token. */
  readonly url: string;
  readonly engine: EngineProcess;
  /** Resolves when the server has ended, with a reason when it did so by itself. */
  readonly closed: Promise<string | undefined>;
  close(): Promise<void>;
}

/** Runs browser mode: the engine in a process of its own, the window as a page. */
export async function serve(options: ServeOptions = {}): Promise<Served> {
  const say = options.say ?? (() => {});
  const listen = options.listen ?? '127.0.0.1';
  let finish!: (reason: string | undefined) => void;
  const closed = new Promise<string | undefined>((resolve) => {
    finish = resolve;
  });
  const engine = new EngineProcess({
    session: options.session,
    say,
    gaveUp: (reason) => void close(reason),
  });
  const server = new WebServer({
    engine,
    pages: options.pages ?? join(PACKAGE_ROOT, 'dist/renderer'),
    listen,
    port: options.port ?? 0,
  });
  const close = async (reason?: string): Promise<void> => {
    await server.stop();
    await engine.stop();
    finish(reason);
  };
  let url: string;
  try {
    url = await server.start();
  } catch (error) {
    await engine.stop();
    throw error;
  }
  await engine.ready();
  if (!isLoopback(listen))
    say(
      `Warning: this listens on ${listen}. Whoever on that network has the address below can read files and ports of this machine; the connection is not encrypted.`,
    );
  await openFirst(engine, options, say);
  say(`Faultline: ${url}`);
  if (options.open) showInBrowser(url);
  return { url, engine, closed, close: () => close() };
}

/** Opens what was named on the command line. A failure is a line, and Start is shown. */
async function openFirst(
  engine: EngineProcess,
  options: ServeOptions,
  say: (line: string) => void,
): Promise<void> {
  const paths = options.paths ?? [];
  if (paths.length === 0 && !options.sample) return;
  const client = engine.client();
  const ask = <N extends CallName>(name: N, request: CallRequest<N>): Promise<unknown> =>
    client.call(name, request);
  try {
    if (paths.length > 0) await ask('session.open', { paths: [...paths], add: false });
    else await ask('session.openSample', { replay: 'fault' });
  } catch (error) {
    const { message, means, advice } = error as Error & { means?: string; advice?: string };
    say([message, means, advice].filter(Boolean).join(' '));
  } finally {
    client.close();
  }
}

/** Shows an address in the person's browser where there is a way to do so, else nothing. */
function showInBrowser(url: string): void {
  if (process.env['CI']) return;
  const [command, ...args] =
    process.platform === 'darwin'
      ? ['open', url]
      : process.platform === 'win32'
        ? ['cmd', '/c', 'start', '""', url]
        : ['xdg-open', url];
  if (process.platform === 'linux' && !process.env['DISPLAY'] && !process.env['WAYLAND_DISPLAY'])
    return;
  const child = spawn(command, args, { stdio: 'ignore', detached: true });
  child.on('error', () => {});
  child.unref();
}
