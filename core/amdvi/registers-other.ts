/**
 * The remaining registers: exclusion range, hardware events, SMI filters, MSI shadow, x2APIC
 * interrupts, MARC, early warnings, performance counters (48882 rev 3.08, §3.4).
 */
import type { FieldOptions, Layout } from '../bits/layout.ts';
import { field, layout, pieced, reserved } from '../bits/layout.ts';

const RW: FieldOptions = { access: 'RW' };
const RO: FieldOptions = { access: 'RO' };
const at = (offset: string): { spec: string } => ({ spec: `48882 §3.4, MMIO offset ${offset}` });
const page = (name: string, meaning: string) =>
  field(name, 51, 12, meaning, { kind: 'address', shift: 12, access: 'RW' });

export const EXCLUSION_BASE = layout(
  'Exclusion Base Register',
  64,
  [
    field('ExEn', 0, 0, 'The exclusion range is in force', RW),
    field('Allow', 1, 1, 'All devices may use it; otherwise those with DTE.EX = 1', RW),
    reserved(11, 2),
    page('ExclusionBase', 'First page that is forwarded without translation'),
    reserved(63, 52),
  ],
  at('0020h'),
);

export const EXCLUSION_LIMIT = layout(
  'Exclusion Range Limit Register',
  64,
  [
    reserved(11, 0),
    page('ExclusionLimit', 'Last page that is forwarded without translation'),
    reserved(63, 52),
  ],
  at('0028h'),
);

/** Under SNP the two exclusion registers bound the addresses that COMPLETION_WAIT may store to. */
export const COMPLETION_STORE_BASE = layout(
  'Completion Store Base Register',
  64,
  [
    reserved(11, 0),
    page('ComStoreBase', 'First page that COMPLETION_WAIT may store to (SNP)'),
    reserved(63, 52),
  ],
  at('0020h'),
);

export const COMPLETION_STORE_LIMIT = layout(
  'Completion Store Limit Register',
  64,
  [
    reserved(11, 0),
    page('ComStoreLimit', 'Last page that COMPLETION_WAIT may store to (SNP)'),
    reserved(63, 52),
  ],
  at('0028h'),
);

export const HARDWARE_EVENT_UPPER = layout(
  'Hardware Event Upper Register',
  64,
  [
    field('FirstOperand', 59, 0, 'First half of the event, as in the event log', RO),
    field('EventCode', 63, 60, 'Event code, as in the event log', RO),
  ],
  at('0040h'),
);

export const HARDWARE_EVENT_LOWER = layout(
  'Hardware Event Lower Register',
  64,
  [field('SecondOperand', 63, 0, 'Second half of the event, as in the event log', RO)],
  at('0048h'),
);

export const HARDWARE_EVENT_STATUS = layout(
  'Hardware Event Status Register',
  64,
  [
    field('HEV', 0, 0, 'The hardware event registers hold an event', { access: 'RW1C' }),
    field('HEO', 1, 1, 'Another hardware event came before the first was read', {
      access: 'RW1C',
    }),
    reserved(63, 2),
  ],
  at('0050h'),
);

export const SMI_FILTER = layout(
  'SMI Filter Register',
  64,
  [
    field('SmiDID', 15, 0, 'DeviceID whose system management interrupts are let through', {
      kind: 'bdf',
      access: 'RW',
    }),
    field('SmiDV', 16, 16, 'This filter is valid', RW),
    field('SmiFLock', 17, 17, 'This filter is locked until reset', RW),
    reserved(63, 18),
  ],
  at('0060h-00D8h'),
);

function deviceSpecific(name: string, short: string, meaning: string, offset: string): Layout {
  return layout(
    name,
    64,
    [
      field(short, 23, 0, meaning),
      field('RevMinor', 27, 24, 'Minor revision of the extension', RO),
      field('RevMajor', 31, 28, 'Major revision of the extension', RO),
      reserved(63, 32),
    ],
    at(offset),
  );
}

