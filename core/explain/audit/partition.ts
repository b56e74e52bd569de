import type { Intervals } from '../mappings/intervals.ts';
import { REACH, type MemoryMap } from './state.ts';

/** No physical address has a page frame beyond this. */
const END = 2 ** 40;

/** Kinds of memory by page frame: where each stretch begins, and its kinds as bits. */
export class Partition {
  readonly #starts: Float64Array;
  readonly #kinds: Uint32Array;
  /** Stretch of the last question: leaves come in order. */
  #last = 0;

  /** @param parts intervals with the bit that they stand for */
  constructor(parts: readonly { readonly bit: number; readonly intervals: Intervals }[]) {
    const edges = new Set<number>([0, END]);
    for (const { intervals } of parts)
      for (const { from, to } of intervals) {
        edges.add(from);
        edges.add(Math.min(to, END));
      }
    const starts = [...edges].sort((a, b) => a - b);
    this.#starts = Float64Array.from(starts);
    this.#kinds = Uint32Array.from(starts, (start) =>
      parts.reduce((kinds, { bit, intervals }) => kinds | (intervals.has(start) ? bit : 0), 0),
    );
  }

  /** The kinds that some frame of `from` to `to` (excluded) has. */
  kinds(from: number, to: number): number {
    const starts = this.#starts;
    let at = this.#last;
    if (!(starts[at] <= from && (at + 1 >= starts.length || starts[at + 1] > from)))
      at = this.#find(from);
    this.#last = at;
    let kinds = this.#kinds[at];
    for (at++; at < starts.length && starts[at] < to; at++) kinds |= this.#kinds[at];
    return kinds;
  }

  #find(pfn: number): number {
    let low = 0;
    let high = this.#starts.length;
    while (low + 1 < high) {
      const middle = (low + high) >>> 1;
      if (this.#starts[middle] <= pfn) low = middle;
      else high = middle;
    }
    return low;
  }
}

/** The partition of a machine's memory. */
export function partitionOf(map: MemoryMap, unitTables?: Intervals): Partition {
  const parts: { bit: number; intervals: Intervals }[] = [];
  const add = (bit: number, intervals: Intervals | undefined): void => {
    if (intervals) parts.push({ bit, intervals });
  };
  add(REACH.reserved, map.reserved);
  add(REACH.kernelText, map.kernelText);
  add(REACH.kernelTables, map.kernelTables);
  add(REACH.nowhere, map.everything?.without(0, END));
  add(REACH.unitTables, unitTables);
  return new Partition(parts);
}
