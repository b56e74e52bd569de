/** Host (v1) page table entries and the page sizes that they encode (48882 rev 3.08, §2.2.3). */
import type { Words } from '../bits/layout.ts';
import { bits, field, ignored, layout, reserved } from '../bits/layout.ts';

/** Entries in a page table. */
export const TABLE_ENTRIES = 512;
/** Entries of a level-6 table that an address of 64 bits can reach. */
export const LEVEL_6_ENTRIES = 128;
/** NextLevel of a leaf with the level's own page size. */
export const NEXT_LEVEL_PAGE = 0;
/** NextLevel of a leaf whose address field encodes the page size. */
export const NEXT_LEVEL_SIZED = 7;

const NEXT_LEVELS = {
  0: 'page of the default size',
  1: 'level 1 table',
  2: 'level 2 table',
  3: 'level 3 table',
  4: 'level 4 table',
  5: 'level 5 table',
  6: 'level 6 table',
  7: 'page of the size in the address',
};

/** An entry that maps a page: NextLevel 0 or 7. */
export const PTE = layout(
  'PTE',
  64,
  [
    field('PR', 0, 0, 'The page is present'),
    ignored(4, 1),
    field('A', 5, 5, 'The page was accessed'),
    field('D', 6, 6, 'The page was written'),
    ignored(8, 7),
    field('NextLevel', 11, 9, 'What the address is', { values: NEXT_LEVELS }),
    field('PageAddress', 51, 12, 'Physical address of the page; with NextLevel 7 also its size', {
      kind: 'address',
      shift: 12,
    }),
    reserved(56, 52),
    field('PMC', 58, 57, 'Page migration control (reserved without TMPMSup)'),
    field('U', 59, 59, 'U bit of ATS answers: untranslated access only'),
    field('FC', 60, 60, 'Requests are forced coherent'),
    field('IR', 61, 61, 'Reads are permitted'),
    field('IW', 62, 62, 'Writes are permitted'),
    ignored(63, 63),
  ],
  { spec: '48882 rev 3.08 §2.2.3' },
);

/** An entry that leads to another table: NextLevel 1 to 6. */
export const PDE = layout(
  'PDE',
  64,
  [
    field('PR', 0, 0, 'The next table is present'),
    ignored(4, 1),
    field('A', 5, 5, 'The table was used'),
    ignored(8, 6),
    field('NextLevel', 11, 9, 'What the address is', { values: NEXT_LEVELS }),
    field('NextTableAddress', 51, 12, 'Physical address of the next table', {
      kind: 'address',
      shift: 12,
    }),
    reserved(60, 52),
    field('IR', 61, 61, 'Reads are permitted'),
    field('IW', 62, 62, 'Writes are permitted'),
    ignored(63, 63),
  ],
  { spec: '48882 rev 3.08 §2.2.3' },
);

/** Which of the two forms an entry has. */
export function hostEntryLayout(words: Words): typeof PTE {
  const next = Number(bits(words, 11, 9));
  return next === NEXT_LEVEL_PAGE || next === NEXT_LEVEL_SIZED ? PTE : PDE;
}

/** Address bits below a level: 12 for level 1, 21 for level 2, up to 57 for level 6. */
export function levelShift(level: number): number {
  return 12 + 9 * (level - 1);
}

/** Page frames of a page of a level's default size. */
export function levelPages(level: number): number {
  return 2 ** (9 * (level - 1));
}

/**
 * Size in page frames that a NextLevel 7 entry encodes: the first zero bit of the address, from
 * bit 12 up, is half the size. Takes the page frame number in two words, as the sweep has it.
 * @param low bits 31:12 of the entry, shifted down
 * @param high bits 51:32 of the entry
 * @returns 0 when no bit of the address is zero.
 */
export function encodedPages(low: number, high: number): number {
  const lowZero = ~low & 0xfffff;
  if (lowZero !== 0) return (lowZero & -lowZero) * 2;
  const highZero = ~high & 0xfffff;
  return highZero === 0 ? 0 : (highZero & -highZero) * 2 ** 21;
}

/**
 * Whether a page of `pages` frames may stand at `level`: it must be larger than the level's
 * default page and smaller than that of the level above (§2.2.3, table of page sizes).
 */
export function sizeFits(pages: number, level: number): boolean {
  const own = levelPages(level);
  return pages > own && pages < own * TABLE_ENTRIES;
}

/** Accessed and dirty differ between the entries that repeat one page: hardware sets them. */
export const NOT_ACCESSED_DIRTY = ~0x60;

/** Whether two entries of a table can stand for one page. */
export function sameEntry(words: Uint32Array, a: number, b: number): boolean {
  return (
    ((words[2 * a] ^ words[2 * b]) & NOT_ACCESSED_DIRTY) === 0 &&
    words[2 * a + 1] === words[2 * b + 1]
  );
}
