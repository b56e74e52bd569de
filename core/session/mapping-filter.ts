import type { LeafBatch, LeafSink } from '../iommu/leaves.ts';

/** A mapped range in page frames, as the walk grants it. */
export interface MappedRange {
  iova: number;
  pa: number;
  pages: number;
  rights: number;
}

/** Receives ranges one at a time; return false to stop. The object is reused. */
export type RangeSink = (range: MappedRange) => boolean | void;

/** Hands each leaf of a sweep to `sink` as a range. */
export function eachLeaf(sink: RangeSink): LeafSink {
  const range: MappedRange = { iova: 0, pa: 0, pages: 0, rights: 0 };
  return (batch: LeafBatch) => {
    for (let i = 0; i < batch.count; i++) {
      range.iova = batch.iova[i];
      range.pa = batch.pa[i];
      range.pages = batch.pages[i];
      range.rights = batch.rights[i];
      if (sink(range) === false) return false;
    }
    return true;
  };
}

/** Only ranges that reach physical frames `from` (included) to `to` (excluded). */
export function reaching(from: number, to: number, sink: RangeSink): RangeSink {
  return (range) => (range.pa < to && range.pa + range.pages > from ? sink(range) : true);
}

/**
 * Joins neighbours: the next range starts where the last ends, in both address spaces, with the
 * same rights. `flush` hands over the last one.
 */
export function merging(sink: RangeSink): { readonly sink: RangeSink; flush(): void } {
  let open: MappedRange | undefined;
  return {
    sink(range) {
      if (
        open &&
        open.iova + open.pages === range.iova &&
        open.pa + open.pages === range.pa &&
        open.rights === range.rights
      ) {
        open.pages += range.pages;
        return true;
      }
      const done = open;
      open = { ...range };
      return done ? sink(done) : true;
    },
    flush() {
      if (open) sink(open);
      open = undefined;
    },
  };
}
