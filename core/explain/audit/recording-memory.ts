import type { PhysicalMemory, PfnRange, Provenance, UnknownPage } from '../../memory/physical.ts';

/** A memory that tells which page frames were asked for: the pages of the tables. */
export class RecordingMemory implements PhysicalMemory {
  /** Frames asked for since it was last set; whether their pages are known or not. */
  asked = new Set<number>();
  readonly #base: PhysicalMemory;

  constructor(base: PhysicalMemory) {
    this.#base = base;
  }

  page(pfn: number): Uint8Array | UnknownPage {
    this.asked.add(pfn);
    return this.#base.page(pfn);
  }

  provenance(pfn: number): Provenance {
    return this.#base.provenance(pfn);
  }

  ranges(): Iterable<PfnRange> {
    return this.#base.ranges();
  }

  describe(pfn: number): string {
    return this.#base.describe(pfn);
  }
}
