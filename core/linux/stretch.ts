import { PAGE_SIZE } from '../memory/physical.ts';
import type { VirtualMemory } from './paging.ts';

/** Pages in a step of `ensureFrom`: enough to make the calls rare. */
const STEP = 64 * 1024;

/**
 * A stretch of kernel memory as plain bytes, brought in page by page as they are needed. Only
 * bytes for which `ensure` said yes may be looked at: the others are not zero, but unread.
 */
export class Stretch {
  readonly address: bigint;
  readonly length: number;
  /** Unread until ensured. */
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly #memory: VirtualMemory;
  /** The whole pages that hold the stretch. */
  readonly #pages: Uint8Array;
  /** Per page: 0 not asked for, 1 there, 2 missing. */
  readonly #state: Uint8Array;
  readonly #lead: number;
  /** Virtual address of the first of the pages, and its frame when it lies in the image. */
  readonly #start: bigint;
  readonly #imageFrame: number | undefined;

  /**
   * @param length bytes; the caller bounds it
   * @param within the stretch whose pages this one shares: see `from`
   */
  constructor(memory: VirtualMemory, address: bigint, length: number, within?: Stretch) {
    this.#memory = memory;
    this.address = address;
    this.length = length;
    this.#lead = within
      ? within.#lead + Number(address - within.address)
      : Number(address % BigInt(PAGE_SIZE));
    this.#start = address - BigInt(this.#lead);
    const inImage = memory.inImage(this.#start) && memory.inImage(address + BigInt(length));
    this.#imageFrame = inImage ? memory.imageFrame(this.#start) : undefined;
    const pages = Math.ceil((this.#lead + length) / PAGE_SIZE);
    this.#pages = within ? within.#pages : new Uint8Array(pages * PAGE_SIZE);
    this.#state = within ? within.#state : new Uint8Array(pages);
    this.bytes = this.#pages.subarray(this.#lead, this.#lead + length);
    this.view = new DataView(this.#pages.buffer, this.#lead, length);
  }

  /** The rest of this stretch from an offset on; what either of them reads, both have. */
  from(offset: number): Stretch {
    const address = this.address + BigInt(offset);
    return new Stretch(this.#memory, address, this.length - offset, this);
  }

  /** Brings bytes `from` to `to` (excluded) in. @returns whether all of them are there. */
  ensure(from: number, to: number): boolean {
    if (from < 0 || to > this.length || from > to) return false;
    const last = Math.floor((this.#lead + to - 1) / PAGE_SIZE);
    for (let page = Math.floor((this.#lead + from) / PAGE_SIZE); page <= last; page++)
      if (this.#state[page] !== 1 && !this.#fetch(page)) return false;
    return true;
  }

  /**
   * Brings in what follows `from`, in a large step or to the end.
   * @returns the offset up to which bytes are there without a gap; `from` when none are.
   */
  ensureFrom(from: number): number {
    let done = from;
    const goal = Math.min(this.length, from + STEP);
    while (done < goal) {
      const to = Math.min(this.pageEnd(done), this.length);
      if (!this.ensure(done, to)) break;
      done = to;
    }
    return done;
  }

  /** Offset at which the page that holds `offset` ends. */
  pageEnd(offset: number): number {
    return PAGE_SIZE * (Math.floor((this.#lead + offset) / PAGE_SIZE) + 1) - this.#lead;
  }

  #fetch(page: number): boolean {
    if (this.#state[page] === 2) return false;
    const bytes =
      this.#imageFrame === undefined
        ? this.#memory.page(this.#start + BigInt(page * PAGE_SIZE))
        : this.#memory.frame(this.#imageFrame + page);
    this.#state[page] = bytes ? 1 : 2;
    if (!bytes) return false;
    this.#pages.set(bytes, page * PAGE_SIZE);
    return true;
  }
}
