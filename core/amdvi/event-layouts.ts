/** Event log entries, 128 bits each (48882 rev 3.08, §2.5). */
import type { Field, Layout } from '../bits/layout.ts';
import { field, layout, pieced, reserved } from '../bits/layout.ts';

/** Bytes in an event log entry. */
export const EVENT_SIZE = 16;

/** Event codes that a walk can end with. */
export const EVENT = {
  ILLEGAL_DEV_TABLE_ENTRY: 1,
  IO_PAGE_FAULT: 2,
  DEV_TAB_HARDWARE_ERROR: 3,
  PAGE_TAB_HARDWARE_ERROR: 4,
  ILLEGAL_COMMAND_ERROR: 5,
  COMMAND_HARDWARE_ERROR: 6,
  IOTLB_INV_TIMEOUT: 7,
  INVALID_DEVICE_REQUEST: 8,
  INVALID_PPR_REQUEST: 9,
  EVENT_COUNTER_ZERO: 10,
  GUEST_EVENT_FAULT: 11,
  VIOMMU_HARDWARE_ERROR: 12,
  RMP_PAGE_FAULT: 13,
  RMP_HARDWARE_ERROR: 14,
} as const;
export type EventName = keyof typeof EVENT;

/** Flags of an event: bits 59:48 of the entry, shifted down, as the kernel prints them. */
export const FLAG = {
  GN: 0x001,
  NX: 0x002,
  US: 0x004,
  I: 0x008,
  PR: 0x010,
  RW: 0x020,
  PE: 0x040,
  RZ: 0x080,
  TR: 0x100,
} as const;

const code = (name: EventName): Field =>
  field('EventCode', 63, 60, 'Event', { values: { [EVENT[name]]: name } });
const deviceId = field('DeviceID', 15, 0, 'Device that made the request', { kind: 'bdf' });
const pasidHigh = { high: 19, low: 16 };
/** What the virtual IOMMU says of the event, bits 31:27. */
const virtual: readonly Field[] = [
  field('vNR', 27, 27, 'The guest’s device is not remapped'),
  reserved(28, 28),
  field('vEvent', 29, 29, 'While a guest’s event log was accessed'),
  field('vPtr', 30, 30, 'While a guest’s pointer register was accessed'),
  field('vCmd', 31, 31, 'While a guest’s command was processed'),
];
const GN = field('GN', 48, 48, 'The address is one of a guest, with the PASID');
const I = field('I', 51, 51, 'Interrupt request (1) or memory request (0)');
const RW = field('RW', 53, 53, 'Write (1) or read (0)');
const TR = field('TR', 56, 56, 'Translation (ATS) request (1) or access (0)');
const hardwareType = field('Type', 58, 57, 'What went wrong', {
  values: { 1: 'master abort', 2: 'target abort', 3: 'data error' },
});
const at = (section: string): { spec: string } => ({ spec: `48882 rev 3.08 §2.5.${section}` });
const wholeAddress = (meaning: string): Field =>
  field('Address', 127, 64, meaning, { kind: 'address' });

export const ILLEGAL_DEV_TABLE_ENTRY = layout(
  'ILLEGAL_DEV_TABLE_ENTRY',
  128,
  [
    deviceId,
    pieced('PASID', [{ high: 47, low: 32 }, pasidHigh], 'Process address space, with GN = 1'),
    reserved(26, 20),
    ...virtual,
    GN,
    reserved(50, 49),
    I,
    reserved(52, 52),
    RW,
    reserved(54, 54),
    field('RZ', 55, 55, 'A reserved bit is not zero (1) or a level encoding is illegal (0)'),
    TR,
    reserved(59, 57),
    code('ILLEGAL_DEV_TABLE_ENTRY'),
    reserved(65, 64),
    field('Address', 127, 66, 'Address that the device asked for', { kind: 'address', shift: 2 }),
  ],
  at('2'),
);

export const IO_PAGE_FAULT = layout(
  'IO_PAGE_FAULT',
  128,
  [
    deviceId,
    field('PASID[19:16]', 19, 16, 'High bits of the PASID, with GN = 1'),
    reserved(26, 20),
    ...virtual,
    field('DomainID', 47, 32, 'Domain; with GN = 1 the low bits of the PASID'),
    GN,
    field('NX', 49, 49, 'Execute was asked for'),
    field('US', 50, 50, 'User privilege (1) or supervisor (0)'),
    I,
    field('PR', 52, 52, 'The page was present (an interrupt: RemapEn = 1)'),
    RW,
    field('PE', 54, 54, 'Permission was missing'),
    field('RZ', 55, 55, 'A reserved bit is not zero (1) or a level encoding is illegal (0)'),
    TR,
    reserved(59, 57),
    code('IO_PAGE_FAULT'),
    wholeAddress('Address that the device asked for'),
  ],
  at('3'),
);

