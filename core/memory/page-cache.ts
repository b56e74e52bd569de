import { PAGE_SIZE } from './physical.ts';

/** Pages of one allocation, and of one entry of the index; large enough to make both cheap. */
const SLAB_PAGES = 64;
const GROUP_PAGES = 64;

/** Most pages that one `allocate` gives. */
export const MAX_RUN = SLAB_PAGES;

/** Budget when the user names none: `--max-memory` overrides it. */
export const DEFAULT_CACHE_BYTES = 256 * 1024 * 1024;

type Group = (Uint8Array | undefined)[];

/** Pages by number: groups of neighbours in a map, the last group at hand for sweeps. */
class Generation {
  readonly #groups = new Map<number, Group>();
  #lastNumber = -1;
  #last: Group = [];
  size = 0;

  get(pfn: number): Uint8Array | undefined {
    const number = Math.floor(pfn / GROUP_PAGES);
    if (number !== this.#lastNumber) {
      const group = this.#groups.get(number);
      if (!group) return undefined;
      this.#last = group;
      this.#lastNumber = number;
    }
    return this.#last[pfn % GROUP_PAGES];
  }

  set(pfn: number, page: Uint8Array | undefined): void {
    const number = Math.floor(pfn / GROUP_PAGES);
    let group = number === this.#lastNumber ? this.#last : this.#groups.get(number);
    if (!group) {
      group = new Array<Uint8Array | undefined>(GROUP_PAGES).fill(undefined);
      this.#groups.set(number, group);
    }
    const at = pfn % GROUP_PAGES;
    this.size += Number(page !== undefined) - Number(group[at] !== undefined);
    group[at] = page;
    this.#last = group;
    this.#lastNumber = number;
  }
}

/**
 * Page frames by number, within a budget of bytes. Two generations stand for recency: when the
 * young one has filled half the budget it becomes the old one, and what was old is forgotten; a
 * page that is asked for while old is copied into the young one, so that no page keeps the
 * memory of its forgotten neighbours alive. A view that was handed out stays valid after that.
 */
export class PageCache {
  readonly #slabsPerGeneration: number;
  #young = new Generation();
  #old = new Generation();
  #slab = new Uint8Array(0);
  #used = 0;
  #slabs = 0;

  /** @param budget bytes that the cache may hold; it always holds a slab or two. */
  constructor(budget: number) {
    this.#slabsPerGeneration = Math.max(1, Math.floor(budget / (2 * SLAB_PAGES * PAGE_SIZE)));
  }

  /** Bytes of pages that the cache holds at most. */
  get limit(): number {
    return 2 * this.#slabsPerGeneration * SLAB_PAGES * PAGE_SIZE;
  }

  /** Bytes of the pages that are in the cache now. */
  get bytes(): number {
    return (this.#young.size + this.#old.size) * PAGE_SIZE;
  }

  get(pfn: number): Uint8Array | undefined {
    return this.#young.get(pfn) ?? this.#promote(pfn);
  }

  /** Whether the page is at hand; does not count as a use. */
  has(pfn: number): boolean {
    return this.#young.get(pfn) !== undefined || this.#old.get(pfn) !== undefined;
  }

  /**
   * Fresh bytes for `count` consecutive pages (at most MAX_RUN), to be filled and then `put` page
   * by page. They start at a multiple of 8 in their buffer.
   */
  allocate(count: number): Uint8Array {
    const length = count * PAGE_SIZE;
    if (this.#used + length > this.#slab.length) this.#nextSlab();
    const run = this.#slab.subarray(this.#used, this.#used + length);
    this.#used += length;
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
    this.#young = new Generation();
    this.#old = new Generation();
    this.#slab = new Uint8Array(0);
    this.#used = 0;
    this.#slabs = 0;
  }

  #promote(pfn: number): Uint8Array | undefined {
    const old = this.#old.get(pfn);
    if (old === undefined) return undefined;
    this.#old.set(pfn, undefined);
    const copy = this.allocate(1);
    copy.set(old);
    this.#young.set(pfn, copy);
    return copy;
  }

  #nextSlab(): void {
    if (this.#slabs === this.#slabsPerGeneration) {
      this.#old = this.#young;
      this.#young = new Generation();
      this.#slabs = 0;
    }
    this.#slab = new Uint8Array(SLAB_PAGES * PAGE_SIZE);
    this.#used = 0;
    this.#slabs++;
  }
}
