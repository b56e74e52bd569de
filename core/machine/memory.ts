/**
 * Writable physical memory of a simulated platform. Only pages that were written are held; RAM
 * that nobody wrote reads as zero, and what lies outside every RAM range is absent. Each range
 * has an owner, so that a story can tell whose memory a stray DMA hit.
 */
import type { Change } from '../memory/overlay.ts';
import {
  addressOfPfn,
  type PfnRange,
  type PhysicalMemory,
  type Provenance,
  type UnknownPage,
} from '../memory/physical.ts';
import { PAGE_SIZE, pfnOf, ZERO_PAGE } from '../memory/physical.ts';
import { hex } from '../format/hex.ts';

/** A piece of the physical address space. */
export interface MemoryRange {
  /** Physical address of the first byte; a multiple of 4 KiB. */
  readonly from: bigint;
  /** Physical address behind the last byte; a multiple of 4 KiB. */
  readonly to: bigint;
  readonly kind: 'ram' | 'mmio';
  /** Whose it is: `old kernel`, `crash kernel`, `dmar0 registers`. */
  readonly owner: string;
}

/** One store into memory, as observers see it. */
export interface MemoryWrite {
  readonly address: bigint;
  readonly before: Uint8Array;
  readonly after: Uint8Array;
  /** Why it was written, in words. */
  readonly text: string;
}

export class SimulatedMemory implements PhysicalMemory {
  readonly #ranges: readonly MemoryRange[];
  readonly #pages = new Map<number, Uint8Array>();
  readonly #observers: ((write: MemoryWrite) => void)[] = [];
  #generation = 0;

  /**
   * @param ranges the address map; in any order
   * @throws RangeError when ranges overlap, are empty or are not made of whole pages.
   */
  constructor(ranges: readonly MemoryRange[]) {
    const sorted = [...ranges].sort((a, b) => (a.from < b.from ? -1 : 1));
    sorted.forEach((range, index) => {
      if (range.from >= range.to || (range.from | range.to) & 0xfffn)
        throw new RangeError(`${range.owner}: a range is made of whole pages`);
      if (index > 0 && sorted[index - 1].to > range.from)
        throw new RangeError(`${range.owner} overlaps ${sorted[index - 1].owner}`);
    });
    this.#ranges = sorted;
  }

  /** Grows with every write, so that caches above know when to look again. */
  get generation(): number {
    return this.#generation;
  }

  /** The address map, ascending. */
  map(): readonly MemoryRange[] {
    return this.#ranges;
  }

  /** Page frames that were written, ascending. */
  written(): readonly number[] {
    return [...this.#pages.keys()].sort((a, b) => a - b);
  }

  /** The range that holds an address; undefined where there is nothing. */
  rangeAt(address: bigint): MemoryRange | undefined {
    return this.#ranges.find((range) => address >= range.from && address < range.to);
  }

  page(pfn: number): Uint8Array | UnknownPage {
    return this.#pages.get(pfn) ?? (this.#isRam(pfn) ? ZERO_PAGE : 'absent');
  }

  provenance(pfn: number): Provenance {
    if (this.#pages.has(pfn)) return 'present';
    return this.#isRam(pfn) ? 'zero' : 'absent';
  }

  /** Page frames of RAM. */
  *ranges(): Iterable<PfnRange> {
    for (const range of this.#ranges)
      if (range.kind === 'ram') yield { from: pfnOf(range.from), to: pfnOf(range.to) };
  }

  describe(pfn: number): string {
    const address = addressOfPfn(pfn);
    const range = this.rangeAt(address);
    if (!range) return `no memory of the simulated platform at ${hex(address)}`;
    return range.kind === 'ram'
      ? `simulated memory of the ${range.owner}`
      : `registers of ${range.owner}, not memory`;
  }

  /**
   * Stores bytes, within one page.
   * @param text why, in words, for the journal and the event log
   * @returns the change, or `absent` when there is no memory.
   * @throws RangeError when the bytes cross a page.
   */
  write(address: bigint, bytes: Uint8Array, text: string): Change | UnknownPage {
    const offset = Number(address & 0xfffn);
    if (offset + bytes.length > PAGE_SIZE)
      throw new RangeError('a store must stay within one page');
    const pfn = pfnOf(address);
    const current = this.page(pfn);
    if (typeof current === 'string') return current;
    // A fresh page each time: views of the old one that a reader holds stay as they were.
    const fresh = current.slice();
    const before = fresh.slice(offset, offset + bytes.length);
    fresh.set(bytes, offset);
    this.#pages.set(pfn, fresh);
    this.#generation++;
    const after = bytes.slice();
    for (const observer of this.#observers) observer({ address, before, after, text });
    return { id: this.#generation, address, before, after, text };
  }

  /** Stores little-endian 64-bit words at an 8-byte-aligned address, within one page. */
  writeWords(address: bigint, words: readonly bigint[], text: string): Change | UnknownPage {
    const bytes = new Uint8Array(words.length * 8);
    const view = new DataView(bytes.buffer);
    words.forEach((word, index) => view.setBigUint64(index * 8, word, true));
    return this.write(address, bytes, text);
  }

  /** Calls `observer` after every store from now on. */
  observe(observer: (write: MemoryWrite) => void): void {
    this.#observers.push(observer);
  }

  #isRam(pfn: number): boolean {
    return this.rangeAt(addressOfPfn(pfn))?.kind === 'ram';
  }
}
