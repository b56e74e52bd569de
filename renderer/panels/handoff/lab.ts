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
}

/** Runs of the hand-off lab; they outlive the panel. */
export class LabModel {
  readonly state: Store<LabState> = createStore<LabState>({
    cells: new Map(),
    current: undefined,
    seed: 0,
  });
  readonly #engine: EngineApi;

  constructor(engine: EngineApi) {
    this.#engine = engine;
  }

  /** Another seed is another lab. */
  setSeed(seed: number): void {
    if (!Number.isSafeInteger(seed) || seed < 0) return;
    this.state.set({ cells: new Map(), current: undefined, seed });
  }

  /** Shows a cell's run, which is made if it was not. */
  async open(strategy: string, scenario: string): Promise<void> {
    const key = cellKey(strategy, scenario);
    if (this.state.get().cells.get(key)?.state !== 'done') await this.#run(strategy, scenario);
    this.state.set((old) => ({ ...old, current: key }));
  }

  async runAll(strategies: readonly string[], scenarios: readonly string[]): Promise<void> {
    for (const strategy of strategies)
      for (const scenario of scenarios) await this.#run(strategy, scenario);
  }

  async #run(strategy: string, scenario: string): Promise<void> {
    const { seed } = this.state.get();
    const put = (cell: Cell): void =>
      this.state.set((old) =>
        old.seed === seed
          ? { ...old, cells: new Map(old.cells).set(cellKey(strategy, scenario), cell) }
          : old,
      );
    put({ state: 'running' });
    try {
      const story = await this.#engine.call('handoff.run', { scenario, strategy, seed });
      put({ state: 'done', story });
    } catch (error) {
      if (!isCancelled(error)) put({ state: 'failed', failure: asFailure(error) });
    }
  }
}
