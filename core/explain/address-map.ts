/** The input address spaces of all devices as strips: what is mapped where, and whom it reaches. */
import { READ, WRITE } from '../iommu/leaves.ts';
import { parsePath } from '../iommu/path.ts';
import type { PfnRange } from '../memory/physical.ts';
import { overlaps } from './mappings/overlaps.ts';
import { RangeSummary } from './mappings/summary.ts';
import type { PhysicalMap } from './physical-map.ts';
import type { IndexedTable, ReverseIndex } from './reverse.ts';

/** What a region is, as flags; the first two are `Rights`. */
export const MARK = {
  read: READ,
  write: WRITE,
  crashKernel: 4,
  kernelText: 8,
  mmio: 16,
  memory: 32,
  /** Nobody says what stands at these physical addresses. */
  unknown: 64,
  /** A page of it is mapped by the tables of another domain too. */
  shared: 128,
} as const;

/** Input addresses whose tables could not be read. */
export interface UnreadableSpan extends PfnRange {
  readonly why: string;
}

export interface Strip {
  readonly table: IndexedTable['table'];
  readonly summary: RangeSummary;
  readonly unreadable: readonly UnreadableSpan[];
}

/** Spans that a strip lists at most. */
const MAX_UNREADABLE = 1000;
/** Ranges that are marked before a caller may do something else. */
const A_TURN = 1 << 16;
/** Frames of a 64-bit address space. */
export const ALL_FRAMES = 2 ** 52;

/**
 * Makes a strip for every page table of an index, in the order of its tables.
 * @returns through the generator, which pauses after every piece of work
 */
export function* addressMap(
  index: ReverseIndex,
  physical: PhysicalMap,
): Generator<undefined, readonly Strip[]> {
  const shared = yield* overlaps(index.tables);
  const strips: Strip[] = [];
  for (const [place, { table, ranges, incomplete }] of index.tables.entries()) {
    const marks = shared[place];
    const { pa, pages, rights, count } = ranges;
    for (let at = 0; at < count; at++) {
      if (marks[at] !== 0) marks[at] = MARK.shared;
      marks[at] |= rights[at] | targets(physical, pa[at], pa[at] + pages[at]);
      if (at % A_TURN === A_TURN - 1) yield;
    }
    strips.push({
      table,
      summary: new RangeSummary(ranges, marks),
      unreadable: incomplete
        .slice(0, MAX_UNREADABLE)
        .flatMap(({ at, text, address }) =>
          address === undefined ? [] : [{ ...spanOfPath(at), why: text }],
        ),
    });
    yield;
  }
  return strips;
}

/** What physical frames are, as marks. */
function targets(physical: PhysicalMap, from: number, to: number): number {
  let marks = 0;
  if (physical.touches('crash-kernel', from, to)) marks |= MARK.crashKernel;
  if (physical.touches('kernel-text', from, to)) marks |= MARK.kernelText;
  const special =
    physical.covers('crash-kernel', from, to) || physical.covers('kernel-text', from, to);
  if (!special && physical.touches('memory', from, to)) marks |= MARK.memory;
  if (physical.touches('mmio', from, to)) marks |= MARK.mmio;
  if (marks === 0)
    // Firmware's own ranges are memory as far as a device is concerned.
    marks =
      physical.touches('reserved', from, to) || physical.touches('firmware', from, to)
        ? MARK.memory
        : MARK.unknown;
  return marks;
}

/** The input frames below the entry of a path: all of them above the page tables. */
export function spanOfPath(path: string): PfnRange {
  let from = 0;
  let size = ALL_FRAMES;
  for (const step of parsePath(path) ?? [])
    if (step.kind === 'level') {
      size = 512 ** (step.level - 1);
      from += step.index * size;
    }
  return { from, to: Math.min(from + size, ALL_FRAMES) };
}
