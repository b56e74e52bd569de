/** Interrupt remapping table entries and the posted-interrupt descriptor (VT-d §9.9 to §9.11). */
import type { Field, Layout, Words } from '../bits/layout.ts';
import { field, ignored, layout, pieced, reserved } from '../bits/layout.ts';
import { specification } from './define.ts';

const PRESENT = field('P', 0, 0, 'Present: interrupts that name this entry are processed by it');
const FPD = field('FPD', 1, 1, 'Fault processing disable: qualified faults are not recorded');
const MODE = field('IM', 15, 15, 'IRTE mode', { values: { 0: 'remapped', 1: 'posted' } });
const AVAILABLE = ignored(11, 8, 'Available to software');

const SOURCE: readonly Field[] = [
  field('SID', 79, 64, 'Source identifier: the requester that may send this interrupt', {
    kind: 'bdf',
  }),
  field('SQ', 81, 80, 'Source-id qualifier: which function bits are not compared', {
    values: {
      0: 'all 16 bits compared',
      1: 'bit 2 ignored',
      2: 'bits 2:1 ignored',
      3: 'bits 2:0 ignored',
    },
  }),
  field('SVT', 83, 82, 'Source validation type', {
    values: {
      0: 'not checked',
      1: 'SID and SQ compared',
      2: 'bus within SID 15:8 to SID 7:0',
      3: 'reserved',
    },
  }),
];

const DELIVERY: readonly Field[] = [
  field('DM', 2, 2, 'Destination mode', { values: { 0: 'physical', 1: 'logical' } }),
  field('RH', 3, 3, 'Redirection hint'),
  field('TM', 4, 4, 'Trigger mode', { values: { 0: 'edge', 1: 'level' } }),
  field('DLM', 7, 5, 'Delivery mode', {
    values: {
      0: 'fixed',
      1: 'lowest priority',
      2: 'SMI',
      3: 'reserved',
      4: 'NMI',
      5: 'INIT',
      6: 'reserved',
      7: 'ExtINT',
    },
  }),
];

const remapped = (name: string, destination: readonly Field[]): Layout =>
  layout(
    name,
    128,
    [
      PRESENT,
      FPD,
      ...DELIVERY,
      AVAILABLE,
      reserved(14, 12),
      MODE,
      field('V', 23, 16, 'Vector'),
      reserved(31, 24),
      ...destination,
      ...SOURCE,
      reserved(127, 84),
    ],
    { spec: specification('§9.9') },
  );

/** §9.9 with IRTA.EIME = 0: an 8-bit APIC ID in bits 47:40. */
export const IRTE_REMAPPED = remapped('IRTE (remapped, xAPIC)', [
  reserved(39, 32),
  field('DST', 47, 40, 'Destination APIC ID'),
  reserved(63, 48),
]);

/** §9.9 with IRTA.EIME = 1: a 32-bit x2APIC ID. */
export const IRTE_REMAPPED_EXTENDED = remapped('IRTE (remapped, x2APIC)', [
  field('DST', 63, 32, 'Destination x2APIC ID'),
]);

/** §9.10: the interrupt is recorded in a posted-interrupt descriptor. */
export const IRTE_POSTED = layout(
  'IRTE (posted)',
  128,
  [
    PRESENT,
    FPD,
    reserved(7, 2),
    AVAILABLE,
    reserved(13, 12),
    field('URG', 14, 14, 'Urgent: notify although notifications are suppressed'),
    MODE,
    field('VV', 23, 16, 'Virtual vector: the bit that is set in the descriptor'),
    reserved(37, 24),
    pieced(
      'PDA',
      [
        { high: 63, low: 38 },
        { high: 127, low: 96 },
      ],
      'Address of the posted-interrupt descriptor',
      { kind: 'address', shift: 6 },
    ),
    ...SOURCE,
    reserved(95, 84),
  ],
  { spec: specification('§9.10') },
);

/** §9.11: 512 bits in memory that the unit updates when it posts. */
export const POSTED_INTERRUPT_DESCRIPTOR = layout(
  'posted-interrupt descriptor',
  512,
  [
    ...[0, 1, 2, 3].map((word) =>
      field(
        `PIR${word}`,
        64 * word + 63,
        64 * word,
        `Posted requests: vectors ${64 * word} to ${64 * word + 63}`,
      ),
    ),
    field('ON', 256, 256, 'Outstanding notification'),
    field('SN', 257, 257, 'Suppress notification'),
    reserved(271, 258),
    field('NV', 279, 272, 'Notification vector'),
    reserved(287, 280),
    field('NDST', 319, 288, 'Notification destination; an xAPIC ID stands in bits 303:296'),
    reserved(511, 320),
  ],
  { spec: specification('§9.11') },
);

const MODE_BIT = 1n << 15n;

/** The layout that fits an IRTE with this content; `extended` as IRTA.EIME says, undefined if unknown. */
export function interruptEntryLayout(words: Words, extended: boolean | undefined): Layout {
  if (words[0] & MODE_BIT) return IRTE_POSTED;
  return extended ? IRTE_REMAPPED_EXTENDED : IRTE_REMAPPED;
}
