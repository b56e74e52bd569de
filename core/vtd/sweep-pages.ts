/**
 * The hot loops of the sweep: 512 entries of a table at level 1 into columns of leaves.
 *
 * The columns are constants of this module: the compiler then knows where they stand and how long
 * they are, which makes the loops a quarter faster than with columns of each sweep's own. A sweep
 * claims them; a sweep inside another one's sink gives them back as they were.
 */
import type { LeafBatch } from '../iommu/leaves.ts';

export const ENTRIES = 512;
/** Leaves that a batch can hold. */
export const BATCH = 8192;
/** What 2^32 is in page frames: the weight of an entry's high half. */
export const FRAMES_PER_HIGH = 2 ** 20;
/** Address bits of an entry's high half. */
export const HIGH_ADDRESS = 0xf_ffff;
/** U/S of a first-stage entry. */
export const USER = 4;

const IOVA = new Float64Array(BATCH);
const PA = new Float64Array(BATCH);
const PAGES = new Float64Array(BATCH);
const RIGHTS = new Uint8Array(BATCH);

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

/**
 * A second-stage table at level 1; the batch must have room for all its entries.
 * @param words the table, entry `i` at words `2 i` (low half) and `2 i + 1`
 * @param frame first input frame of the table
 * @param rights what the levels above grant
 * @returns not 0 when an entry has reserved bits set, or rights that the levels above take away.
 */
export function secondStagePages(
  words: Uint32Array,
  frame: number,
  rights: number,
  reservedLow: number,
  reservedHigh: number,
): number {
  const before = batch.count;
  let count = before;
  let odd = 0;
  let anyLow = 0;
  let anyHigh = 0;
  for (let index = 0; index < ENTRIES; index++) {
    const low = words[2 * index];
    const granted = low & rights;
    if (granted === 0) {
      odd |= low & 3;
      continue;
    }
    const high = words[2 * index + 1];
    anyLow |= low;
    anyHigh |= high;
    IOVA[count] = frame + index;
    PA[count] = (high & HIGH_ADDRESS) * FRAMES_PER_HIGH + (low >>> 12);
    RIGHTS[count++] = granted;
  }
  PAGES.fill(1, before, count);
  batch.count = count;
  return odd | (anyLow & reservedLow) | (anyHigh & reservedHigh);
}

/**
 * A first-stage table at level 1: P grants reads, R/W adds writes. Every level above had P too,
 * so that a present page can always be read.
 * @returns not 0 when an entry has reserved bits set, or U/S = 0.
 */
export function firstStagePages(
  words: Uint32Array,
  frame: number,
  rights: number,
  reservedLow: number,
  reservedHigh: number,
): number {
  const before = batch.count;
  let count = before;
  let anyLow = 0;
  let anyHigh = 0;
  let allLow = USER;
  for (let index = 0; index < ENTRIES; index++) {
    const low = words[2 * index];
    if ((low & 1) === 0) continue;
    const high = words[2 * index + 1];
    anyLow |= low;
    allLow &= low;
    anyHigh |= high;
    IOVA[count] = frame + index;
    PA[count] = (high & HIGH_ADDRESS) * FRAMES_PER_HIGH + (low >>> 12);
    RIGHTS[count++] = low & rights & 3;
  }
  PAGES.fill(1, before, count);
  batch.count = count;
  return (anyLow & reservedLow) | (anyHigh & reservedHigh) | (allLow ^ USER);
}
