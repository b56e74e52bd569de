/** Looks guest physical addresses up in a host (v1) table, many in a row: for nested sweeps. */
import type { Rights } from '../iommu/leaves.ts';
import type { UnknownPage } from '../memory/physical.ts';
import { isKnown, pfnOf } from '../memory/physical.ts';
import type { AmdContext } from './context.ts';
import type { DeviceTableEntry } from './dte.ts';
import {
  encodedPages,
  levelPages,
  NEXT_LEVEL_PAGE,
  NEXT_LEVEL_SIZED,
  sameEntry,
  sizeFits,
} from './page-table.ts';

/** A lookup's answer: a page, no page, or a table page that is not known. */
export type Found = 'page' | 'hole' | 'unknown';

/**
 * A cursor over one host table. After `find`, the fields tell what was found; they are reused by
 * the next call.
 */
export class HostTable {
  /** First page frame of the page that was found. */
  pa = 0;
  /** Page frames of the page or hole around the address, a power of two, aligned to itself. */
  pages = 1;
  rights: Rights = 0;
  /** Page frame of the table page that is not known, and why. */
  missing = 0;
  why: UnknownPage = 'absent';
  readonly #context: AmdContext;
  readonly #root: number;
  readonly #mode: number;
  readonly #rights: Rights;

  constructor(context: AmdContext, dte: DeviceTableEntry) {
    this.#context = context;
    this.#root = pfnOf(context.plain(dte.hostPageTable));
    this.#mode = Math.min(dte.mode, 6);
    this.#rights = dte.rights;
  }

  /** Looks a page frame up. @param seen is told every table page that was read */
  find(frame: number, seen?: (pfn: number) => void): Found {
    let table = this.#root;
    let level = this.#mode;
    this.rights = this.#rights;
    const width = levelPages(level + 1);
    if (frame >= width) return this.#hole(width);
    for (;;) {
      const page = this.#context.memory.page(table);
      if (!isKnown(page)) {
        this.missing = table;
        this.why = page;
        this.pages = levelPages(level);
        return 'unknown';
      }
      seen?.(table);
      const own = levelPages(level);
      const index = Math.floor(frame / own) % 512;
      const words = new Uint32Array(page.buffer, page.byteOffset, 1024);
      const low = words[2 * index];
      const high = words[2 * index + 1];
      if ((low & 1) === 0) return this.#hole(own);
      this.rights &= (high >>> 29) & 3;
      const next = (low >>> 9) & 7;
      const target = this.#context.frame(low, high);
      if (next === NEXT_LEVEL_PAGE) return this.#page(target, own);
      if (next === NEXT_LEVEL_SIZED) {
        const pages = encodedPages(low >>> 12, high & 0xfffff);
        if (pages === 0 || !sizeFits(pages, level)) return this.#hole(own);
        if (repeats(words, index, pages / own)) return this.#page(target, pages);
        // Damaged: each entry stands for its own part of the page.
        return this.#page(target - (target % pages) + (frame % pages), own);
      }
      if (next >= level || this.#skipsAddress(frame, own, next)) return this.#hole(own);
      table = target;
      level = next;
    }
  }

  /** Address bits of levels that an entry skips must be zero. */
  #skipsAddress(frame: number, own: number, next: number): boolean {
    return frame % own >= levelPages(next + 1);
  }

  #page(target: number, pages: number): Found {
    this.pa = target - (target % pages);
    this.pages = pages;
    return 'page';
  }

  #hole(pages: number): Found {
    this.pages = pages;
    return 'hole';
  }
}

/** Whether every entry that a page spans repeats it, as it must. */
function repeats(words: Uint32Array, index: number, span: number): boolean {
  const first = index - (index % span);
  for (let each = first; each < first + span; each++)
    if (!sameEntry(words, index, each)) return false;
  return true;
}

/** System physical address of a guest physical one; undefined where the host table has no page. */
export function hostLookup(
  context: AmdContext,
  dte: DeviceTableEntry,
  address: bigint,
): bigint | undefined {
  const table = new HostTable(context, dte);
  const frame = pfnOf(address);
  if (table.find(frame) !== 'page') return undefined;
  return (BigInt(table.pa + (frame % table.pages)) << 12n) | (address & 0xfffn);
}
