/**
 * Registers: their offsets and the places of their fields, from sources other than the
 * specification's own text.
 *
 * umr: AMD's register tool, `IOMMU_MMIO_*` of nbio 7.0. VirtualBox: `DevIommuAmd`, rev 3.05.
 * FreeBSD: `sys/x86/iommu/amd_reg.h`. NOVA: `smmu_amd.hpp`. openSIL: AMD's firmware,
 * `IOMMU_MMIO_CONTROL0_W` and `_CONTROL1_W`. Linux: `amd_iommu_types.h`. Xen: `iommu-defs.h`.
 */
import * as buffers from '../../../../core/amdvi/registers-buffers.ts';
import * as control from '../../../../core/amdvi/registers-control.ts';
import * as counters from '../../../../core/amdvi/registers-counters.ts';
import * as other from '../../../../core/amdvi/registers-other.ts';
import type { Tiling } from '../../../support/tiling.ts';

const POINTER = (name: string): string => `-:4 ${name}:15 -:45`;
const GA_POINTER = (name: string): string => `-:3 ${name}:13 -:48`;
const BASE = (name: string, length: string): string => `-:12 ${name}:40 -:4 ${length}:4 -:4`;
const PAGE = (name: string): string => `-:12 ${name}:40 -:12`;
const SPECIFIC = (name: string): string => `${name}:24 RevMinor:4 RevMajor:4 -:32`;
const XT_INTERRUPT = '-:2 DM -:5 Destination:24 Vector:8 DeliveryMode -:15 Destination:8';
const MATCH = (name: string): string => `${name}Match:16 -:15 ${name}En ${name}Mask:16 -:16`;
const EARLY = 'PprOvrflwEarlyThreshold:15 -:15 PprOvrflwEarlyIntEn PprOvrflwEarlyEn -:32';

