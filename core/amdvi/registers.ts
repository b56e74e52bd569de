/** Every register of the unit's MMIO space with its offset (48882 rev 3.08, §3.4). */
import type { Layout } from '../bits/layout.ts';
import { valueOf } from '../bits/layout.ts';
import type { RegisterDefinition, RegisterValue } from '../iommu/registers.ts';
import type { MmioSpace } from '../memory/mmio.ts';
import * as buffers from './registers-buffers.ts';
import { CONTROL, EXTENDED_FEATURE, EXTENDED_FEATURE_2, STATUS } from './registers-control.ts';
import {
  COUNTER_CONFIGURATION,
  counterRegisters,
  DEVICE_BANK_LOCK,
  DOMAIN_BANK_LOCK,
  PASID_BANK_LOCK,
} from './registers-counters.ts';
import * as other from './registers-other.ts';

/** MMIO offsets, in bytes, of the registers that the decoder itself reads. */
export const OFFSET = {
  deviceTableBase: 0x0000,
  commandBufferBase: 0x0008,
  eventLogBase: 0x0010,
  control: 0x0018,
  exclusionBase: 0x0020,
  exclusionLimit: 0x0028,
  extendedFeature: 0x0030,
  pprLogBase: 0x0038,
  smiFilter: 0x0060,
  gaLogBase: 0x00e0,
  /** Segment 1; segment n stands at this plus 8 × (n − 1). */
  deviceTableSegment: 0x0100,
  extendedFeature2: 0x01a0,
  marc: 0x0200,
  commandBufferHead: 0x2000,
  commandBufferTail: 0x2008,
  eventLogHead: 0x2010,
  eventLogTail: 0x2018,
  status: 0x2020,
  pprLogHead: 0x2030,
  pprLogTail: 0x2038,
  counterConfiguration: 0x4000,
} as const;

/** A register under the layout's own name, less the word `Register`, or under another. */
function register(offset: number, of: Layout, name?: string): RegisterDefinition {
  return {
    name: name ?? of.name.replace(/ Register$/, '').replace(/ Register (\d)$/, ' $1'),
    title: of.name,
    offset,
    layout: of,
  };
}

const repeated = (
  count: number,
  make: (index: number) => RegisterDefinition,
): RegisterDefinition[] => Array.from({ length: count }, (_, index) => make(index));

