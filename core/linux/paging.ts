import { hex } from '../format/hex.ts';
import {
  addressOfPfn,
  isKnown,
  PAGE_SIZE,
  type PhysicalMemory,
  type UnknownPage,
} from '../memory/physical.ts';
import type { Stretch } from '../memory/address-space.ts';
import { Notes } from './notes.ts';

/** Where the kernel image is linked, before KASLR (arch/x86/include/asm/page_64_types.h). */
const START_KERNEL_MAP = 0xffffffff80000000n;
/** The largest image that x86-64 allows; used when VMCOREINFO does not tell. */
const DEFAULT_IMAGE_SIZE = 0x40000000n;

const PRESENT = 1n;
const WRITABLE = 1n << 1n;
const LARGE = 1n << 7n;
const NO_EXECUTE = 1n << 63n;
/** What a page directory entry maps: the image and the direct map begin at a multiple of it. */
const LARGE_PAGE = 1n << 21n;
/** Address bits of an entry: 51 to 12 (Intel SDM volume 3, "4-level paging and 5-level paging"). */
const ADDRESS = 0x000ffffffffff000n;

/** Translations that are remembered; beyond it the memory of them starts anew. */
const MAX_TRANSLATIONS = 1 << 16;

export interface PagingOptions {
  /** VMCOREINFO NUMBER(phys_base): physical minus virtual place of the image, signed. */
  readonly physBase: bigint;
  /** Run-time virtual address of the kernel's top page table. */
  readonly rootAddress: bigint;
  readonly fiveLevels: boolean;
  /** C-bit mask of SME, 0n when off. */
  readonly smeMask: bigint;
  /** NUMBER(KERNEL_IMAGE_SIZE); 1 GiB when not given. */
  readonly imageSize?: bigint;
}

/** A stretch of virtual addresses that is mapped with the same rights throughout. */
export interface MappedRun {
  readonly from: bigint;
  readonly to: bigint;
  readonly writable: boolean;
  readonly executable: boolean;
}

type Walked =
  | { readonly kind: 'mapped'; readonly pa: bigint; readonly size: bigint; readonly flags: bigint }
  | { readonly kind: 'unmapped'; readonly size: bigint }
  /** The walk was to stop here: the table of the next level, and the rights so far. */
  | { readonly kind: 'table'; readonly table: bigint; readonly flags: bigint }
  | {
      readonly kind: 'unknown';
      readonly table: bigint;
      readonly why: UnknownPage;
      /** Bytes of addresses that the missing table translates. */
      readonly size: bigint;
    };

/**
 * The kernel's virtual addresses over physical memory: the image by phys_base, all else by a
 * walk of the kernel's own page tables. Reads give undefined when something is missing, and
 * note in `notes` what it was.
 */
export class VirtualMemory {
  readonly physical: PhysicalMemory;
  readonly notes: Notes;
  readonly #options: PagingOptions;
  readonly #root: bigint;
  readonly #levels: number;
  readonly #addressMask: bigint;
  readonly #physBase: bigint;
  readonly #imageEnd: bigint;
  /** Page frame by virtual page number; -1 for one that can't be translated. */
  #known = new Map<number, number>();
  /** page_offset_base, once known: the direct map serves where the walk's tables are missing. */
  directMap: { readonly from: bigint; readonly to: bigint } | undefined;

  constructor(physical: PhysicalMemory, options: PagingOptions, notes: Notes = new Notes()) {
    this.physical = physical;
    this.#options = options;
    this.notes = notes;
    this.#levels = options.fiveLevels ? 5 : 4;
    this.#addressMask = ADDRESS & ~options.smeMask;
    this.#physBase = options.physBase;
    this.#imageEnd = START_KERNEL_MAP + (options.imageSize ?? DEFAULT_IMAGE_SIZE);
    this.#root = this.imageToPhysical(options.rootAddress);
  }

