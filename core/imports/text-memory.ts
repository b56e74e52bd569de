import {
  addressOfPfn,
  type PfnRange,
  type PhysicalMemory,
  type Provenance,
  type UnknownPage,
} from '../memory/physical.ts';
import { PAGE_SIZE, ZERO_PAGE } from '../memory/physical.ts';

/** Pages that one text may touch: 64 MiB of them, far more than anybody pastes. */
const PAGE_LIMIT = 16_384;

/** Stretches of whole pages of zeros that one text may state. */
const ZERO_RANGE_LIMIT = 4096;

interface Page {
  readonly bytes: Uint8Array;
  /** 1 for each byte that the text states; dropped when all are. */
  known: Uint8Array | undefined;
  count: number;
}

/**
 * Physical memory that a text states byte by byte. A page is known when all of its bytes are
 * stated; a page of which the text states a part is `excluded` (its other bytes exist and are
 * unknown), and its stated bytes are had from `stated`.
 */
export class TextMemory implements PhysicalMemory {
  readonly #name: string;
  readonly #pages = new Map<number, Page>();
  readonly #zeros: PfnRange[] = [];
  /** Whether bytes were left out because the text touches too many pages. */
  full = false;

  /** @param name what the text is, for `describe` */
  constructor(name: string) {
    this.#name = name;
  }

  /** Takes over bytes; later ones hold where texts overlap. */
  put(address: bigint, bytes: Uint8Array): void {
    let pfn = Number(address >> 12n);
    let offset = Number(address & 0xfffn);
    for (let done = 0; done < bytes.length; pfn++, offset = 0) {
      const take = Math.min(PAGE_SIZE - offset, bytes.length - done);
      const page = this.#touch(pfn);
      if (!page) return;
      page.bytes.set(bytes.subarray(done, done + take), offset);
      if (page.known) {
        for (let at = offset; at < offset + take; at++) {
          page.count += 1 - page.known[at];
          page.known[at] = 1;
        }
        if (page.count === PAGE_SIZE) page.known = undefined;
      }
      done += take;
    }
  }

  /** Takes over whole pages of zeros, however many; they replace what was stated before. */
  putZeroPages(range: PfnRange): void {
    if (range.to <= range.from) return;
    if (this.#zeros.length === ZERO_RANGE_LIMIT) {
      this.full = true;
      return;
    }
    this.#zeros.push(range);
    if (range.to - range.from < this.#pages.size)
      for (let pfn = range.from; pfn < range.to; pfn++) this.#pages.delete(pfn);
    else
      for (const pfn of this.#pages.keys())
        if (pfn >= range.from && pfn < range.to) this.#pages.delete(pfn);
  }

  /** Takes over all that another text states. */
  merge(other: TextMemory): void {
    for (const range of other.#zeros) this.putZeroPages(range);
    for (const { address, bytes } of other.stated()) this.put(address, bytes);
    this.full ||= other.full;
  }

  page(pfn: number): Uint8Array | UnknownPage {
    const page = this.#pages.get(pfn);
    if (page) return page.known ? 'excluded' : page.bytes;
    return this.#isZero(pfn) ? ZERO_PAGE : 'absent';
  }

  provenance(pfn: number): Provenance {
    const page = this.#pages.get(pfn);
    if (page) return page.known ? 'excluded' : 'present';
    return this.#isZero(pfn) ? 'zero' : 'absent';
  }

  ranges(): Iterable<PfnRange> {
    const single = [...this.#pages]
      .filter(([, page]) => !page.known)
      .map(([pfn]): PfnRange => ({ from: pfn, to: pfn + 1 }));
    const sorted = [...single, ...this.#zeros].sort((a, b) => a.from - b.from);
    const out: { from: number; to: number }[] = [];
    for (const { from, to } of sorted) {
      const last = out.at(-1);
      if (last && from <= last.to) last.to = Math.max(last.to, to);
      else out.push({ from, to });
    }
    return out;
  }

  describe(pfn: number): string {
    const page = this.#pages.get(pfn);
    if (!page) return this.#isZero(pfn) ? `zeros in ${this.#name}` : `not in ${this.#name}`;
    if (!page.known) return `in ${this.#name}`;
    return `${this.#name} states ${page.count} of the ${PAGE_SIZE} bytes of this page; the others are unknown`;
  }

  /** Pages of which only a part is stated, by number, ascending. */
  partial(): number[] {
    return [...this.#pages]
      .filter(([, page]) => page.known)
      .map(([pfn]) => pfn)
      .sort((a, b) => a - b);
  }

  /** Runs of stated bytes, each within one page, ascending; whole pages of zeros are not listed. */
  *stated(): Generator<{ readonly address: bigint; readonly bytes: Uint8Array }> {
    for (const [pfn, page] of [...this.#pages].sort(([a], [b]) => a - b)) {
      const base = addressOfPfn(pfn);
      if (!page.known) {
        yield { address: base, bytes: page.bytes };
        continue;
      }
      for (let from = page.known.indexOf(1); from >= 0;) {
        const end = page.known.indexOf(0, from);
        const to = end < 0 ? PAGE_SIZE : end;
        yield { address: base + BigInt(from), bytes: page.bytes.subarray(from, to) };
        from = page.known.indexOf(1, to);
      }
    }
  }

  #isZero(pfn: number): boolean {
    return this.#zeros.some(({ from, to }) => pfn >= from && pfn < to);
  }

  #touch(pfn: number): Page | undefined {
    let page = this.#pages.get(pfn);
    if (page) return page;
    if (this.#pages.size === PAGE_LIMIT) {
      this.full = true;
      return undefined;
    }
    const zero = this.#isZero(pfn);
    page = {
      bytes: new Uint8Array(PAGE_SIZE),
      known: zero ? undefined : new Uint8Array(PAGE_SIZE),
      count: zero ? PAGE_SIZE : 0,
    };
    this.#pages.set(pfn, page);
    return page;
  }
}
