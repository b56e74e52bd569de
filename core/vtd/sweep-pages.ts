/** The hot loops of the sweep: 512 entries of a table at level 1 into columns of leaves. */
import { ENTRIES, IOVA, PA, PAGES, RIGHTS, batch } from './sweep-columns.ts';
import { vectorPages, type VectorPages } from './sweep-vectors.ts';

/** What 2^32 is in page frames: the weight of an entry's high half. */
export const FRAMES_PER_HIGH = 2 ** 20;
/** Address bits of an entry's high half. */
export const HIGH_ADDRESS = 0xf_ffff;
/** U/S of a first-stage entry. */
export const USER = 4;

/** The loops with vectors, made when the first table comes; null where there are none. */
let vectors: VectorPages | null | undefined;

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
  vectors ??= vectorPages() ?? null;
  if (vectors === null)
    return plainSecondStagePages(words, frame, rights, reservedLow, reservedHigh);
  const { odd, anyLow, anyHigh } = vectors(words, frame, rights, rights, 3);
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
  vectors ??= vectorPages() ?? null;
  if (vectors === null)
    return plainFirstStagePages(words, frame, rights, reservedLow, reservedHigh);
  const { anyLow, anyHigh, allLow } = vectors(words, frame, rights, 1, 0);
  return (anyLow & reservedLow) | (anyHigh & reservedHigh) | ((allLow & USER) ^ USER);
}

/** The same without vectors: what they are tested against, and where the platform has none. */
export function plainSecondStagePages(
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

/** The same without vectors. */
export function plainFirstStagePages(
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
