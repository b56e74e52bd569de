import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { Restarts } from '../../core/protocol/restarts.ts';
import { PortKeeper } from './console/port-keeper.ts';
import { FROM_SOURCES, PACKAGE_ROOT } from './package-root.ts';
import type { FromThread, ThreadData, ToThread, ViewKind } from './thread-messages.ts';

const ENTRY = FROM_SOURCES
  ? join(PACKAGE_ROOT, 'electron/host/engine-thread.ts')
  : join(PACKAGE_ROOT, 'dist/host/engine-thread.mjs');

/** Close code for a view whose engine ended and is started again (IANA registry: service restart). */
const SERVICE_RESTART = 1012;
/** The engine is asked for a sign of life this often, ms. */
const PING_EVERY = 5000;
/** Signs that may stay out: one bounded slice of decoding takes far less. */
const MAX_MISSED = 12;

/** One view's road, as the process's first thread has it. */
export interface Road {
  send(data: unknown): void;
  close(code: number, reason: string): void;
}

export interface EngineKeeperOptions {
  readonly session: string;
  readonly shell: ThreadData['shell'];
  readonly blame: boolean;
  /** Megabytes of JavaScript heap that the engine may take; Node's own limit without it. */
  readonly heap?: number;
  /** The engine answers, for the first time or again. */
  readonly ready: () => void;
  /** It went over to another session: that one is taken up when it ends. */
  readonly moved: (session: string) => void;
  /** A line for the crash log: it ended by itself. */
  readonly ended: (reason: string) => void;
  /** It can't be kept running. */
  readonly gaveUp: (reason: string) => void;
}

/**
 * Keeps an engine running in a thread of its own. A hostile dump that ends it (memory, a bug, no
 * sign of life) costs the views a reconnection, and the serial ports nothing.
 */
export class EngineKeeper {
  readonly #options: EngineKeeperOptions;
  readonly #roads = new Map<number, Road>();
  readonly #ports = new PortKeeper((event) => this.#send({ type: 'port', event }));
  #worker: Worker | undefined;
  #stopped: (() => void) | undefined;
  #nextView = 1;
  readonly #restarts = new Restarts();
  #missed = 0;
  #lastWords: string | undefined;
  readonly #pinging: NodeJS.Timeout;
  #session: string;

  constructor(options: EngineKeeperOptions) {
    this.#options = options;
    this.#session = options.session;
    this.#pinging = setInterval(() => this.#ping(), PING_EVERY);
    this.#pinging.unref();
    this.#start(options.blame);
  }

  /** Gives a view a road to the engine of now. @returns what to call with its messages. */
  attach(kind: ViewKind, road: Road): { data(data: unknown): void; gone(): void } {
    const view = this.#nextView++;
    this.#roads.set(view, road);
    this.#send({ type: 'view', view, kind });
    return {
      data: (data) => {
        if (this.#roads.has(view)) this.#send({ type: 'data', view, data });
      },
      gone: () => {
        if (this.#roads.delete(view)) this.#send({ type: 'gone', view });
      },
    };
  }

  /** Ends the engine in order, and closes its ports. */
  async stop(): Promise<void> {
    clearInterval(this.#pinging);
    const worker = this.#worker;
    if (worker) {
      const stopped = new Promise<void>((resolve) => {
        this.#stopped = resolve;
      });
      this.#send({ type: 'stop' });
      await stopped;
      await worker.terminate();
    }
    await this.#ports.close();
  }

  #start(blame: boolean): void {
    const { shell, heap } = this.#options;
    const session = this.#session;
    const worker = new Worker(ENTRY, {
      workerData: { session, shell, blame } satisfies ThreadData,
      ...(heap === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: heap } }),
    });
    this.#worker = worker;
    this.#missed = 0;
    this.#lastWords = undefined;
    worker.on('message', (message: FromThread) => {
      if (worker === this.#worker) this.#receive(message);
    });
    worker.on('error', (error) => {
      this.#lastWords = error instanceof Error ? error.message : String(error);
    });
    worker.once('exit', (code) => this.#ended(worker, this.#lastWords ?? `code ${code}`));
  }

  #send(message: ToThread): void {
    this.#worker?.postMessage(message);
  }

  #receive(message: FromThread): void {
    if (message.type === 'ready') this.#options.ready();
    else if (message.type === 'session') {
      this.#session = message.session;
      this.#options.moved(message.session);
    } else if (message.type === 'pong') this.#missed = 0;
    else if (message.type === 'stopped') this.#stopped?.();
    else if (message.type === 'port') void this.#ports.ask(message.request);
    else if (message.type === 'data') this.#roads.get(message.view)?.send(message.data);
    else {
      this.#roads.get(message.view)?.close(message.code, message.reason);
      this.#roads.delete(message.view);
    }
  }

  /** Counts pings, not time: a laptop that slept sends one and waits for its answer. */
  #ping(): void {
    if (++this.#missed <= MAX_MISSED) return this.#send({ type: 'ping' });
    this.#lastWords = `it gave no sign of life for ${(MAX_MISSED * PING_EVERY) / 1000} s`;
    void this.#worker?.terminate();
  }

  #ended(worker: Worker, how: string): void {
    if (worker !== this.#worker) return;
    this.#worker = undefined;
    if (this.#stopped) return this.#stopped();
    const reason = `The engine ended (${how}) and was started again; the session is kept.`;
    this.#options.ended(reason);
    const roads = [...this.#roads.values()];
    this.#roads.clear();
    const { ends, giveUp, blame } = this.#restarts.ended(performance.now());
    if (giveUp) this.#options.gaveUp(`The engine ended ${ends} times within a minute (${how}).`);
    else this.#start(blame);
    for (const road of roads) road.close(SERVICE_RESTART, reason);
  }
}
