import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { EngineClient } from '../../core/protocol/client.ts';
import { Restarts } from '../../core/protocol/restarts.ts';
import { socketChannel, type SocketLike } from '../../core/protocol/socket.ts';
import { FROM_SOURCES, PACKAGE_ROOT } from './package-root.ts';
import type { FromEngine, ToEngine } from './process-messages.ts';

const ENTRY = FROM_SOURCES
  ? join(PACKAGE_ROOT, 'electron/host/process.ts')
  : join(PACKAGE_ROOT, 'dist/host/process.mjs');

/** Close code for a view whose engine ended and is started again (IANA registry: service restart). */
const SERVICE_RESTART = 1012;
/** How long an engine that was told to stop may take, ms. */
const STOP_PATIENCE = 3000;

/** What a view needs to be relayed: the server's side of its WebSocket. */
export interface ViewSocket {
  send(text: string): void;
  close(code: number, reason: string): void;
}

export interface EngineProcessOptions {
  /** Session to take up; a new one without it. */
  readonly session?: string;
  /** A line for the person who started the program. */
  readonly say: (line: string) => void;
  /** Called when the engine can't be kept running. */
  readonly gaveUp: (reason: string) => void;
}

/**
 * The engine as a child process. When it ends by itself (a hostile dump, a bug), views are told
 * so, and a new one takes up the session.
 */
export class EngineProcess {
  readonly #options: EngineProcessOptions;
  readonly #views = new Map<number, ViewSocket>();
  #child: ChildProcess | undefined;
  #session: string | undefined;
  #ready!: Promise<void>;
  #becomeReady: () => void = () => {};
  #nextView = 1;
  readonly #restarts = new Restarts();
  #stopping = false;

  constructor(options: EngineProcessOptions) {
    this.#options = options;
    this.#session = options.session;
    this.#start(false);
  }

  /** Folder of the session, once the engine is ready. */
  get session(): string | undefined {
    return this.#session;
  }

  /** Process id of the engine that runs now. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Resolves when the engine answers. */
  ready(): Promise<void> {
    return this.#ready;
  }

  /** Relays a view. @returns what to call with its texts, and when it has gone. */
  attach(socket: ViewSocket): { text(text: string): void; gone(): void } {
    const view = this.#nextView++;
    this.#views.set(view, socket);
    this.#send({ type: 'view', view });
    return {
      text: (text) => this.#send({ type: 'text', view, text }),
      gone: () => {
        if (this.#views.delete(view)) this.#send({ type: 'gone', view });
      },
    };
  }

  /** A view of this process: for what is opened when the program starts. */
  client(): EngineClient {
    return new EngineClient(socketChannel(new OwnSocket(this)));
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    this.#send({ type: 'stop' });
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_PATIENCE);
    await ended;
    clearTimeout(timer);
  }

  #start(blame: boolean): void {
    this.#ready = new Promise((resolve) => {
      this.#becomeReady = resolve;
    });
    const args = this.#session === undefined ? [] : ['--session', this.#session];
    const child = fork(ENTRY, [...args, ...(blame ? ['--blame'] : [])], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#child = child;
    child.on('message', (message) => this.#receive(message as FromEngine));
    child.on('error', (error) =>
      this.#options.say(`The engine can't be started: ${error.message}`),
    );
    child.once('exit', (code, signal) => this.#ended(child, signal ?? `code ${code}`));
  }

  #send(message: ToEngine): void {
    if (this.#child?.connected) this.#child.send(message);
  }

  #receive(message: FromEngine): void {
    if (message.type === 'ready') {
      this.#session = message.session;
      this.#becomeReady();
    } else if (message.type === 'text') this.#views.get(message.view)?.send(message.text);
    else {
      this.#views.get(message.view)?.close(message.code, message.reason);
      this.#views.delete(message.view);
    }
  }

  #ended(child: ChildProcess, how: string): void {
    if (child !== this.#child || this.#stopping) return;
    const { ends, giveUp, blame } = this.#restarts.ended(performance.now());
    const reason = `The engine ended (${how}) and was started again; the session is kept.`;
    if (giveUp) {
      this.#options.gaveUp(`The engine ended ${ends} times within a minute (${how}).`);
      return;
    }
    this.#options.say(reason);
    const views = [...this.#views.values()];
    this.#views.clear();
    this.#start(blame);
    for (const view of views) view.close(SERVICE_RESTART, reason);
  }
}

/** The socket of a view in this process. */
class OwnSocket implements SocketLike {
  readyState = 1;
  readonly #listeners = new Map<string, ((event: never) => void)[]>();
  readonly #road: { text(text: string): void; gone(): void };

  constructor(engine: EngineProcess) {
    this.#road = engine.attach({
      send: (text) => this.#emit('message', { data: text }),
      close: (code, reason) => this.#emit('close', { code, reason }),
    });
  }

  send(text: string): void {
    this.#road.text(text);
  }

  close(): void {
    this.readyState = 3;
    this.#road.gone();
  }

  addEventListener(type: string, listener: (event: never) => void): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }

  #emit(type: string, event: unknown): void {
    for (const listener of this.#listeners.get(type) ?? []) listener(event as never);
  }
}
