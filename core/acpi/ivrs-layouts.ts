/** Layouts of the I/O virtualization reporting structure (48882 rev 3.08, chapter 5). */
import type { Field, FieldOptions, Layout } from '../bits/layout.ts';
import { field, layout, reserved } from '../bits/layout.ts';

const deviceId = (name: string, high: number, low: number, meaning: string): Field =>
  field(name, high, low, meaning, { kind: 'bdf' });
const SPEC = { spec: '48882 rev 3.08 §5.2' };

/** What follows the table header. */
export const IVRS = layout(
  'IVRS',
  96,
  [
    field('EFRSup', 0, 0, 'IVHDs of type 11h and 40h give the extended features'),
    field('DMA remap support', 1, 1, 'Firmware kept DMA in check before boot'),
    reserved(4, 2),
    field('GVASize', 7, 5, 'Guest virtual address size', { values: { 2: '48 bits' } }),
    field('PASize', 14, 8, 'Bits of a physical address'),
    field('VASize', 21, 15, 'Bits of a virtual address'),
    field('HtAtsResv', 22, 22, 'The HyperTransport ATS response range is reserved'),
    reserved(31, 23),
    reserved(95, 32),
  ],
  SPEC,
);

const block = (type: string): readonly Field[] => [
  field('Type', 7, 0, type),
  field('HtTunEn', 8, 8, 'HyperTransport tunnel translation'),
  field('PassPW', 9, 9, 'HyperTransport PassPW bit of the unit’s requests'),
  field('ResPassPW', 10, 10, 'HyperTransport response PassPW bit'),
  field('Isoc', 11, 11, 'HyperTransport isochronous bit'),
  field('IotlbSup', 12, 12, 'Remote IOTLBs (ATS) are supported'),
  field('Coherent', 13, 13, 'Table reads snoop the processors’ caches'),
];
const place: readonly Field[] = [
  field('Length', 31, 16, 'Bytes in the block, device entries included'),
  deviceId('DeviceID', 47, 32, 'The unit’s own PCI function'),
  field('Capability Offset', 63, 48, 'Its IOMMU capability in configuration space'),
  field('IOMMU Base Address', 127, 64, 'Physical address of the unit’s registers', {
    kind: 'address',
  }),
  field('PCI Segment Group', 143, 128, 'PCI segment'),
  field('MsiNum', 148, 144, 'MSI message of the event log'),
  reserved(151, 149),
  field('UnitID', 156, 152, 'HyperTransport unit ID'),
  reserved(159, 157),
];
const HATS: FieldOptions = {
  values: { 0: '4 levels', 1: '5 levels', 2: '6 levels', 3: 'not supported' },
};

export const IVHD_10 = layout(
  'IVHD type 10h',
  192,
  [
    ...block('I/O virtualization hardware definition, type 10h'),
    field('PreFSup', 14, 14, 'PREFETCH_IOMMU_PAGES command'),
    field('PPRSup', 15, 15, 'Peripheral page requests'),
    ...place,
    field('XTSup', 160, 160, 'x2APIC'),
    field('NXSup', 161, 161, 'No-execute protection'),
    field('GTSup', 162, 162, 'Guest translation'),
    field('GLXSup', 164, 163, 'Guest CR3 table levels, less one'),
    field('IASup', 165, 165, 'INVALIDATE_IOMMU_ALL command'),
    field('GASup', 166, 166, 'Guest virtual APIC'),
    field('HESup', 167, 167, 'Hardware error registers'),
    field('PASMax', 172, 168, 'Bits of a PASID, less one'),
    field('PNCounters', 176, 173, 'Performance counters in a bank'),
    field('PNBanks', 182, 177, 'Performance counter banks'),
    field('MsiNumPPR', 187, 183, 'MSI message of the PPR log'),
    field('GATS', 189, 188, 'Guest page table levels', HATS),
    field('HATS', 191, 190, 'Host page table levels', HATS),
  ],
  SPEC,
);

