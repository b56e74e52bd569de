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
/** What the virtual IOMMU says of the event, bits 31:27 (the kernel prints them as `vflags`). */
const virtual: readonly Field[] = [
  field('vNR', 27, 27, 'The guest’s device is not remapped'),
  reserved(28, 28),
  field('vEvent', 29, 29, 'While a guest’s event log was accessed'),
  field('vPtr', 30, 30, 'While a guest’s pointer register was accessed'),
  field('vCmd', 31, 31, 'While a guest’s command was processed'),
];

/** An event of §2.5.`section`, with its code. */
function event(name: EventName, section: number, fields: readonly Field[]): Layout {
  return layout(name, 128, [...fields, code(name)], { spec: `48882 rev 3.08 §2.5.${section}` });
}

const deviceId = field('DeviceID', 15, 0, 'Device that made the request', { kind: 'bdf' });
/** A PASID in two pieces: bits 15:0 stand at 47:32, bits 19:16 at 19:16. */
const deviceAndPasid: readonly Field[] = [
  deviceId,
  pieced(
    'PASID',
    [
      { high: 47, low: 32 },
      { high: 19, low: 16 },
    ],
    'Process address space, with GN = 1',
  ),
];
/** Events that share bits 47:32 between the domain and, with GN = 1, the PASID. */
const deviceAndDomain: readonly Field[] = [
  deviceId,
  field('PASID[19:16]', 19, 16, 'High bits of the PASID, with GN = 1'),
  reserved(26, 20),
  ...virtual,
  field('DomainID', 47, 32, 'Domain; with GN = 1 the low bits of the PASID'),
];

const GN = field('GN', 48, 48, 'The address is one of a guest, with the PASID');
const I = field('I', 51, 51, 'Interrupt request (1) or memory request (0)');
const RW = field('RW', 53, 53, 'Write (1) or read (0)');
const RZ = field('RZ', 55, 55, 'A reserved bit is not zero (1) or a level encoding is illegal (0)');
const TR = field('TR', 56, 56, 'Translation (ATS) request (1) or access (0)');
/** What could not be read or written, bits 58:57. */
const hardwareType: readonly Field[] = [
  field('Type', 58, 57, 'What went wrong', {
    values: { 1: 'master abort', 2: 'target abort', 3: 'data error' },
  }),
  reserved(59, 59),
];
/** Bits 59:51 of an error while a table was read for a request. */
const tableError: readonly Field[] = [
  I,
  reserved(52, 52),
  RW,
  reserved(55, 54),
  TR,
  ...hardwareType,
];

/** The second operand: an address in units of 2^shift, its low bits reserved. */
function address(meaning: string, shift = 0): Field[] {
  const at = field('Address', 127, 64 + shift, meaning, { kind: 'address', shift });
  return shift === 0 ? [at] : [reserved(63 + shift, 64), at];
}
const commandAddress = address('Physical address of the command', 4);

export const ILLEGAL_DEV_TABLE_ENTRY = event('ILLEGAL_DEV_TABLE_ENTRY', 2, [
  ...deviceAndPasid,
  reserved(26, 20),
  ...virtual,
  GN,
  reserved(50, 49),
  I,
  reserved(52, 52),
  RW,
  reserved(54, 54),
  RZ,
  TR,
  reserved(59, 57),
  ...address('Address that the device asked for', 2),
]);

export const IO_PAGE_FAULT = event('IO_PAGE_FAULT', 3, [
  ...deviceAndDomain,
  GN,
  field('NX', 49, 49, 'Execute was asked for'),
  field('US', 50, 50, 'User privilege (1) or supervisor (0)'),
  I,
  field('PR', 52, 52, 'The page was present (an interrupt: RemapEn = 1)'),
  RW,
  field('PE', 54, 54, 'Permission was missing'),
  RZ,
  TR,
  reserved(59, 57),
  ...address('Address that the device asked for'),
]);

