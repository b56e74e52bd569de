/** Who can reach physical memory: an index over all page tables, built in one sweep of each. */
import type { Incomplete } from '../iommu/finding.ts';
import { DEFAULT_BUDGET, type Budget, type Device, type Unit } from '../iommu/unit.ts';
import type { PfnRange } from '../memory/physical.ts';
import { RangeColumns } from './mappings/columns.ts';
import type { Intervals } from './mappings/intervals.ts';
import { distinctTables, untranslated, type DistinctTable } from './mappings/tables.ts';

/** Ranges that an index holds at most: 16 Mi of 25 bytes. Neighbours are one range. */
const MAX_RANGES = 1 << 24;

/** One way to reach physical memory. Addresses in page frames. */
export interface Reach {
  readonly unit: Unit;
  readonly device: Device;
  readonly iova: number;
  readonly pa: number;
  readonly pages: number;
  readonly rights: number;
  /** No table was asked: the device passes through. */
  readonly untranslated: boolean;
}

export interface ReverseOptions {
  readonly budget?: Budget;
  /** Keep only what reaches these frames; an index for everything without it. */
  readonly within?: Intervals;
  readonly maxRanges?: number;
  /** Called before each table's sweep. */
  readonly step?: (done: number, all: number) => void;
}

interface IndexedTable {
  readonly table: DistinctTable;
  readonly ranges: RangeColumns;
  /** Highest end of a range up to each one, in order of physical address. */
  readonly highest: Float64Array;
}

export class ReverseIndex {
  readonly incomplete: readonly Incomplete[];
  /** Ranges that the index holds. */
  readonly size: number;
  readonly #tables: readonly IndexedTable[];
  readonly #passing: ReturnType<typeof untranslated>;

  private constructor(
    tables: readonly IndexedTable[],
    passing: ReturnType<typeof untranslated>,
    incomplete: readonly Incomplete[],
  ) {
    this.#tables = tables;
    this.#passing = passing;
    this.incomplete = incomplete;
    this.size = tables.reduce((sum, { ranges }) => sum + ranges.count, 0);
  }

  /** Sweeps every distinct page table once. */
  static build(units: readonly Unit[], options: ReverseOptions = {}): ReverseIndex {
    const { within, budget = DEFAULT_BUDGET } = options;
    const incomplete: Incomplete[] = units.flatMap((unit) => [...unit.devices().incomplete]);
    const tables: IndexedTable[] = [];
    const distinct = distinctTables(units);
    let room = options.maxRanges ?? MAX_RANGES;
    for (const [index, table] of distinct.entries()) {
      options.step?.(index, distinct.length);
      const columns = new RangeColumns();
      let cut = false;
      const result = table.unit.sweep(
        table.device,
        (batch) => {
          if (within) addWithin(columns, batch, within);
          else columns.addBatch(batch);
          cut = columns.count > room;
          return !cut;
        },
        budget,
      );
      incomplete.push(...result.incomplete);
      if (cut)
        incomplete.push({
          address: undefined,
          at: `${table.unit.facts.name}/${table.device.bdf}`,
          text: 'the index is full: further mappings of this and the following tables are not in it',
        });
      room = Math.max(0, room - columns.count);
      const ranges = columns.byPhysical();
      tables.push({ table, ranges, highest: highestEnds(ranges) });
      if (budget.signal?.aborted) break;
    }
    return new ReverseIndex(tables, untranslated(units), incomplete);
  }

  /**
   * Every way to reach a frame of `range`: a row for each device and range, cut to what was asked.
   * In order of unit, table and physical address; the devices that pass through last.
   */
  *reaching({ from, to }: PfnRange): Generator<Reach> {
    for (const { table, ranges, highest } of this.#tables) {
      const { pa, pages, iova, rights, count } = ranges;
      for (let at = firstAbove(highest, from); at < count && pa[at] < to; at++) {
        if (pa[at] + pages[at] <= from) continue;
        const start = Math.max(from, pa[at]);
        const end = Math.min(to, pa[at] + pages[at]);
        for (const device of table.users)
          yield {
            unit: table.unit,
            device,
            iova: iova[at] + start - pa[at],
            pa: start,
            pages: end - start,
            rights: rights[at],
            untranslated: false,
          };
      }
    }
    for (const { unit, device, rights } of this.#passing)
      if (rights !== 0)
        yield { unit, device, iova: from, pa: from, pages: to - from, rights, untranslated: true };
  }
}

function addWithin(
  columns: RangeColumns,
  batch: Parameters<RangeColumns['addBatch']>[0],
  within: Intervals,
): void {
  const { count, iova, pa, pages, rights } = batch;
  for (let at = 0; at < count; at++)
    if (within.overlaps(pa[at], pa[at] + pages[at]))
      columns.add(iova[at], pa[at], pages[at], rights[at]);
}

function highestEnds({ count, pa, pages }: RangeColumns): Float64Array {
  const highest = new Float64Array(count);
  let most = 0;
  for (let at = 0; at < count; at++) highest[at] = most = Math.max(most, pa[at] + pages[at]);
  return highest;
}

/** Index of the first value above `pfn` in an ascending column. */
function firstAbove(column: Float64Array, pfn: number): number {
  let low = 0;
  let high = column.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (column[middle] > pfn) high = middle;
    else low = middle + 1;
  }
  return low;
}
