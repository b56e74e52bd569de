import {
  isKnown,
  type PfnRange,
  type PhysicalMemory,
  type Provenance,
  type UnknownPage,
} from '../memory/physical.ts';

/** Another memory, with a note of every page that was asked for. */
export class RecordingMemory implements PhysicalMemory {
  /** Page frames that were read. */
  readonly read = new Set<number>();
  /** Page frames that were asked for and are not known, with the reason. */
  readonly missed = new Map<number, UnknownPage>();
  readonly #memory: PhysicalMemory;

  constructor(memory: PhysicalMemory) {
    this.#memory = memory;
  }

  page(pfn: number): Uint8Array | UnknownPage {
    const page = this.#memory.page(pfn);
    if (isKnown(page)) this.read.add(pfn);
    else this.missed.set(pfn, page);
    return page;
  }

  provenance(pfn: number): Provenance {
    return this.#memory.provenance(pfn);
  }

  ranges(): Iterable<PfnRange> {
    return this.#memory.ranges();
  }

  describe(pfn: number): string {
    return this.#memory.describe(pfn);
  }
}