export const DSFX = deviceSpecific(
  'Device-Specific Feature Extension Register',
  'DevSpecificFeatSupp',
  'Features of this implementation',
  '0138h',
);
export const DSCX = deviceSpecific(
  'Device-Specific Control Extension Register',
  'DevSpecificFeatCntrl',
  'Controls of this implementation',
  '0140h',
);
export const DSSX = deviceSpecific(
  'Device-Specific Status Extension Register',
  'DevSpecificFeatStatus',
  'Status of this implementation',
  '0148h',
);

export const MSI_VECTOR_0 = layout(
  'MSI Vector Register 0',
  32,
  [
    field('MsiNum', 4, 0, 'MSI message of the event log', RO),
    field('GVAsize', 7, 5, 'Guest virtual address size', {
      access: 'RO',
      values: { 2: '48 bits' },
    }),
    field('PAsize', 14, 8, 'Physical address bits', RO),
    field('VAsize', 21, 15, 'Virtual address bits', RO),
    field('HtAtsResv', 22, 22, 'The HyperTransport ATS response range is reserved', RO),
    reserved(26, 23),
    field('MsiNumPPR', 31, 27, 'MSI message of the PPR log', RO),
  ],
  at('0150h'),
);

export const MSI_VECTOR_1 = layout(
  'MSI Vector Register 1',
  32,
  [field('MsiNumGA', 4, 0, 'MSI message of the guest virtual APIC log', RO), reserved(31, 5)],
  at('0154h'),
);

export const MSI_CAPABILITY = layout(
  'MSI Capability Header Register',
  32,
  [
    field('MsiCapId', 7, 0, 'PCI capability ID (05h)', RO),
    field('MsiCapPtr', 15, 8, 'Next capability', RO),
    field('MsiEn', 16, 16, 'MSI is enabled', RW),
    field('MsiMultMessCap', 19, 17, 'Messages asked for, as a power of two', RO),
    field('MsiMultMessEn', 22, 20, 'Messages given, as a power of two', RW),
    field('Msi64En', 23, 23, '64-bit message address', RO),
    reserved(31, 24),
  ],
  at('0158h'),
);

export const MSI_ADDRESS_LOW = layout(
  'MSI Address Low Register',
  32,
  [
    reserved(1, 0),
    field('MsiAddr', 31, 2, 'Message address, lower half', {
      kind: 'address',
      shift: 2,
      access: 'RW',
    }),
  ],
  at('015Ch'),
);

export const MSI_ADDRESS_HIGH = layout(
  'MSI Address High Register',
  32,
  [field('MsiAddrHi', 31, 0, 'Message address, upper half', RW)],
  at('0160h'),
);

export const MSI_DATA = layout(
  'MSI Data Register',
  32,
  [field('MsiData', 15, 0, 'Message data', RW), reserved(31, 16)],
  at('0164h'),
);

export const MSI_MAPPING_CAPABILITY = layout(
  'MSI Mapping Capability Header Register',
  32,
  [
    field('MsiMapCapId', 7, 0, 'PCI capability ID (08h)', RO),
    field('MsiMapCapPtr', 15, 8, 'Next capability', RO),
    field('MsiMapEn', 16, 16, 'MSI mapping is enabled', RO),
    field('MsiMapFixd', 17, 17, 'The mapped range is fixed', RO),
    reserved(26, 18),
    field('MsiMapCapType', 31, 27, 'MSI mapping capability (15h)', RO),
  ],
  at('0168h'),
);

export const PERFORMANCE_OPTIMIZATION = layout(
  'Performance Optimization Control Register',
  32,
  [
    reserved(12, 0),
    field('PerfOptEn', 13, 13, 'Performance optimization is enabled', RW),
    reserved(31, 14),
  ],
  at('016Ch'),
);

