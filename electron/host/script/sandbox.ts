import {
  newQuickJSWASMModuleFromVariant,
  type QuickJSContext,
  type QuickJSHandle,
  type QuickJSRuntime,
  type QuickJSWASMModule,
} from 'quickjs-emscripten-core';
import variant from '@jitl/quickjs-wasmfile-release-sync';
import { installApi, type ApiLimits, type ScriptDoor } from '../../../core/script/install-api.ts';
import type { ScriptLimits } from './messages.ts';

/** The file name that stack traces of scripts carry. */
const FILE = 'script.ts';

/** Characters of one call's request, at most. */
const MAX_REQUEST = 1 << 20;

const API_LIMITS: ApiLimits = {
  leavesPerRead: 4096,
  faultsPerRead: 1000,
  printLength: 100_000,
  tableRows: 10_000,
};

export type ScriptEnd = 'finished' | 'failed' | 'limit';

let engine: Promise<QuickJSWASMModule> | undefined;

/**
 * One sandbox: a QuickJS heap in WebAssembly whose only ways out are the door and the output
 * function. Nothing of Node is reachable from inside.
 */
export class Sandbox {
  readonly #module: QuickJSWASMModule;
  readonly #runtime: QuickJSRuntime;
  readonly #context: QuickJSContext;
  readonly #limits: ScriptLimits;
  readonly #send: (json: string) => void;
  #deadline = 0;
  #timedOut = false;
  #written = 0;
  #tooMuch = false;

  static async create(
    limits: ScriptLimits,
    door: ScriptDoor,
    send: (json: string) => void,
  ): Promise<Sandbox> {
    engine ??= newQuickJSWASMModuleFromVariant(variant);
    return new Sandbox(await engine, limits, door, send);
  }

