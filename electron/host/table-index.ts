import type { Unit } from '../../core/iommu/unit.ts';
import type { Progress } from '../../core/memory/steps.ts';
import { TablePlaces } from '../../core/session/table-places.ts';
import type { Job } from './jobs.ts';
import { PausedWork, tellPart } from './paused-work.ts';
import type { World } from './worlds.ts';

export interface TableIndexParts {
  /** A world's units; other objects when its tables may have changed. */
  readonly units: (world: World) => readonly Unit[];
  readonly job: (world: World) => Job;
}

interface Kept {
  readonly units: readonly Unit[];
  readonly work: PausedWork<Progress, TablePlaces>;
}

/** For every world where its tables stand, found when asked for, and again after a change. */
export class TableIndexes {
  readonly #parts: TableIndexParts;
  readonly #kept = new Map<World, Kept>();

  constructor(parts: TableIndexParts) {
    this.#parts = parts;
  }

  /** @throws Failure of kind `cancelled` when the signal aborts */
  async get(world: World, signal: AbortSignal): Promise<TablePlaces> {
    const units = this.#parts.units(world);
    let kept = this.#kept.get(world);
    if (kept?.units !== units) {
      const begin = (): Job => this.#parts.job(world);
      kept = { units, work: new PausedWork(TablePlaces.steps(units), { begin, tell: tellPart }) };
      this.#kept.set(world, kept);
    }
    return await kept.work.get(signal);
  }

  forget(world: World): void {
    this.#kept.delete(world);
  }
}
