/** Who can reach physical memory: an index over all page tables, built in one sweep of each. */
import type { Incomplete } from '../iommu/finding.ts';
import type { LeafBatch } from '../iommu/leaves.ts';
import { DEFAULT_BUDGET, type Budget, type Device, type Unit } from '../iommu/unit.ts';
import type { PfnRange } from '../memory/physical.ts';
import { RangeColumns } from './mappings/columns.ts';
import type { Intervals } from './mappings/intervals.ts';
import { ascending, firstAbove } from './mappings/order.ts';
import { distinctTables, untranslated, type DistinctTable } from './mappings/tables.ts';

/** Ranges that an index holds at most: 16 Mi of 25 bytes. Neighbours are one range. */
const MAX_RANGES = 1 << 24;

/** Leaves of one step, where the index is built in steps. */
const LEAVES_A_STEP = 1 << 17;

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

/** How far an index is. */
export interface IndexProgress {
  /** Tables that were swept, and how many there are. */
  readonly done: number;
  readonly all: number;
  /** Leaves seen in all of them so far. */
  readonly leaves: number;
}

/** The ranges of one page table. */
export interface IndexedTable {
  readonly table: DistinctTable;
  /** In order of input address. */
  readonly ranges: RangeColumns;
  /** Places of `ranges` in order of physical address. */
  readonly order: Uint32Array;
  /** Highest physical end of a range up to each one of `order`. */
  readonly highest: Float64Array;
  /** What could not be read of it. */
  readonly incomplete: readonly Incomplete[];
}

export class ReverseIndex {
  readonly incomplete: readonly Incomplete[];
  /** Ranges that the index holds. */
  readonly size: number;
  /** Every distinct page table, in the order of the units' devices. */
  readonly tables: readonly IndexedTable[];
  readonly #passing: ReturnType<typeof untranslated>;

  private constructor(
    tables: readonly IndexedTable[],
    passing: ReturnType<typeof untranslated>,
    incomplete: readonly Incomplete[],
  ) {
    this.tables = tables;
    this.#passing = passing;
    this.incomplete = incomplete;
    this.size = tables.reduce((sum, { ranges }) => sum + ranges.count, 0);
  }

  /** Sweeps every distinct page table once. */
  static build(units: readonly Unit[], options: ReverseOptions = {}): ReverseIndex {
    const steps = ReverseIndex.steps(units, options, Number.POSITIVE_INFINITY);
    for (;;) {
      const step = steps.next();
      if (step.done) return step.value;
    }
  }

  /**
   * The same in short steps, between which the caller may do other work, or stop for good.
   * @param leaves leaves of one step
   */
  static *steps(
    units: readonly Unit[],
    options: ReverseOptions = {},
    leaves = LEAVES_A_STEP,
  ): Generator<IndexProgress, ReverseIndex> {
    const { budget = DEFAULT_BUDGET } = options;
    const incomplete: Incomplete[] = units.flatMap((unit) => [...unit.devices().incomplete]);
    const tables: IndexedTable[] = [];
    const distinct = distinctTables(units);
    let room = options.maxRanges ?? MAX_RANGES;
    let seen = 0;
    for (const [done, table] of distinct.entries()) {
      options.step?.(done, distinct.length);
      const progress = (): IndexProgress => ({ done, all: distinct.length, leaves: seen });
      const sweep = new TableSweep(table, room, options);
      while (!sweep.finished) {
        seen += sweep.next(leaves);
        if (leaves !== Number.POSITIVE_INFINITY) yield progress();
      }
      const { ranges } = sweep;
      ranges.trim();
      incomplete.push(...sweep.incomplete);
      room = Math.max(0, room - ranges.count);
      const sorting = ascending(ranges.pa);
      let sorted = sorting.next();
      while (!sorted.done) {
        yield progress();
        sorted = sorting.next();
      }
      tables.push({
        table,
        ranges,
        order: sorted.value,
        highest: highestEnds(ranges, sorted.value),
        incomplete: sweep.incomplete,
      });
      if (budget.signal?.aborted) break;
    }
    return new ReverseIndex(tables, untranslated(units), incomplete);
  }

  /**
   * Every way to reach a frame of `range`: a row for each device and range, cut to what was asked.
   * In order of unit, table and physical address; the devices that pass through last.
   */
  *reaching({ from, to }: PfnRange): Generator<Reach> {
    for (const { table, ranges, order, highest } of this.tables) {
      const { pa, pages, iova, rights, count } = ranges;
      for (let place = firstAbove(highest, from); place < count; place++) {
        const at = order[place];
        if (pa[at] >= to) break;
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

/** The sweep of one table into columns, in pieces. */
class TableSweep {
  readonly ranges = new RangeColumns();
  readonly incomplete: Incomplete[] = [];
  finished = false;
  readonly #table: DistinctTable;
  readonly #room: number;
  readonly #options: ReverseOptions;
  readonly #told = new Set<string>();
  /** First input frame that was not swept yet. */
  #from = 0;

  constructor(table: DistinctTable, room: number, options: ReverseOptions) {
    this.#table = table;
    this.#room = room;
    this.#options = options;
  }

  /** Goes on for about that many leaves. @returns how many there were. */
  next(leaves: number): number {
    const { within, budget = DEFAULT_BUDGET } = this.#options;
    const { ranges } = this;
    const from = this.#from;
    let count = 0;
    let next = from;
    let cut = false;
    let paused = false;
    const result = this.#table.unit.sweep(
      this.#table.device,
      (batch) => {
        // A piece may begin with leaves that the one before it had.
        let first = 0;
        while (first < batch.count && batch.iova[first] + batch.pages[first] <= from) first++;
        if (first < batch.count) addFrom(ranges, batch, first, within);
        count += batch.count - first;
        next = batch.iova[batch.count - 1] + batch.pages[batch.count - 1];
        cut = ranges.count > this.#room;
        paused = count >= leaves;
        return !cut && !paused;
      },
      from === 0 ? budget : { ...budget, from },
    );
    for (const each of result.incomplete) this.#tell(each);
    if (cut)
      this.#tell({
        address: undefined,
        at: `${this.#table.unit.facts.name}/${this.#table.device.bdf}`,
        text: 'the index is full: further mappings of this and the following tables are not in it',
      });
    this.finished = cut || !paused || next <= from || (budget.signal?.aborted ?? false);
    this.#from = next;
    return count;
  }

  #tell(each: Incomplete): void {
    const key = `${each.address ?? ''} ${each.at} ${each.text}`;
    if (this.#told.has(key)) return;
    this.#told.add(key);
    this.incomplete.push(each);
  }
}

function addFrom(
  columns: RangeColumns,
  { count, iova, pa, pages, rights }: LeafBatch,
  first: number,
  within: Intervals | undefined,
): void {
  for (let at = first; at < count; at++)
    if (!within || within.overlaps(pa[at], pa[at] + pages[at]))
      columns.add(iova[at], pa[at], pages[at], rights[at]);
}

function highestEnds({ count, pa, pages }: RangeColumns, order: Uint32Array): Float64Array {
  const highest = new Float64Array(count);
  let most = 0;
  for (let place = 0; place < count; place++) {
    const at = order[place];
    highest[place] = most = Math.max(most, pa[at] + pages[at]);
  }
  return highest;
}