export const REGISTER_TILINGS: readonly Tiling[] = [
  { of: buffers.DEVICE_TABLE_BASE, from: 'umr, VirtualBox', bits: 'Size:9 -:3 DevTabBase:40 -:12' },
  { of: buffers.DEVICE_TABLE_SEGMENT, from: 'VirtualBox', bits: 'Size:8 -:4 DevTabBase:40 -:12' },
  { of: buffers.COMMAND_BUFFER_BASE, from: 'umr', bits: BASE('ComBase', 'ComLen') },
  { of: buffers.EVENT_LOG_BASE, from: 'umr', bits: BASE('EventBase', 'EventLen') },
  { of: buffers.PPR_LOG_BASE, from: 'umr', bits: BASE('PPRLogBase', 'PPRLogLen') },
  { of: buffers.GA_LOG_BASE, from: 'umr', bits: BASE('GALogBase', 'GALogLen') },
  { of: buffers.PPR_LOG_B_BASE, from: 'umr', bits: BASE('PPRLogBaseB', 'PPRLogLenB') },
  { of: buffers.EVENT_LOG_B_BASE, from: 'umr', bits: BASE('EventBaseB', 'EventLenB') },
  { of: buffers.GA_LOG_TAIL_ADDRESS, from: 'umr', bits: '-:3 GATAddr:49 -:12' },
  { of: buffers.COMMAND_BUFFER_HEAD, from: 'umr, FreeBSD', bits: POINTER('CmdHeadPtr') },
  { of: buffers.COMMAND_BUFFER_TAIL, from: 'umr, FreeBSD', bits: POINTER('CmdTailPtr') },
  { of: buffers.EVENT_LOG_HEAD, from: 'umr', bits: POINTER('EventHeadPtr') },
  { of: buffers.EVENT_LOG_TAIL, from: 'umr', bits: POINTER('EventTailPtr') },
  { of: buffers.PPR_LOG_HEAD, from: 'umr', bits: POINTER('PPRHeadPtr') },
  { of: buffers.PPR_LOG_TAIL, from: 'umr', bits: POINTER('PPRTailPtr') },
  { of: buffers.PPR_LOG_B_HEAD, from: 'umr', bits: POINTER('PPRHeadPtrB') },
  { of: buffers.PPR_LOG_B_TAIL, from: 'umr', bits: POINTER('PPRTailPtrB') },
  { of: buffers.EVENT_LOG_B_HEAD, from: 'umr', bits: POINTER('EventHeadPtrB') },
  { of: buffers.EVENT_LOG_B_TAIL, from: 'umr', bits: POINTER('EventTailPtrB') },
  { of: buffers.GA_LOG_HEAD, from: 'umr', bits: GA_POINTER('GALogHead') },
  { of: buffers.GA_LOG_TAIL, from: 'umr', bits: GA_POINTER('GALogTail') },
  {
    of: control.CONTROL,
    from: 'FreeBSD AMDIOMMU_CTRL_*; bits 18-21 and 31-43 also umr',
    bits: `IommuEn HtTunEn EventLogEn EventIntEn ComWaitIntEn InvTimeOut:3 PassPW ResPassPW Coherent
      Isoc CmdBufEn PPRLogEn PPRIntEn PPREn GTEn GAEn CRW:4 SmiFEn SlfWBdis SmiFLogEn GAMEn:3
      GALogEn GAIntEn DualPprLogEn:2 DualEventLogEn:2 DevTblSegEn:3 PrivAbrtEn:2 PprAutoRspEn MarcEn
      BlkStopMrkEn PprAutoRspAon NumIntRemapMode:2 EPHEn HADUpdate:2 GDUpdateDis -:1 XTEn IntCapXTEn
      vCmdEn vIommuEn GAUpdateDis GAPPIEn TMPMEn -:1 GCR3TRPMode IRTCacheDis GstBufferTRPMode
      SNPAVICEn:3`,
  },
  {
    of: control.EXTENDED_FEATURE,
    from: 'umr EFR_0 and EFR_1; Xen (GAPPI, SATS, vIOMMU and later); openSIL (VMTableSize, SNP)',
    bits: `PreFSup PPRSup XTSup NXSup GTSup GAPPISup IASup GASup HESup PCSup HATS:2 GATS:2 GLXSup:2
      SmiFSup:2 SmiFRC:3 GAMSup:3 DualPprLogSup:2 -:2 DualEventLogSup:2 -:1 SATSSup PASMax:5 USSup
      DevTblSegSup:2 PprOvrflwEarlySup PPRAutoRspSup MarcSup:2 BlkStopMrkSup PerfOptSup
      MsiCapMmioSup SnoopAttrSup GIoSup HASup EPHSup AttrFWSup HDSup V2HDDisSup InvIotlbTypeSup
      vIommuSup VmGuardIOSup VMTableSize:4 GAUpdateDisSup ForcePhyDestSup SNPSup`,
  },
  {
    of: control.EXTENDED_FEATURE_2,
    from: 'FreeBSD AMDIOMMU_EFR2_*; Linux FEATURE_SEVSNPIO_SUP (bit 1)',
    bits: `-:1 SEVSNPIOSup TMPMSup GCR3TRPModeSup GAPPIDisSup SNPAVICSup:3 NumIntRemapSup:2 -:1
      HTRangeIgnore -:52`,
  },
  {
    of: control.STATUS,
    from: 'FreeBSD AMDIOMMU_CMDEVS_*, umr',
    bits: `EventOverflow EventLogInt ComWaitInt EventLogRun CmdBufRun PprOverflow PprInt PprLogRun
      GALogRun GALOverflow GAInt PprOvrflwB PprLogActive -:2 EventOvrflwB EventLogActive
      PprOvrflwEarlyB PprOvrflwEarly -:45`,
  },
  {
    of: other.EXCLUSION_BASE,
    from: 'umr, VirtualBox',
    bits: 'ExEn Allow -:10 ExclusionBase:40 -:12',
  },
  { of: other.EXCLUSION_LIMIT, from: 'umr, VirtualBox', bits: PAGE('ExclusionLimit') },
  {
    of: other.COMPLETION_STORE_BASE,
    from: 'Linux iommu_set_cwwb_range: the address of the semaphore, its low 12 bits cleared',
    bits: PAGE('ComStoreBase'),
  },
  {
    of: other.COMPLETION_STORE_LIMIT,
    from: 'Linux iommu_set_cwwb_range: the same address, its low 12 bits cleared',
    bits: PAGE('ComStoreLimit'),
  },
  { of: other.HARDWARE_EVENT_UPPER, from: 'umr', bits: 'FirstOperand:60 EventCode:4' },
  { of: other.HARDWARE_EVENT_LOWER, from: 'umr', bits: 'SecondOperand:64' },
  { of: other.HARDWARE_EVENT_STATUS, from: 'umr, FreeBSD', bits: 'HEV HEO -:62' },
  { of: other.SMI_FILTER, from: 'umr', bits: 'SmiDID:16 SmiDV SmiFLock -:46' },
  { of: other.DSFX, from: 'umr, VirtualBox', bits: SPECIFIC('DevSpecificFeatSupp') },
  { of: other.DSCX, from: 'umr, VirtualBox', bits: SPECIFIC('DevSpecificFeatCntrl') },
  { of: other.DSSX, from: 'umr, VirtualBox', bits: SPECIFIC('DevSpecificFeatStatus') },
  {
    of: other.MSI_VECTOR_0,
    from: 'VirtualBox MSI_MISC_INFO_T',
    bits: 'MsiNum:5 GVAsize:3 PAsize:7 VAsize:7 HtAtsResv -:4 MsiNumPPR:5',
  },
  { of: other.MSI_VECTOR_1, from: 'umr CAP_MISC_1', bits: 'MsiNumGA:5 -:27' },
  {
    of: other.MSI_CAPABILITY,
    from: 'umr MSI_CAP',
    bits: 'MsiCapId:8 MsiCapPtr:8 MsiEn MsiMultMessCap:3 MsiMultMessEn:3 Msi64En -:8',
  },
  { of: other.MSI_ADDRESS_LOW, from: 'umr', bits: '-:2 MsiAddr:30' },
  { of: other.MSI_ADDRESS_HIGH, from: 'umr', bits: 'MsiAddrHi:32' },
  { of: other.MSI_DATA, from: 'umr', bits: 'MsiData:16 -:16' },
  {
    of: other.MSI_MAPPING_CAPABILITY,
    from: 'umr MSI_MAPPING_CAP',
    bits: 'MsiMapCapId:8 MsiMapCapPtr:8 MsiMapEn MsiMapFixd -:9 MsiMapCapType:5',
  },
  { of: other.PERFORMANCE_OPTIMIZATION, from: 'VirtualBox, umr', bits: '-:13 PerfOptEn -:18' },
  { of: other.XT_GENERAL_INTERRUPT, from: 'Xen amd_iommu_x2apic_control', bits: XT_INTERRUPT },
  { of: other.XT_PPR_INTERRUPT, from: 'VirtualBox', bits: XT_INTERRUPT },
  { of: other.XT_GA_LOG_INTERRUPT, from: 'VirtualBox', bits: XT_INTERRUPT },
  {
    of: other.VIOMMU_STATUS,
    from: 'Linux MMIO_VIOMMU_STATUS_OFFSET: no public source names its bits',
    bits: 'vIommuStatus:64',
  },
  { of: other.MARC_BASE, from: 'umr, VirtualBox', bits: PAGE('MarcBaseAddr') },
  {
    of: other.MARC_RELOCATION,
    from: 'umr, VirtualBox',
    bits: 'RelocEn ReadOnly -:10 MarcRelocAddr:40 -:12',
  },
  { of: other.MARC_LENGTH, from: 'umr, VirtualBox', bits: PAGE('MarcLength') },
  { of: other.RESERVED_REGISTER, from: 'VirtualBox IOMMU_RSVD_REG_T', bits: 'HardwareUse:64' },
  {
    of: other.PPR_AUTO_RESPONSE,
    from: 'umr PPR_AUTORESP_0',
    bits: 'PprAutoRspCode:4 PprAutoRspMaskGn -:59',
  },
  { of: other.PPR_OVERFLOW_EARLY, from: 'umr', bits: EARLY },
  { of: other.PPR_B_OVERFLOW_EARLY, from: 'umr', bits: EARLY },
  {
    of: counters.COUNTER_CONFIGURATION,
    from: 'umr',
    bits: '-:7 NCounter:4 -:1 NCounterBanks:6 -:46',
  },
  { of: counters.PASID_BANK_LOCK, from: 'umr', bits: 'PasidLock:64' },
  { of: counters.DOMAIN_BANK_LOCK, from: 'umr', bits: 'DomainLock:64' },
  { of: counters.DEVICE_BANK_LOCK, from: 'umr', bits: 'DeviceLock:64' },
  { of: counters.COUNTER, from: 'umr', bits: 'ICounter:48 -:16' },
  { of: counters.COUNTER_SOURCE, from: 'umr', bits: 'CSource:8 -:22 COUNT_UNITS CAC -:32' },
  { of: counters.PASID_MATCH, from: 'umr', bits: MATCH('Pasid') },
  { of: counters.DOMAIN_MATCH, from: 'umr', bits: MATCH('Domain') },
  { of: counters.DEVICE_MATCH, from: 'umr', bits: MATCH('Device') },
  { of: counters.COUNTER_REPORT, from: 'umr', bits: 'EventNote:52 -:11 CERE' },
];

