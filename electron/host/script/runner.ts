import { join } from 'node:path';
import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads';
import { SCRIPT_CALLS } from '../../../core/script/door.ts';
import type { CallName, ScriptOutput } from '../../../core/protocol/contract.ts';
import { FROM_SOURCES, PACKAGE_ROOT } from '../package-root.ts';
import { DEFAULT_LIMITS, type ScriptLimits, type WorkerMessage } from './messages.ts';
import { stripTypes } from './strip.ts';

/** A call of the contract, as the engine answers it. @throws anything with the three sentences. */
export type ScriptCall = (name: CallName, body: unknown, signal: AbortSignal) => Promise<unknown>;

/** Receives a script's output in order; a promise holds the script back. */
export type ScriptSink = (output: ScriptOutput) => void | Promise<void>;

const WORKER = FROM_SOURCES
  ? join(PACKAGE_ROOT, 'electron/host/script/worker.ts')
  : join(PACKAGE_ROOT, 'dist/host/script-worker.mjs');

/** Beyond the sandbox's own clock: a worker that does not even answer is ended. */
const GRACE = 2000;

interface Live {
  readonly worker: Worker;
  readonly port: MessagePort;
  readonly answered: Int32Array;
}

/**
 * Runs scripts, each in a sandbox in a worker of its own; REPL lines share one, so that what they
 * declare stays. The contract's calls in SCRIPT_CALLS are a script's only door.
 */
export class ScriptRunner {
  readonly #call: ScriptCall;
  readonly #limits: ScriptLimits;
  #repl: Live | undefined;

  constructor(call: ScriptCall, limits: ScriptLimits = DEFAULT_LIMITS) {
    this.#call = call;
    this.#limits = limits;
  }

  /** Runs TypeScript until its `done`; aborting the signal ends it at once, whatever it does. */
  async run(source: string, repl: boolean, sink: ScriptSink, signal: AbortSignal): Promise<void> {
    const stripped = stripTypes(source);
    if (!('code' in stripped)) {
      await sink({
        kind: 'error',
        text: stripped.text,
        line: stripped.line,
        column: stripped.column,
      });
      await sink({ kind: 'done', state: 'failed', seconds: 0 });
      return;
    }
    const live = (repl ? this.#repl : undefined) ?? this.#start();
    if (repl) this.#repl = live;
    const state = await this.#drive(live, stripped.code, repl, sink, signal);
    if (!repl || state !== 'kept') {
      if (this.#repl === live) this.#repl = undefined;
      live.port.close();
      await live.worker.terminate();
    }
  }

  /** Ends the REPL's sandbox. */
  async dispose(): Promise<void> {
    this.#repl?.port.close();
    await this.#repl?.worker.terminate();
    this.#repl = undefined;
  }

  #start(): Live {
    const { port1, port2 } = new MessageChannel();
    const answered = new SharedArrayBuffer(4);
    const worker = new Worker(WORKER, {
      workerData: { limits: this.#limits, answered, port: port2 },
      transferList: [port2],
      resourceLimits: { maxOldGenerationSizeMb: 512 },
      env: {},
      stdin: false,
    });
    worker.unref();
    port1.unref();
    return { worker, port: port1, answered: new Int32Array(answered) };
  }

  #drive(
    live: Live,
    code: string,
    repl: boolean,
    sink: ScriptSink,
    signal: AbortSignal,
  ): Promise<'kept' | 'gone'> {
    const { worker } = live;
    const start = performance.now();
    return new Promise((resolve) => {
      const calls = new AbortController();
      let ended = false;
      let chain: Promise<void> = Promise.resolve();
      const put = (output: ScriptOutput): void => {
        chain = chain.then(() => sink(output)).catch(() => undefined);
      };
      const end = (kept: 'kept' | 'gone', last?: ScriptOutput[]): void => {
        if (ended) return;
        ended = true;
        clearTimeout(timer);
        calls.abort();
        signal.removeEventListener('abort', stop);
        worker.off('message', receive);
        worker.off('error', died);
        worker.off('exit', exited);
        for (const output of last ?? []) put(output);
        void chain.then(() => resolve(kept));
      };
      const seconds = (): number => (performance.now() - start) / 1000;
      const stop = (): void =>
        end('gone', [{ kind: 'done', state: 'stopped', seconds: seconds() }]);
      const died = (error: unknown): void =>
        end('gone', [
          {
            kind: 'error',
            text: `The sandbox ended: ${error instanceof Error ? error.message : String(error)}.`,
          },
          { kind: 'done', state: 'limit', seconds: seconds() },
        ]);
      const exited = (): void => died(new Error('its worker is gone'));
      const timer = setTimeout(
        () =>
          end('gone', [
            {
              kind: 'error',
              text: `Stopped after ${this.#limits.seconds} s, the time that a script may take.`,
            },
            { kind: 'done', state: 'limit', seconds: seconds() },
          ]),
        this.#limits.seconds * 1000 + GRACE,
      );
      const receive = (message: WorkerMessage): void => {
        if (message.type === 'call') void this.#answer(live, message, calls.signal);
        else if (message.type === 'output') {
          const output = JSON.parse(message.json) as ScriptOutput;
          if (output.kind !== 'done') put(output);
          else end(repl && output.state !== 'limit' ? 'kept' : 'gone', [output]);
        }
      };
      worker.on('message', receive);
      worker.on('error', died);
      worker.on('exit', exited);
      if (signal.aborted) stop();
      else {
        signal.addEventListener('abort', stop, { once: true });
        worker.postMessage({ type: 'run', code, repl });
      }
    });
  }

  async #answer(
    live: Live,
    message: { readonly name: string; readonly body: string },
    signal: AbortSignal,
  ): Promise<void> {
    let answer: string;
    try {
      if (!SCRIPT_CALLS.has(message.name as CallName))
        throw Object.assign(new Error(`Scripts can't call ${message.name}.`), {
          means: '',
          advice: '',
        });
      const ok = await this.#call(message.name as CallName, JSON.parse(message.body), signal);
      answer = JSON.stringify({ ok });
    } catch (error) {
      const { means, advice } = error as { means?: string; advice?: string };
      answer = JSON.stringify({
        failure: { happened: (error as Error).message, means: means ?? '', advice: advice ?? '' },
      });
    }
    live.port.postMessage(answer);
    Atomics.store(live.answered, 0, 1);
    Atomics.notify(live.answered, 0);
  }
}
