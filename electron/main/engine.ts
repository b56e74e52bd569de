import {
  MessageChannelMain,
  utilityProcess,
  type UtilityProcess,
  type WebContents,
} from 'electron';
import { Restarts } from '../../core/protocol/restarts.ts';
import { IPC } from '../../core/protocol/shell.ts';

export interface EngineOptions {
  /** The engine's program: dist/host/process.mjs. */
  readonly entry: string;
  readonly log: (line: string) => void;
  /** Called when the engine can't be kept running. */
  readonly gaveUp: (reason: string) => void;
}

/**
 * The engine as Electron's utility process. When it ends by itself, the pages' ports close with
 * it, a new one takes the session up, and the pages connect again.
 */
export class Engine {
  readonly #options: EngineOptions;
  #child: UtilityProcess | undefined;
  #session: string | undefined;
  #spawned = false;
  #waiting: (() => void)[] = [];
  readonly #restarts = new Restarts();
  #stopping = false;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#start(false);
  }

  /** Gives a page a road of its own to the engine. */
  connect(page: WebContents): void {
    this.#whenSpawned((child) => {
      if (page.isDestroyed()) return;
      const { port1, port2 } = new MessageChannelMain();
      child.postMessage({ type: 'connect' }, [port1]);
      page.postMessage(IPC.port, null, [port2]);
    });
  }

  stop(): void {
    this.#stopping = true;
    this.#child?.kill();
  }

  #whenSpawned(act: (child: UtilityProcess) => void): void {
    const run = (): void => {
      if (this.#child) act(this.#child);
    };
    if (this.#spawned) run();
    else this.#waiting.push(run);
  }

  #start(blame: boolean): void {
    this.#spawned = false;
    const args = this.#session === undefined ? [] : ['--session', this.#session];
    const child = utilityProcess.fork(
      this.#options.entry,
      [...args, ...(blame ? ['--blame'] : [])],
      {
        serviceName: 'Faultline engine',
        stdio: 'ignore',
      },
    );
    this.#child = child;
    child.once('spawn', () => {
      this.#spawned = true;
      for (const run of this.#waiting.splice(0)) run();
    });
    child.on('message', (message: unknown) => {
      const { type, session } = message as { type?: string; session?: string };
      if (type === 'ready' && typeof session === 'string') this.#session = session;
    });
    child.once('exit', (code) => this.#ended(child, code));
  }

  #ended(child: UtilityProcess, code: number): void {
    if (this.#stopping || child !== this.#child) return;
    const { ends, giveUp, blame } = this.#restarts.ended(performance.now());
    const how = `The engine ended with code ${code}`;
    if (giveUp) return this.#options.gaveUp(`${how}, ${ends} times within a minute.`);
    this.#options.log(`${how} and was started again; the session is kept.`);
    this.#start(blame);
  }
}
