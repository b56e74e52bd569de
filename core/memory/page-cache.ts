import { PAGE_SIZE } from './physical.ts';

/** Pages handed out of one allocation; large enough to make allocation cheap. */
const SLAB_PAGES = 64;

/**
 * Page frames by number, within a budget of bytes. Two generations stand for recency: when the
 * young one has filled half the budget it becomes the old one, and what was old is forgotten; a
 * page that is asked for while old is copied into the young one, so that no page keeps the
 * memory of its forgotten neighbours alive. A view that was handed out stays valid after that.
 */
export class PageCache {
  readonly #slabsPerGeneration: number;
  #young = new Map<number, Uint8Array>();
  #old = new Map<number, Uint8Array>();
  #slab = new Uint8Array(0);
  #used = 0;
  #slabs = 0;

  /** @param budget bytes that the cache may hold; at least a few pages are always kept. */
  constructor(budget: number) {
    this.#slabsPerGeneration = Math.max(1, Math.floor(budget / (2 * SLAB_PAGES * PAGE_SIZE)));
  }

  /** Bytes of memory that the cache holds at most. */
  get limit(): number {
    return 2 * this.#slabsPerGeneration * SLAB_PAGES * PAGE_SIZE;
  }

  /** Bytes of the pages that are in the cache now. */
  get bytes(): number {
    return (this.#young.size + this.#old.size) * PAGE_SIZE;
  }

  get(pfn: number): Uint8Array | undefined {
    const page = this.#young.get(pfn);
    if (page !== undefined) return page;
    const old = this.#old.get(pfn);
    if (old === undefined) return undefined;
    const copy = this.allocate(1);
    copy.set(old);
    // Allocation may have turned the generations over; the copy belongs to the young one.
    this.#old.delete(pfn);
    this.#young.set(pfn, copy);
    return copy;
  }

  /** Whether the page is at hand; does not count as a use. */
  has(pfn: number): boolean {
    return this.#young.has(pfn) || this.#old.has(pfn);
  }

  /**
   * Fresh bytes for `count` consecutive pages (at most MAX_RUN), to be filled and then `put` page
   * by page. They start at a multiple of 8 in their buffer.
   */
  allocate(count: number): Uint8Array {
    if (this.#used + count * PAGE_SIZE > this.#slab.length) this.#nextSlab();
    const run = this.#slab.subarray(this.#used, this.#used + count * PAGE_SIZE);
    this.#used += count * PAGE_SIZE;
    return run;
  }

  put(pfn: number, page: Uint8Array): void {
    this.#young.set(pfn, page);
  }

  /** Gives back the last allocation, when nothing came of it. */
  release(run: Uint8Array): void {
    if (run.buffer === this.#slab.buffer && run.byteOffset + run.length === this.#used)
      this.#used = run.byteOffset;
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
    this.#slab = new Uint8Array(0);
    this.#used = 0;
    this.#slabs = 0;
  }

  #nextSlab(): void {
    if (this.#slabs === this.#slabsPerGeneration) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#slabs = 0;
    }
    this.#slab = new Uint8Array(SLAB_PAGES * PAGE_SIZE);
    this.#used = 0;
    this.#slabs++;
  }
}

/** Most pages that one `allocate` gives. */
export const MAX_RUN = SLAB_PAGES;

/** Budget when the user names none: `--max-memory` overrides it. */
export const DEFAULT_CACHE_BYTES = 256 * 1024 * 1024;
