import { parentPort, workerData } from 'node:worker_threads';
import { appendFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { portChannel, type Port } from '../../core/protocol/port.ts';
import { socketChannel, type SocketLike } from '../../core/protocol/socket.ts';
import { KeptPorts } from './console/kept-ports.ts';
import { Engine } from './engine.ts';
import { SessionFolder } from './session-folder.ts';
import { pruneSessions } from './sessions.ts';
import { pruneUploads } from './uploads.ts';
import type { FromThread, ThreadData, ToThread, ViewKind } from './thread-messages.ts';

/**
 * The engine's thread: the session, its decoding and its answers. What has to outlive it (ports,
 * the roads of views) is in the process's first thread, which starts another when this one ends.
 */

const { session, shell, blame } = workerData as ThreadData;
const folder = SessionFolder.take(session);

function say(message: FromThread): void {
  parentPort!.postMessage(message);
}

function log(error: unknown, where: string): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  appendFileSync(join(folder.path, 'crash.log'), `${new Date().toISOString()} ${where}: ${text}\n`);
}

/** The end of a view's road in this thread. */
interface RoadEnd {
  receive(data: unknown): void;
  gone(): void;
}

/** A view that sends texts, as the socket that it is at the other end. */
class RelayedSocket implements SocketLike, RoadEnd {
  readyState = 1;
  readonly #view: number;
  readonly #listeners = new Map<string, ((event: never) => void)[]>();

  constructor(view: number) {
    this.#view = view;
  }

  send(text: string): void {
    say({ type: 'data', view: this.#view, data: text });
  }

  close(code = 1000, reason = ''): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    views.delete(this.#view);
    say({ type: 'close', view: this.#view, code, reason });
  }

  addEventListener(type: string, listener: (event: never) => void): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }

  receive(data: unknown): void {
    this.#emit('message', { data });
  }

  gone(): void {
    this.readyState = 3;
    this.#emit('close', { code: 1001, reason: 'the view has gone' });
  }

  #emit(type: 'message' | 'close', event: unknown): void {
    for (const listener of this.#listeners.get(type) ?? []) listener(event as never);
  }
}

/** A view with a MessagePort, as the port that it is at the other end. */
class RelayedPort implements Port, RoadEnd {
  readonly #view: number;
  #message: (data: unknown) => void = () => {};
  #closed: (reason: string) => void = () => {};

  constructor(view: number) {
    this.#view = view;
  }

  post(message: unknown): void {
    say({ type: 'data', view: this.#view, data: message });
  }

  listen(message: (data: unknown) => void, closed: (reason: string) => void): void {
    this.#message = message;
    this.#closed = closed;
  }

  close(): void {
    if (views.delete(this.#view))
      say({ type: 'close', view: this.#view, code: 1000, reason: 'closed by the engine' });
  }

  receive(data: unknown): void {
    this.#message(data);
  }

  gone(): void {
    this.#closed('the port was closed');
  }
}

/** A file that a page sent longer ago than this and no session names is nobody's, ms. */
const UNTOUCHED = 24 * 3600 * 1000;
const views = new Map<number, RoadEnd>();
const ports = new KeptPorts((request) => say({ type: 'port', request }));
folder.onMove((path) => say({ type: 'session', session: path }));
if (folder.path !== session) say({ type: 'session', session: folder.path });
const engine = new Engine({ folder, shell, onBug: log, ports });

function begin(view: number, kind: ViewKind): void {
  if (kind === 'text') {
    const socket = new RelayedSocket(view);
    views.set(view, socket);
    engine.serve(socketChannel(socket));
  } else {
    const port = new RelayedPort(view);
    views.set(view, port);
    engine.serve(portChannel(port));
  }
}

function receive(message: ToThread): void {
  if (message.type === 'view') begin(message.view, message.kind);
  else if (message.type === 'data') views.get(message.view)?.receive(message.data);
  else if (message.type === 'gone') {
    const view = views.get(message.view);
    views.delete(message.view);
    view?.gone();
  } else if (message.type === 'port') ports.take(message.event);
  else if (message.type === 'ping') say({ type: 'pong' });
  else void engine.dispose().finally(() => say({ type: 'stopped' }));
}

parentPort!.on('message', receive);

// It ended again and again, and not while reading: then what is open is to blame.
if (blame && folder.kept.reading.length === 0)
  folder.beginReading(folder.kept.sources.map(({ path }) => path));
engine
  .restore()
  .catch((error: unknown) => log(error, 'restore'))
  .finally(() => {
    say({ type: 'ready' });
    if (folder.root === undefined) return;
    pruneSessions(folder.root, folder.path);
    pruneUploads(dirname(folder.root), UNTOUCHED);
  });