  /** The same kernel's addresses over another physical memory. */
  over(physical: PhysicalMemory): VirtualMemory {
    return new VirtualMemory(physical, this.#options);
  }

  /** Physical address of an address within the kernel image. */
  imageToPhysical(va: bigint): bigint {
    return BigInt.asUintN(64, va - START_KERNEL_MAP + this.#physBase);
  }

  /** The page frame of an address within the image, whose frames are consecutive. */
  imageFrame(va: bigint): number | undefined {
    return this.inImage(va) ? Number(this.imageToPhysical(va) >> 12n) : undefined;
  }

  /** Whether an address lies where the kernel image is linked (modules live above). */
  inImage(va: bigint): boolean {
    return va >= START_KERNEL_MAP && va < this.#imageEnd;
  }

  /** Whether the address is in the kernel's half of the address space. */
  isKernelAddress(va: bigint): boolean {
    return va >= (this.#levels === 5 ? 0xff00000000000000n : 0xffff800000000000n);
  }

  /**
   * The physical address, or undefined: then it is not mapped, or a table page is missing (which
   * is noted).
   */
  translate(va: bigint): bigint | undefined {
    const frame = this.#frame(va);
    return frame < 0 ? undefined : addressOfPfn(frame) + (va & 0xfffn);
  }

  /** The page that holds `va`; undefined when it is not mapped or not in the dump (noted). */
  page(va: bigint): Uint8Array | undefined {
    const frame = this.#frame(va);
    return frame < 0 ? undefined : this.frame(frame);
  }

  /** A page frame's bytes; undefined when the dump does not have them (noted). */
  frame(frame: number): Uint8Array | undefined {
    const page = this.physical.page(frame);
    if (isKnown(page)) return page;
    this.notes.missingPage(addressOfPfn(frame), page);
    return undefined;
  }

  /** Copies bytes; undefined when one of them can't be had. */
  read(va: bigint, length: number): Uint8Array | undefined {
    const out = new Uint8Array(length);
    let done = 0;
    while (done < length) {
      const at = va + BigInt(done);
      const page = this.page(at);
      if (!page) return undefined;
      const offset = Number(at & 0xfffn);
      const take = Math.min(PAGE_SIZE - offset, length - done);
      out.set(page.subarray(offset, offset + take), done);
      done += take;
    }
    return out;
  }

  u8(va: bigint): number | undefined {
    return this.page(va)?.[Number(va & 0xfffn)];
  }

  u16(va: bigint): number | undefined {
    return this.#view(va, 2)?.getUint16(0, true);
  }

  u32(va: bigint): number | undefined {
    return this.#view(va, 4)?.getUint32(0, true);
  }

  s32(va: bigint): number | undefined {
    return this.#view(va, 4)?.getInt32(0, true);
  }

  u64(va: bigint): bigint | undefined {
    return this.#view(va, 8)?.getBigUint64(0, true);
  }

  /** Text up to its NUL, at most `limit` bytes, control characters kept. */
  text(va: bigint, limit: number): string | undefined {
    const parts: Uint8Array[] = [];
    let left = limit;
    let at = va;
    while (left > 0) {
      const page = this.page(at);
      if (!page) return undefined;
      const offset = Number(at & 0xfffn);
      const part = page.subarray(offset, offset + Math.min(left, PAGE_SIZE - offset));
      const end = part.indexOf(0);
      parts.push(end < 0 ? part : part.subarray(0, end));
      if (end >= 0) break;
      left -= part.length;
      at += BigInt(part.length);
    }
    return decodeText(parts);
  }

  /**
   * Mapped stretches within `from` to `to`, with their rights, ascending; a part whose tables are
   * missing is left out. Goes in steps of the size of each mapping, so callers bound the range.
   */
  mappedRuns(from: bigint, to: bigint): MappedRun[] {
    const runs: MappedRun[] = [];
    const add = (start: bigint, end: bigint, writable: boolean, executable: boolean): void => {
      const last = runs.at(-1);
      if (last?.to === start && last.writable === writable && last.executable === executable)
        runs[runs.length - 1] = { ...last, to: end };
      else runs.push({ from: start, to: end, writable, executable });
    };
    const region = 1n << 21n;
    for (let va = from & ~(region - 1n); va < to;) {
      const walked = this.#walk(va, 2);
      if (walked.kind === 'mapped')
        add(va, va + region, (walked.flags & WRITABLE) !== 0n, (walked.flags & NO_EXECUTE) === 0n);
      else if (walked.kind === 'table') this.#pagesOf(va, walked, add);
      va += walked.kind === 'unmapped' ? walked.size - (va % walked.size) : region;
    }
    return runs;
  }

  /** Stretches of equal rights among the 4 KiB pages that one table maps. */
  #pagesOf(
    va: bigint,
    above: { readonly table: bigint; readonly flags: bigint },
    add: (start: bigint, end: bigint, writable: boolean, executable: boolean) => void,
  ): void {
    const page = this.physical.page(Number(above.table >> 12n));
    if (!isKnown(page)) return;
    const words = new DataView(page.buffer, page.byteOffset, PAGE_SIZE);
    const aboveWritable = (above.flags & WRITABLE) !== 0n ? 1 : 0;
    const aboveNoExecute = (above.flags & NO_EXECUTE) !== 0n ? 1 : 0;
    // 0: not mapped; else 1, plus 2 when writable, plus 4 when executable.
    const rightsOf = (index: number): number => {
      const low = words.getUint32(8 * index, true);
      if ((low & 1) === 0) return 0;
      const noExecute = (words.getUint32(8 * index + 4, true) >>> 31) | aboveNoExecute;
      return 1 + 2 * ((low >> 1) & aboveWritable) + 4 * (1 - noExecute);
    };
    for (let index = 0; index < 512;) {
      const rights = rightsOf(index);
      const first = index;
      while (index < 512 && rightsOf(index) === rights) index++;
      const at = (n: number): bigint => va + BigInt(n * PAGE_SIZE);
      if (rights !== 0) add(at(first), at(index), (rights & 2) !== 0, (rights & 4) !== 0);
    }
  }

  /**
   * What the page tables alone say of an address, to compare with the image's formula: its
   * physical address, `unmapped`, or undefined when a table page is missing.
   */
  walk(va: bigint): bigint | 'unmapped' | undefined {
    const walked = this.#walk(va);
    if (walked.kind === 'mapped') return walked.pa;
    return walked.kind === 'unmapped' ? 'unmapped' : undefined;
  }

  /**
   * What the page tables say of an address and of how much behind it, for views that show what
   * stands where: nothing is noted. Where a table is missing, the image's formula and the direct
   * map serve as they do in `translate`.
   */
  stretch(va: bigint): Stretch {
    const end = (size: bigint): number => Number((va / size + 1n) * (size >> 12n));
    const upper = this.#levels === 5 ? 0xff00000000000000n : 0xffff800000000000n;
    if (va >= (1n << 64n) - upper && va < upper)
      return { kind: 'unmapped', to: Number(upper >> 12n) };
    const walked = this.#walk(va);
    if (walked.kind === 'mapped')
      return { kind: 'mapped', pfn: Number(walked.pa >> 12n), to: end(walked.size) };
    if (walked.kind === 'unmapped') return { kind: 'unmapped', to: end(walked.size) };
    const pfn = this.#frameWithoutTables(va);
    if (pfn !== undefined) return { kind: 'mapped', pfn, to: end(LARGE_PAGE) };
    const { table } = walked;
    if (walked.kind === 'table') return { kind: 'unknown', table, why: 'absent', to: end(4096n) };
    return { kind: 'unknown', table, why: walked.why, to: end(walked.size) };
  }

  /** The page frame of an address of the image or the direct map, whose frames are consecutive. */
  #frameWithoutTables(va: bigint): number | undefined {
    const { directMap } = this;
    if (directMap && va >= directMap.from && va < directMap.to)
      return Number((va - directMap.from) >> 12n);
    return this.imageFrame(va);
  }

  #view(va: bigint, width: number): DataView | undefined {
    const offset = Number(va & 0xfffn);
    const bytes = offset + width <= PAGE_SIZE ? this.page(va) : this.read(va, width);
    if (!bytes) return undefined;
    const at = offset + width <= PAGE_SIZE ? offset : 0;
    return new DataView(bytes.buffer, bytes.byteOffset + at, width);
  }

