/** Gathers leaves into batches of columns and counts them. */
import type { LeafBatch, LeafSink, Rights } from '../iommu/leaves.ts';

/** Leaves in a batch: some hundred kilobytes, so that batches stay in the processor's cache. */
const BATCH = 4096;
const BYTES_IN_FRAME = 4096;

export class LeafWriter {
  leaves = 0;
  mappedBytes = 0;
  /** The sink asked to stop. */
  stopped = false;
  readonly #sizes = new Map<number, number>();
  readonly #sink: LeafSink;
  readonly #iova = new Float64Array(BATCH);
  readonly #pa = new Float64Array(BATCH);
  readonly #pages = new Float64Array(BATCH);
  readonly #rights = new Uint8Array(BATCH);
  #count = 0;
  /** The size that was counted last and its count: runs of one size are the rule. */
  #size = 0;
  #sizeCount = 0;

  constructor(sink: LeafSink) {
    this.#sink = sink;
  }

  /** Adds a leaf; all but the rights in page frames. */
  add(iova: number, pa: number, pages: number, rights: Rights): void {
    const at = this.#count;
    this.#iova[at] = iova;
    this.#pa[at] = pa;
    this.#pages[at] = pages;
    this.#rights[at] = rights;
    this.#count = at + 1;
    this.leaves++;
    this.mappedBytes += pages * BYTES_IN_FRAME;
    if (pages === this.#size) this.#sizeCount++;
    else {
      this.#countSize();
      this.#size = pages;
      this.#sizeCount = 1;
    }
    if (this.#count === BATCH) this.flush();
  }

  /** Hands over what was gathered; to be called once more at the end. */
  flush(): void {
    const count = this.#count;
    this.#count = 0;
    if (count === 0 || this.stopped) return;
    const batch: LeafBatch = {
      count,
      iova: this.#iova,
      pa: this.#pa,
      pages: this.#pages,
      rights: this.#rights,
    };
    if (this.#sink(batch) === false) this.stopped = true;
  }

  /** Leaves by page size in bytes. */
  sizes(): ReadonlyMap<number, number> {
    this.#countSize();
    this.#size = 0;
    this.#sizeCount = 0;
    return this.#sizes;
  }

  #countSize(): void {
    if (this.#sizeCount === 0) return;
    const bytes = this.#size * BYTES_IN_FRAME;
    this.#sizes.set(bytes, (this.#sizes.get(bytes) ?? 0) + this.#sizeCount);
  }
}
