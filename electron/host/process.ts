import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { mainPort, portChannel, type MainPort } from '../../core/protocol/port.ts';
import { socketChannel, type SocketLike } from '../../core/protocol/socket.ts';
import { Engine } from './engine.ts';
import type { FromEngine, ToEngine } from './process-messages.ts';
import { SessionFolder } from './session-folder.ts';

/**
 * The engine as a process of its own: a child of `faultline serve` (views come as numbered texts
 * over the process's channel), or Electron's utility process (views come as MessagePorts).
 */

/** Electron's side of a utility process, by its shape. */
interface ParentPort {
  on(event: 'message', listener: (event: { data: unknown; ports: MainPort[] }) => void): unknown;
  postMessage(message: unknown): void;
}

const parentPort = (process as unknown as { parentPort?: ParentPort }).parentPort;

const { values } = parseArgs({
  options: { session: { type: 'string' }, blame: { type: 'boolean' } },
  strict: false,
});
const folder =
  typeof values.session === 'string' ? SessionFolder.open(values.session) : SessionFolder.create();

function log(error: unknown, where: string): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  appendFileSync(join(folder.path, 'crash.log'), `${new Date().toISOString()} ${where}: ${text}\n`);
}

// A bug outside of any answer: the state can't be trusted, and the parent starts a new engine.
process.on('uncaughtException', (error) => {
  log(error, 'uncaught');
  process.exit(70);
});

const engine = new Engine({ folder, shell: parentPort ? 'electron' : 'browser', onBug: log });

function say(message: FromEngine): void {
  if (parentPort) parentPort.postMessage(message);
  else process.send?.(message);
}

/** One view of browser mode, as the socket that it is at the other end of the parent. */
class RelayedSocket implements SocketLike {
  readyState = 1;
  readonly #view: number;
  readonly #listeners = new Map<string, ((event: never) => void)[]>();

  constructor(view: number) {
    this.#view = view;
  }

  send(text: string): void {
    say({ type: 'text', view: this.#view, text });
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

  emit(type: 'message' | 'close', event: unknown): void {
    for (const listener of this.#listeners.get(type) ?? []) listener(event as never);
  }
}

const views = new Map<number, RelayedSocket>();

function receive(message: ToEngine): void {
  if (message.type === 'view') {
    const socket = new RelayedSocket(message.view);
    views.set(message.view, socket);
    engine.serve(socketChannel(socket));
  } else if (message.type === 'text')
    views.get(message.view)?.emit('message', { data: message.text });
  else if (message.type === 'gone') {
    const socket = views.get(message.view);
    views.delete(message.view);
    if (socket) socket.readyState = 3;
    socket?.emit('close', { code: 1001, reason: 'the view has gone' });
  } else if (message.type === 'stop') void stop();
}

async function stop(): Promise<void> {
  await engine.dispose();
  process.exit(0);
}

if (parentPort) {
  parentPort.on('message', ({ data, ports }) => {
    for (const port of ports) engine.serve(portChannel(mainPort(port)));
    if (ports.length === 0) receive(data as ToEngine);
  });
} else {
  process.on('message', (message) => receive(message as ToEngine));
  // The parent has gone: nobody is left to see this engine.
  process.on('disconnect', () => void stop());
}

// It ended again and again, and not while reading: then what is open is to blame.
if (values.blame && folder.kept.reading.length === 0)
  folder.keep({ reading: [...folder.kept.sources], sources: [] });
engine.restore().then(
  () => say({ type: 'ready', session: folder.path }),
  (error: unknown) => {
    log(error, 'restore');
    say({ type: 'ready', session: folder.path });
  },
);
