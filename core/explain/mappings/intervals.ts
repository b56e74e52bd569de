import type { PfnRange } from '../../memory/physical.ts';

/** Page frames as sorted, disjoint ranges. */
export class Intervals {
  readonly #from: Float64Array;
  readonly #to: Float64Array;

  /** @param ranges in any order, overlapping or not; empty ones are left out */
  constructor(ranges: Iterable<PfnRange>) {
    const sorted = [...ranges].filter(({ from, to }) => to > from).sort((a, b) => a.from - b.from);
    const merged: { from: number; to: number }[] = [];
    for (const { from, to } of sorted) {
      const last = merged.at(-1);
      if (last && from <= last.to) last.to = Math.max(last.to, to);
      else merged.push({ from, to });
    }
    this.#from = Float64Array.from(merged, ({ from }) => from);
    this.#to = Float64Array.from(merged, ({ to }) => to);
  }

  get size(): number {
    return this.#from.length;
  }

  /** Page frames in all ranges. */
  get pages(): number {
    let sum = 0;
    for (let at = 0; at < this.size; at++) sum += this.#to[at] - this.#from[at];
    return sum;
  }

  *[Symbol.iterator](): Generator<PfnRange> {
    for (let at = 0; at < this.size; at++) yield { from: this.#from[at], to: this.#to[at] };
  }

  has(pfn: number): boolean {
    return this.overlaps(pfn, pfn + 1);
  }

  /** Whether some frame of `from` to `to` (excluded) is in a range. */
  overlaps(from: number, to: number): boolean {
    const at = this.#firstEndingAfter(from);
    return at < this.size && this.#from[at] < to;
  }

  /** Whether every frame is. */
  covers(from: number, to: number): boolean {
    const at = this.#firstEndingAfter(from);
    return at < this.size && this.#from[at] <= from && this.#to[at] >= to;
  }

  /** The parts of `from` to `to` that are in a range. */
  *within(from: number, to: number): Generator<PfnRange> {
    for (let at = this.#firstEndingAfter(from); at < this.size && this.#from[at] < to; at++)
      yield { from: Math.max(from, this.#from[at]), to: Math.min(to, this.#to[at]) };
  }

  /** What lies between the ranges, from `from` to `to`. */
  without(from: number, to: number): Intervals {
    const gaps: PfnRange[] = [];
    let at = from;
    for (const range of this.within(from, to)) {
      gaps.push({ from: at, to: range.from });
      at = range.to;
    }
    gaps.push({ from: at, to });
    return new Intervals(gaps);
  }

  #firstEndingAfter(pfn: number): number {
    let low = 0;
    let high = this.size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#to[middle] > pfn) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/** Page frames of physical addresses, the last one included. */
export function framesOf(range: { readonly start: bigint; readonly end: bigint }): PfnRange {
  return { from: Number(range.start >> 12n), to: Number(range.end >> 12n) + 1 };
}