  /** The page frame that a virtual address falls in, or -1. */
  #frame(va: bigint): number {
    const number = Number(BigInt.asUintN(64, va) >> 12n);
    const known = this.#known.get(number);
    if (known !== undefined) return known;
    const frame = this.#translate(BigInt.asUintN(64, va));
    if (this.#known.size >= MAX_TRANSLATIONS) this.#known = new Map();
    this.#known.set(number, frame);
    return frame;
  }

  #translate(va: bigint): number {
    if (this.inImage(va)) return Number(this.imageToPhysical(va) >> 12n);
    if (!this.isKernelAddress(va)) {
      this.notes.finding('warning', 'bad-pointer', `${hex(va)} is no kernel address.`);
      return -1;
    }
    const walked = this.#walk(va);
    if (walked.kind === 'mapped') return Number(walked.pa >> 12n);
    if (walked.kind !== 'unknown') {
      this.notes.finding('warning', 'bad-pointer', `The kernel does not map ${hex(va)}.`);
      return -1;
    }
    const frame = this.#frameWithoutTables(va);
    if (frame !== undefined) return frame;
    this.notes.missingPage(walked.table, walked.why);
    return -1;
  }

  /** @param last the level to stop at when its entry is a table, instead of going on to 1 */
  #walk(va: bigint, last = 1): Walked {
    let table = this.#root;
    let writable = WRITABLE;
    let noExecute = 0n;
    for (let level = this.#levels; level >= last; level--) {
      const page = this.physical.page(Number(table >> 12n));
      if (!isKnown(page))
        return { kind: 'unknown', table, why: page, size: 512n << BigInt(12 + 9 * (level - 1)) };
      const shift = BigInt(12 + 9 * (level - 1));
      const size = 1n << shift;
      const index = Number((va >> shift) & 0x1ffn);
      const view = new DataView(page.buffer, page.byteOffset, PAGE_SIZE);
      const entry = view.getBigUint64(index * 8, true);
      if ((entry & PRESENT) === 0n) return { kind: 'unmapped', size };
      writable &= entry;
      noExecute |= entry & NO_EXECUTE;
      const large = (entry & LARGE) !== 0n && (level === 2 || level === 3);
      if (level === 1 || large) {
        // Bit 12 of a large entry is PAT; the address starts at the page's own size.
        const pa = (entry & this.#addressMask & ~(size - 1n)) | (va & (size - 1n));
        return { kind: 'mapped', pa, size, flags: writable | noExecute };
      }
      table = entry & this.#addressMask;
    }
    return { kind: 'table', table, flags: writable | noExecute };
  }
}

/** Bytes of a NUL-free text, as UTF-8 with replacement characters where they are none. */
export function decodeText(parts: readonly Uint8Array[]): string {
  const decoder = new TextDecoder('utf-8');
  let text = '';
  for (const part of parts) text += decoder.decode(part, { stream: true });
  return text + decoder.decode();
}