/** Offsets by register (FreeBSD amd_reg.h, NOVA; 1FF8h VirtualBox; 4000h and up Linux, umr). */
export const REGISTER_OFFSETS: readonly (readonly [number, string])[] = [
  [0x0000, 'Device Table Base Address'],
  [0x0008, 'Command Buffer Base Address'],
  [0x0010, 'Event Log Base Address'],
  [0x0018, 'IOMMU Control'],
  [0x0020, 'Exclusion Base'],
  [0x0028, 'Exclusion Range Limit'],
  [0x0030, 'IOMMU Extended Feature'],
  [0x0038, 'PPR Log Base Address'],
  [0x0040, 'Hardware Event Upper'],
  [0x0048, 'Hardware Event Lower'],
  [0x0050, 'Hardware Event Status'],
  [0x0060, 'SMI Filter 0'],
  [0x0068, 'SMI Filter 1'],
  [0x0070, 'SMI Filter 2'],
  [0x0078, 'SMI Filter 3'],
  [0x0080, 'SMI Filter 4'],
  [0x0088, 'SMI Filter 5'],
  [0x0090, 'SMI Filter 6'],
  [0x0098, 'SMI Filter 7'],
  [0x00a0, 'SMI Filter 8'],
  [0x00a8, 'SMI Filter 9'],
  [0x00b0, 'SMI Filter 10'],
  [0x00b8, 'SMI Filter 11'],
  [0x00c0, 'SMI Filter 12'],
  [0x00c8, 'SMI Filter 13'],
  [0x00d0, 'SMI Filter 14'],
  [0x00d8, 'SMI Filter 15'],
  [0x00e0, 'Guest Virtual APIC Log Base Address'],
  [0x00e8, 'Guest Virtual APIC Log Tail Address'],
  [0x00f0, 'PPR Log B Base Address'],
  [0x00f8, 'Event Log B Base Address'],
  [0x0100, 'Device Table Segment 1 Base Address'],
  [0x0108, 'Device Table Segment 2 Base Address'],
  [0x0110, 'Device Table Segment 3 Base Address'],
  [0x0118, 'Device Table Segment 4 Base Address'],
  [0x0120, 'Device Table Segment 5 Base Address'],
  [0x0128, 'Device Table Segment 6 Base Address'],
  [0x0130, 'Device Table Segment 7 Base Address'],
  [0x0138, 'DSFX'],
  [0x0140, 'DSCX'],
  [0x0148, 'DSSX'],
  [0x0150, 'MSI Vector 0'],
  [0x0154, 'MSI Vector 1'],
  [0x0158, 'MSI Capability Header'],
  [0x015c, 'MSI Address Low'],
  [0x0160, 'MSI Address High'],
  [0x0164, 'MSI Data'],
  [0x0168, 'MSI Mapping Capability Header'],
  [0x016c, 'Performance Optimization Control'],
  [0x0170, 'XT IOMMU General Interrupt Control'],
  [0x0178, 'XT IOMMU PPR Interrupt Control'],
  [0x0180, 'XT IOMMU GA Log Interrupt Control'],
  [0x0190, 'vIOMMU Status'],
  [0x01a0, 'IOMMU Extended Feature 2'],
  [0x0200, 'MARC Aperture 0 Base'],
  [0x0208, 'MARC Aperture 0 Relocation'],
  [0x0210, 'MARC Aperture 0 Length'],
  [0x0218, 'MARC Aperture 1 Base'],
  [0x0220, 'MARC Aperture 1 Relocation'],
  [0x0228, 'MARC Aperture 1 Length'],
  [0x0230, 'MARC Aperture 2 Base'],
  [0x0238, 'MARC Aperture 2 Relocation'],
  [0x0240, 'MARC Aperture 2 Length'],
  [0x0248, 'MARC Aperture 3 Base'],
  [0x0250, 'MARC Aperture 3 Relocation'],
  [0x0258, 'MARC Aperture 3 Length'],
  [0x1ff8, 'IOMMU Reserved'],
  [0x2000, 'Command Buffer Head Pointer'],
  [0x2008, 'Command Buffer Tail Pointer'],
  [0x2010, 'Event Log Head Pointer'],
  [0x2018, 'Event Log Tail Pointer'],
  [0x2020, 'IOMMU Status'],
  [0x2030, 'PPR Log Head Pointer'],
  [0x2038, 'PPR Log Tail Pointer'],
  [0x2040, 'Guest Virtual APIC Log Head Pointer'],
  [0x2048, 'Guest Virtual APIC Log Tail Pointer'],
  [0x2050, 'PPR Log B Head Pointer'],
  [0x2058, 'PPR Log B Tail Pointer'],
  [0x2070, 'Event Log B Head Pointer'],
  [0x2078, 'Event Log B Tail Pointer'],
  [0x2080, 'PPR Log Auto Response'],
  [0x2088, 'PPR Log Overflow Early Indicator'],
  [0x2090, 'PPR Log B Overflow Early Indicator'],
  [0x4000, 'IOMMU Counter Configuration'],
  [0x4008, 'Counter PASID Bank Lock'],
  [0x4010, 'Counter Domain Bank Lock'],
  [0x4018, 'Counter DeviceID Bank Lock'],
];

/** Counter banks: bank 1 stands 1000h, counter 1 100h further (Linux MMIO_CNTR_REG, umr). */
export const COUNTER_OFFSETS: readonly (readonly [number, string])[] = [
  [0x40000, 'Counter 0.0'],
  [0x40008, 'Counter Source 0.0'],
  [0x40010, 'PASID Match 0.0'],
  [0x40018, 'Domain Match 0.0'],
  [0x40020, 'DeviceID Match 0.0'],
  [0x40028, 'Counter Report 0.0'],
  [0x40100, 'Counter 0.1'],
  [0x41000, 'Counter 1.0'],
];