export const DEV_TAB_HARDWARE_ERROR = layout(
  'DEV_TAB_HARDWARE_ERROR',
  128,
  [
    deviceId,
    reserved(26, 16),
    ...virtual,
    reserved(50, 32),
    I,
    reserved(52, 52),
    RW,
    reserved(55, 54),
    TR,
    hardwareType,
    reserved(59, 59),
    code('DEV_TAB_HARDWARE_ERROR'),
    reserved(67, 64),
    field('Address', 127, 68, 'Physical address of the device table entry', {
      kind: 'address',
      shift: 4,
    }),
  ],
  at('4'),
);

export const PAGE_TAB_HARDWARE_ERROR = layout(
  'PAGE_TAB_HARDWARE_ERROR',
  128,
  [
    deviceId,
    field('PASID[19:16]', 19, 16, 'High bits of the PASID, with GN = 1'),
    reserved(26, 20),
    ...virtual,
    field('DomainID', 47, 32, 'Domain; with GN = 1 the low bits of the PASID'),
    GN,
    reserved(50, 49),
    I,
    reserved(52, 52),
    RW,
    reserved(55, 54),
    TR,
    hardwareType,
    reserved(59, 59),
    code('PAGE_TAB_HARDWARE_ERROR'),
    reserved(66, 64),
    field('Address', 127, 67, 'Physical address of the table entry', {
      kind: 'address',
      shift: 3,
    }),
  ],
  at('5'),
);

export const ILLEGAL_COMMAND_ERROR = layout(
  'ILLEGAL_COMMAND_ERROR',
  128,
  [
    reserved(26, 0),
    ...virtual,
    reserved(59, 32),
    code('ILLEGAL_COMMAND_ERROR'),
    reserved(67, 64),
    field('Address', 127, 68, 'Physical address of the command', { kind: 'address', shift: 4 }),
  ],
  at('6'),
);

export const COMMAND_HARDWARE_ERROR = layout(
  'COMMAND_HARDWARE_ERROR',
  128,
  [
    reserved(26, 0),
    ...virtual,
    reserved(56, 32),
    hardwareType,
    reserved(59, 59),
    code('COMMAND_HARDWARE_ERROR'),
    reserved(67, 64),
    field('Address', 127, 68, 'Physical address of the access', { kind: 'address', shift: 4 }),
  ],
  at('7'),
);

export const IOTLB_INV_TIMEOUT = layout(
  'IOTLB_INV_TIMEOUT',
  128,
  [
    deviceId,
    reserved(26, 16),
    ...virtual,
    reserved(59, 32),
    code('IOTLB_INV_TIMEOUT'),
    reserved(67, 64),
    field('Address', 127, 68, 'Physical address of the command', { kind: 'address', shift: 4 }),
  ],
  at('8'),
);

/** Type of an INVALID_DEVICE_REQUEST for an access (TR = 0). */
export const INVALID_REQUEST_TYPES: Readonly<Record<number, string>> = {
  0: 'read or non-posted write to the interrupt address range',
  1: 'translated request while I = 0 or V = 0',
  2: 'port I/O request while IoCtl = 00b',
  3: 'system management request while SysMgt = 00b',
  4: 'invalid write to the interrupt address range',
  5: 'write to a reserved part of the interrupt address range',
  6: 'system management request that SysMgt does not let through',
};

export const INVALID_DEVICE_REQUEST = layout(
  'INVALID_DEVICE_REQUEST',
  128,
  [
    deviceId,
    pieced('PASID', [{ high: 47, low: 32 }, pasidHigh], 'Process address space, with GN = 1'),
    reserved(26, 20),
    ...virtual,
    GN,
    field('US', 49, 49, 'User privilege (1) or supervisor (0)'),
    reserved(55, 50),
    TR,
    field('Type', 59, 57, 'What is not allowed (for accesses)', { values: INVALID_REQUEST_TYPES }),
    code('INVALID_DEVICE_REQUEST'),
    wholeAddress('Address that the device asked for'),
  ],
  at('9'),
);

