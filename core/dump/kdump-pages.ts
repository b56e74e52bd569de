import { hex } from '../format/hex.ts';
import type { Platform } from '../memory/platform.ts';
import type { Bitmap } from './bitmap.ts';
import { DamagedData } from './codec.ts';
import type { Image } from './image.ts';
import { u64, viewOf } from './image.ts';
import type { KdumpHeader } from './kdump-header.ts';
import { FLAG_LZO, FLAG_SNAPPY, FLAG_ZLIB, FLAG_ZSTD } from './kdump-header.ts';
import { unlzo } from './lzo.ts';
import { unsnappy } from './snappy.ts';

/** page_desc: offset, size, flags, page_flags (makedumpfile, diskdump_mod.h). */
const DESCRIPTOR_BYTES = 24;

/** Descriptors that are read at once and kept; tables of a sweep stand close together. */
const GROUP = 256;
const KEPT_GROUPS = 512;

/** Bytes of page data that are read at once along a sweep. */
const LARGEST_WINDOW = 256 * 1024;
const SMALLEST_WINDOW = 4096;

/** Places of pages of zeros that are remembered; a writer that shares one needs one per file. */
const MAX_ZEROS = 4096;

export interface Descriptor {
  readonly offset: number;
  readonly size: number;
  readonly flags: number;
}

/** The codec of a page's flags; undefined when its bytes stand as they are. */
export function codecName(flags: number): 'zlib' | 'lzo' | 'snappy' | 'zstd' | undefined {
  if (flags & FLAG_ZLIB) return 'zlib';
  if (flags & FLAG_LZO) return 'lzo';
  if (flags & FLAG_SNAPPY) return 'snappy';
  return flags & FLAG_ZSTD ? 'zstd' : undefined;
}

/**
 * Decodes a page into `block`, which it must fill.
 * @returns why not, in words, or undefined.
 */
export function decodePage(
  data: Uint8Array,
  flags: number,
  block: Uint8Array,
  platform: Platform,
): string | undefined {
  const codec = codecName(flags);
  if (codec === undefined) {
    block.set(data);
    return undefined;
  }
  let length: number;
  try {
    switch (codec) {
      case 'zlib':
        length = platform.inflate(data, block);
        break;
      case 'zstd':
        length = platform.unzstd(data, block);
        break;
      case 'lzo':
        length = unlzo(data, block);
        break;
      case 'snappy':
        length = unsnappy(data, block);
        break;
    }
  } catch (error) {
    const own = codec === 'lzo' || codec === 'snappy';
    if (own && !(error instanceof DamagedData)) throw error;
    return `${codec} data is damaged (${error instanceof Error ? error.message : String(error)})`;
  }
  return length === block.length
    ? undefined
    : `${codec} data is of ${length} bytes and not of ${block.length}`;
}

/** Page descriptors and page data of one file of a kdump. */
export class PageReader {
  /** Offsets whose data is known to be a page of zeros. */
  readonly zeros = new Set<number>();
  readonly #image: Image;
  readonly #blockSize: number;
  readonly #dumped: Bitmap;
  readonly #firstFrame: number;
  readonly #descriptorsAt: number;
  readonly #groups = new Map<number, DataView>();
  #group: DataView | undefined;
  #groupIndex = -1;
  #firstRank = -1;
  #window = new Uint8Array(0);
  #windowAt = 0;
  #windowEnd = 0;

  /** @param firstFrame the first frame of the file: descriptors are counted from it. */
  constructor(image: Image, header: KdumpHeader, dumped: Bitmap, firstFrame: number) {
    this.#image = image;
    this.#blockSize = header.blockSize;
    this.#descriptorsAt = header.descriptorsAt;
    this.#dumped = dumped;
    this.#firstFrame = firstFrame;
  }