/** All registers but those of the counter banks, whose number the unit itself tells. */
export const AMD_REGISTERS: readonly RegisterDefinition[] = [
  register(OFFSET.deviceTableBase, buffers.DEVICE_TABLE_BASE),
  register(OFFSET.commandBufferBase, buffers.COMMAND_BUFFER_BASE),
  register(OFFSET.eventLogBase, buffers.EVENT_LOG_BASE),
  register(OFFSET.control, CONTROL),
  register(OFFSET.exclusionBase, other.EXCLUSION_BASE),
  register(OFFSET.exclusionLimit, other.EXCLUSION_LIMIT),
  register(OFFSET.extendedFeature, EXTENDED_FEATURE),
  register(OFFSET.pprLogBase, buffers.PPR_LOG_BASE),
  register(0x0040, other.HARDWARE_EVENT_UPPER),
  register(0x0048, other.HARDWARE_EVENT_LOWER),
  register(0x0050, other.HARDWARE_EVENT_STATUS),
  ...repeated(16, (index) =>
    register(OFFSET.smiFilter + 8 * index, other.SMI_FILTER, `SMI Filter ${index}`),
  ),
  register(OFFSET.gaLogBase, buffers.GA_LOG_BASE),
  register(0x00e8, buffers.GA_LOG_TAIL_ADDRESS),
  register(0x00f0, buffers.PPR_LOG_B_BASE),
  register(0x00f8, buffers.EVENT_LOG_B_BASE),
  ...repeated(7, (index) =>
    register(
      OFFSET.deviceTableSegment + 8 * index,
      buffers.DEVICE_TABLE_SEGMENT,
      `Device Table Segment ${index + 1} Base Address`,
    ),
  ),
  register(0x0138, other.DSFX, 'DSFX'),
  register(0x0140, other.DSCX, 'DSCX'),
  register(0x0148, other.DSSX, 'DSSX'),
  register(0x0150, other.MSI_VECTOR_0),
  register(0x0154, other.MSI_VECTOR_1),
  register(0x0158, other.MSI_CAPABILITY),
  register(0x015c, other.MSI_ADDRESS_LOW),
  register(0x0160, other.MSI_ADDRESS_HIGH),
  register(0x0164, other.MSI_DATA),
  register(0x0168, other.MSI_MAPPING_CAPABILITY),
  register(0x016c, other.PERFORMANCE_OPTIMIZATION),
  register(0x0170, other.XT_GENERAL_INTERRUPT),
  register(0x0178, other.XT_PPR_INTERRUPT),
  register(0x0180, other.XT_GA_LOG_INTERRUPT),
  register(0x0190, other.VIOMMU_STATUS),
  register(OFFSET.extendedFeature2, EXTENDED_FEATURE_2),
  ...Array.from({ length: 4 }, (_, index) => [
    register(OFFSET.marc + 24 * index, other.MARC_BASE, `MARC Aperture ${index} Base`),
    register(
      OFFSET.marc + 24 * index + 8,
      other.MARC_RELOCATION,
      `MARC Aperture ${index} Relocation`,
    ),
    register(OFFSET.marc + 24 * index + 16, other.MARC_LENGTH, `MARC Aperture ${index} Length`),
  ]).flat(),
  register(0x1ff8, other.RESERVED_REGISTER),
  register(OFFSET.commandBufferHead, buffers.COMMAND_BUFFER_HEAD),
  register(OFFSET.commandBufferTail, buffers.COMMAND_BUFFER_TAIL),
  register(OFFSET.eventLogHead, buffers.EVENT_LOG_HEAD),
  register(OFFSET.eventLogTail, buffers.EVENT_LOG_TAIL),
  register(OFFSET.status, STATUS),
  register(OFFSET.pprLogHead, buffers.PPR_LOG_HEAD),
  register(OFFSET.pprLogTail, buffers.PPR_LOG_TAIL),
  register(0x2040, buffers.GA_LOG_HEAD),
  register(0x2048, buffers.GA_LOG_TAIL),
  register(0x2050, buffers.PPR_LOG_B_HEAD),
  register(0x2058, buffers.PPR_LOG_B_TAIL),
  register(0x2070, buffers.EVENT_LOG_B_HEAD),
  register(0x2078, buffers.EVENT_LOG_B_TAIL),
  register(0x2080, other.PPR_AUTO_RESPONSE),
  register(0x2088, other.PPR_OVERFLOW_EARLY),
  register(0x2090, other.PPR_B_OVERFLOW_EARLY),
  register(OFFSET.counterConfiguration, COUNTER_CONFIGURATION),
  register(0x4008, PASID_BANK_LOCK),
  register(0x4010, DOMAIN_BANK_LOCK),
  register(0x4018, DEVICE_BANK_LOCK),
];

/** The exclusion registers as SNP uses them: bounds of COMPLETION_WAIT stores. */
const COMPLETION_STORE_REGISTERS: readonly RegisterDefinition[] = [
  register(OFFSET.exclusionBase, other.COMPLETION_STORE_BASE),
  register(OFFSET.exclusionLimit, other.COMPLETION_STORE_LIMIT),
];

/**
 * Every register of a unit with its reading. The exclusion registers are shown as the completion
 * store registers where SNP is supported and no exclusion range is enabled; the counter banks
 * follow when the unit says how many it has.
 */
export function amdRegisters(mmio: MmioSpace): RegisterValue[] {
  const features = mmio.read(OFFSET.extendedFeature, 64)?.value;
  const exclusion = mmio.read(OFFSET.exclusionBase, 64)?.value;
  const store =
    features !== undefined &&
    exclusion !== undefined &&
    valueOf(EXTENDED_FEATURE, [features], 'SNPSup') === 1n &&
    valueOf(other.EXCLUSION_BASE, [exclusion], 'ExEn') === 0n;
  const counters = mmio.read(OFFSET.counterConfiguration, 64)?.value;
  const banks =
    counters === undefined
      ? []
      : counterRegisters(
          Number(valueOf(COUNTER_CONFIGURATION, [counters], 'NCounterBanks')),
          Number(valueOf(COUNTER_CONFIGURATION, [counters], 'NCounter')),
        );
  return [...AMD_REGISTERS, ...banks].map((definition) => {
    const shown = store
      ? (COMPLETION_STORE_REGISTERS.find((each) => each.offset === definition.offset) ?? definition)
      : definition;
    return {
      definition: shown,
      reading: mmio.read(shown.offset, shown.layout.width === 32 ? 32 : 64),
    };
  });
}
