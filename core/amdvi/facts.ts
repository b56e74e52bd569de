/** What a unit's registers alone tell of it, before a table is read. */
import { addressOf, valueOf } from '../bits/layout.ts';
import type { Layout } from '../bits/layout.ts';
import type { AmdFacts, FactsFrom, QueueFacts } from '../iommu/facts.ts';
import type { MmioSpace } from '../memory/mmio.ts';
import { COMMAND_SIZE } from './commands.ts';
import { DTE_SIZE } from './dte.ts';
import { EVENT_SIZE } from './events.ts';
import { PPR_SIZE } from './logs.ts';
import {
  COMMAND_BUFFER_BASE,
  COMMAND_BUFFER_HEAD,
  DEVICE_TABLE_BASE,
  EVENT_LOG_BASE,
  PPR_LOG_BASE,
} from './registers-buffers.ts';
import { CONTROL } from './registers-control.ts';
import { OFFSET } from './registers.ts';

/** What registers can't tell: how the unit is called and where its page stands. */
export interface UnitIdentity {
  readonly name: string;
  readonly segment: number;
  readonly base: bigint | undefined;
  readonly from: FactsFrom;
}

/** Lengths below 2^8 entries are reserved (48882 §3.4, MMIO offsets 0008h, 0010h, 0038h). */
const SHORTEST_LENGTH = 8n;
/** Bytes in a page of the device table. */
const TABLE_PAGE = 4096;

/** Device table entries that the Size field of a base register stands for. */
export function deviceTableEntries(size: number): number {
  return ((size + 1) * TABLE_PAGE) / DTE_SIZE;
}

/**
 * The unit's facts from its registers. A register that nobody read leaves its facts undefined; a
 * base of zero is taken as "no such table", as it is after reset.
 */
export function amdFacts(registers: MmioSpace, unit: UnitIdentity): AmdFacts {
  const read = (offset: number): bigint | undefined => registers.read(offset, 64)?.value;
  const control = read(OFFSET.control);
  const enabled = (name: string): boolean | undefined =>
    control === undefined ? undefined : valueOf(CONTROL, [control], name) === 1n;
  const tableBase = read(OFFSET.deviceTableBase);
  const table = tableBase && addressOf(DEVICE_TABLE_BASE, [tableBase], 'DevTabBase');
  const guestApic = enabled('GAEn');
  return {
    vendor: 'amd',
    name: unit.name,
    segment: unit.segment,
    base: unit.base,
    from: unit.from,
    registers,
    translationEnabled: enabled('IommuEn'),
    extendedFeatures: read(OFFSET.extendedFeature),
    control,
    deviceTable: table || undefined,
    capacity:
      table && tableBase !== undefined
        ? deviceTableEntries(Number(valueOf(DEVICE_TABLE_BASE, [tableBase], 'Size')))
        : undefined,
    interruptFormat: guestApic === undefined ? undefined : guestApic ? 128 : 32,
    commandBuffer: buffer(
      COMMAND_BUFFER_BASE,
      ['ComBase', 'ComLen'],
      COMMAND_SIZE,
      read(OFFSET.commandBufferBase),
      read(OFFSET.commandBufferHead),
      read(OFFSET.commandBufferTail),
    ),
    eventLog: buffer(
      EVENT_LOG_BASE,
      ['EventBase', 'EventLen'],
      EVENT_SIZE,
      read(OFFSET.eventLogBase),
      read(OFFSET.eventLogHead),
      read(OFFSET.eventLogTail),
    ),
    pprLog: buffer(
      PPR_LOG_BASE,
      ['PPRLogBase', 'PPRLogLen'],
      PPR_SIZE,
      read(OFFSET.pprLogBase),
      read(OFFSET.pprLogHead),
      read(OFFSET.pprLogTail),
    ),
    smeMask: 0n,
  };
}

function buffer(
  of: Layout,
  [baseField, lengthField]: readonly [string, string],
  entry: number,
  base: bigint | undefined,
  head: bigint | undefined,
  tail: bigint | undefined,
): QueueFacts | undefined {
  if (base === undefined) return undefined;
  const address = addressOf(of, [base], baseField);
  const length = valueOf(of, [base], lengthField);
  if (address === 0n || length < SHORTEST_LENGTH) return undefined;
  return {
    base: address,
    length: entry * 2 ** Number(length),
    descriptor: entry,
    head: pointer(head),
    tail: pointer(tail),
  };
}

/** All pointer registers of 16-byte entries have one form: a byte offset in bits 18:4. */
function pointer(value: bigint | undefined): number | undefined {
  return value === undefined
    ? undefined
    : Number(addressOf(COMMAND_BUFFER_HEAD, [value], 'CmdHeadPtr'));
}
