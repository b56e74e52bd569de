import { Intervals } from '../mappings/intervals.ts';

/** Page frames in one piece of the bitmap: 4 GiB. */
const CHUNK = 2 ** 20;
/** Pieces that are kept (64 MiB in all): 2 TiB of scattered small pages. */
const MAX_CHUNKS = 512;
/** Leaves of this many frames and more are kept as ranges. */
const LARGE = 512;
const MAX_LARGE = 1 << 20;

/** Which page frames some mapping reaches: bits for small pages, ranges for large ones. */
export class MappedFrames {
  readonly #chunks = new Map<number, Uint32Array>();
  readonly #large: { readonly from: number; readonly to: number }[] = [];
  /** Made of them when first asked; nothing is added after that. */
  #largeRanges: Intervals | undefined;
  /** There was no room for all: `has` says yes where it does not know. */
  full = false;

  add(pa: number, pages: number): void {
    if (pages >= LARGE) {
      const last = this.#large.at(-1);
      if (last && last.from <= pa && last.to >= pa + pages) return;
      if (last?.to === pa)
        this.#large[this.#large.length - 1] = { from: last.from, to: pa + pages };
      else if (this.#large.length < MAX_LARGE) this.#large.push({ from: pa, to: pa + pages });
      else this.full = true;
      return;
    }
    for (let pfn = pa; pfn < pa + pages; pfn++) {
      const chunk = this.#chunk(Math.floor(pfn / CHUNK));
      if (!chunk) return;
      const bit = pfn % CHUNK;
      chunk[bit >>> 5] |= 1 << (bit & 31);
    }
  }

  /** Whether a mapping reaches the frame. */
  has(pfn: number): boolean {
    if (this.full) return true;
    const bit = pfn % CHUNK;
    const chunk = this.#chunks.get(Math.floor(pfn / CHUNK));
    if (chunk && (chunk[bit >>> 5] & (1 << (bit & 31))) !== 0) return true;
    this.#largeRanges ??= new Intervals(this.#large);
    return this.#largeRanges.has(pfn);
  }

  #chunk(number: number): Uint32Array | undefined {
    const known = this.#chunks.get(number);
    if (known) return known;
    if (this.#chunks.size >= MAX_CHUNKS) {
      this.full = true;
      return undefined;
    }
    const made = new Uint32Array(CHUNK / 32);
    this.#chunks.set(number, made);
    return made;
  }
}