function extended(type: string): Layout {
  return layout(
    `IVHD type ${type}`,
    320,
    [
      ...block(`I/O virtualization hardware definition, type ${type}`),
      reserved(15, 14),
      ...place,
      field('HATDis', 160, 160, 'Host address translation is not supported'),
      reserved(172, 161),
      field('PNCounters', 176, 173, 'Performance counters in a bank'),
      field('PNBanks', 182, 177, 'Performance counter banks'),
      field('MsiNumPPR', 187, 183, 'MSI message of the PPR log'),
      reserved(191, 188),
      field('EFR Image', 255, 192, 'Extended feature register of the unit (MMIO 0030h)'),
      field('EFR2 Image', 319, 256, 'Extended feature 2 register of the unit (MMIO 01A0h)'),
    ],
    SPEC,
  );
}

export const IVHD_11 = extended('11h');
export const IVHD_40 = extended('40h');

/** Flags that a device entry puts into DTEs. */
const settings = (low: number): readonly Field[] => [
  field('InitPass', low, low, 'INIT interrupts are forwarded'),
  field('EIntPass', low + 1, low + 1, 'ExtInt interrupts are forwarded'),
  field('NMIPass', low + 2, low + 2, 'NMIs are forwarded'),
  reserved(low + 3, low + 3),
  field('SysMgt', low + 5, low + 4, 'What happens to system management requests'),
  field('Lint0Pass', low + 6, low + 6, 'LINT0 interrupts are forwarded'),
  field('Lint1Pass', low + 7, low + 7, 'LINT1 interrupts are forwarded'),
];
const entryType = (meaning: string): Field => field('Type', 7, 0, meaning);

function shortEntry(name: string, meaning: string, device: string | undefined): Layout {
  return layout(
    name,
    32,
    device === undefined
      ? [entryType(meaning), reserved(31, 8)]
      : [
          entryType(meaning),
          deviceId('DeviceID', 23, 8, device),
          ...(name === 'range end' ? [reserved(31, 24)] : settings(24)),
        ],
    SPEC,
  );
}

export const ENTRY_PAD4 = shortEntry('padding of 4 bytes', 'Padding', undefined);
export const ENTRY_ALL = layout(
  'all',
  32,
  [
    entryType('The settings are for all devices'),
    field('DeviceID', 23, 8, 'Not used; zero', { kind: 'bdf' }),
    ...settings(24),
  ],
  SPEC,
);
export const ENTRY_SELECT = shortEntry('select', 'The settings are for one device', 'The device');
export const ENTRY_RANGE = shortEntry(
  'range start',
  'The settings are for a range of devices',
  'First device',
);
export const ENTRY_RANGE_END = shortEntry(
  'range end',
  'End of the range that was begun before',
  'Last device',
);

export const ENTRY_PAD8 = layout(
  'padding of 8 bytes',
  64,
  [entryType('Padding'), reserved(63, 8)],
  SPEC,
);

function alias(name: string, meaning: string): Layout {
  return layout(
    name,
    64,
    [
      entryType(meaning),
      deviceId('DeviceID', 23, 8, 'The device (of a range: the first)'),
      ...settings(24),
      reserved(39, 32),
      deviceId('Source DeviceID', 55, 40, 'DeviceID that its requests carry'),
      reserved(63, 56),
    ],
    SPEC,
  );
}
export const ENTRY_ALIAS = alias('alias select', 'Requests of one device carry another DeviceID');
export const ENTRY_ALIAS_RANGE = alias(
  'alias range start',
  'Requests of a range of devices carry another DeviceID',
);

function extendedEntry(name: string, meaning: string): Layout {
  return layout(
    name,
    64,
    [
      entryType(meaning),
      deviceId('DeviceID', 23, 8, 'The device (of a range: the first)'),
      ...settings(24),
      reserved(62, 32),
      field('AtsDisabled', 63, 63, 'ATS of the device must stay disabled'),
    ],
    SPEC,
  );
}
export const ENTRY_EXTENDED = extendedEntry('extended select', 'Settings of one device');
export const ENTRY_EXTENDED_RANGE = extendedEntry(
  'extended range start',
  'Settings of a range of devices',
);

