/** The hot loop of the sweep: 512 entries of a table at level 1 into columns of leaves. */
import { READ, WRITE } from '../iommu/leaves.ts';
import { ENTRIES, IOVA, PA, PAGES, RIGHTS, batch } from './sweep-columns.ts';
import { vectorPages, type FoundBits, type PagesLoop } from './sweep-vectors.ts';

/** What 2^32 is in page frames: the weight of an entry's high half. */
export const FRAMES_PER_HIGH = 2 ** 20;
/** Address bits of an entry's high half. */
export const HIGH_ADDRESS = 0xf_ffff;
/** U/S of a first-stage entry. */
export const USER = 4;
/** P of a first-stage entry. */
const PRESENT = 1;
/** R and W of a second-stage entry. */
const READ_WRITE = READ | WRITE;

/** The loop of this platform, chosen when the first table comes. */
let platformPages: PagesLoop | undefined;

function pages(): PagesLoop {
  return (platformPages ??= vectorPages() ?? plainPages);
}

/** One kind of table at level 1: its entries into the batch, which must have room for all. */
export type LowestTable = (
  /** The table, entry `i` at words `2 i` (low half) and `2 i + 1`. */
  words: Uint32Array,
  /** First input frame of the table. */
  frame: number,
  /** What the levels above grant. */
  rights: number,
  reservedLow: number,
  reservedHigh: number,
  loop?: PagesLoop,
) => number;

/**
 * A second-stage table: R and W grant each by itself.
 * @returns not 0 when an entry has reserved bits set, or rights that the levels above take away.
 */
export const secondStagePages: LowestTable = (
  words,
  frame,
  rights,
  reservedLow,
  reservedHigh,
  loop = pages(),
) => {
  const { odd, anyLow, anyHigh } = loop(words, frame, rights, rights, READ_WRITE);
  return odd | (anyLow & reservedLow) | (anyHigh & reservedHigh);
};

/**
 * A first-stage table: P grants reads, R/W adds writes. Every level above had P too, so that a
 * present page can always be read.
 * @returns not 0 when an entry has reserved bits set, or U/S = 0.
 */
export const firstStagePages: LowestTable = (
  words,
  frame,
  rights,
  reservedLow,
  reservedHigh,
  loop = pages(),
) => {
  const { anyLow, anyHigh, allLow } = loop(words, frame, rights, PRESENT, 0);
  return (anyLow & reservedLow) | (anyHigh & reservedHigh) | ((allLow & USER) ^ USER);
};

const found: FoundBits = { anyLow: 0, anyHigh: 0, allLow: 0, odd: 0 };

/** The loop without vectors: what they are tested against, and where the platform has none. */
export const plainPages: PagesLoop = (words, frame, rights, present, oddBits) => {
  const before = batch.count;
  let count = before;
  let odd = 0;
  let anyLow = 0;
  let anyHigh = 0;
  let allLow = ~0;
  for (let index = 0; index < ENTRIES; index++) {
    const low = words[2 * index];
    if ((low & present) === 0) {
      odd |= low & oddBits;
      continue;
    }
    const high = words[2 * index + 1];
    anyLow |= low;
    anyHigh |= high;
    allLow &= low;
    IOVA[count] = frame + index;
    PA[count] = (high & HIGH_ADDRESS) * FRAMES_PER_HIGH + (low >>> 12);
    RIGHTS[count++] = low & rights & READ_WRITE;
  }
  PAGES.fill(1, before, count);
  batch.count = count;
  found.odd = odd;
  found.anyLow = anyLow;
  found.anyHigh = anyHigh;
  found.allLow = allLow;
  return found;
};
