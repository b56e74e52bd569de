import { hex } from '../format/hex.ts';
import { MAX_RUN, PageCache } from '../memory/page-cache.ts';
import type { PhysicalMemory, PfnRange, Provenance, UnknownPage } from '../memory/physical.ts';
import { PAGE_SIZE } from '../memory/physical.ts';
import type { Image } from './image.ts';
import { resolveSpans, spanBelow, SpanList } from './spans.ts';
import type { ResolvedSpans } from './spans.ts';
import type { PageCounts } from './dump.ts';

/** What a stretch of physical memory is, where two stretches overlap the highest one holds. */
export const EXCLUDED = 0;
export const FAILED = 1;
export const DATA = 2;
type Kind = typeof EXCLUDED | typeof FAILED | typeof DATA;

/** Stretches that are kept at most, so that a hostile dump can't take all memory. */
const MAX_EXTENTS = 2_000_000;

/** Stretches of physical memory, in any order and overlapping, before they are opened. */
export class ExtentList {
  readonly spans = new SpanList();
  /** Offset in the image of each stretch's first byte; for DATA only. */
  offsets = new Float64Array(16);

  /** Whether stretches were left out because there are too many. */
  full = false;

  add(kind: Kind, start: number, end: number, offset: number): void {
    if (end <= start) return;
    if (this.spans.length === MAX_EXTENTS) this.full = true;
    if (this.full) return;
    if (this.spans.length === this.offsets.length) {
      const wider = new Float64Array(this.offsets.length * 2);
      wider.set(this.offsets);
      this.offsets = wider;
    }
    this.offsets[this.spans.length] = offset;
    this.spans.add(start, end, kind);
  }

  /**
   * Adds memory that should stand in the image: DATA where the image has it, FAILED where it
   * ends too early or has a hole.
   * @returns bytes that the image does not have.
   */
  addStored(image: Image, start: number, length: number, offset: number): number {
    const stored = Math.max(0, Math.min(length, image.size - offset));
    let missing = length - stored;
    let done = 0;
    for (const hole of image.holes?.(offset, offset + stored) ?? []) {
      if (this.full) break;
      this.add(DATA, start + done, start + (hole.from - offset), offset + done);
      this.add(FAILED, start + (hole.from - offset), start + (hole.to - offset), 0);
      missing += hole.to - hole.from;
      done = hole.to - offset;
    }
    this.add(DATA, start + done, start + stored, offset + done);
    this.add(FAILED, start + stored, start + length, 0);
    return missing;
  }
}

export interface ExtentMemoryOptions {
  readonly cacheBytes: number;
  /** Words for a page that no stretch covers, that the filter left out, and that is damaged. */
  readonly words: { readonly absent: string; readonly excluded: string; readonly failed: string };
  /** Called once for each page that could not be read although the headers promise it. */
  readonly onDamage?: (pfn: number, why: string) => void;
}

/**
 * Physical memory that stands uncompressed in an image, as stretches of bytes: ELF cores, LiME,
 * raw images. Stretches need not start or end at page boundaries.
 */
export class ExtentMemory implements PhysicalMemory {
  readonly #image: Image;
  readonly #extents: ResolvedSpans;
  readonly #kinds: Float64Array;
  readonly #bases: Float64Array;
  readonly #offsets: Float64Array;
  readonly #cache: PageCache;
  readonly #options: ExtentMemoryOptions;
  readonly #broken = new Map<number, string>();
  #lastIndex = 0;
  #expected = -1;
  #ahead = 1;

  constructor(image: Image, list: ExtentList, options: ExtentMemoryOptions) {
    this.#image = image;
    this.#extents = resolveSpans(list.spans);
    this.#kinds = list.spans.ranks;
    this.#bases = list.spans.starts;
    this.#offsets = list.offsets;
    this.#options = options;
    this.#cache = new PageCache(options.cacheBytes);
  }