export const INVALID_PPR_REQUEST = layout(
  'INVALID_PPR_REQUEST',
  128,
  [
    deviceId,
    pieced(
      'PASID',
      [
        { high: 31, low: 16 },
        { high: 45, low: 42 },
      ],
      'Process address space',
    ),
    field('Tag', 41, 32, 'Page request group'),
    reserved(48, 46),
    field('EX', 49, 49, 'Execute was asked for'),
    field('RD', 50, 50, 'Read was asked for'),
    reserved(52, 51),
    field('WR', 53, 53, 'Write was asked for'),
    field('US', 54, 54, 'User privilege (1) or supervisor (0)'),
    field('RZ', 55, 55, 'A reserved bit was not zero'),
    field('GN', 56, 56, 'The PASID is valid'),
    reserved(59, 57),
    code('INVALID_PPR_REQUEST'),
    wholeAddress('Address that the device asked for'),
  ],
  at('10'),
);

export const EVENT_COUNTER_ZERO = layout(
  'EVENT_COUNTER_ZERO',
  128,
  [
    reserved(59, 0),
    code('EVENT_COUNTER_ZERO'),
    pieced(
      'CounterNote',
      [
        { high: 127, low: 96 },
        { high: 83, low: 64 },
      ],
      'EventNote of the counter report register',
    ),
    reserved(95, 84),
  ],
  at('11'),
);

export const GUEST_EVENT_FAULT = layout(
  'GUEST_EVENT_FAULT',
  128,
  [
    reserved(26, 0),
    ...virtual,
    field('GuestID', 47, 32, 'Guest'),
    field('Flags', 59, 48, 'Flags of the event'),
    code('GUEST_EVENT_FAULT'),
    wholeAddress('Address of the access'),
  ],
  at('12'),
);

export const VIOMMU_HARDWARE_ERROR = layout(
  'VIOMMU_HARDWARE_ERROR',
  128,
  [
    field('GuestID', 15, 0, 'Guest'),
    field('Source', 17, 16, 'Part of the virtual IOMMU'),
    reserved(26, 18),
    ...virtual,
    reserved(47, 32),
    field('Flags', 59, 48, 'Flags of the event'),
    code('VIOMMU_HARDWARE_ERROR'),
    wholeAddress('Physical address of the access'),
  ],
  at('13'),
);

export const RMP_PAGE_FAULT = layout(
  'RMP_PAGE_FAULT',
  128,
  [
    deviceId,
    field('FlagsRMP', 23, 16, 'What the reverse map table says of the page'),
    reserved(26, 24),
    ...virtual,
    field('VmgTag', 47, 32, 'Tag of the guest'),
    field('Flags', 59, 48, 'Flags of the request, as of an IO_PAGE_FAULT'),
    code('RMP_PAGE_FAULT'),
    wholeAddress('Guest physical address'),
  ],
  at('14'),
);

export const RMP_HARDWARE_ERROR = layout(
  'RMP_HARDWARE_ERROR',
  128,
  [
    deviceId,
    reserved(26, 16),
    ...virtual,
    field('VmgTag', 47, 32, 'Tag of the guest'),
    field('Flags', 59, 48, 'Flags of the request, as of a PAGE_TAB_HARDWARE_ERROR'),
    code('RMP_HARDWARE_ERROR'),
    wholeAddress('Physical address of the reverse map table entry'),
  ],
  at('15'),
);

/** An entry whose code the specification does not define. */
export const UNKNOWN_EVENT = layout(
  'undefined event',
  128,
  [
    field('Operand1', 59, 0, 'First operand'),
    field('EventCode', 63, 60, 'Event'),
    field('Operand2', 127, 64, 'Second operand'),
  ],
  { spec: '48882 rev 3.08 §2.5' },
);

/** Layouts by event code; the layout's name is the event's. */
export const EVENTS: ReadonlyMap<number, Layout> = new Map(
  [
    ILLEGAL_DEV_TABLE_ENTRY,
    IO_PAGE_FAULT,
    DEV_TAB_HARDWARE_ERROR,
    PAGE_TAB_HARDWARE_ERROR,
    ILLEGAL_COMMAND_ERROR,
    COMMAND_HARDWARE_ERROR,
    IOTLB_INV_TIMEOUT,
    INVALID_DEVICE_REQUEST,
    INVALID_PPR_REQUEST,
    EVENT_COUNTER_ZERO,
    GUEST_EVENT_FAULT,
    VIOMMU_HARDWARE_ERROR,
    RMP_PAGE_FAULT,
    RMP_HARDWARE_ERROR,
  ].map((each) => [EVENT[each.name as EventName], each]),
);
