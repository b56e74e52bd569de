/** Every leaf of a host (v1) page table, in order of IOVA (48882 §2.2.3). */
import type { Rights } from '../iommu/leaves.ts';
import type { DeviceTableEntry } from './dte.ts';
import {
  encodedPages,
  hostEntryLayout,
  LEVEL_6_ENTRIES,
  levelPages,
  NEXT_LEVEL_SIZED,
  NOT_ACCESSED_DIRTY,
  sizeFits,
  TABLE_ENTRIES,
} from './page-table.ts';
import type { SweepState } from './sweep-state.ts';

/** Upper word: reserved bits 56:52 of a PTE, 60:52 of a PDE. */
const PTE_RESERVED = 0x01f0_0000;
const PDE_RESERVED = 0x1ff0_0000;
const HALF_TABLE = TABLE_ENTRIES / 2;

/** Sweeps the host page table that a device table entry points to. */
export function sweepHost(state: SweepState, dte: DeviceTableEntry): void {
  const top = state.context.plain(dte.hostPageTable);
  new HostSweep(state).visit(Number(top >> 12n), Math.min(dte.mode, 6), 0, dte.rights);
}

class HostSweep {
  readonly #state: SweepState;

  constructor(state: SweepState) {
    this.#state = state;
  }

  /**
   * Walks one table.
   * @param base page frame of the first address that the table translates
   * @returns whether a present leaf, or a table page that is not known, is below it
   */
  visit(pfn: number, level: number, base: number, rights: Rights): boolean {
    const state = this.#state;
    const words = state.enter(pfn, level);
    if (words === 'empty') return false;
    if (!words) return true;
    const own = levelPages(level);
    const entries = level === 6 ? LEVEL_6_ENTRIES : TABLE_ENTRIES;
    const { leaves, from } = state;
    /** Going on from an address: the largest page at a level spans half a table. */
    const first = from > base ? Math.floor((from - base) / own / HALF_TABLE) * HALF_TABLE : 0;
    let any = first > 0;
    /** The page of the entries before this one reaches up to here. */
    let pageEnd = 0;
    let pageLow = 0;
    let pageHigh = 0;
    for (let index = first; index < entries; index++) {
      const low = words[2 * index];
      const high = words[2 * index + 1];
      if (index < pageEnd && ((low ^ pageLow) & NOT_ACCESSED_DIRTY || high !== pageHigh)) {
        this.#brokenPage(words, index);
        pageEnd = 0;
      }
      if ((low & 1) === 0) continue;
      const next = (low >>> 9) & 7;
      const granted = rights & (high >>> 29) & 3;
      const target = state.context.frame(low, high);
      const iova = base + index * own;
      if (next === 0) {
        any = true;
        if (high & PTE_RESERVED) this.#reserved(words, index);
        if (granted === 0) this.#noRights(words, index);
        else if (iova + own > from)
          leaves.add(iova, own === 1 ? target : target - (target % own), own, granted);
      } else if (next === NEXT_LEVEL_SIZED) {
        any = true;
        if (index < pageEnd) continue;
        const pages = encodedPages(low >>> 12, high & 0xfffff);
        if (pages === 0 || !sizeFits(pages, level)) {
          this.#badSize(words, index, level);
          continue;
        }
        if (iova % pages !== 0) {
          this.#brokenPage(words, index);
          continue;
        }
        pageEnd = index + pages / own;
        pageLow = low;
        pageHigh = high;
        if (high & PTE_RESERVED) this.#reserved(words, index);
        if (granted === 0) this.#noRights(words, index);
        else if (iova + pages > from) leaves.add(iova, target - (target % pages), pages, granted);
      } else {
        if (iova + own <= from) continue;
        state.follow(index);
        if (high & PDE_RESERVED) this.#reserved(words, index);
        if (next >= level) {
          this.#badLevel(words, index, next, level);
          continue;
        }
        if (this.visit(target, next, iova, granted)) any = true;
        if (state.done) break;
      }
    }
    state.leave(!any && !state.done);
    return any;
  }

  #reserved(words: Uint32Array, index: number): void {
    this.#state.entryNote(
      'error',
      'reserved-bits',
      'Reserved bits are set in a present entry: the unit refuses requests through it.',
      words,
      index,
      hostEntryLayout,
    );
  }

  #noRights(words: Uint32Array, index: number): void {
    this.#state.entryNote(
      'warning',
      'rights-none',
      'This page is present, but the walk permits neither reads nor writes: it cannot be reached.',
      words,
      index,
      hostEntryLayout,
    );
  }

  #badSize(words: Uint32Array, index: number, level: number): void {
    this.#state.entryNote(
      'error',
      'illegal-page-size',
      `NextLevel 7 with a page size that a level ${level} entry can't have.`,
      words,
      index,
      hostEntryLayout,
    );
  }

  #badLevel(words: Uint32Array, index: number, next: number, level: number): void {
    this.#state.entryNote(
      'error',
      'illegal-level',
      `NextLevel ${next} in a level ${level} table: the next level must be lower.`,
      words,
      index,
      hostEntryLayout,
    );
  }

  #brokenPage(words: Uint32Array, index: number): void {
    this.#state.entryNote(
      'warning',
      'page-not-repeated',
      'A page of the size in the address must repeat in every entry that it spans; here it does not.',
      words,
      index,
      hostEntryLayout,
    );
  }
}
