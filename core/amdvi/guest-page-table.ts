/**
 * Guest CR3 tables and guest (v2) page tables, which have the processors' long-mode format
 * (48882 rev 3.08, §2.2.6; AMD64 Architecture Programmer's Manual vol. 2, §5.3).
 */
import type { Field, Layout, Words } from '../bits/layout.ts';
import { bits, field, ignored, layout, reserved } from '../bits/layout.ts';

/** PASID bits that one level of a guest CR3 table indexes. */
export const GCR3_LEVEL_BITS = 9;

/** An entry of a guest CR3 table of any level: the lowest level holds guest CR3 values. */
export const GCR3_ENTRY = layout(
  'guest CR3 table entry',
  64,
  [
    field('V', 0, 0, 'The entry is valid'),
    ignored(11, 1, 'Reserved; Linux leaves it zero'),
    field('Address', 51, 12, 'Top guest page table, or the next guest CR3 table', {
      kind: 'address',
      shift: 12,
    }),
    reserved(63, 52),
  ],
  { spec: '48882 rev 3.08 §2.2.6' },
);

const rights: readonly Field[] = [
  field('P', 0, 0, 'Present'),
  field('RW', 1, 1, 'Writes are permitted'),
  field('US', 2, 2, 'User requests are permitted'),
  field('PWT', 3, 3, 'Page write-through'),
  field('PCD', 4, 4, 'Page cache disable'),
  field('A', 5, 5, 'Accessed'),
];
const top: readonly Field[] = [
  ignored(62, 52),
  field('NX', 63, 63, 'Execute requests are refused'),
];

/** A 4 KiB page. */
export const GUEST_PTE = layout(
  'guest PTE',
  64,
  [
    ...rights,
    field('D', 6, 6, 'Dirty'),
    field('PAT', 7, 7, 'Page attribute table index, bit 2'),
    field('G', 8, 8, 'Global'),
    ignored(11, 9),
    field('PageAddress', 51, 12, 'Guest physical address of the page', {
      kind: 'address',
      shift: 12,
    }),
    ...top,
  ],
  { spec: '48882 rev 3.08 §2.2.6; APM vol. 2 §5.3.3' },
);

/** An entry that leads to another guest table. */
export const GUEST_PDE = layout(
  'guest PDE',
  64,
  [
    ...rights,
    ignored(6, 6),
    field('PS', 7, 7, 'Page size: 0, the entry leads to a table'),
    ignored(11, 8),
    field('NextTableAddress', 51, 12, 'Guest physical address of the next table', {
      kind: 'address',
      shift: 12,
    }),
    ...top,
  ],
  { spec: '48882 rev 3.08 §2.2.6; APM vol. 2 §5.3.3' },
);

function largePage(name: string, lowest: number): Layout {
  return layout(
    name,
    64,
    [
      ...rights,
      field('D', 6, 6, 'Dirty'),
      field('PS', 7, 7, 'Page size: 1, the entry maps a page'),
      field('G', 8, 8, 'Global'),
      ignored(11, 9),
      field('PAT', 12, 12, 'Page attribute table index, bit 2'),
      reserved(lowest - 1, 13),
      field('PageAddress', 51, lowest, 'Guest physical address of the page', {
        kind: 'address',
        shift: lowest,
      }),
      ...top,
    ],
    { spec: '48882 rev 3.08 §2.2.6; APM vol. 2 §5.3.4, §5.3.5' },
  );
}

export const GUEST_PDE_2M = largePage('guest PDE, 2 MiB page', 21);
export const GUEST_PDPE_1G = largePage('guest PDPE, 1 GiB page', 30);

/** The layout of a guest page table entry that was read at `level`. */
export function guestEntryLayout(words: Words, level: number): Layout {
  if (level === 1) return GUEST_PTE;
  if (bits(words, 7, 7) === 1n && level === 2) return GUEST_PDE_2M;
  if (bits(words, 7, 7) === 1n && level === 3) return GUEST_PDPE_1G;
  return GUEST_PDE;
}
