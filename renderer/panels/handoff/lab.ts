import type { HandoffStory } from '../../../core/protocol/contract.ts';
import type { WireFailure } from '../../../core/protocol/wire.ts';
import type { EngineApi } from '../../engine/api.ts';
import { asFailure, isCancelled } from '../../engine/failure.ts';
import type { Store } from '../../state/store.ts';
import { createStore } from '../../state/store.ts';
import { cellKey } from './model.ts';

export type Cell =
  | { readonly state: 'running' }
  | { readonly state: 'done'; readonly story: HandoffStory }
  | { readonly state: 'failed'; readonly failure: WireFailure };

export interface LabState {
  readonly cells: ReadonlyMap<string, Cell>;
  /** The cell whose run shows below. */
  readonly current: string | undefined;
  readonly seed: number;
  /** All cells are being run, one after the other. */
  readonly running: boolean;
}

/** The seed of the command line, so that both play the same story. */
const FIRST_SEED = 1;
/** Seeds are whole numbers of 32 bits. */
const LAST_SEED = 0xffff_ffff;

/** Runs of the hand-off lab; they outlive the panel. */
export class LabModel {
  readonly state: Store<LabState> = createStore<LabState>({
    cells: new Map(),
    current: undefined,
    seed: FIRST_SEED,
    running: false,
  });
  readonly #engine: EngineApi;
  #abort = new AbortController();

  constructor(engine: EngineApi) {
    this.#engine = engine;
  }

  /** Another seed is another lab. */
  setSeed(seed: number): void {
    if (!Number.isSafeInteger(seed) || seed < 0 || seed > LAST_SEED) return;
    this.stop();
    this.state.set({ cells: new Map(), current: undefined, seed, running: false });
  }

  /** Shows a cell's run, which is made if it was not. */
  async open(strategy: string, scenario: string): Promise<void> {
    const key = cellKey(strategy, scenario);
    if (this.state.get().cells.get(key)?.state !== 'done') await this.#run(strategy, scenario);
    this.state.set((old) => ({ ...old, current: key }));
  }

  /** Runs every cell that was not run; when all were, each again. */
  async runAll(strategies: readonly string[], scenarios: readonly string[]): Promise<void> {
    this.stop();
    const { signal } = (this.#abort = new AbortController());
    const all = strategies.flatMap((strategy) =>
      scenarios.map((scenario) => ({ strategy, scenario })),
    );
    const { cells } = this.state.get();
    const left = all.filter(
      ({ strategy, scenario }) => cells.get(cellKey(strategy, scenario))?.state !== 'done',
    );
    this.state.set((old) => ({ ...old, running: true }));
    for (const { strategy, scenario } of left.length === 0 ? all : left) {
      if (signal.aborted) return;
      await this.#run(strategy, scenario, signal);
    }
    if (!signal.aborted) this.state.set((old) => ({ ...old, running: false }));
  }

  /** Ends a run of all cells; those that were played stay. */
  stop(): void {
    this.#abort.abort();
    this.state.set((old) => ({
      ...old,
      running: false,
      cells: new Map([...old.cells].filter(([, { state }]) => state !== 'running')),
    }));
  }

  async #run(strategy: string, scenario: string, signal?: AbortSignal): Promise<void> {
    const { seed } = this.state.get();
    const put = (cell: Cell): void =>
      this.state.set((old) =>
        old.seed === seed && signal?.aborted !== true
          ? { ...old, cells: new Map(old.cells).set(cellKey(strategy, scenario), cell) }
          : old,
      );
    put({ state: 'running' });
    try {
      const story = await this.#engine.call('handoff.run', { scenario, strategy, seed }, signal);
      put({ state: 'done', story });
    } catch (error) {
      if (!isCancelled(error)) put({ state: 'failed', failure: asFailure(error) });
    }
  }
}
