import type { AmdFacts, QueueFacts } from '../iommu/facts.ts';
import { RegisterWords } from '../memory/mmio.ts';
import { physical, variable32, variable64, type KernelContext } from './context.ts';
import { structsOnList } from './lists.ts';
import { readCrashReservation } from './resources.ts';

/** Extended Feature Register (AMD I/O Virtualization Technology specification §3.4). */
const EXTENDED_FEATURE = 0x030;
const DEVICE_TABLE_ENTRY = 32;
/** Sizes of Linux's buffers (CMD_BUFFER_SIZE, EVT_BUFFER_SIZE, PPR_LOG_SIZE); constants of it. */
const BUFFER_BYTES = 8192;
const ENTRY_BYTES = 16;
const MAX_UNITS = 4096;

/** An AMD-Vi unit as the kernel knows it. */
export interface KernelAmdUnit {
  readonly facts: AmdFacts;
  /** Address of its struct amd_iommu. */
  readonly address: bigint;
  /** Address of the struct iommu_device inside it. */
  readonly deviceAddress: bigint | undefined;
  /** The kernel's number of the unit (index). */
  readonly sequence: number;
  /** Requester ID of the IOMMU's own PCI function. */
  readonly id: number | undefined;
}

/** The AMD-Vi units, in the order of the IVRS, by the kernel's list of them. */
export function amdUnits(context: KernelContext): KernelAmdUnit[] {
  const { notes, reader, symbols } = context;
  const head = symbols.address('amd_iommu_list');
  if (head === undefined) return [];
  return notes.within('amd_iommu_list', () => {
    const all = structsOnList(reader, head, 'amd_iommu', 'list', MAX_UNITS);
    const crashMemory = crashRanges(context);
    return all.map((iommu) => amdUnit(context, iommu, all.length === 1, crashMemory));
  });
}

function crashRanges(context: KernelContext): NonNullable<AmdFacts['crashMemory']> {
  const reservation = readCrashReservation(context);
  if (!reservation) return [];
  const ranges = [reservation, ...(reservation.low ? [reservation.low] : [])];
  return ranges.map(({ start, end }) => ({ first: start, last: end }));
}

function amdUnit(
  context: KernelContext,
  iommu: bigint,
  alone: boolean,
  crashMemory: AmdFacts['crashMemory'],
): KernelAmdUnit {
  const { reader, notes, info } = context;
  const sequence = reader.number('amd_iommu', iommu, 'index') ?? 0;
  const name = `ivhd${sequence}`;
  return notes.within(name, () => {
    const pointer = (member: string): bigint | undefined =>
      physical(context, reader.field('amd_iommu', iommu, member));
    const features = extendedFeatures(context, iommu, alone);
    const table = deviceTable(context, iommu);
    const tail = reader.has('amd_iommu', 'cmd_buf_tail')
      ? reader.number('amd_iommu', iommu, 'cmd_buf_tail')
      : undefined;
    const facts: AmdFacts = {
      vendor: 'amd',
      name,
      segment: table.segment,
      base: reader.field('amd_iommu', iommu, 'mmio_phys'),
      from: 'kernel',
      registers: features.registers,
      // The control register is read, changed and written; the kernel keeps no copy.
      translationEnabled: undefined,
      control: undefined,
      extendedFeatures: features.value,
      deviceTable: table.address,
      capacity: table.capacity,
      interruptFormat: interruptFormat(context),
      // The kernel's cmd_buf_head is a stale copy; the tail is where it writes next.
      commandBuffer: queue(pointer('cmd_buf'), tail),
      eventLog: queue(pointer('evt_buf'), undefined),
      pprLog: reader.has('amd_iommu', 'ppr_log') ? queue(pointer('ppr_log'), undefined) : undefined,
      smeMask: info.number('sme_mask') ?? 0n,
      crashMemory,
    };
    return {
      facts,
      address: iommu,
      sequence,
      deviceAddress: reader.addressOf('amd_iommu', iommu, 'iommu'),
      id: reader.number('amd_iommu', iommu, 'devid'),
    };
  });
}

interface DeviceTable {
  readonly segment: number;
  readonly address: bigint | undefined;
  readonly capacity: number | undefined;
}

/**
 * The device table: of the unit's PCI segment where the kernel has that (6.0, commits
 * 04230c119930 and following), else the global one. Backports have a stub of amd_iommu_pci_seg
 * without tables, so the member decides.
 */
function deviceTable(context: KernelContext, iommu: bigint): DeviceTable {
  const { reader } = context;
  if (reader.has('amd_iommu', 'pci_seg') && reader.has('amd_iommu_pci_seg', 'dev_table')) {
    const segment = reader.field('amd_iommu', iommu, 'pci_seg');
    if (segment === undefined || segment === 0n)
      return { segment: 0, address: undefined, capacity: undefined };
    const field = (member: string): bigint | undefined =>
      reader.field('amd_iommu_pci_seg', segment, member);
    return {
      segment: Number(field('id') ?? 0n),
      address: physical(context, field('dev_table')),
      capacity: capacityOf(field('dev_table_size')),
    };
  }
  const size = variable32(context, 'dev_table_size');
  return {
    segment: 0,
    address: physical(context, variable64(context, 'amd_iommu_dev_table')),
    capacity: capacityOf(size === undefined ? undefined : BigInt(size)),
  };
}

/** Entries in a device table of so many bytes; at most one for each requester ID. */
function capacityOf(bytes: bigint | undefined): number | undefined {
  if (bytes === undefined || bytes === 0n) return undefined;
  return Math.min(Number(bytes / BigInt(DEVICE_TABLE_ENTRY)), 65_536);
}

/**
 * The Extended Feature Register: kept per unit up to 6.6, in a global since 6.7 (the unit's
 * member stays and is 0). The global is what all units have in common, so it stands for a
 * register only where there is one unit.
 */
function extendedFeatures(
  context: KernelContext,
  iommu: bigint,
  alone: boolean,
): { value: bigint | undefined; registers: RegisterWords } {
  const { reader } = context;
  const own = reader.has('amd_iommu', 'features')
    ? reader.field('amd_iommu', iommu, 'features')
    : undefined;
  const common = own ? undefined : variable64(context, 'amd_iommu_efr');
  const value = own || common || undefined;
  const words = new Map<number, number>();
  if (value !== undefined && (own || alone)) {
    words.set(EXTENDED_FEATURE, Number(value & 0xffffffffn));
    words.set(EXTENDED_FEATURE + 4, Number(value >> 32n));
  }
  return { value, registers: new RegisterWords(words, 'kernel copy', false) };
}

/** Entries have 128 bits when the kernel uses guest APIC mode for interrupts, else 32. */
function interruptFormat(context: KernelContext): 32 | 128 | undefined {
  const mode = variable32(context, 'amd_iommu_guest_ir');
  return mode === undefined ? undefined : mode === 0 ? 32 : 128;
}

function queue(base: bigint | undefined, tail: number | undefined): QueueFacts | undefined {
  if (base === undefined) return undefined;
  return {
    base,
    length: BUFFER_BYTES,
    descriptor: ENTRY_BYTES,
    head: undefined,
    tail: tail === undefined || tail >= BUFFER_BYTES ? undefined : tail,
  };
}
