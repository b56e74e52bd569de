import { addressMap, type Strip } from '../../core/explain/address-map.ts';
import type { PhysicalMap } from '../../core/explain/physical-map.ts';
import { ReverseIndex, type IndexProgress } from '../../core/explain/reverse.ts';
import type { Unit } from '../../core/iommu/unit.ts';
import { formatCount } from '../../core/format/size.ts';
import type { Job } from './jobs.ts';
import { PausedWork } from './paused-work.ts';
import type { World } from './worlds.ts';

/** Table pages that one step may read: four for each of its leaves. */
const PAGES_A_STEP = 1 << 19;

export interface IndexParts {
  /** A world's units; other objects when its tables may have changed. */
  readonly units: (world: World) => readonly Unit[];
  readonly physical: (world: World) => PhysicalMap;
  /** Another number when the physical map may say more. */
  readonly physicalTurn: () => number;
  readonly job: (world: World) => Job;
}

/** The strips of a world's devices, and what stands in its physical memory. */
export interface WorldMap {
  readonly index: ReverseIndex;
  readonly physical: PhysicalMap;
  readonly strips: readonly Strip[];
}

interface Kept {
  readonly units: readonly Unit[];
  readonly index: PausedWork<IndexProgress, ReverseIndex>;
  map:
    | {
        readonly turn: number;
        readonly physical: PhysicalMap;
        readonly work: PausedWork<undefined, readonly Strip[]>;
      }
    | undefined;
}

/** For every world the index of all its mappings, made when asked for, and again after a change. */
export class MappingIndexes {
  readonly #parts: IndexParts;
  readonly #kept = new Map<World, Kept>();
  readonly #physicalMaps = new Map<
    World,
    { readonly turn: number; readonly physical: PhysicalMap }
  >();

  constructor(parts: IndexParts) {
    this.#parts = parts;
  }

  /** Who reaches what in a world. @throws Failure of kind `cancelled` when the signal aborts */
  async index(world: World, signal: AbortSignal): Promise<ReverseIndex> {
    return await this.#of(world).index.get(signal);
  }

  /** The strips of a world's devices. @throws Failure of kind `cancelled` when the signal aborts */
  async map(world: World, signal: AbortSignal): Promise<WorldMap> {
    const kept = this.#of(world);
    const index = await kept.index.get(signal);
    const turn = this.#parts.physicalTurn();
    if (kept.map?.turn !== turn) {
      const physical = this.physical(world);
      const work = new PausedWork(addressMap(index, physical), {
        begin: () => this.#parts.job(world),
        tell: () => {},
      });
      kept.map = { turn, physical, work };
    }
    const { physical, work } = kept.map;
    return { index, physical, strips: await work.get(signal) };
  }

  /** What stands where in a world's physical memory: needs no index. */
  physical(world: World): PhysicalMap {
    const turn = this.#parts.physicalTurn();
    const known = this.#physicalMaps.get(world);
    if (known?.turn === turn) return known.physical;
    const physical = this.#parts.physical(world);
    this.#physicalMaps.set(world, { turn, physical });
    return physical;
  }

  forget(world: World): void {
    this.#physicalMaps.delete(world);
    this.#kept.delete(world);
  }

  #of(world: World): Kept {
    const units = this.#parts.units(world);
    const known = this.#kept.get(world);
    if (known?.units === units) return known;
    const steps = ReverseIndex.steps(units, { budget: { tablePages: PAGES_A_STEP } });
    const index = new PausedWork(steps, { begin: () => this.#parts.job(world), tell: tellIndex });
    const kept: Kept = { units, index, map: undefined };
    this.#kept.set(world, kept);
    return kept;
  }
}

function tellIndex(job: Job, { done, all, leaves }: IndexProgress): void {
  job.progress(
    done / all,
    `${formatCount(done)} of ${formatCount(all)} page tables, ${formatCount(leaves)} mappings`,
  );
}
