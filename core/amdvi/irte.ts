/** Interrupt remapping table entries (48882 rev 3.08, §2.2.5). */
import type { Field, Layout, Words } from '../bits/layout.ts';
import { bits, field, ignored, layout, pieced, reserved, valueOf } from '../bits/layout.ts';

const INT_TYPE = { 0: 'fixed', 1: 'arbitrated' };
const DESTINATION_MODE = { 0: 'physical', 1: 'logical' };

const common: readonly Field[] = [
  field('RemapEn', 0, 0, 'The interrupt is remapped; with 0 it is aborted'),
  field('SupIOPF', 1, 1, 'Faults of this entry are not logged'),
];
const remapped: readonly Field[] = [
  field('IntType', 4, 2, 'Type of the interrupt that is sent', { values: INT_TYPE }),
  field('RqEoi', 5, 5, 'An end of interrupt is asked for'),
  field('DM', 6, 6, 'Destination mode', { values: DESTINATION_MODE }),
];
const GUEST_MODE = field('GuestMode', 7, 7, 'The interrupt goes to a guest’s virtual APIC');

/** 32 bits: guest virtual APIC not enabled (CONTROL.GAEn = 0). */
export const IRTE_32 = layout(
  'IRTE',
  32,
  [
    ...common,
    ...remapped,
    field('GuestMode', 7, 7, 'Reserved in the 32-bit format: 0'),
    field('Destination', 15, 8, 'APIC that the interrupt is sent to'),
    field('Vector', 23, 16, 'Vector that the interrupt is sent with'),
    reserved(31, 24),
  ],
  { spec: '48882 rev 3.08 §2.2.5.1' },
);

/** 128 bits with GuestMode = 0: the interrupt is remapped to a host processor. */
export const IRTE_128_REMAPPED = layout(
  'IRTE, remapped',
  128,
  [
    ...common,
    ...remapped,
    GUEST_MODE,
    pieced(
      'Destination',
      [
        { high: 31, low: 8 },
        { high: 127, low: 120 },
      ],
      'APIC that the interrupt is sent to (above 8 bits only in x2APIC mode)',
    ),
    ignored(63, 32, 'Used by software: its own tag'),
    field('Vector', 71, 64, 'Vector that the interrupt is sent with'),
    reserved(119, 72),
  ],
  { spec: '48882 rev 3.08 §2.2.5.2' },
);

/** 128 bits with GuestMode = 1: the interrupt is posted to a guest's virtual APIC page. */
export const IRTE_128_GUEST = layout(
  'IRTE, guest mode',
  128,
  [
    ...common,
    field('GALogIntr', 2, 2, 'An interrupt for a guest that does not run is logged'),
    reserved(4, 3),
    field('GAPPIDis', 5, 5, 'No guest APIC physical processor interrupt is sent'),
    field('IsRun', 6, 6, 'Hint: the guest runs'),
    GUEST_MODE,
    pieced(
      'Destination',
      [
        { high: 31, low: 8 },
        { high: 127, low: 120 },
      ],
      'APIC of the processor that the guest runs on',
    ),
    field('GATag', 63, 32, 'Tag that is written to the guest virtual APIC log'),
    field('Vector', 71, 64, 'Vector that the guest sees'),
    reserved(75, 72),
    field('GuestVirtualAPICTableRoot', 115, 76, 'Physical address of the virtual APIC page', {
      kind: 'address',
      shift: 12,
    }),
    reserved(119, 116),
  ],
  { spec: '48882 rev 3.08 §2.2.5.2' },
);

/** Bytes in an entry of a format. */
export function irteSize(format: 32 | 128): number {
  return format / 8;
}

/**
 * The layout of an interrupt remapping table entry.
 * @param words at least its first 64 bits
 * @param format its size in bits; entries of 128 bits differ by GuestMode (bit 7, §2.2.5.2)
 */
export function irteLayout(words: Words, format: 32 | 128): Layout {
  if (format === 32) return IRTE_32;
  return bits(words, 7, 7) === 1n ? IRTE_128_GUEST : IRTE_128_REMAPPED;
}

export interface InterruptFields {
  readonly present: boolean;
  readonly vector: number;
  readonly destination: number;
  /** Guest mode: posted to a virtual APIC. */
  readonly guest: boolean;
  /** IntType of a remapped interrupt; undefined in guest mode. */
  readonly type: number | undefined;
  /** SupIOPF: faults are not logged. */
  readonly quiet: boolean;
}

/** The deciding fields of an entry: one word of 32 bits, or two of 64. */
export function decodeIrte(words: Words, format: 32 | 128): InterruptFields {
  const of = irteLayout(words, format);
  const value = (name: string): number => Number(valueOf(of, words, name));
  const guest = of === IRTE_128_GUEST;
  return {
    present: value('RemapEn') === 1,
    vector: value('Vector'),
    destination: value('Destination'),
    guest,
    type: guest ? undefined : value('IntType'),
    quiet: value('SupIOPF') === 1,
  };
}