  private constructor(
    module: QuickJSWASMModule,
    limits: ScriptLimits,
    door: ScriptDoor,
    send: (json: string) => void,
  ) {
    this.#module = module;
    this.#limits = limits;
    this.#send = send;
    this.#deadline = performance.now() + 10_000;
    this.#runtime = module.newRuntime();
    this.#runtime.setMemoryLimit(limits.memory);
    this.#runtime.setMaxStackSize(limits.stack);
    this.#runtime.setInterruptHandler(() => {
      if (performance.now() > this.#deadline) this.#timedOut = true;
      return this.#timedOut || this.#tooMuch;
    });
    this.#context = this.#runtime.newContext();
    this.#install(door);
  }

  /** Runs JavaScript; output and errors go to the output function. */
  run(code: string, repl: boolean): ScriptEnd {
    this.#deadline = performance.now() + this.#limits.seconds * 1000;
    this.#timedOut = false;
    this.#written = 0;
    this.#tooMuch = false;
    const vm = this.#context;
    const result = repl
      ? this.#evalRepl(code)
      : vm.evalCode(code, FILE, { type: 'module', strict: true });
    if (result.error) return this.#fail(result.error);
    const settled = this.#settle(result.value);
    if ('error' in settled) return settled.error ? this.#fail(settled.error) : this.#neverSettles();
    if (repl) this.#showValue(settled.value);
    settled.value.dispose();
    return 'finished';
  }

  dispose(): void {
    // A heap that ran out of memory can't be freed piece by piece; the worker that holds it ends.
    try {
      this.#context.dispose();
      this.#runtime.dispose();
    } catch {
      engine = undefined;
    }
  }

  #install(door: ScriptDoor): void {
    const vm = this.#context;
    const doorHandle = vm.newFunction('door', (name, body) => {
      const [nameText, bodyText] = [vm.getString(name), vm.getString(body)];
      if (bodyText.length > MAX_REQUEST) throw new Error('the request is too large');
      return vm.newString(door(nameText, bodyText));
    });
    const emitHandle = vm.newFunction('emit', (json) => {
      this.#write(vm.getString(json));
    });
    const source = `(${installApi.toString()})`;
    const install = vm.unwrapResult(vm.evalCode(source, 'api'));
    const limits = vm.unwrapResult(vm.evalCode(`(${JSON.stringify(API_LIMITS)})`, 'api'));
    vm.unwrapResult(
      vm.callFunction(install, vm.undefined, vm.global, doorHandle, emitHandle, limits),
    ).dispose();
    for (const handle of [doorHandle, emitHandle, install, limits]) handle.dispose();
  }

  #write(json: string): void {
    this.#written += json.length;
    if (this.#written > this.#limits.output) {
      this.#tooMuch = true;
      throw new Error('too much output');
    }
    this.#send(json);
  }

  /** A REPL line: what it declares stays. A line with `await` becomes an async function's body. */
  #evalRepl(code: string): ReturnType<QuickJSContext['evalCode']> {
    const vm = this.#context;
    const direct = vm.evalCode(code, FILE, { type: 'global' });
    if (!direct.error || !/\bawait\b/.test(code)) return direct;
    direct.error.dispose();
    return vm.evalCode(`(async () => (${code.replace(/;\s*$/, '')}))()`, FILE, { type: 'global' });
  }

  /** Lets promises run until the value is there; a pending one with nothing left to do never comes. */
  #settle(value: QuickJSHandle): { value: QuickJSHandle } | { error: QuickJSHandle | undefined } {
    const vm = this.#context;
    for (;;) {
      const jobs = this.#runtime.executePendingJobs(1000);
      if (jobs.error) return { error: jobs.error };
      // Short jobs without end are never interrupted inside; the clock is looked at between them.
      if (performance.now() > this.#deadline) this.#timedOut = true;
      if (jobs.value === 0 || this.#timedOut) break;
    }
    if (vm.typeof(value) !== 'object') return { value };
    const state = vm.getPromiseState(value);
    if (state.type === 'fulfilled') return { value: state.notAPromise ? value : state.value };
    if (state.type === 'rejected') return { error: state.error };
    return { error: undefined };
  }

  #showValue(value: QuickJSHandle): void {
    const vm = this.#context;
    if (vm.typeof(value) === 'undefined') return;
    const show = vm.getProp(vm.global, '__show');
    const shown = vm.callFunction(show, vm.undefined, value);
    show.dispose();
    if (shown.error) {
      this.#fail(shown.error);
      return;
    }
    this.#send(JSON.stringify({ kind: 'value', text: vm.getString(shown.value) }));
    shown.value.dispose();
  }

  #neverSettles(): ScriptEnd {
    if (this.#timedOut) return this.#tooLong();
    if (this.#heapWasFull()) return this.#tooLarge();
    this.#send(
      JSON.stringify({
        kind: 'error',
        text: 'The script waits for a promise that nothing will settle.',
      }),
    );
    return 'failed';
  }

  #fail(error: QuickJSHandle): ScriptEnd {
    if (this.#timedOut) return this.#tooLong();
    if (this.#tooMuch)
      return this.#limit(`Stopped: more than ${this.#limits.output >> 20} MiB of output.`);
    const described = this.#describe(error);
    // With no room left for an error object, QuickJS throws null, or forgets a promise's job.
    if (
      /out of memory/.test(described.text) ||
      (this.#heapWasFull() && described.text === 'Thrown: null')
    )
      return this.#tooLarge();
    this.#send(JSON.stringify({ kind: 'error', ...described }));
    return 'failed';
  }

  /** Whether the heap ever grew to its limit; what failed there is freed again by now. */
  #heapWasFull(): boolean {
    return this.#module.getWasmMemory().buffer.byteLength >= this.#limits.memory;
  }

  #tooLarge(): ScriptEnd {
    return this.#limit(`Stopped: more than ${this.#limits.memory >> 20} MiB of memory.`);
  }

  #tooLong(): ScriptEnd {
    return this.#limit(`Stopped after ${this.#limits.seconds} s, the time that a script may take.`);
  }

  #limit(text: string): ScriptEnd {
    this.#send(JSON.stringify({ kind: 'error', text }));
    return 'limit';
  }

  #describe(error: QuickJSHandle): { text: string; line?: number; column?: number } {
    const vm = this.#context;
    let dumped: unknown;
    try {
      dumped = vm.dump(error);
      error.dispose();
    } catch {
      return { text: 'out of memory' };
    }
    if (typeof dumped !== 'object' || dumped === null) return { text: `Thrown: ${String(dumped)}` };
    const { name, message, stack } = dumped as {
      name?: unknown;
      message?: unknown;
      stack?: unknown;
    };
    const at = /script\.ts:(\d+)(?::(\d+))?/.exec(typeof stack === 'string' ? stack : '');
    const text =
      `${typeof name === 'string' ? name : 'Error'}: ${typeof message === 'string' ? message : ''}`.slice(
        0,
        10_000,
      );
    return {
      text,
      ...(at ? { line: Number(at[1]) } : {}),
      ...(at?.[2] ? { column: Number(at[2]) } : {}),
    };
  }
}