  /** The descriptor of a frame whose bit is set. Past the end of the file it is all zero. */
  descriptor(frame: number): Descriptor {
    if (this.#firstRank < 0) this.#firstRank = this.#dumped.rank(this.#firstFrame);
    return this.#at(this.#dumped.rank(frame) - this.#firstRank);
  }

  /** Why a page can't be had, as far as its descriptor tells. */
  damageOf({ offset, size, flags }: Descriptor): string | undefined {
    if (offset === 0) return 'it was never written (its descriptor is empty)';
    if (size === 0 || size > 2 * this.#blockSize)
      return `its descriptor gives it an impossible size of ${size} bytes`;
    if (codecName(flags) === undefined && size !== this.#blockSize)
      return `its descriptor gives it ${size} bytes, not compressed, instead of ${this.#blockSize}`;
    if (offset + size > this.#image.size)
      return `its bytes, at ${hex(offset)}, are past the end of the file`;
    return undefined;
  }

  /** The stored bytes of a page: valid until the next call. */
  data({ offset, size }: Descriptor): Uint8Array | undefined {
    if (!isWhole(this.#image, offset, size)) return undefined;
    const inside = offset - this.#windowAt;
    if (inside < 0 || offset + size > this.#windowEnd) {
      if (!this.#fillWindow(offset, size)) return undefined;
    }
    const at = offset - this.#windowAt;
    return this.#window.subarray(at, at + size);
  }

  addZero(offset: number): void {
    if (this.zeros.size < MAX_ZEROS) this.zeros.add(offset);
  }

  /** How many of the first `count` descriptors promise pages that the file does not hold. */
  countDamaged(count: number): number {
    let damaged = 0;
    for (let index = 0; index < count; index++) {
      if (this.#pastEnd(index)) return damaged + (count - index);
      const view = this.#groupOf(index);
      const at = (index % GROUP) * DESCRIPTOR_BYTES;
      const empty = view.getUint32(at, true) === 0 && view.getUint32(at + 4, true) === 0;
      if (empty || this.damageOf(this.#at(index))) damaged++;
    }
    return damaged;
  }

  /** Whether the last of `count` descriptors, or its page, is past the end of the file. */
  truncated(count: number): boolean {
    if (count === 0) return false;
    if (this.#pastEnd(count - 1)) return true;
    const { offset, size } = this.#at(count - 1);
    return offset === 0 || offset + size > this.#image.size;
  }

  /** Flags that occur in the first descriptors. */
  codecFlags(count: number): Set<number> {
    const flags = new Set<number>();
    for (let index = 0; index < count; index++) {
      const view = this.#groupOf(index);
      if (flags.has(view.getUint32((index % GROUP) * DESCRIPTOR_BYTES + 12, true))) continue;
      const descriptor = this.#at(index);
      if (!this.damageOf(descriptor)) flags.add(descriptor.flags);
    }
    return flags;
  }

  #pastEnd(index: number): boolean {
    return this.#descriptorsAt + (index + 1) * DESCRIPTOR_BYTES > this.#image.size;
  }

  #at(index: number): Descriptor {
    const view = this.#groupOf(index);
    const at = (index % GROUP) * DESCRIPTOR_BYTES;
    return {
      offset: u64(view, at),
      size: view.getUint32(at + 8, true),
      flags: view.getUint32(at + 12, true),
    };
  }

  #groupOf(index: number): DataView {
    const groupIndex = Math.floor(index / GROUP);
    if (groupIndex !== this.#groupIndex || !this.#group) {
      this.#group = this.#groups.get(groupIndex) ?? this.#readGroup(groupIndex);
      this.#groupIndex = groupIndex;
    }
    return this.#group;
  }

  #readGroup(index: number): DataView {
    const bytes = new Uint8Array(GROUP * DESCRIPTOR_BYTES);
    const at = this.#descriptorsAt + index * bytes.length;
    const read = at < this.#image.size ? this.#image.read(at, bytes) : 0;
    // A descriptor that the end of the file cuts through is none.
    bytes.fill(0, read - (read % DESCRIPTOR_BYTES));
    const view = viewOf(bytes);
    if (this.#groups.size >= KEPT_GROUPS) this.#groups.clear();
    this.#groups.set(index, view);
    return view;
  }

  /** Reads a page's bytes, and along a sweep those that follow. */
  #fillWindow(offset: number, size: number): boolean {
    const onward = offset >= this.#windowAt && offset <= this.#windowEnd;
    const wanted = onward
      ? Math.min(LARGEST_WINDOW, Math.max(SMALLEST_WINDOW, this.#window.length * 2))
      : SMALLEST_WINDOW;
    const length = Math.max(size, wanted);
    if (this.#window.length !== length) this.#window = new Uint8Array(length);
    this.#windowAt = offset;
    this.#windowEnd = offset + this.#image.read(offset, this.#window);
    return offset + size <= this.#windowEnd;
  }
}

function isWhole(image: Image, offset: number, size: number): boolean {
  for (const hole of image.holes?.(offset, offset + size) ?? []) return hole.from === hole.to;
  return true;
}
