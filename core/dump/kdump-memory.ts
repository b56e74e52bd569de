import { hex } from '../format/hex.ts';
import { PageCache } from '../memory/page-cache.ts';
import type { PfnRange, PhysicalMemory, Provenance, UnknownPage } from '../memory/physical.ts';
import { PAGE_SIZE, ZERO_PAGE } from '../memory/physical.ts';
import type { Platform } from '../memory/platform.ts';
import { Bitmap } from './bitmap.ts';
import type { OpenContext } from './context.ts';
import type { PageCounts } from './dump.ts';
import type { DumpFindings } from './findings.ts';
import type { Image } from './image.ts';
import type { KdumpHeader } from './kdump-header.ts';
import { codecName, decodePage, PageReader } from './kdump-pages.ts';
import type { Descriptor } from './kdump-pages.ts';

/** One file of a kdump: the only one, or one of a split set. */
export interface KdumpPart {
  readonly image: Image;
  readonly header: KdumpHeader;
  /** Frames whose pages this file holds, where its bitmap has their bits set. */
  readonly from: number;
  readonly to: number;
}

/** Damaged frames that are remembered with the reason. */
const MAX_BROKEN = 65_536;

/** Pages of each file that are looked at for their codecs. */
const CODEC_PAGES = 4096;

/**
 * A page this much smaller than its block may be one of zeros: a codec makes a block of zeros at
 * least 20 times smaller (Snappy, the weakest: 64 bytes a copy of three).
 */
const ZERO_RATIO = 16;

interface OpenPart extends KdumpPart {
  /** Frames that are dumped: the second bitmap. */
  readonly dumped: Bitmap;
  readonly pages: PageReader;
}

/**
 * Physical memory of kdump-compressed files. A frame's page descriptor is found by its rank: the
 * number of bits set before it in the second bitmap, within the frames of its file.
 */
export class KdumpMemory implements PhysicalMemory {
  readonly #parts: readonly OpenPart[];
  /** Frames that the machine has: the first bitmap. */
  readonly #exists: Bitmap;
  readonly #dumped: Bitmap;
  readonly #blockSize: number;
  /** Page frames of 4 KiB per block. */
  readonly #ratio: number;
  readonly #maxFrame: number;
  readonly #platform: Platform;
  readonly #cache: PageCache;
  readonly #findings: DumpFindings;
  readonly #broken = new Map<number, string>();
  readonly #block: Uint8Array;

