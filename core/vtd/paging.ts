/**
 * Second-stage (VT-d 4.1 §9.8) and first-stage (§9.7) paging entries, by level and by whether the
 * entry maps a page or points to a table. The layouts hold for a host address width of 52 bits;
 * what a given unit reserves beyond them is in `reserved.ts`.
 */
import type { Field, Layout } from '../bits/layout.ts';
import { field, ignored, layout, reserved } from '../bits/layout.ts';

export type Stage = 'first' | 'second';

/** The specification's short names of an entry at levels 1 to 5. */
const SECOND_STAGE_NAMES = ['', 'SS-PTE', 'SS-PDE', 'SS-PDPE', 'SS-PML4E', 'SS-PML5E'] as const;
const FIRST_STAGE_NAMES = ['', 'FS-PTE', 'FS-PDE', 'FS-PDPE', 'FS-PML4E', 'FS-PML5E'] as const;

/** Page sizes in words for names: a leaf at level 1, 2 and 3. */
const PAGE_NAMES = ['', '', ' (2 MiB page)', ' (1 GiB page)'] as const;

/** Lowest address bit of what an entry at `level` maps or points to: 12, 21, 30, 39, 48. */
export function levelShift(level: number): number {
  return 12 + 9 * (level - 1);
}

const READ = field('R', 0, 0, 'Read: reads may go on through this entry');
const WRITE = field('W', 1, 1, 'Write: writes may go on through this entry');
const EXECUTE = field('X', 2, 2, 'Execute: looked at only where execute requests are enabled');
const ACCESSED = field('A', 8, 8, 'Accessed: set by hardware where SSADE is enabled');

function secondStageTable(level: number): Layout {
  const bit7 =
    level > 3
      ? reserved(7, 7)
      : field('PS', 7, 7, 'Page size: 0, the entry points to a table; 1, it maps a page');
  return layout(
    SECOND_STAGE_NAMES[level],
    64,
    [
      READ,
      WRITE,
      EXECUTE,
      ignored(6, 3),
      bit7,
      ACCESSED,
      ignored(10, 9),
      reserved(11, 11),
      field('ADDR', 51, 12, 'Physical address of the next table', { kind: 'address', shift: 12 }),
      ignored(61, 52),
      reserved(62, 62),
      ignored(63, 63),
    ],
    { spec: 'VT-d 4.1 §9.8' },
  );
}

function secondStagePage(level: number): Layout {
  const shift = levelShift(level);
  const below: Field[] = level === 1 ? [] : [reserved(shift - 1, 12)];
  return layout(
    `${SECOND_STAGE_NAMES[level]}${PAGE_NAMES[level]}`,
    64,
    [
      READ,
      WRITE,
      EXECUTE,
      field('EMT', 5, 3, 'Extended memory type, where the unit supports memory types'),
      field('IPAT', 6, 6, 'Ignore PAT'),
      level === 1
        ? ignored(7, 7)
        : field('PS', 7, 7, 'Page size: 0, the entry points to a table; 1, it maps a page'),
      ACCESSED,
      field('D', 9, 9, 'Dirty: set by hardware where SSADE is enabled'),
      ignored(10, 10),
      field('SNP', 11, 11, 'Snoop: accesses to the page snoop processor caches'),
      ...below,
      field('ADDR', 51, shift, 'Physical address of the page', { kind: 'address', shift }),
      ignored(61, 52),
      field('TM', 62, 62, 'Transient mapping (revisions up to 3.0, with Device-TLBs)'),
      ignored(63, 63),
    ],
    { spec: 'VT-d 4.1 §9.8' },
  );
}

const PRESENT = field('P', 0, 0, 'Present: reads may go on through this entry');
const READ_WRITE = field('R/W', 1, 1, 'Writes may go on through this entry');
const USER = field('U/S', 2, 2, 'User: requests without supervisor privilege may go on');
const WRITE_THROUGH = field('PWT', 3, 3, 'Page-level write-through');
const CACHE_DISABLE = field('PCD', 4, 4, 'Page-level cache disable');
const FIRST_ACCESSED = field('A', 5, 5, 'Accessed: set by hardware');
const EXTENDED_ACCESSED = field('EA', 10, 10, 'Extended accessed: set where EAFE is enabled');
const EXECUTE_DISABLE = field('XD', 63, 63, 'Execute disable');

