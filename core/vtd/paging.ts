/**
 * Second-stage (VT-d §9.8) and first-stage (§9.7) paging entries, by level and by whether the
 * entry maps a page or points to a table. The layouts hold for a host address width of 52 bits;
 * what a given unit reserves beyond them is in `reserved.ts`.
 */
import type { Field, Layout } from '../bits/layout.ts';
import { field, ignored, layout, reserved } from '../bits/layout.ts';
import { specification } from './define.ts';

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

const PAGE_SIZE = field('PS', 7, 7, 'Page size: 0, the entry points to a table; 1, it maps a page');

/** One kind of paging entry: the name, the section, and its fields but for the address. */
interface Shape {
  readonly name: string;
  readonly section: string;
  readonly level: number;
  readonly fields: readonly Field[];
}

/** An entry that points to a table; entries above level 3 have no page size bit. */
function table({ name, section, level, fields }: Shape): Layout {
  const size = level > 3 ? reserved(7, 7) : PAGE_SIZE;
  const pointer = field('ADDR', 51, 12, 'Physical address of the next table', {
    kind: 'address',
    shift: 12,
  });
  return layout(name, 64, [...fields, size, pointer], { spec: specification(section) });
}

/**
 * An entry that maps a page.
 * @param from the lowest bit that a large page's entry reserves below its address
 */
function page({ name, section, level, fields }: Shape, from: number): Layout {
  const shift = levelShift(level);
  const below = level === 1 ? [] : [PAGE_SIZE, reserved(shift - 1, from)];
  const frame = field('ADDR', 51, shift, 'Physical address of the page', {
    kind: 'address',
    shift,
  });
  return layout(`${name}${PAGE_NAMES[level]}`, 64, [...fields, ...below, frame], {
    spec: specification(section),
  });
}

const SECOND_STAGE: readonly Field[] = [
  field('R', 0, 0, 'Read: reads may go on through this entry'),
  field('W', 1, 1, 'Write: writes may go on through this entry'),
  field('X', 2, 2, 'Execute, up to revision 4.0; ignored since'),
  field('A', 8, 8, 'Accessed: set by hardware where SSADE is enabled'),
  ignored(60, 52),
  ignored(61, 61, 'Ignored by hardware; I/O read where RTADDR.SSIRWE is set'),
  ignored(63, 63),
];

function secondStageTable(level: number): Layout {
  return table({
    name: SECOND_STAGE_NAMES[level],
    section: '§9.8',
    level,
    fields: [
      ...SECOND_STAGE,
      ignored(6, 3),
      ignored(10, 9),
      reserved(11, 11),
      reserved(62, 62, 'Reserved, must be zero; I/O write where RTADDR.SSIRWE is set'),
    ],
  });
}

function secondStagePage(level: number): Layout {
  const fields = [
    ...SECOND_STAGE,
    field('EMT', 5, 3, 'Extended memory type, where the unit supports memory types'),
    field('IPAT', 6, 6, 'Ignore PAT'),
    ...(level === 1 ? [ignored(7, 7)] : []),
    field('D', 9, 9, 'Dirty: set by hardware where SSADE is enabled'),
    ignored(10, 10),
    field('SNP', 11, 11, 'Snoop: accesses to the page snoop processor caches'),
    field(
      'TM',
      62,
      62,
      'Transient mapping up to revision 3.1, with Device-TLBs; I/O write where RTADDR.SSIRWE is set',
    ),
  ];
  return page({ name: SECOND_STAGE_NAMES[level], section: '§9.8', level, fields }, 12);
}

const FIRST_STAGE: readonly Field[] = [
  field('P', 0, 0, 'Present: reads may go on through this entry'),
  field('R/W', 1, 1, 'Writes may go on through this entry'),
  field('U/S', 2, 2, 'User: requests without supervisor privilege may go on'),
  field('PWT', 3, 3, 'Page-level write-through'),
  field('PCD', 4, 4, 'Page-level cache disable'),
  field('A', 5, 5, 'Accessed: set by hardware'),
  field('EA', 10, 10, 'Extended accessed: set where EAFE is enabled'),
  ignored(11, 11),
  ignored(62, 52),
  field('XD', 63, 63, 'Execute disable, up to revision 4.0; ignored since'),
];

function firstStageTable(level: number): Layout {
  const fields = [...FIRST_STAGE, ignored(6, 6), ignored(9, 8)];
  return table({ name: FIRST_STAGE_NAMES[level], section: '§9.7', level, fields });
}

function firstStagePage(level: number): Layout {
  const attribute = level === 1 ? 7 : 12;
  const fields = [
    ...FIRST_STAGE,
    field('D', 6, 6, 'Dirty: set by hardware'),
    field('PAT', attribute, attribute, 'Page attribute'),
    field('G', 8, 8, 'Global'),
    ignored(9, 9),
  ];
  return page({ name: FIRST_STAGE_NAMES[level], section: '§9.7', level, fields }, 13);
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