  /** @param parts ascending and disjoint in their frames, alike in block size and bitmaps. */
  constructor(
    parts: readonly KdumpPart[],
    options: Pick<OpenContext, 'platform' | 'cacheBytes' | 'findings'>,
  ) {
    this.#parts = parts.map((part) => {
      const dumped = new Bitmap(part.image, dumpedAt(part.header), bitmapFrames(part.header));
      const first = part.from;
      return { ...part, dumped, pages: new PageReader(part.image, part.header, dumped, first) };
    });
    const { header, image } = parts[0];
    this.#exists = new Bitmap(image, header.bitmapAt, bitmapFrames(header));
    this.#dumped = this.#parts[0].dumped;
    this.#blockSize = header.blockSize;
    this.#ratio = header.blockSize / PAGE_SIZE;
    this.#maxFrame = Math.min(header.maxFrame, bitmapFrames(header));
    this.#platform = options.platform;
    this.#findings = options.findings;
    this.#cache = new PageCache(options.cacheBytes);
    this.#block = new Uint8Array(header.blockSize);
  }

  get maxPfn(): number {
    return this.#maxFrame * this.#ratio;
  }

  page(pfn: number): Uint8Array | UnknownPage {
    return this.#cache.get(pfn) ?? this.#miss(pfn);
  }

  once(pfn: number): Uint8Array | UnknownPage {
    if (this.#cache.has(pfn)) return this.page(pfn);
    // A block of several pages is decoded once for all of them: those go into the cache.
    return this.#miss(pfn, this.#ratio > 1);
  }

  provenance(pfn: number): Provenance {
    const frame = Math.floor(pfn / this.#ratio);
    const place = this.#locate(frame);
    if (typeof place === 'string') return place;
    if (this.#broken.has(frame)) return 'failed';
    const { part, descriptor } = place;
    if (part.pages.damageOf(descriptor)) return 'failed';
    if (part.pages.zeros.has(descriptor.offset)) return 'zero';
    if (this.#cache.has(pfn) || !mayBeZero(descriptor, this.#blockSize)) return 'present';
    const page = this.#miss(pfn);
    return page === ZERO_PAGE ? 'zero' : typeof page === 'string' ? page : 'present';
  }

  *ranges(): Iterable<PfnRange> {
    for (const part of this.#parts)
      for (const run of part.dumped.runs(part.from, Math.min(part.to, this.#maxFrame)))
        yield { from: run.from * this.#ratio, to: run.to * this.#ratio };
  }

  describe(pfn: number): string {
    const frame = Math.floor(pfn / this.#ratio);
    const place = this.#locate(frame);
    if (place === 'excluded')
      return "left out by the dump's filter: the first bitmap has the page, the second has not";
    if (place === 'absent') return 'the machine has no memory there: it is not in the first bitmap';
    if (place === 'failed')
      return this.#partOf(frame)
        ? 'the file ends before the bitmap says whether this page is in it'
        : 'the page is in a file of the split set that was not given';
    const { part, descriptor } = place;
    const why = this.#broken.get(frame) ?? part.pages.damageOf(descriptor);
    const where = `${descriptor.size} bytes at ${hex(descriptor.offset)} of ${part.image.name}`;
    const how = codecName(descriptor.flags) ?? 'not compressed';
    if (why) return `damaged: ${why} (${how}, ${where})`;
    return part.pages.zeros.has(descriptor.offset)
      ? `a page of zeros (${how}, ${where})`
      : `${how}, ${where}`;
  }

  counts(): PageCounts {
    let held = 0;
    let missing = 0;
    for (const part of this.#parts) {
      const to = Math.min(part.to, this.#maxFrame);
      const promised = part.dumped.rank(to) - part.dumped.rank(part.from);
      const lost = part.pages.countDamaged(promised);
      held += promised - lost;
      missing += lost;
    }
    missing += this.#notGiven();
    const excluded = this.#exists.countWithout(this.#dumped, 0, this.#maxFrame);
    return {
      held: held * this.#ratio,
      excluded: excluded * this.#ratio,
      missing: missing * this.#ratio,
    };
  }

  /** Whether bitmaps or the page of the last descriptor are not in the file. */
  get truncated(): boolean {
    if (this.#exists.truncated) return true;
    return this.#parts.some((part) => {
      if (part.dumped.truncated) return true;
      const count =
        part.dumped.rank(Math.min(part.to, this.#maxFrame)) - part.dumped.rank(part.from);
      return part.pages.truncated(count);
    });
  }

  /** Codecs of the first pages of each file: what is there, whatever the header says. */
  codecs(): string[] {
    const flags = this.#parts.map((part) => {
      const to = Math.min(part.to, this.#maxFrame);
      return part.pages.codecFlags(part.dumped.countUpTo(CODEC_PAGES, part.from, to));
    });
    const names = flags.flatMap((set) => [...set].map(codecName));
    return [...new Set(names.filter((name) => name !== undefined))].sort();
  }

  close(): void {
    this.#cache.clear();
  }

  /** @param keep whether the page goes into the cache; else its bytes are those of `#block` */
  #miss(pfn: number, keep = true): Uint8Array | UnknownPage {
    const frame = Math.floor(pfn / this.#ratio);
    const place = this.#locate(frame);
    if (typeof place === 'string') return place;
    const { part, descriptor } = place;
    const small = mayBeZero(descriptor, this.#blockSize);
    if (small && part.pages.zeros.has(descriptor.offset)) return ZERO_PAGE;
    if (this.#broken.size > 0 && this.#broken.has(frame)) return 'failed';
    const damage = part.pages.damageOf(descriptor);
    if (damage) return this.#damaged(frame, damage);
    const data = part.pages.data(descriptor);
    if (!data) return this.#damaged(frame, 'its bytes are not in the file');
    // A block of one page is decoded in place; a larger one is decoded apart and shared out.
    const inPlace = keep && this.#ratio === 1;
    const block = inPlace ? this.#cache.reserve(1) : this.#block;
    const error = decodePage(data, descriptor.flags, block, this.#platform);
    if (error !== undefined) {
      if (inPlace) this.#cache.release(block);
      return this.#damaged(frame, error);
    }
    if (small && isZero(block)) {
      if (inPlace) this.#cache.release(block);
      part.pages.addZero(descriptor.offset);
      return ZERO_PAGE;
    }
    if (inPlace) {
      this.#cache.put(pfn, block);
      return block;
    }
    return keep ? this.#share(frame, pfn) : block;
  }

  /** Puts the pages of a decoded block into the cache. */
  #share(frame: number, wanted: number): Uint8Array {
    let found = ZERO_PAGE;
    for (let index = 0; index < this.#ratio; index++) {
      const pfn = frame * this.#ratio + index;
      const page = this.#cache.reserve(1);
      page.set(this.#block.subarray(index * PAGE_SIZE, (index + 1) * PAGE_SIZE));
      this.#cache.put(pfn, page, pfn !== wanted);
      if (pfn === wanted) found = page;
    }
    return found;
  }

  #locate(
    frame: number,
  ): { part: OpenPart; descriptor: Descriptor } | 'excluded' | 'absent' | 'failed' {
    if (!(frame >= 0 && frame < this.#maxFrame)) return 'absent';
    const part = this.#partOf(frame);
    const bitmap = part?.dumped ?? this.#dumped;
    const bit = bitmap.get(frame);
    if (bit === undefined) return 'failed';
    if (!bit) {
      const exists = this.#exists.get(frame);
      return exists === undefined ? 'failed' : exists ? 'excluded' : 'absent';
    }
    if (!part) return 'failed';
    return { part, descriptor: part.pages.descriptor(frame) };
  }

  #partOf(frame: number): OpenPart | undefined {
    if (this.#parts.length === 1) {
      const only = this.#parts[0];
      return frame >= only.from && frame < only.to ? only : undefined;
    }
    return this.#parts.find((part) => frame >= part.from && frame < part.to);
  }

  /** Frames that are dumped into files which were not given. */
  #notGiven(): number {
    let count = 0;
    let next = 0;
    for (const part of [...this.#parts, { from: this.#maxFrame, to: this.#maxFrame }]) {
      const from = Math.min(part.from, this.#maxFrame);
      if (from > next) count += this.#dumped.rank(from) - this.#dumped.rank(next);
      next = Math.max(next, part.to);
    }
    return count;
  }

  #damaged(frame: number, why: string): 'failed' {
    if (this.#broken.size < MAX_BROKEN) this.#broken.set(frame, why);
    this.#findings.damagedPage(frame * this.#ratio, why);
    return 'failed';
  }
}

/** Offset of the second bitmap; an old dump without filter has only one, which is both. */
function dumpedAt(header: KdumpHeader): number {
  return header.bitmapAt + (twoBitmaps(header) ? (header.bitmapBlocks * header.blockSize) / 2 : 0);
}

function bitmapFrames(header: KdumpHeader): number {
  const bytes = header.bitmapBlocks * header.blockSize;
  return Math.min(header.maxFrame, (twoBitmaps(header) ? bytes / 2 : bytes) * 8);
}

function twoBitmaps(header: KdumpHeader): boolean {
  const one = Math.ceil(Math.ceil(header.maxFrame / 8) / header.blockSize);
  return header.bitmapBlocks >= 2 * one;
}

function mayBeZero(descriptor: Descriptor, blockSize: number): boolean {
  return codecName(descriptor.flags) === undefined || descriptor.size <= blockSize / ZERO_RATIO;
}

function isZero(block: Uint8Array): boolean {
  const words = new Uint32Array(block.buffer, block.byteOffset, block.length / 4);
  for (let index = 0; index < words.length; index++) if (words[index] !== 0) return false;
  return true;
}
