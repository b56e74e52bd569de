/** What a performance counter has of its own: configuration, filters, capabilities, value (VT-d §11.4.13.15 to §11.4.13.23). */
import type { Field } from '../bits/layout.ts';
import { field, reserved } from '../bits/layout.ts';
import type { RegisterDefinition } from '../iommu/registers.ts';
import { register } from './define.ts';

/** @param offset of the counter's block of configuration registers */
export function counterConfiguration(counter: number, offset: number): RegisterDefinition {
  return register(
    `PERFCNTRCFG${counter}`,
    `Performance counter ${counter} configuration`,
    offset,
    64,
    [
      field('EN', 0, 0, 'The counter is enabled (by an enhanced command)', { access: 'RO' }),
      field('IO', 1, 1, 'Interrupt on overflow', { access: 'RW' }),
      field('GFO', 2, 2, 'Its overflow freezes all counters', { access: 'RW' }),
      reserved(7, 3),
      field('EGI', 11, 8, 'Event group', { kind: 'index', access: 'RW' }),
      reserved(31, 12),
      field('ES', 59, 32, 'Bit n: event n of the group is counted', { access: 'RW' }),
      reserved(63, 60),
    ],
    '§11.4.13.15',
  );
}

/** A register that lets a counter count some events only. */
export interface CounterFilter {
  /** The field of PERFCAP that says whether the unit has it. */
  readonly capability: string;
  /** @param offset of the counter's block of configuration registers */
  readonly make: (counter: number, offset: number) => RegisterDefinition;
}

const ENABLE = field('EN', 31, 31, 'The filter is used', { access: 'RW' });

const filter = (
  capability: string,
  name: string,
  by: string,
  offset: number,
  fields: readonly Field[],
  section: string,
): CounterFilter => ({
  capability,
  make: (counter, block) =>
    register(
      `PERFCNTR_${name}FLTR${counter}`,
      `Performance counter ${counter} filter by ${by}`,
      block + offset,
      32,
      [...fields, ENABLE],
      section,
    ),
});

/** In order of their offset. */
export const FILTERS: readonly CounterFilter[] = [
  filter(
    'RIDFS',
    'RID',
    'requester',
    0x08,
    [field('RID', 15, 0, 'Requester', { kind: 'bdf', access: 'RW' }), reserved(30, 16)],
    '§11.4.13.16',
  ),
  filter(
    'DIDFS',
    'DID',
    'domain',
    0x0c,
    [field('DID', 15, 0, 'Domain identifier', { access: 'RW' }), reserved(30, 16)],
    '§11.4.13.17',
  ),
  filter(
    'PASIDFS',
    'PASID',
    'PASID',
    0x10,
    [
      field('PASID', 19, 0, 'PASID', { access: 'RW' }),
      field('PFM', 21, 20, 'Which requests', {
        values: { 0: 'with this PASID', 1: 'with any PASID', 2: 'without PASID', 3: 'reserved' },
        access: 'RW',
      }),
      reserved(30, 22),
    ],
    '§11.4.13.18',
  ),
  filter(
    'ATFS',
    'AT',
    'address type',
    0x14,
    [
      field('AT', 4, 0, 'Bits: untranslated, translation, translated, reserved, HPT prefetch', {
        access: 'RW',
      }),
      reserved(30, 5),
    ],
    '§11.4.13.19',
  ),
  filter(
    'PTLFS',
    'PTL',
    'page table level',
    0x18,
    [
      field('PTL', 4, 0, 'Bits: entries of levels 1 to 5, or pages of their size', {
        access: 'WO',
      }),
      reserved(30, 5),
    ],
    '§11.4.13.20',
  ),
];

/** What one counter can, where PERFCAP.PCCS says that counters differ. */
export function counterCapability(counter: number, offset: number): RegisterDefinition {
  return register(
    `PERFCNTRCAP${counter}`,
    `Performance counter ${counter} capability`,
    offset,
    32,
    [
      field('PCC', 0, 0, "This register counts, not PERFCAP's fields of the same names", {
        access: 'RO',
      }),
      reserved(7, 1),
      field('CW', 15, 8, 'Bits in the counter', { access: 'RO' }),
      field('IOS', 16, 16, 'Interrupt on overflow', { access: 'RO' }),
      field('GFS', 17, 17, 'Its overflow can freeze all counters', { access: 'RO' }),
      reserved(27, 18),
      field('EGCNT', 31, 28, 'Number of its event capability registers', { access: 'RO' }),
    ],
    '§11.4.13.21',
  );
}

/** @param which of the counter's event capability registers */
export function counterEventCapability(
  counter: number,
  which: number,
  offset: number,
): RegisterDefinition {
  return register(
    `PERFCNTREVCAP${counter}_${which}`,
    `Performance counter ${counter} event capability ${which}`,
    offset,
    32,
    [
      field('ES', 27, 0, 'Bit n: event n of the group is counted', { access: 'RO' }),
      field('EGI', 31, 28, 'Event group', { kind: 'index', access: 'RO' }),
    ],
    '§11.4.13.22',
  );
}

/** The register that counts, PERFCNTR (§11.4.13.23). @param offset from the register base, bytes */
export function counterValue(counter: number, offset: number): RegisterDefinition {
  return register(
    `PERFCNTR${counter}`,
    `Performance counter ${counter}`,
    offset,
    64,
    [field('CNTR', 63, 0, 'Events counted; as many bits as CW says', { access: 'RW' })],
    '§11.4.13.23',
  );
}
