/**
 * Base and pointer registers of the device table and of the buffers in memory
 * (48882 rev 3.08, §3.4).
 */
import type { Layout } from '../bits/layout.ts';
import { field, layout, reserved } from '../bits/layout.ts';

export const DEVICE_TABLE_BASE = layout(
  'Device Table Base Address Register',
  64,
  [
    field('Size', 8, 0, 'Pages of 4 KiB in the device table, less one', { access: 'RW' }),
    reserved(11, 9),
    field('DevTabBase', 51, 12, 'Physical address of the device table', {
      kind: 'address',
      shift: 12,
      access: 'RW',
    }),
    reserved(63, 52),
  ],
  { spec: '48882 §3.4, MMIO offset 0000h' },
);

/** Segment registers 1 to 7 have one bit less of size than the base register. */
export const DEVICE_TABLE_SEGMENT = layout(
  'Device Table Segment Base Address Register',
  64,
  [
    field('Size', 7, 0, 'Pages of 4 KiB in this segment, less one', { access: 'RW' }),
    reserved(11, 8),
    field('DevTabBase', 51, 12, 'Physical address of this segment of the device table', {
      kind: 'address',
      shift: 12,
      access: 'RW',
    }),
    reserved(63, 52),
  ],
  { spec: '48882 §3.4, MMIO offsets 0100h-0130h' },
);

/** Lengths of the buffers: 0 to 7 are reserved, 8 is 256 entries, 15 is 32,768. */
const LENGTHS = Object.fromEntries(
  Array.from({ length: 8 }, (_, index) => [index + 8, `${256 << index} entries`]),
);

function bufferBase(
  name: string,
  base: string,
  length: string,
  what: string,
  offset: string,
): Layout {
  return layout(
    name,
    64,
    [
      reserved(11, 0),
      field(base, 51, 12, `Physical address of ${what}`, {
        kind: 'address',
        shift: 12,
        access: 'RW',
      }),
      reserved(55, 52),
      field(length, 59, 56, `Entries in ${what}, as a power of two; below 8 is reserved`, {
        access: 'RW',
        values: LENGTHS,
      }),
      reserved(63, 60),
    ],
    { spec: `48882 §3.4, MMIO offset ${offset}` },
  );
}

export const COMMAND_BUFFER_BASE = bufferBase(
  'Command Buffer Base Address Register',
  'ComBase',
  'ComLen',
  'the command buffer',
  '0008h',
);
export const EVENT_LOG_BASE = bufferBase(
  'Event Log Base Address Register',
  'EventBase',
  'EventLen',
  'the event log',
  '0010h',
);
export const PPR_LOG_BASE = bufferBase(
  'PPR Log Base Address Register',
  'PPRLogBase',
  'PPRLogLen',
  'the peripheral page request log',
  '0038h',
);
export const GA_LOG_BASE = bufferBase(
  'Guest Virtual APIC Log Base Address Register',
  'GALogBase',
  'GALogLen',
  'the guest virtual APIC log',
  '00E0h',
);
export const PPR_LOG_B_BASE = bufferBase(
  'PPR Log B Base Address Register',
  'PPRLogBaseB',
  'PPRLogLenB',
  'peripheral page request log B',
  '00F0h',
);
export const EVENT_LOG_B_BASE = bufferBase(
  'Event Log B Base Address Register',
  'EventBaseB',
  'EventLenB',
  'event log B',
  '00F8h',
);

export const GA_LOG_TAIL_ADDRESS = layout(
  'Guest Virtual APIC Log Tail Address Register',
  64,
  [
    reserved(2, 0),
    field('GATAddr', 51, 3, 'Where the unit writes the tail of the guest virtual APIC log', {
      kind: 'address',
      shift: 3,
      access: 'RW',
    }),
    reserved(63, 52),
  ],
  { spec: '48882 §3.4, MMIO offset 00E8h' },
);

/** Head and tail pointers of buffers with 16-byte entries: byte offsets in bits 18:4. */
function pointer(name: string, short: string, meaning: string, offset: string): Layout {
  return layout(
    name,
    64,
    [
      reserved(3, 0),
      field(short, 18, 4, meaning, { kind: 'index', shift: 4, access: 'RW' }),
      reserved(63, 19),
    ],
    { spec: `48882 §3.4, MMIO offset ${offset}` },
  );
}

export const COMMAND_BUFFER_HEAD = pointer(
  'Command Buffer Head Pointer Register',
  'CmdHeadPtr',
  'Entry that the unit fetches next',
  '2000h',
);
export const COMMAND_BUFFER_TAIL = pointer(
  'Command Buffer Tail Pointer Register',
  'CmdTailPtr',
  'Entry that software writes next',
  '2008h',
);
export const EVENT_LOG_HEAD = pointer(
  'Event Log Head Pointer Register',
  'EventHeadPtr',
  'Entry that software reads next',
  '2010h',
);
export const EVENT_LOG_TAIL = pointer(
  'Event Log Tail Pointer Register',
  'EventTailPtr',
  'Entry that the unit writes next',
  '2018h',
);
export const PPR_LOG_HEAD = pointer(
  'PPR Log Head Pointer Register',
  'PPRHeadPtr',
  'Entry that software reads next',
  '2030h',
);
export const PPR_LOG_TAIL = pointer(
  'PPR Log Tail Pointer Register',
  'PPRTailPtr',
  'Entry that the unit writes next',
  '2038h',
);
export const PPR_LOG_B_HEAD = pointer(
  'PPR Log B Head Pointer Register',
  'PPRHeadPtrB',
  'Entry of log B that software reads next',
  '2050h',
);
export const PPR_LOG_B_TAIL = pointer(
  'PPR Log B Tail Pointer Register',
  'PPRTailPtrB',
  'Entry of log B that the unit writes next',
  '2058h',
);
export const EVENT_LOG_B_HEAD = pointer(
  'Event Log B Head Pointer Register',
  'EventHeadPtrB',
  'Entry of log B that software reads next',
  '2070h',
);
export const EVENT_LOG_B_TAIL = pointer(
  'Event Log B Tail Pointer Register',
  'EventTailPtrB',
  'Entry of log B that the unit writes next',
  '2078h',
);

/** The GA log has 8-byte entries: byte offsets in bits 15:3. */
function gaPointer(name: string, short: string, meaning: string, offset: string): Layout {
  return layout(
    name,
    64,
    [
      reserved(2, 0),
      field(short, 15, 3, meaning, { kind: 'index', shift: 3, access: 'RW' }),
      reserved(63, 16),
    ],
    { spec: `48882 §3.4, MMIO offset ${offset}` },
  );
}

export const GA_LOG_HEAD = gaPointer(
  'Guest Virtual APIC Log Head Pointer Register',
  'GALogHead',
  'Entry that software reads next',
  '2040h',
);
export const GA_LOG_TAIL = gaPointer(
  'Guest Virtual APIC Log Tail Pointer Register',
  'GALogTail',
  'Entry that the unit writes next',
  '2048h',
);
