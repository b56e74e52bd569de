import { PAGE_SIZE } from './physical.ts';

/** Pages of one allocation, and of one entry of the index; large enough to make both cheap. */
const SLAB_PAGES = 64;
const GROUP_PAGES = 64;

/** Most pages of a slab that survive it: the rest of the next slab is for newcomers. */
const MOST_SURVIVORS = SLAB_PAGES / 2;

/** Most pages that one `reserve` gives. */
export const MAX_RUN = SLAB_PAGES - MOST_SURVIVORS;

/** Budget when the user names none: `--max-memory` overrides it. */
export const DEFAULT_CACHE_BYTES = 256 * 1024 * 1024;

/** How a page was used: read before anybody asked, asked for once, asked for again. */
const AHEAD = -1;
const FRESH = 0;
const USED = 1;

interface Slab {
  readonly bytes: Uint8Array;
  /** Page frame of each page; -1 where there is none. */
  readonly pfns: Float64Array;
  readonly uses: Int8Array;
}

/** Where the pages of a group of neighbours stand: 1 + the page's number in all slabs, 0: nowhere. */
interface Group {
  readonly places: Int32Array;
  count: number;
}

/**
 * Page frames by number, within a budget of bytes. Pages stand in slabs; when all slabs are full
 * the oldest makes room, unless most of its pages were asked for again; those that were move on
 * into the new one (the second chance of the CLOCK policy). Only slabs and an index are objects
 * of the heap, not pages, so that a large cache costs the garbage collector little. The memory of
 * a slab is never used again: a view that was handed out stays valid.
 */
export class PageCache {
  readonly #slabs: (Slab | undefined)[];
  readonly #groups = new Map<number, Group>();
  /** The group that was asked for last, also when there is none. */
  #lastNumber = -1;
  #last: Group | undefined;
  #current = -1;
  #used = SLAB_PAGES;
  #size = 0;

  /** @param budget bytes that the cache may hold; it always holds two slabs. */
  constructor(budget: number) {
    const count = Math.max(2, Math.floor(budget / (SLAB_PAGES * PAGE_SIZE)));
    this.#slabs = new Array<Slab | undefined>(count).fill(undefined);
  }

  /** Bytes of pages that the cache holds at most. */
  get limit(): number {
    return this.#slabs.length * SLAB_PAGES * PAGE_SIZE;
  }

  /** Bytes of the pages that are in the cache now. */
  get bytes(): number {
    return this.#size * PAGE_SIZE;
  }

  get(pfn: number): Uint8Array | undefined {
    const place = this.#placeOf(pfn);
    if (place === 0) return undefined;
    const slab = this.#slabs[Math.floor((place - 1) / SLAB_PAGES)]!;
    const at = (place - 1) % SLAB_PAGES;
    if (slab.uses[at] < USED) slab.uses[at]++;
    return slab.bytes.subarray(at * PAGE_SIZE, (at + 1) * PAGE_SIZE);
  }

  /** Whether the page is at hand; does not count as a use. */
  has(pfn: number): boolean {
    return this.#placeOf(pfn) !== 0;
  }

  /**
   * Fresh bytes for `count` pages (at most MAX_RUN), to be filled and then `put` before anything
   * else is reserved. They start at a multiple of 8 in their buffer.
   */
  reserve(count: number): Uint8Array {
    if (this.#used + count > SLAB_PAGES) this.#nextSlab();
    const from = this.#used;
    this.#used += count;
    return this.#slabs[this.#current]!.bytes.subarray(from * PAGE_SIZE, this.#used * PAGE_SIZE);
  }

  /**
   * Makes a page known whose bytes are in the last reservation.
   * @param ahead nobody has asked for it yet
   */
  put(pfn: number, page: Uint8Array, ahead = false): void {
    const at = page.byteOffset / PAGE_SIZE;
    this.#enter(this.#current, at, pfn, ahead ? AHEAD : FRESH);
  }

  /** Gives back the last reservation, when nothing came of it. */
  release(run: Uint8Array): void {
    this.#used -= run.length / PAGE_SIZE;
  }

  clear(): void {
    this.#slabs.fill(undefined);
    this.#groups.clear();
    this.#lastNumber = -1;
    this.#last = undefined;
    this.#current = -1;
    this.#used = SLAB_PAGES;
    this.#size = 0;
  }

  #placeOf(pfn: number): number {
    const number = Math.floor(pfn / GROUP_PAGES);
    if (number !== this.#lastNumber) {
      this.#last = this.#groups.get(number);
      this.#lastNumber = number;
    }
    return this.#last === undefined ? 0 : this.#last.places[pfn % GROUP_PAGES];
  }

  #enter(number: number, at: number, pfn: number, use: number): void {
    if (this.#placeOf(pfn) !== 0) return;
    let group = this.#last;
    if (!group) {
      group = { places: new Int32Array(GROUP_PAGES), count: 0 };
      this.#groups.set(this.#lastNumber, group);
      this.#last = group;
    }
    group.places[pfn % GROUP_PAGES] = 1 + number * SLAB_PAGES + at;
    group.count++;
    const slab = this.#slabs[number]!;
    slab.pfns[at] = pfn;
    slab.uses[at] = use;
    this.#size++;
  }

  #leave(pfn: number): void {
    if (this.#placeOf(pfn) === 0) return;
    const group = this.#last!;
    group.places[pfn % GROUP_PAGES] = 0;
    this.#size--;
    if (--group.count === 0) {
      this.#groups.delete(this.#lastNumber);
      this.#last = undefined;
    }
  }

  /** The next empty slab, or the oldest one; one that is used for the most part stays a round. */
  #choose(): number {
    const count = this.#slabs.length;
    for (let tried = 1; ; tried++) {
      const number = (this.#current + tried) % count;
      const slab = this.#slabs[number];
      if (!slab || tried === count) return number;
      const used = slab.uses.reduce((sum, use) => sum + Number(use === USED), 0);
      if (used <= MOST_SURVIVORS) return number;
      slab.uses.fill(FRESH);
    }
  }

  #nextSlab(): void {
    this.#current = this.#choose();
    this.#used = 0;
    const former = this.#slabs[this.#current];
    const fresh: Slab = {
      bytes: new Uint8Array(SLAB_PAGES * PAGE_SIZE),
      pfns: new Float64Array(SLAB_PAGES).fill(-1),
      uses: new Int8Array(SLAB_PAGES),
    };
    this.#slabs[this.#current] = fresh;
    if (!former) return;
    for (const pfn of former.pfns) if (pfn >= 0) this.#leave(pfn);
    for (let at = 0; at < SLAB_PAGES && this.#used < MOST_SURVIVORS; at++) {
      if (former.pfns[at] < 0 || former.uses[at] < USED) continue;
      const page = former.bytes.subarray(at * PAGE_SIZE, (at + 1) * PAGE_SIZE);
      fresh.bytes.set(page, this.#used * PAGE_SIZE);
      this.#enter(this.#current, this.#used, former.pfns[at], FRESH);
      this.#used++;
    }
  }
}