function firstStageTable(level: number): Layout {
  const bit7 =
    level > 3
      ? reserved(7, 7)
      : field('PS', 7, 7, 'Page size: 0, the entry points to a table; 1, it maps a page');
  return layout(
    FIRST_STAGE_NAMES[level],
    64,
    [
      PRESENT,
      READ_WRITE,
      USER,
      WRITE_THROUGH,
      CACHE_DISABLE,
      FIRST_ACCESSED,
      ignored(6, 6),
      bit7,
      ignored(9, 8),
      EXTENDED_ACCESSED,
      ignored(11, 11),
      field('ADDR', 51, 12, 'Physical address of the next table', { kind: 'address', shift: 12 }),
      ignored(62, 52),
      EXECUTE_DISABLE,
    ],
    { spec: 'VT-d 4.1 §9.7' },
  );
}

function firstStagePage(level: number): Layout {
  const shift = levelShift(level);
  const attribute =
    level === 1
      ? [field('PAT', 7, 7, 'Page attribute')]
      : [
          field('PS', 7, 7, 'Page size: 0, the entry points to a table; 1, it maps a page'),
          field('PAT', 12, 12, 'Page attribute'),
          reserved(shift - 1, 13),
        ];
  return layout(
    `${FIRST_STAGE_NAMES[level]}${PAGE_NAMES[level]}`,
    64,
    [
      PRESENT,
      READ_WRITE,
      USER,
      WRITE_THROUGH,
      CACHE_DISABLE,
      FIRST_ACCESSED,
      field('D', 6, 6, 'Dirty: set by hardware'),
      ...attribute,
      field('G', 8, 8, 'Global'),
      ignored(9, 9),
      EXTENDED_ACCESSED,
      ignored(11, 11),
      field('ADDR', 51, shift, 'Physical address of the page', { kind: 'address', shift }),
      ignored(62, 52),
      EXECUTE_DISABLE,
    ],
    { spec: 'VT-d 4.1 §9.7' },
  );
}

const LEVELS = [1, 2, 3, 4, 5] as const;
/** By level; level 1 has pages only. */
export const SECOND_STAGE_TABLES: ReadonlyMap<number, Layout> = new Map(
  LEVELS.filter((level) => level > 1).map((level) => [level, secondStageTable(level)]),
);
/** By level; pages exist at levels 1 (4 KiB), 2 (2 MiB) and 3 (1 GiB). */
export const SECOND_STAGE_PAGES: ReadonlyMap<number, Layout> = new Map(
  LEVELS.filter((level) => level < 4).map((level) => [level, secondStagePage(level)]),
);
/** By level; level 1 has pages only. */
export const FIRST_STAGE_TABLES: ReadonlyMap<number, Layout> = new Map(
  LEVELS.filter((level) => level > 1).map((level) => [level, firstStageTable(level)]),
);
/** By level; pages exist at levels 1 (4 KiB), 2 (2 MiB) and 3 (1 GiB). */
export const FIRST_STAGE_PAGES: ReadonlyMap<number, Layout> = new Map(
  LEVELS.filter((level) => level < 4).map((level) => [level, firstStagePage(level)]),
);

const PAGE_SIZE_BIT = 0x80n;

/** Whether an entry at `level` maps a page (and does not point to a table). */
export function mapsPage(level: number, entry: bigint): boolean {
  return level === 1 || (level <= 3 && (entry & PAGE_SIZE_BIT) !== 0n);
}

/** The layout that fits an entry at `level` with this content. */
export function pagingLayout(stage: Stage, level: number, entry: bigint): Layout {
  const page = mapsPage(level, entry);
  const layouts =
    stage === 'second'
      ? page
        ? SECOND_STAGE_PAGES
        : SECOND_STAGE_TABLES
      : page
        ? FIRST_STAGE_PAGES
        : FIRST_STAGE_TABLES;
  return layouts.get(level)!;
}
