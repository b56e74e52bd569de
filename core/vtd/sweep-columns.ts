/**
 * The columns into which a sweep puts leaves.
 *
 * They are constants of this module: the compiler then knows where they stand and how long they
 * are, which makes the loops a quarter faster than with columns of each sweep's own. A sweep
 * claims them; a sweep inside another one's sink gives them back as they were.
 */
import type { LeafBatch } from '../iommu/leaves.ts';

export const ENTRIES = 512;
/** Leaves that a batch can hold. */
export const BATCH = 8192;

/** Where the columns stand in their memory, and behind them what the loops with vectors need. */
export const AT = {
  iova: 0,
  pa: 8 * BATCH,
  pages: 16 * BATCH,
  rights: 24 * BATCH,
  table: 25 * BATCH,
  found: 25 * BATCH + 4096,
} as const;
/** WebAssembly's pages of 64 KiB that hold all that. */
export const MEMORY_PAGES = 4;

/** The columns' memory; undefined where the platform has no WebAssembly, or no room for it. */
export const columnMemory: WebAssembly.Memory | undefined = makeMemory();

function makeMemory(): WebAssembly.Memory | undefined {
  try {
    return new WebAssembly.Memory({ initial: MEMORY_PAGES });
  } catch {
    return undefined;
  }
}

const BYTES = columnMemory?.buffer ?? new ArrayBuffer(MEMORY_PAGES << 16);
export const IOVA = new Float64Array(BYTES, AT.iova, BATCH);
export const PA = new Float64Array(BYTES, AT.pa, BATCH);
export const PAGES = new Float64Array(BYTES, AT.pages, BATCH);
export const RIGHTS = new Uint8Array(BYTES, AT.rights, BATCH);

/** The batch under construction: a LeafBatch whose count still grows. */
export interface GrowingBatch extends LeafBatch {
  count: number;
}

/** The batch of the sweep that claimed the columns last. */
export const batch: GrowingBatch = {
  count: 0,
  iova: IOVA,
  pa: PA,
  pages: PAGES,
  rights: RIGHTS,
};

let claims = 0;

/**
 * Claims the columns for a sweep.
 * @returns what gives them back; it must be called, whatever happens.
 */
export function claimColumns(): () => void {
  const { count } = batch;
  const saved =
    claims > 0
      ? ([IOVA, PA, PAGES].map((column) => column.slice(0, count)) as [
          Float64Array,
          Float64Array,
          Float64Array,
        ])
      : undefined;
  const rights = saved ? RIGHTS.slice(0, count) : undefined;
  claims++;
  batch.count = 0;
  return () => {
    claims--;
    batch.count = saved ? count : 0;
    saved?.forEach((column, at) => [IOVA, PA, PAGES][at].set(column));
    if (rights) RIGHTS.set(rights);
  };
}