export const SPECIAL_VARIETIES = { 1: 'IOAPIC', 2: 'HPET' } as const;

export const ENTRY_SPECIAL = layout(
  'special device',
  64,
  [
    entryType('A device that is no PCI function'),
    reserved(23, 8),
    ...settings(24),
    field('Handle', 39, 32, 'I/O APIC ID or HPET number'),
    deviceId('Source DeviceID', 55, 40, 'DeviceID that its requests carry'),
    field('Variety', 63, 56, 'Kind of the device', { values: SPECIAL_VARIETIES }),
  ],
  SPEC,
);

/** The unique ID follows, `UID Length` bytes long. */
export const ENTRY_HID = layout(
  'ACPI HID device',
  176,
  [
    entryType('A device that ACPI names'),
    deviceId('DeviceID', 23, 8, 'DeviceID that its requests carry'),
    ...settings(24),
    field('Hardware ID', 95, 32, '_HID of the device, 8 characters'),
    field('Compatible ID', 159, 96, '_CID of the device, 8 characters'),
    field('UID Format', 167, 160, 'Form of the unique ID', {
      values: { 0: 'none', 1: 'number', 2: 'text' },
    }),
    field('UID Length', 175, 168, 'Bytes of the unique ID'),
  ],
  SPEC,
);

/** An entry whose type the specification does not define; its size follows from the type. */
export const UNKNOWN_ENTRY = layout(
  'undefined device entry',
  32,
  [entryType('Not defined'), field('Operand', 31, 8, 'Operand')],
  SPEC,
);

/** Layouts of device entries by type. */
export const DEVICE_ENTRIES: ReadonlyMap<number, Layout> = new Map([
  [0x00, ENTRY_PAD4],
  [0x01, ENTRY_ALL],
  [0x02, ENTRY_SELECT],
  [0x03, ENTRY_RANGE],
  [0x04, ENTRY_RANGE_END],
  [0x40, ENTRY_PAD8],
  [0x42, ENTRY_ALIAS],
  [0x43, ENTRY_ALIAS_RANGE],
  [0x46, ENTRY_EXTENDED],
  [0x47, ENTRY_EXTENDED_RANGE],
  [0x48, ENTRY_SPECIAL],
  [0xf0, ENTRY_HID],
]);

export const IVMD = layout(
  'IVMD',
  256,
  [
    field('Type', 7, 0, 'I/O virtualization memory definition', {
      values: { 0x20: 'for all devices', 0x21: 'for one device', 0x22: 'for a range of devices' },
    }),
    field('Unity', 8, 8, 'The range is mapped to itself'),
    field('IR', 9, 9, 'Reads are permitted'),
    field('IW', 10, 10, 'Writes are permitted'),
    field('Exclusion range', 11, 11, 'The range is to be put into the exclusion registers'),
    reserved(15, 12),
    field('Length', 31, 16, 'Bytes in the block'),
    deviceId('DeviceID', 47, 32, 'The device (of a range: the first)'),
    deviceId('Auxiliary data', 63, 48, 'Of a range: the last device'),
    field('PCI Segment Group', 79, 64, 'PCI segment (reserved before rev 3.08)'),
    reserved(127, 80),
    field('Start Address', 191, 128, 'First byte of the memory', { kind: 'address' }),
    field('Memory Length', 255, 192, 'Bytes of the memory'),
  ],
  SPEC,
);

/** A block whose type the specification does not define. */
export const UNKNOWN_BLOCK = layout(
  'undefined IVRS block',
  32,
  [
    field('Type', 7, 0, 'Not defined'),
    field('Flags', 15, 8, 'Flags'),
    field('Length', 31, 16, 'Bytes in the block'),
  ],
  SPEC,
);

export const IVRS_BLOCKS: ReadonlyMap<number, Layout> = new Map([
  [0x10, IVHD_10],
  [0x11, IVHD_11],
  [0x40, IVHD_40],
  [0x20, IVMD],
  [0x21, IVMD],
  [0x22, IVMD],
]);