export const DEV_TAB_HARDWARE_ERROR = event('DEV_TAB_HARDWARE_ERROR', 4, [
  deviceId,
  reserved(26, 16),
  ...virtual,
  reserved(50, 32),
  ...tableError,
  ...address('Physical address of the device table entry', 4),
]);

export const PAGE_TAB_HARDWARE_ERROR = event('PAGE_TAB_HARDWARE_ERROR', 5, [
  ...deviceAndDomain,
  GN,
  reserved(50, 49),
  ...tableError,
  ...address('Physical address of the table entry', 3),
]);

export const ILLEGAL_COMMAND_ERROR = event('ILLEGAL_COMMAND_ERROR', 6, [
  reserved(59, 0),
  ...commandAddress,
]);

export const COMMAND_HARDWARE_ERROR = event('COMMAND_HARDWARE_ERROR', 7, [
  reserved(56, 0),
  ...hardwareType,
  ...address('Physical address of the access'),
]);

export const IOTLB_INV_TIMEOUT = event('IOTLB_INV_TIMEOUT', 8, [
  deviceId,
  reserved(59, 16),
  ...commandAddress,
]);

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

export const INVALID_DEVICE_REQUEST = event('INVALID_DEVICE_REQUEST', 9, [
  ...deviceAndPasid,
  reserved(31, 20),
  GN,
  field('US', 49, 49, 'User privilege (1) or supervisor (0)'),
  reserved(55, 50),
  TR,
  field('Type', 59, 57, 'What is not allowed (for accesses)', { values: INVALID_REQUEST_TYPES }),
  ...address('Address that the device asked for'),
]);

export const INVALID_PPR_REQUEST = event('INVALID_PPR_REQUEST', 10, [
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
  reserved(47, 46),
  field('RX', 48, 48, 'Which of its two forms the entry has'),
  field('Flags', 56, 49, 'Flags of the request'),
  field('GN', 57, 57, 'The PASID is valid'),
  reserved(59, 58),
  ...address('Address that the device asked for'),
]);

export const EVENT_COUNTER_ZERO = event('EVENT_COUNTER_ZERO', 11, [
  reserved(59, 0),
  pieced(
    'CounterNote',
    [
      { high: 127, low: 96 },
      { high: 83, low: 64 },
    ],
    'EventNote of the counter report register',
  ),
  reserved(95, 84),
]);

const flags = (meaning: string): Field => field('Flags', 59, 48, meaning);

export const GUEST_EVENT_FAULT = event('GUEST_EVENT_FAULT', 12, [
  reserved(26, 0),
  ...virtual,
  field('GuestID', 47, 32, 'Guest'),
  flags('Flags of the event'),
  ...address('Address of the access'),
]);

export const VIOMMU_HARDWARE_ERROR = event('VIOMMU_HARDWARE_ERROR', 13, [
  field('GuestID', 15, 0, 'Guest'),
  field('Source', 17, 16, 'Part of the virtual IOMMU'),
  reserved(26, 18),
  ...virtual,
  reserved(47, 32),
  flags('Flags of the event'),
  ...address('Physical address of the access'),
]);

const vmgTag = field('VmgTag', 47, 32, 'Tag of the guest');

export const RMP_PAGE_FAULT = event('RMP_PAGE_FAULT', 14, [
  deviceId,
  field('FlagsRMP', 23, 16, 'What the reverse map table says of the page'),
  reserved(31, 24),
  vmgTag,
  flags('Flags of the request, as of an IO_PAGE_FAULT'),
  ...address('Guest physical address'),
]);

export const RMP_HARDWARE_ERROR = event('RMP_HARDWARE_ERROR', 15, [
  deviceId,
  reserved(31, 16),
  vmgTag,
  flags('Flags of the request, as of a PAGE_TAB_HARDWARE_ERROR'),
  ...address('Physical address of the reverse map table entry', 3),
]);

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
