/** Mappings that were added, removed or changed, page by page, in merged ranges. */
import { parsePath } from '../../iommu/path.ts';
import type { Incomplete } from '../../iommu/finding.ts';
import { DEFAULT_BUDGET, type Budget, type Device, type Unit } from '../../iommu/unit.ts';
import { RangeColumns } from '../mappings/columns.ts';
import { Intervals } from '../mappings/intervals.ts';
import { sweepSlices } from '../mappings/slices.ts';

/** Ranges of one state that are held for the comparison. */
const MAX_RANGES = 1 << 24;
/** Ranges that a list names one by one. */
const MAX_LISTED = 256;
/** Input page frames beyond any address. */
const END = 2 ** 52;

/** A mapped range in page frames; of a changed one, what it was before. */
export interface DiffRange {
  readonly iova: number;
  readonly pa: number;
  readonly pages: number;
  readonly rights: number;
  readonly was?: { readonly pa: number; readonly rights: number };
}

export interface RangeList {
  /** Of very many only the first. */
  readonly ranges: readonly DiffRange[];
  readonly count: number;
  readonly pages: number;
}

export interface TableDiff {
  readonly added: RangeList;
  readonly removed: RangeList;
  readonly changed: RangeList;
  /** Mapped in one state, where the other's table page is missing. */
  readonly unknown: RangeList;
  /** Leaves that were compared, of both states. */
  readonly leaves: number;
  readonly incomplete: readonly Incomplete[];
}

/** One state's side of a comparison. */
export interface TableSide {
  readonly unit: Unit;
  readonly device: Device;
}

/** Compares what two page tables map, in slices: it yields between them. */
export function* diffTablesInSlices(
  a: TableSide,
  b: TableSide,
  budget: Budget = DEFAULT_BUDGET,
): Generator<undefined, TableDiff> {
  const left = yield* gather(a, budget);
  const right = yield* gather(b, budget);
  const lists = {
    added: new List(),
    removed: new List(),
    changed: new List(),
    unknown: new List(),
  };
  join(left.ranges, right.ranges, {
    onlyA: (range) =>
      splitUnknown(range, right.unknown, (part, known) =>
        (known ? lists.removed : lists.unknown).add(part),
      ),
    onlyB: (range) =>
      splitUnknown(range, left.unknown, (part, known) =>
        (known ? lists.added : lists.unknown).add(part),
      ),
    differ: (range) => lists.changed.add(range),
  });
  return {
    ...lists,
    leaves: left.leaves + right.leaves,
    incomplete: [...left.incomplete, ...right.incomplete],
  };
}

interface Gathered {
  readonly ranges: RangeColumns;
  /** Input frames whose mappings are not known. */
  readonly unknown: Intervals;
  readonly leaves: number;
  readonly incomplete: readonly Incomplete[];
}

function* gather({ unit, device }: TableSide, budget: Budget): Generator<undefined, Gathered> {
  const ranges = new RangeColumns();
  let cutAt: number | undefined;
  const result = yield* sweepSlices(
    unit,
    device,
    (batch) => {
      ranges.addBatch(batch);
      if (ranges.count <= MAX_RANGES) return true;
      cutAt = batch.iova[batch.count - 1] + batch.pages[batch.count - 1];
      return false;
    },
    budget,
  );
  const incomplete = [...result.incomplete];
  const unknown = incomplete.map(({ at }) => coveredBy(at));
  if (cutAt !== undefined) {
    incomplete.push({
      address: undefined,
      at: `${unit.facts.name}/${device.bdf}`,
      text: 'there are too many mappings to compare them all',
    });
    unknown.push({ from: cutAt, to: END });
  }
  return { ranges, unknown: new Intervals(unknown), leaves: result.leaves, incomplete };
}

/** Input frames below the entry that a path names: all of a table where it names no level. */
function coveredBy(path: string): { readonly from: number; readonly to: number } {
  let from = 0;
  let span = END;
  for (const step of parsePath(path) ?? []) {
    if (step.kind !== 'level') continue;
    span = 512 ** (step.level - 1);
    from += step.index * span;
  }
  return { from, to: from + span };
}

function splitUnknown(
  range: DiffRange,
  unknown: Intervals,
  take: (part: DiffRange, known: boolean) => void,
): void {
  const end = range.iova + range.pages;
  if (!unknown.overlaps(range.iova, end)) {
    take(range, true);
    return;
  }
  const part = (from: number, to: number, known: boolean): void => {
    if (to > from)
      take({ ...range, iova: from, pa: range.pa + from - range.iova, pages: to - from }, known);
  };
  let at = range.iova;
  for (const { from, to } of unknown.within(range.iova, end)) {
    part(at, from, true);
    part(from, to, false);
    at = to;
  }
  part(at, end, true);
}

interface JoinSink {
  onlyA(range: DiffRange): void;
  onlyB(range: DiffRange): void;
  differ(range: DiffRange): void;
}

/** Goes through both in order of input address. */
function join(a: RangeColumns, b: RangeColumns, sink: JoinSink): void {
  let [i, j, doneA, doneB] = [0, 0, 0, 0];
  while (i < a.count || j < b.count) {
    const startA = i < a.count ? a.iova[i] + doneA : Infinity;
    const startB = j < b.count ? b.iova[j] + doneB : Infinity;
    const endA = i < a.count ? a.iova[i] + a.pages[i] : Infinity;
    const endB = j < b.count ? b.iova[j] + b.pages[j] : Infinity;
    const start = Math.min(startA, startB);
    let end: number;
    if (startA < startB) {
      end = Math.min(endA, startB);
      sink.onlyA({
        iova: start,
        pa: a.pa[i] + doneA,
        pages: end - start,
        rights: a.rights[i],
      });
    } else if (startB < startA) {
      end = Math.min(endB, startA);
      sink.onlyB({
        iova: start,
        pa: b.pa[j] + doneB,
        pages: end - start,
        rights: b.rights[j],
      });
    } else {
      end = Math.min(endA, endB);
      const was = { pa: a.pa[i] + doneA, rights: a.rights[i] };
      const now = { pa: b.pa[j] + doneB, rights: b.rights[j] };
      if (was.pa !== now.pa || was.rights !== now.rights)
        sink.differ({ iova: start, pages: end - start, ...now, was });
    }
    if (startA < end) doneA += end - startA;
    if (startB < end) doneB += end - startB;
    if (end >= endA) [i, doneA] = [i + 1, 0];
    if (end >= endB) [j, doneB] = [j + 1, 0];
  }
}

/** A list that joins neighbours and keeps the first ranges. */
class List implements RangeList {
  readonly ranges: DiffRange[] = [];
  count = 0;
  pages = 0;
  #last: DiffRange | undefined;

  add(range: DiffRange): void {
    this.pages += range.pages;
    const last = this.#last;
    if (last && goesOn(last, range)) {
      const joined = { ...last, pages: last.pages + range.pages };
      if (this.ranges.at(-1) === last) this.ranges[this.ranges.length - 1] = joined;
      this.#last = joined;
      return;
    }
    this.#last = range;
    this.count++;
    if (this.ranges.length < MAX_LISTED) this.ranges.push(range);
  }
}

function goesOn(last: DiffRange, next: DiffRange): boolean {
  return (
    last.iova + last.pages === next.iova &&
    last.pa + last.pages === next.pa &&
    last.rights === next.rights &&
    (last.was
      ? next.was !== undefined &&
        last.was.pa + last.pages === next.was.pa &&
        last.was.rights === next.was.rights
      : next.was === undefined)
  );
}
