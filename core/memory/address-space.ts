/** Other address spaces over physical memory: which page of them stands where. */
import type { PhysicalMemory, PfnRange, UnknownPage } from './physical.ts';

/** What tables say of an address, and of all page frames behind it up to `to` (excluded). */
export type Stretch =
  | {
      readonly kind: 'mapped';
      readonly to: number;
      /** Physical page frame of the very frame that was asked for; those behind it follow. */
      readonly pfn: number;
    }
  | { readonly kind: 'unmapped'; readonly to: number }
  /** A table that the answer needs is not known. */
  | {
      readonly kind: 'unknown';
      readonly to: number;
      /** Physical address of that table; undefined when not even the top one's is known. */
      readonly table: bigint | undefined;
      readonly why: UnknownPage;
    };

/** Addresses that tables translate, by page frames of 4 KiB: those of a kernel, or of a device. */
export interface AddressSpace {
  /** One past the last page frame. */
  readonly end: number;
  /** What is known of a page frame; its `to` is above the frame and not above `end`. */
  at(frame: number): Stretch;
}

/** Page frames of 64 address bits. */
export const FRAMES_OF_64_BITS = 2 ** 52;

/** Tables that are looked at before a caller who can stop is asked. */
const LOOKS = 64;

/** An address space as something that can be searched. */
export class SpacePages {
  readonly #space: AddressSpace;
  readonly #memory: PhysicalMemory;
  #last: { readonly from: number; readonly stretch: Stretch } | undefined;

  constructor(space: AddressSpace, memory: PhysicalMemory) {
    this.#space = space;
    this.#memory = memory;
  }

  page(frame: number): Uint8Array | UnknownPage {
    const { from, stretch } = this.#at(frame);
    if (stretch.kind !== 'mapped') return stretch.kind === 'unknown' ? stretch.why : 'absent';
    return this.#memory.page(stretch.pfn + (frame - from));
  }

  /** Mapped page frames from one on; an empty range now and then, so that a caller can stop. */
  *ranges(from = 0): Generator<PfnRange, undefined> {
    let looks = 0;
    for (let frame = from; frame < this.#space.end;) {
      const { stretch } = this.#at(frame);
      const to = stretch.kind === 'mapped' ? stretch.to : frame;
      if (to > frame || ++looks % LOOKS === 0) yield { from: frame, to };
      frame = stretch.to;
    }
  }

  #at(frame: number): { readonly from: number; readonly stretch: Stretch } {
    const last = this.#last;
    if (last && frame >= last.from && frame < last.stretch.to) return last;
    return (this.#last = { from: frame, stretch: this.#space.at(frame) });
  }
}
