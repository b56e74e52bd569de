/** All registers of a unit, those included whose offset a capability tells (VT-d §11.4). */
import { valueOf } from '../bits/layout.ts';
import type { RegisterDefinition, RegisterValue } from '../iommu/registers.ts';
import type { MmioSpace, RegisterReading } from '../memory/mmio.ts';
import { ENHANCED_COMMANDS, RDT_CONFIGURATION, VIRTUAL_COMMANDS } from './registers-commands.ts';
import {
  AFLOG,
  FAULT_EVENT,
  FSTS,
  PROTECTED_MEMORY,
  faultRecordRegister,
} from './registers-faults.ts';
import {
  CAP,
  CCMD,
  ECAP,
  GCMD,
  GSTS,
  RTADDR,
  VER,
  iotlbRegister,
  ivaRegister,
} from './registers-global.ts';
import { MEMORY_TYPE_REGISTERS } from './registers-mtrr.ts';
import { PERFORMANCE_FIXED, performanceRegisters } from './registers-performance.ts';
import {
  ICS,
  INVALIDATION_EVENT,
  IQA,
  IQERCD,
  IQH,
  IQT,
  IRTA,
  PAGE_REQUEST_QUEUE,
} from './registers-queues.ts';

/** Registers whose offset the specification fixes, in order of their offset. */
export const FIXED_REGISTERS: readonly RegisterDefinition[] = [
  VER,
  CAP,
  ECAP,
  GCMD,
  GSTS,
  RTADDR,
  CCMD,
  FSTS,
  ...FAULT_EVENT,
  AFLOG,
  ...PROTECTED_MEMORY,
  IQH,
  IQT,
  IQA,
  ICS,
  ...INVALIDATION_EVENT,
  IQERCD,
  IRTA,
  ...PAGE_REQUEST_QUEUE,
  ...MEMORY_TYPE_REGISTERS,
  ...PERFORMANCE_FIXED,
  ...ENHANCED_COMMANDS,
  RDT_CONFIGURATION,
  ...VIRTUAL_COMMANDS,
];

/** IVA and IOTLB, where ECAP says that they stand. */
export function invalidationRegisters(ecap: bigint): RegisterDefinition[] {
  const offset = Number(valueOf(ECAP.layout, [ecap], 'IRO')) * 16;
  return [ivaRegister(offset), iotlbRegister(offset + 8)];
}

/** The fault recording registers, where CAP says that they stand. */
export function faultRecordRegisters(cap: bigint): RegisterDefinition[] {
  const offset = Number(valueOf(CAP.layout, [cap], 'FRO')) * 16;
  const count = Number(valueOf(CAP.layout, [cap], 'NFR')) + 1;
  return Array.from({ length: count }, (_, index) =>
    faultRecordRegister(index, offset + 16 * index),
  );
}

/**
 * The registers that this unit has, in order of their offset. Where CAP or ECAP is unknown, the
 * registers whose offset they tell are left out. Fixed registers that a capability-placed one
 * covers (emulated units put theirs into the MTRR range) give way to it.
 */
export function intelRegisters(registers: MmioSpace): RegisterDefinition[] {
  const cap = registers.read(CAP.offset, 64)?.value;
  const ecap = registers.read(ECAP.offset, 64)?.value;
  const placed = [
    ...(ecap === undefined ? [] : invalidationRegisters(ecap)),
    ...(cap === undefined ? [] : faultRecordRegisters(cap)),
    ...performanceRegisters(registers),
  ];
  const taken = (definition: RegisterDefinition): boolean =>
    placed.some(
      (other) =>
        other.offset < definition.offset + definition.layout.width / 8 &&
        definition.offset < other.offset + other.layout.width / 8,
    );
  return [...FIXED_REGISTERS.filter((definition) => !taken(definition)), ...placed].sort(
    (a, b) => a.offset - b.offset,
  );
}

/**
 * Each register with its value, or with none when nobody read it. A fault recording register is
 * one value of 128 bits.
 */
export function readRegisters(registers: MmioSpace): RegisterValue[] {
  return intelRegisters(registers).map((definition) => ({
    definition,
    reading: readOne(registers, definition),
  }));
}

function readOne(
  registers: MmioSpace,
  definition: RegisterDefinition,
): RegisterReading | undefined {
  const { width } = definition.layout;
  if (width !== 128) return registers.read(definition.offset, width === 32 ? 32 : 64);
  const low = registers.read(definition.offset, 64);
  const high = registers.read(definition.offset + 8, 64);
  if (!low || !high) return undefined;
  return { value: (high.value << 64n) | low.value, source: low.source };
}

/** A register's value as the words that its layout decodes. */
export function registerWords(value: bigint): bigint[] {
  return [value & 0xffff_ffff_ffff_ffffn, value >> 64n];
}
