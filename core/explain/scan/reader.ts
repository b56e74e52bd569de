import { isKnown, ZERO_PAGE, type PhysicalMemory } from '../../memory/physical.ts';
import type { TableState } from './candidate.ts';

const ENTRIES = 512;
const HIGH_ADDRESS = 0xf_ffff;
const FRAMES_PER_HIGH = 2 ** 20;
/** Share of entries that may be odd before a page is no table. */
const ODD = 0.05;

export type PagingKind = 'second-stage' | 'first-stage' | 'v1';

/** Pages as words, and what a pointer leads to. */
export class ScanReader {
  readonly #memory: PhysicalMemory;
  /** First frame beyond everything that the source has. */
  readonly end: number;

  constructor(memory: PhysicalMemory) {
    this.#memory = memory;
    let end = 0;
    for (const { to } of memory.ranges()) end = Math.max(end, to);
    this.end = end;
  }

  /** The page's 1024 words; undefined where it is not known. */
  words(pfn: number): Uint32Array | undefined {
    const page = this.#memory.page(pfn);
    return isKnown(page) ? new Uint32Array(page.buffer, page.byteOffset, 1024) : undefined;
  }

  /** Whether memory is, or may be, at a frame. */
  exists(pfn: number): boolean {
    const provenance = this.#memory.provenance(pfn);
    return provenance !== 'absent';
  }

  /** Judges the page that a pointer to a page table leads to. */
  table(pfn: number, level: number, kind: PagingKind, mask = 0): TableState {
    const page = this.#memory.page(pfn);
    if (!isKnown(page)) return page === 'absent' ? 'bad' : 'unknown';
    if (page === ZERO_PAGE) return 'empty';
    const words = new Uint32Array(page.buffer, page.byteOffset, 1024);
    let present = 0;
    let odd = 0;
    for (let index = 0; index < ENTRIES; index++) {
      const low = words[2 * index];
      const high = words[2 * index + 1];
      if ((low | high) === 0) continue;
      present++;
      if (!this.#entry(low, high, level, kind, mask)) odd++;
    }
    if (present === 0) return 'empty';
    return odd > ODD * present ? 'bad' : 'sound';
  }

  #entry(low: number, high: number, level: number, kind: PagingKind, mask: number): boolean {
    const pfn = (high & HIGH_ADDRESS) * FRAMES_PER_HIGH + (low >>> 12);
    if (kind === 'v1') {
      const next = (low >>> 9) & 7;
      if ((low & 1) === 0 || (high & 0x01f0_0000) !== 0 || (high & 0x6000_0000) === 0) return false;
      if (next === 0 || next === 7) return true;
      return next < level && this.exists(pfn - (mask > 0 && pfn >= mask ? mask : 0));
    }
    if (kind === 'second-stage') {
      if ((low & 3) === 0) return false;
      const page = level === 1 || (level <= 3 && (low & 0x80) !== 0);
      return page || ((low & 0x800) === 0 && this.exists(pfn));
    }
    if ((low & 1) === 0) return false;
    const page = level === 1 || (level <= 3 && (low & 0x80) !== 0);
    return page || this.exists(pfn);
  }
}