  /** One more than the highest page frame that any stretch touches. */
  get maxPfn(): number {
    const { length, ends } = this.#extents;
    return length === 0 ? 0 : Math.ceil(ends[length - 1] / PAGE_SIZE);
  }

  page(pfn: number): Uint8Array | UnknownPage {
    return this.#cache.get(pfn) ?? this.#miss(pfn);
  }

  provenance(pfn: number): Provenance {
    if (this.#cache.has(pfn)) return 'present';
    if (this.#broken.has(pfn)) return 'failed';
    const whole = this.#wholeExtent(pfn);
    return whole >= 0 ? 'present' : this.#judge(this.#pieces(pfn));
  }

  *ranges(): Iterable<PfnRange> {
    const { length, starts, ends, owners } = this.#extents;
    let from = -1;
    let to = -1;
    for (let index = 0; index < length; index++) {
      if (this.#kinds[owners[index]] !== DATA) continue;
      const first = Math.floor(starts[index] / PAGE_SIZE);
      const past = Math.ceil(ends[index] / PAGE_SIZE);
      if (first <= to) {
        to = Math.max(to, past);
        continue;
      }
      if (to > from) yield { from, to };
      from = first;
      to = past;
    }
    if (to > from) yield { from, to };
  }

  describe(pfn: number): string {
    const { absent, excluded, failed } = this.#options.words;
    switch (this.provenance(pfn)) {
      case 'present': {
        const pieces = this.#pieces(pfn);
        const where = pieces.map(
          ({ offset }) => this.#image.placeOf?.(offset) ?? `${this.#image.name} at ${hex(offset)}`,
        );
        const known = pieces.reduce((sum, piece) => sum + piece.length, 0);
        const rest =
          known < PAGE_SIZE ? `; ${PAGE_SIZE - known} bytes of this page are no memory` : '';
        return `in ${where.join(' and ')}${rest}`;
      }
      case 'excluded':
        return excluded;
      case 'absent':
        return absent;
      default:
        return this.#broken.get(pfn) ?? failed;
    }
  }

  /** Page frames by what is known of them; a frame that stretches share counts once. */
  counts(): PageCounts {
    const counts = { held: 0, excluded: 0, missing: 0 };
    const { length, starts, ends, owners } = this.#extents;
    let next = 0;
    for (let index = 0; index < length; index++) {
      const first = Math.max(next, Math.floor(starts[index] / PAGE_SIZE));
      const past = Math.ceil(ends[index] / PAGE_SIZE);
      if (past <= first) continue;
      const wholeFrom = Math.min(past, Math.max(first, Math.ceil(starts[index] / PAGE_SIZE)));
      const wholeTo = Math.max(wholeFrom, Math.floor(ends[index] / PAGE_SIZE));
      count(counts, kindName(this.#kinds[owners[index]]), wholeTo - wholeFrom);
      for (let pfn = first; pfn < wholeFrom; pfn++) count(counts, this.provenance(pfn), 1);
      for (let pfn = wholeTo; pfn < past; pfn++) count(counts, this.provenance(pfn), 1);
      next = past;
    }
    return counts;
  }

  close(): void {
    this.#cache.clear();
  }

  #miss(pfn: number): Uint8Array | UnknownPage {
    if (this.#broken.has(pfn)) return 'failed';
    const index = this.#wholeExtent(pfn);
    if (index < 0) return this.#assemble(pfn);
    const owner = this.#extents.owners[index];
    const address = pfn * PAGE_SIZE;
    const offset = this.#offsets[owner] + (address - this.#bases[owner]);
    const limit = Math.floor((this.#extents.ends[index] - address) / PAGE_SIZE);
    const want = Math.min(this.#readAhead(pfn), limit);
    const run = this.#cache.reserve(want);
    const read = this.#image.read(offset, run);
    if (read < PAGE_SIZE) {
      this.#cache.release(run);
      return this.#damaged(pfn, offset + read);
    }
    this.#expected = pfn + Math.floor(read / PAGE_SIZE);
    for (let page = 0; (page + 1) * PAGE_SIZE <= read; page++)
      this.#cache.put(pfn + page, run.subarray(page * PAGE_SIZE, (page + 1) * PAGE_SIZE), page > 0);
    return run.subarray(0, PAGE_SIZE);
  }

  /** Pages to read at once: one for random access, more and more along a sweep. */
  #readAhead(pfn: number): number {
    this.#ahead = pfn === this.#expected ? Math.min(this.#ahead * 2, MAX_RUN) : 1;
    return this.#ahead;
  }

  /** The extent that holds the whole page as data; -1 when there is none. */
  #wholeExtent(pfn: number): number {
    const { length, starts, ends, owners } = this.#extents;
    const address = pfn * PAGE_SIZE;
    let index = this.#lastIndex;
    if (index >= length || starts[index] > address || ends[index] <= address) {
      index = spanBelow(this.#extents, address);
      if (index < 0) return -1;
      this.#lastIndex = index;
    }
    return ends[index] >= address + PAGE_SIZE && this.#kinds[owners[index]] === DATA ? index : -1;
  }

  /** The parts of a page that stretches cover, in order. */
  #pieces(pfn: number): { kind: number; at: number; length: number; offset: number }[] {
    const { length, starts, ends, owners } = this.#extents;
    const address = pfn * PAGE_SIZE;
    const pieces = [];
    for (
      let index = Math.max(0, spanBelow(this.#extents, address));
      index < length && starts[index] < address + PAGE_SIZE;
      index++
    ) {
      const from = Math.max(starts[index], address);
      const to = Math.min(ends[index], address + PAGE_SIZE);
      if (to <= from) continue;
      const owner = owners[index];
      pieces.push({
        kind: this.#kinds[owner],
        at: from - address,
        length: to - from,
        offset: this.#offsets[owner] + (from - this.#bases[owner]),
      });
    }
    return pieces;
  }

  /**
   * A page is known when everything that covers it is known. What nothing covers is no memory
   * (the machine's map ends inside a page): it can't be asked for and reads as zero.
   */
  #judge(pieces: readonly { kind: number }[]): Provenance {
    if (pieces.length === 0) return 'absent';
    if (pieces.some((piece) => piece.kind === FAILED)) return 'failed';
    return pieces.some((piece) => piece.kind === EXCLUDED) ? 'excluded' : 'present';
  }

  #assemble(pfn: number): Uint8Array | UnknownPage {
    const pieces = this.#pieces(pfn);
    const provenance = this.#judge(pieces);
    if (provenance !== 'present') return provenance as UnknownPage;
    const page = this.#cache.reserve(1).fill(0);
    for (const piece of pieces) {
      const part = page.subarray(piece.at, piece.at + piece.length);
      const read = this.#image.read(piece.offset, part);
      if (read < piece.length) {
        this.#cache.release(page);
        return this.#damaged(pfn, piece.offset + read);
      }
    }
    this.#cache.put(pfn, page);
    return page;
  }

  /** @param end offset in the image up to which there are bytes. */
  #damaged(pfn: number, end: number): 'failed' {
    const why = this.#image.damageAt?.(end) ?? `the file ends at ${hex(end)}, within this page`;
    if (this.#broken.size < MAX_BROKEN) this.#broken.set(pfn, why);
    this.#options.onDamage?.(pfn, why);
    return 'failed';
  }
}

/** Damaged pages that are remembered, so that they are neither read nor reported again. */
const MAX_BROKEN = 65_536;

function kindName(kind: number): Provenance {
  return kind === DATA ? 'present' : kind === FAILED ? 'failed' : 'excluded';
}

function count(
  counts: { held: number; excluded: number; missing: number },
  provenance: Provenance,
  pages: number,
): void {
  if (provenance === 'present' || provenance === 'zero') counts.held += pages;
  else if (provenance === 'excluded') counts.excluded += pages;
  else if (provenance === 'failed') counts.missing += pages;
}
