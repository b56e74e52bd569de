/**
 * The two allocators of a simulated kernel: page frames of its own memory, and I/O virtual
 * addresses of a domain.
 */
import type { MemoryRange } from '../machine/memory.ts';

const PAGE = 4096n;

/** Hands out page frames of one range, upwards, with an optional gap between them. */
export class PageAllocator {
  readonly #range: MemoryRange;
  readonly #stride: bigint;
  #next: bigint;

  /**
   * @param skip pages left alone at the range's start
   * @param stride pages from one allocation to the next, so that two kernels' tables differ
   */
  constructor(range: MemoryRange, skip: number, stride: number) {
    this.#range = range;
    this.#stride = BigInt(stride) * PAGE;
    this.#next = range.from + BigInt(skip) * PAGE;
  }

  /** @returns the physical address of a fresh page. @throws RangeError when none is left. */
  page(): bigint {
    const address = this.#next;
    if (address + PAGE > this.#range.to)
      throw new RangeError(`the ${this.#range.owner} has no memory left`);
    this.#next += this.#stride;
    return address;
  }
}

/**
 * I/O virtual addresses as Linux gives them out: from the top of 32 bits down, sizes rounded up
 * to a power of two and aligned to it; a freed range is used again.
 */
export class IovaAllocator {
  readonly #taken: { from: number; to: number }[] = [];

  /** Takes addresses out of use (reserved regions that are mapped one to one). */
  reserve(iova: bigint, pages: number): void {
    const from = Number(iova / PAGE);
    this.#taken.push({ from, to: from + pages });
  }

  /** @returns the first address of `pages` free pages. @throws RangeError when there are none. */
  allocate(pages: number): bigint {
    let size = 1;
    while (size < pages) size *= 2;
    for (let from = 0x10_0000 - size; from > 0; from -= size) {
      const to = from + size;
      if (this.#taken.some((range) => from < range.to && range.from < to)) continue;
      this.#taken.push({ from, to });
      return BigInt(from) * PAGE;
    }
    throw new RangeError('the domain has no I/O virtual address left');
  }

  free(iova: bigint): void {
    const from = Number(iova / PAGE);
    const at = this.#taken.findIndex((range) => range.from === from);
    if (at >= 0) this.#taken.splice(at, 1);
  }
}