function xtInterrupt(name: string, what: string, offset: string): Layout {
  return layout(
    name,
    64,
    [
      reserved(1, 0),
      field('DM', 2, 2, `Destination mode of the ${what} interrupt`, {
        access: 'RW',
        values: { 0: 'physical', 1: 'logical' },
      }),
      reserved(7, 3),
      pieced(
        'Destination',
        [
          { high: 31, low: 8 },
          { high: 63, low: 56 },
        ],
        `APIC that the ${what} interrupt is sent to`,
        RW,
      ),
      field('Vector', 39, 32, `Vector of the ${what} interrupt`, RW),
      field('DeliveryMode', 40, 40, `Delivery mode of the ${what} interrupt`, {
        access: 'RW',
        values: { 0: 'fixed', 1: 'arbitrated' },
      }),
      reserved(55, 41),
    ],
    at(offset),
  );
}

export const XT_GENERAL_INTERRUPT = xtInterrupt(
  'XT IOMMU General Interrupt Control Register',
  'general',
  '0170h',
);
export const XT_PPR_INTERRUPT = xtInterrupt(
  'XT IOMMU PPR Interrupt Control Register',
  'PPR log',
  '0178h',
);
export const XT_GA_LOG_INTERRUPT = xtInterrupt(
  'XT IOMMU GA Log Interrupt Control Register',
  'GA log',
  '0180h',
);

/** The public specification gives the register; its bits belong to the virtual IOMMU's firmware. */
export const VIOMMU_STATUS = layout(
  'vIOMMU Status Register',
  64,
  [field('vIommuStatus', 63, 0, 'Status of the hardware-virtualized IOMMU', RO)],
  at('0190h'),
);

export const MARC_BASE = layout(
  'MARC Aperture Base Register',
  64,
  [
    reserved(11, 0),
    page('MarcBaseAddr', 'First guest physical page of the aperture'),
    reserved(63, 52),
  ],
  at('0200h, 0218h, 0230h, 0248h'),
);

export const MARC_RELOCATION = layout(
  'MARC Aperture Relocation Register',
  64,
  [
    field('RelocEn', 0, 0, 'The aperture is relocated', RW),
    field('ReadOnly', 1, 1, 'Writes through the aperture are refused', RW),
    reserved(11, 2),
    page('MarcRelocAddr', 'First system physical page that the aperture leads to'),
    reserved(63, 52),
  ],
  at('0208h, 0220h, 0238h, 0250h'),
);

export const MARC_LENGTH = layout(
  'MARC Aperture Length Register',
  64,
  [reserved(11, 0), page('MarcLength', 'Length of the aperture'), reserved(63, 52)],
  at('0210h, 0228h, 0240h, 0258h'),
);

export const RESERVED_REGISTER = layout(
  'IOMMU Reserved Register',
  64,
  [field('HardwareUse', 63, 0, 'Kept for hardware', RW)],
  at('1FF8h'),
);

export const PPR_AUTO_RESPONSE = layout(
  'PPR Log Auto Response Register',
  64,
  [
    field('PprAutoRspCode', 3, 0, 'Response code that the unit answers page requests with', RW),
    field('PprAutoRspMaskGn', 4, 4, 'Only requests without PASID are answered by the unit', RW),
    reserved(63, 5),
  ],
  at('2080h'),
);

function earlyWarning(name: string, offset: string): Layout {
  return layout(
    name,
    64,
    [
      field('PprOvrflwEarlyThreshold', 14, 0, 'Entries in the log that raise the warning', RW),
      reserved(29, 15),
      field('PprOvrflwEarlyIntEn', 30, 30, 'The warning raises an interrupt', RW),
      field('PprOvrflwEarlyEn', 31, 31, 'The warning is enabled', RW),
      reserved(63, 32),
    ],
    at(offset),
  );
}

export const PPR_OVERFLOW_EARLY = earlyWarning(
  'PPR Log Overflow Early Indicator Register',
  '2088h',
);
export const PPR_B_OVERFLOW_EARLY = earlyWarning(
  'PPR Log B Overflow Early Indicator Register',
  '2090h',
);
