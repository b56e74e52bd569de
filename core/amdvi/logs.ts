/** Entries of the PPR log and of the guest virtual APIC log (48882 rev 3.08, §2.6, §2.7). */
import type { Layout, Words } from '../bits/layout.ts';
import { bits, field, layout, pieced, reserved } from '../bits/layout.ts';

/** Bytes in a PPR log entry. */
export const PPR_SIZE = 16;
/** Bytes in a guest virtual APIC log entry. */
export const GA_LOG_SIZE = 8;

/** A device asks for a page (PCI Page Request Interface). */
export const PAGE_SERVICE_REQUEST = layout(
  'PAGE_SERVICE_REQUEST',
  128,
  [
    field('DeviceID', 15, 0, 'Device that asks', { kind: 'bdf' }),
    pieced(
      'PASID',
      [
        { high: 31, low: 16 },
        { high: 45, low: 42 },
      ],
      'Process address space',
    ),
    field('Tag', 41, 32, 'Page request group; bit 9: last of the group'),
    reserved(48, 46),
    field('EX', 49, 49, 'Execute is asked for'),
    field('RD', 50, 50, 'Read is asked for'),
    reserved(52, 51),
    field('WR', 53, 53, 'Write is asked for'),
    field('US', 54, 54, 'User privilege (1) or supervisor (0)'),
    field('RZ', 55, 55, 'A reserved bit was not zero'),
    field('GN', 56, 56, 'The PASID is valid'),
    reserved(59, 57),
    field('PPRCode', 63, 60, 'Request', { values: { 1: 'PAGE_SERVICE_REQUEST' } }),
    reserved(75, 64),
    field('Address', 127, 76, 'Page that is asked for', { kind: 'address', shift: 12 }),
  ],
  { spec: '48882 rev 3.08 §2.6.1' },
);

/** A PPR log entry whose code the specification does not define. */
export const UNKNOWN_PPR = layout(
  'undefined PPR log entry',
  128,
  [
    field('Operand1', 59, 0, 'First operand'),
    field('PPRCode', 63, 60, 'Request'),
    field('Operand2', 127, 64, 'Second operand'),
  ],
  { spec: '48882 rev 3.08 §2.6' },
);

/** The layout of a PPR log entry, by its code in bits 63:60 (§2.6). */
export function pprLayout(words: Words): Layout {
  return bits(words, 63, 60) === 1n ? PAGE_SERVICE_REQUEST : UNKNOWN_PPR;
}

/** An interrupt came for a guest that does not run. */
export const GUEST_NR = layout(
  'GUEST_NR',
  64,
  [
    field('GATag', 31, 0, 'Tag of the interrupt remapping entry'),
    field('DeviceID', 47, 32, 'Device that interrupts', { kind: 'bdf' }),
    reserved(59, 48),
    field('GACode', 63, 60, 'What happened', { values: { 1: 'GUEST_NR' } }),
  ],
  { spec: '48882 rev 3.08 §2.7' },
);

/** A guest virtual APIC log entry whose code the specification does not define. */
export const UNKNOWN_GA = layout(
  'undefined guest virtual APIC log entry',
  64,
  [field('Operand', 59, 0, 'Operand'), field('GACode', 63, 60, 'What happened')],
  { spec: '48882 rev 3.08 §2.7' },
);

/** The layout of a guest virtual APIC log entry, by its code in bits 63:60 (§2.7). */
export function gaLogLayout(words: Words): Layout {
  return bits(words, 63, 60) === 1n ? GUEST_NR : UNKNOWN_GA;
}
