/** Layouts of the DMA remapping reporting table (VT-d 4.1, chapter 8). */
import type { Field, Layout } from '../bits/layout.ts';
import { field, layout, reserved } from '../bits/layout.ts';

const TYPES = {
  0: 'DRHD',
  1: 'RMRR',
  2: 'ATSR',
  3: 'RHSA',
  4: 'ANDD',
  5: 'SATC',
  6: 'SIDP',
};
const head: readonly Field[] = [
  field('Type', 15, 0, 'Kind of the structure', { values: TYPES }),
  field('Length', 31, 16, 'Bytes in the structure'),
];
const segment = field('Segment Number', 63, 48, 'PCI segment');
const address = (name: string, high: number, low: number, meaning: string): Field =>
  field(name, high, low, meaning, { kind: 'address' });

/** What follows the table header. */
export const DMAR = layout(
  'DMAR',
  96,
  [
    field('Host Address Width', 7, 0, 'Bits of a DMA address, less one'),
    field('INTR_REMAP', 8, 8, 'The platform supports interrupt remapping'),
    field('X2APIC_OPT_OUT', 9, 9, 'The firmware asks not to enable x2APIC mode'),
    field('DMA_CTRL_PLATFORM_OPT_IN_FLAG', 10, 10, 'The firmware kept DMA in check before boot'),
    field('DMA_REMAP_OPT_OUT', 11, 11, 'The firmware asks not to enable DMA remapping'),
    reserved(15, 12),
    reserved(95, 16),
  ],
  { spec: 'VT-d 4.1 §8.1' },
);

export const DRHD = layout(
  'DRHD',
  128,
  [
    ...head,
    field('INCLUDE_PCI_ALL', 32, 32, 'All devices of the segment that no other unit has'),
    reserved(39, 33),
    field('Size', 43, 40, 'Register pages of 4 KiB, as a power of two'),
    reserved(47, 44),
    segment,
    address('Register Base Address', 127, 64, 'Physical address of the unit’s registers'),
  ],
  { spec: 'VT-d 4.1 §8.3' },
);

export const RMRR = layout(
  'RMRR',
  192,
  [
    ...head,
    reserved(47, 32),
    segment,
    address('Reserved Memory Region Base Address', 127, 64, 'First byte of the region'),
    address('Reserved Memory Region Limit Address', 191, 128, 'Last byte of the region'),
  ],
  { spec: 'VT-d 4.1 §8.4' },
);

export const ATSR = layout(
  'ATSR',
  64,
  [
    ...head,
    field('ALL_PORTS', 32, 32, 'All root ports of the segment support ATS'),
    reserved(39, 33),
    reserved(47, 40),
    segment,
  ],
  { spec: 'VT-d 4.1 §8.5' },
);

export const RHSA = layout(
  'RHSA',
  160,
  [
    ...head,
    reserved(63, 32),
    address('Register Base Address', 127, 64, 'The unit that belongs to the domain'),
    field('Proximity Domain', 159, 128, 'Proximity domain of the unit (as in the SRAT)'),
  ],
  { spec: 'VT-d 4.1 §8.6' },
);

/** The object name follows: ASCII, ended by NUL. */
export const ANDD = layout(
  'ANDD',
  64,
  [
    ...head,
    reserved(55, 32),
    field('ACPI Device Number', 63, 56, 'Enumeration ID of the device in device scopes'),
  ],
  { spec: 'VT-d 4.1 §8.7' },
);

export const SATC = layout(
  'SATC',
  64,
  [
    ...head,
    field('ATC_REQUIRED', 32, 32, 'The devices need ATS to work'),
    reserved(39, 33),
    reserved(47, 40),
    segment,
  ],
  { spec: 'VT-d 4.1 §8.8' },
);

export const SIDP = layout('SIDP', 64, [...head, reserved(47, 32), segment], {
  spec: 'VT-d 4.1 §8.9',
});

/** A structure whose type the specification does not define. */
export const UNKNOWN_DMAR = layout('undefined remapping structure', 32, [...head], {
  spec: 'VT-d 4.1 §8.2',
});

/** Layouts of remapping structures by type. */
export const DMAR_STRUCTURES: ReadonlyMap<number, Layout> = new Map([
  [0, DRHD],
  [1, RMRR],
  [2, ATSR],
  [3, RHSA],
  [4, ANDD],
  [5, SATC],
  [6, SIDP],
]);

export const SCOPE_TYPES = {
  1: 'PCI endpoint',
  2: 'PCI sub-hierarchy',
  3: 'IOAPIC',
  4: 'HPET',
  5: 'ACPI namespace device',
} as const;

/** The path follows: a device and a function number, one byte each, for every hop. */
export const DEVICE_SCOPE = layout(
  'device scope',
  48,
  [
    field('Type', 7, 0, 'Kind of the device', { values: SCOPE_TYPES }),
    field('Length', 15, 8, 'Bytes in the device scope'),
    field('Flags', 23, 16, 'Limits of requests without PASID (SATC, SIDP); else zero'),
    reserved(31, 24),
    field('Enumeration ID', 39, 32, 'I/O APIC ID, HPET number or ACPI device number'),
    field('Start Bus Number', 47, 40, 'Bus that the path begins on'),
  ],
  { spec: 'VT-d 4.1 §8.3.1' },
);

/** Flags of device scopes in SATC and SIDP structures (VT-d 4.1 §8.8, §8.9). */
export const SCOPE_FLAGS = [
  'REQ_WO_PASID_NESTED_NOTALLOWED',
  'REQ_WO_PASID_PWSNP_NOTALLOWED',
  'REQ_WO_PASID_PGSNP_NOTALLOWED',
  'ATC_HARDENED',
  'ATC_REQUIRED',
] as const;
