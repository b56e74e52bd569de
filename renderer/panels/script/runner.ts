import type { ScriptOutput } from '../../../core/protocol/contract.ts';
import type { EngineApi } from '../../engine/api.ts';
import type { Store } from '../../state/store.ts';
import { createStore } from '../../state/store.ts';
import type { OutputItem } from './output.ts';
import { KEPT, withLine } from './output.ts';

export interface ScriptState {
  readonly source: string;
  readonly output: readonly OutputItem[];
  /** Id of the run that goes on, and when it began (ms). */
  readonly running: { readonly run: string; readonly since: number } | undefined;
  readonly history: readonly string[];
}

/** Runs scripts and keeps what they print; it outlives the panel. */
export class ScriptRunner {
  readonly state: Store<ScriptState> = createStore<ScriptState>({
    source: '',
    output: [],
    running: undefined,
    history: [],
  });
  readonly #engine: EngineApi;
  #next = 1;
  #cancel: (() => void) | undefined;

  constructor(engine: EngineApi) {
    this.#engine = engine;
  }

  setSource(source: string): void {
    this.state.set((old) => ({ ...old, source }));
  }

  /** Runs a script, or a line of the REPL. */
  run(source: string, repl: boolean): void {
    if (this.state.get().running || source.trim() === '') return;
    const run = `r${Date.now().toString(36)}-${this.#next++}`;
    if (repl) {
      this.#put({ kind: 'input', text: source });
      this.state.set((old) => ({ ...old, history: withLine(old.history, source) }));
    }
    this.state.set((old) => ({ ...old, running: { run, since: Date.now() } }));
    this.#cancel = this.#engine.subscribe(
      'script.run',
      { run, source, repl },
      (item) => {
        this.#put(item);
        if (item.kind === 'done') this.#ended();
      },
      (failure) => {
        if (failure) this.#put({ kind: 'error', text: `${failure.happened} ${failure.advice}` });
        this.#ended();
      },
    );
  }

  /** Stops the run; a worker that does not listen is ended by the engine. */
  stop(): void {
    const { running } = this.state.get();
    if (!running) return;
    this.#engine.call('script.stop', { run: running.run }).catch(() => {
      // The engine may have ended the run by itself, or be gone: the feed says which.
      this.#cancel?.();
      this.#ended();
    });
  }

  clear(): void {
    this.state.set((old) => ({ ...old, output: [] }));
  }

  #put(item: ScriptOutput | { readonly kind: 'input'; readonly text: string }): void {
    const id = this.#next++;
    this.state.set((old) => ({ ...old, output: [...old.output, { ...item, id }].slice(-KEPT) }));
  }

  #ended(): void {
    this.#cancel = undefined;
    this.state.set((old) => ({ ...old, running: undefined }));
  }
}
