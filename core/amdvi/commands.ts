/** Commands of the command buffer, 128 bits each (48882 rev 3.08, §2.4). */
import type { Field, Layout, Words } from '../bits/layout.ts';
import { bits, field, layout, pieced, reserved } from '../bits/layout.ts';

/** Bytes in a command. */
export const COMMAND_SIZE = 16;

const opcode = (value: number, name: string): Field =>
  field('OpCode', 63, 60, 'Command', { values: { [value]: name } });
const deviceId = field('DeviceID', 15, 0, 'Device', { kind: 'bdf' });
const S = field('S', 64, 64, 'Size: 0, one 4 KiB page; 1, the address encodes the size');
const GN = field('GN', 66, 66, 'The address is one of a guest, with the PASID');
const address = field('Address', 127, 76, 'Address of the first page; with S = 1 also the size', {
  kind: 'address',
  shift: 12,
});
const at = (section: string): { spec: string } => ({ spec: `48882 rev 3.08 §2.4.${section}` });

export const COMPLETION_WAIT = layout(
  'COMPLETION_WAIT',
  128,
  [
    field('S', 0, 0, 'Store the data at the address when done'),
    field('I', 1, 1, 'Raise an interrupt when done'),
    field('F', 2, 2, 'Do not start later commands before this one is done'),
    field('StoreAddress', 51, 3, 'Where the data is stored', { kind: 'address', shift: 3 }),
    reserved(59, 52),
    opcode(1, 'COMPLETION_WAIT'),
    field('StoreData', 127, 64, 'What is stored'),
  ],
  at('1'),
);

function deviceCommand(value: number, name: string, section: string): Layout {
  return layout(
    name,
    128,
    [deviceId, reserved(59, 16), opcode(value, name), reserved(127, 64)],
    at(section),
  );
}

export const INVALIDATE_DEVTAB_ENTRY = deviceCommand(2, 'INVALIDATE_DEVTAB_ENTRY', '2');

export const INVALIDATE_IOMMU_PAGES = layout(
  'INVALIDATE_IOMMU_PAGES',
  128,
  [
    field('PASID', 19, 0, 'Process address space, with GN = 1'),
    reserved(31, 20),
    field('DomainID', 47, 32, 'Domain'),
    reserved(59, 48),
    opcode(3, 'INVALIDATE_IOMMU_PAGES'),
    S,
    field('PDE', 65, 65, 'Cached directory entries are invalidated too'),
    GN,
    reserved(75, 67),
    address,
  ],
  at('3'),
);

export const INVALIDATE_IOTLB_PAGES = layout(
  'INVALIDATE_IOTLB_PAGES',
  128,
  [
    deviceId,
    pieced(
      'PASID',
      [
        { high: 55, low: 48 },
        { high: 23, low: 16 },
        { high: 59, low: 56 },
      ],
      'Process address space, with GN = 1',
    ),
    field('MaxPend', 31, 24, 'Invalidations that the device may have pending'),
    field('QueueID', 47, 32, 'Invalidation queue of the device'),
    opcode(4, 'INVALIDATE_IOTLB_PAGES'),
    S,
    reserved(65, 65),
    GN,
    reserved(67, 67),
    field('Type', 69, 68, 'Which entries of the IOTLB'),
    reserved(75, 70),
    address,
  ],
  at('4'),
);

export const INVALIDATE_INTERRUPT_TABLE = deviceCommand(5, 'INVALIDATE_INTERRUPT_TABLE', '5');

export const PREFETCH_IOMMU_PAGES = layout(
  'PREFETCH_IOMMU_PAGES',
  128,
  [
    deviceId,
    reserved(23, 16),
    field('PFCount', 31, 24, 'Pages to fetch, less one'),
    field('PASID', 51, 32, 'Process address space, with GN = 1'),
    reserved(59, 52),
    opcode(6, 'PREFETCH_IOMMU_PAGES'),
    S,
    reserved(65, 65),
    GN,
    reserved(67, 67),
    field('Inval', 68, 68, 'Invalidate before fetching'),
    reserved(75, 69),
    address,
  ],
  at('6'),
);

export const COMPLETE_PPR_REQUEST = layout(
  'COMPLETE_PPR_REQUEST',
  128,
  [
    deviceId,
    reserved(31, 16),
    field('PASID', 51, 32, 'Process address space, with GN = 1'),
    reserved(59, 52),
    opcode(7, 'COMPLETE_PPR_REQUEST'),
    reserved(65, 64),
    GN,
    reserved(95, 67),
    field('CompletionTag', 104, 96, 'Page request group'),
    reserved(107, 105),
    field('Response', 111, 108, 'Answer', {
      values: { 0: 'success', 1: 'invalid request', 15: 'response failure' },
    }),
    reserved(127, 112),
  ],
  at('7'),
);

export const INVALIDATE_IOMMU_ALL = layout(
  'INVALIDATE_IOMMU_ALL',
  128,
  [reserved(59, 0), opcode(8, 'INVALIDATE_IOMMU_ALL'), reserved(127, 64)],
  at('8'),
);

export const INSERT_GUEST_EVENT = layout(
  'INSERT_GUEST_EVENT',
  128,
  [
    reserved(31, 0),
    field('GuestID', 47, 32, 'Guest whose event log gets the entry'),
    reserved(59, 48),
    opcode(9, 'INSERT_GUEST_EVENT'),
    reserved(127, 64),
  ],
  at('9'),
);

export const RESET_VMMIO = layout(
  'RESET_VMMIO',
  128,
  [
    field('GuestID', 15, 0, 'Guest whose virtual registers are reset'),
    reserved(26, 16),
    field('All', 27, 27, 'All guests'),
    reserved(30, 28),
    field('vCmd', 31, 31, 'The virtual command buffer too'),
    reserved(59, 32),
    opcode(10, 'RESET_VMMIO'),
    reserved(127, 64),
  ],
  at('10'),
);

/** A command whose code the specification does not define. */
export const UNKNOWN_COMMAND = layout(
  'undefined command',
  128,
  [
    field('Operand1', 59, 0, 'First operand'),
    field('OpCode', 63, 60, 'Command'),
    field('Operand2', 127, 64, 'Second operand'),
  ],
  { spec: '48882 rev 3.08 §2.4' },
);

/** Layouts by command code; the layout's name is the command's. */
export const COMMANDS: ReadonlyMap<number, Layout> = new Map([
  [1, COMPLETION_WAIT],
  [2, INVALIDATE_DEVTAB_ENTRY],
  [3, INVALIDATE_IOMMU_PAGES],
  [4, INVALIDATE_IOTLB_PAGES],
  [5, INVALIDATE_INTERRUPT_TABLE],
  [6, PREFETCH_IOMMU_PAGES],
  [7, COMPLETE_PPR_REQUEST],
  [8, INVALIDATE_IOMMU_ALL],
  [9, INSERT_GUEST_EVENT],
  [10, RESET_VMMIO],
]);

/** The layout of a command from its two words. */
export function commandLayout(words: Words): Layout {
  return COMMANDS.get(Number(bits(words, 63, 60))) ?? UNKNOWN_COMMAND;
}
