/** Registers (see vectors.ts). */
import * as buffers from '../../../../core/amdvi/registers-buffers.ts';
import * as control from '../../../../core/amdvi/registers-control.ts';
import * as counters from '../../../../core/amdvi/registers-counters.ts';
import * as other from '../../../../core/amdvi/registers-other.ts';
import type { Layout } from '../../../../core/bits/layout.ts';
import type { Vector } from './vectors.ts';

const one = (of: Layout, from: string, word: bigint, fields: Vector['fields']): Vector => ({
  of,
  from,
  words: [word],
  fields,
});

/** FreeBSD AMDIOMMU_CMDPTR_MASK: all bits of a pointer. */
const pointer = (of: Layout, name: string): Vector =>
  one(of, 'FreeBSD AMDIOMMU_CMDPTR_MASK', 0x7fff0n, { [name]: 0x7fff });

const CONTROL: readonly Vector[] = [
  one(control.CONTROL, 'capture amd-6.1, before the crash', 0x3f48fn, {
    IommuEn: 1,
    HtTunEn: 1,
    EventLogEn: 1,
    EventIntEn: 1,
    InvTimeOut: 4,
    Coherent: 1,
    CmdBufEn: 1,
    PPRLogEn: 1,
    PPRIntEn: 1,
    PPREn: 1,
    GTEn: 1,
    GAEn: 1,
  }),
  one(
    control.CONTROL,
    'Linux debugfs document: Offset:0x18 Value:0x000c22000003f48d',
    0x000c22000003f48dn,
    {
      IommuEn: 1,
      EventLogEn: 1,
      EventIntEn: 1,
      InvTimeOut: 4,
      Coherent: 1,
      CmdBufEn: 1,
      PPRLogEn: 1,
      PPRIntEn: 1,
      PPREn: 1,
      GTEn: 1,
      GAEn: 1,
      BlkStopMrkEn: 1,
      EPHEn: 1,
      XTEn: 1,
      IntCapXTEn: 1,
    },
  ),
  one(
    control.CONTROL,
    'FreeBSD masks: modes of the logs, segments, 2048 interrupts, virtual IOMMU, SNP',
    0x3d71_4eb8_b1c0_0010n,
    {
      ComWaitIntEn: 1,
      SmiFEn: 1,
      SlfWBdis: 1,
      SmiFLogEn: 1,
      GALogEn: 1,
      GAIntEn: 1,
      DualPprLogEn: 2,
      DevTblSegEn: 6,
      PrivAbrtEn: 1,
      PprAutoRspEn: 1,
      BlkStopMrkEn: 1,
      PprAutoRspAon: 1,
      NumIntRemapMode: 1,
      HADUpdate: 1,
      GDUpdateDis: 1,
      vCmdEn: 1,
      vIommuEn: 1,
      GAUpdateDis: 1,
      TMPMEn: 1,
      GCR3TRPMode: 1,
      IRTCacheDis: 1,
      GstBufferTRPMode: 1,
      SNPAVICEn: 1,
    },
  ),
  one(control.EXTENDED_FEATURE, 'capture amd-6.1: Linux prints PreF PPR GT IA GA HE', 0x29d3n, {
    PreFSup: 1,
    PPRSup: 1,
    GTSup: 1,
    IASup: 1,
    GASup: 1,
    HESup: 1,
    HATS: 2,
    GATS: 2,
  }),
  one(
    control.EXTENDED_FEATURE,
    'Ryzen 7000 log (0x58f77ef22294ade, 0x0): PPR X2APIC NX GT IA GA PC GA_vAPIC',
    0x58f77ef22294aden,
    {
      PPRSup: 1,
      XTSup: 1,
      NXSup: 1,
      GTSup: 1,
      IASup: 1,
      GASup: 1,
      PCSup: 1,
      HATS: 2,
      GLXSup: 1,
      SmiFSup: 1,
      SmiFRC: 2,
      GAMSup: 1,
      DualPprLogSup: 2,
      DualEventLogSup: 2,
      PASMax: 15,
      USSup: 1,
      DevTblSegSup: 3,
      PprOvrflwEarlySup: 1,
      PPRAutoRspSup: 1,
      MarcSup: 1,
      BlkStopMrkSup: 1,
      PerfOptSup: 1,
      MsiCapMmioSup: 1,
      GIoSup: 1,
      HASup: 1,
      EPHSup: 1,
      AttrFWSup: 1,
      vIommuSup: 1,
      VmGuardIOSup: 1,
      VMTableSize: 2,
    },
  ),
  one(
    control.EXTENDED_FEATURE,
    'Xen amd_iommu_ext_features, openSIL: what the two above do not have',
    0xe0300000_80000020n,
    {
      GAPPISup: 1,
      SATSSup: 1,
      HDSup: 1,
      V2HDDisSup: 1,
      GAUpdateDisSup: 1,
      ForcePhyDestSup: 1,
      SNPSup: 1,
    },
  ),
  one(control.EXTENDED_FEATURE_2, 'FreeBSD AMDIOMMU_EFR2_*, Linux FEATURE_SEVSNPIO_SUP', 0x93en, {
    SEVSNPIOSup: 1,
    TMPMSup: 1,
    GCR3TRPModeSup: 1,
    GAPPIDisSup: 1,
    SNPAVICSup: 1,
    NumIntRemapSup: 1,
    HTRangeIgnore: 1,
  }),
  one(control.STATUS, 'capture amd-6.1: event log and command buffer run', 0x18n, {
    EventLogRun: 1,
    CmdBufRun: 1,
  }),
  one(control.STATUS, 'VirtualBox IOMMU_STATUS_RW1C_MASK', 0x68e67n, {
    EventOverflow: 1,
    EventLogInt: 1,
    ComWaitInt: 1,
    PprOverflow: 1,
    PprInt: 1,
    GALOverflow: 1,
    GAInt: 1,
    PprOvrflwB: 1,
    EventOvrflwB: 1,
    PprOvrflwEarlyB: 1,
    PprOvrflwEarly: 1,
  }),
];

const BUFFERS: readonly Vector[] = [
  one(buffers.DEVICE_TABLE_BASE, 'capture amd-6.1: two pages, 256 entries', 0x11c2001n, {
    Size: 1,
    DevTabBase: 0x11c2,
  }),
  one(buffers.DEVICE_TABLE_SEGMENT, 'VirtualBox DEV_TAB_SEG_BAR_T: 1 MiB', 0x1_000000ffn, {
    Size: 0xff,
    DevTabBase: 0x100000,
  }),
  one(buffers.COMMAND_BUFFER_BASE, 'capture amd-6.1: 512 entries', 0x9000000011c4000n, {
    ComBase: 0x11c4,
    ComLen: 9,
  }),
  one(buffers.EVENT_LOG_BASE, 'capture amd-6.1', 0x9000000011c6000n, {
    EventBase: 0x11c6,
    EventLen: 9,
  }),
  one(buffers.PPR_LOG_BASE, 'capture amd-6.1', 0x900000024720000n, {
    PPRLogBase: 0x24720,
    PPRLogLen: 9,
  }),
  one(buffers.GA_LOG_BASE, 'Linux iommu_ga_log_enable: GA_LOG_SIZE_512', 0x800000012345000n, {
    GALogBase: 0x12345,
    GALogLen: 8,
  }),
  one(buffers.GA_LOG_TAIL_ADDRESS, 'Linux iommu_ga_log_enable', 0x12346008n, {
    GATAddr: 0x12346008 >> 3,
  }),
  one(buffers.PPR_LOG_B_BASE, 'VirtualBox PPR_LOG_B_BAR_T: 32,768 entries', 0xf00000000001000n, {
    PPRLogBaseB: 1,
    PPRLogLenB: 15,
  }),
  one(buffers.EVENT_LOG_B_BASE, 'VirtualBox EVT_LOG_B_BAR_T', 0xf0ffffffffff000n, {
    EventBaseB: 0xff_ffff_ffffn,
    EventLenB: 15,
  }),
  one(buffers.COMMAND_BUFFER_HEAD, 'capture amd-6.1', 0xdc0n, { CmdHeadPtr: 0xdc }),
  one(buffers.COMMAND_BUFFER_TAIL, 'capture amd-6.1 in the crash kernel', 0x10c0n, {
    CmdTailPtr: 0x10c,
  }),
  pointer(buffers.COMMAND_BUFFER_TAIL, 'CmdTailPtr'),
  pointer(buffers.EVENT_LOG_HEAD, 'EventHeadPtr'),
  pointer(buffers.EVENT_LOG_TAIL, 'EventTailPtr'),
  pointer(buffers.PPR_LOG_HEAD, 'PPRHeadPtr'),
  pointer(buffers.PPR_LOG_TAIL, 'PPRTailPtr'),
  pointer(buffers.PPR_LOG_B_HEAD, 'PPRHeadPtrB'),
  pointer(buffers.PPR_LOG_B_TAIL, 'PPRTailPtrB'),
  pointer(buffers.EVENT_LOG_B_HEAD, 'EventHeadPtrB'),
  pointer(buffers.EVENT_LOG_B_TAIL, 'EventTailPtrB'),
  one(buffers.GA_LOG_HEAD, 'umr GA_HDPTR', 0xfff8n, { GALogHead: 0x1fff }),
  one(buffers.GA_LOG_TAIL, 'umr GA_TAILPTR', 0x8n, { GALogTail: 1 }),
];

const OTHER: readonly Vector[] = [
  one(other.EXCLUSION_BASE, 'Xen IOMMU_EXCLUSION_*: enabled for all devices', 0x80000003n, {
    ExEn: 1,
    Allow: 1,
    ExclusionBase: 0x80000,
  }),
  one(other.EXCLUSION_LIMIT, 'Linux iommu_set_exclusion_range', 0x80fff000n, {
    ExclusionLimit: 0x80fff,
  }),
  one(other.COMPLETION_STORE_BASE, 'Linux iommu_set_cwwb_range', 0x11b7000n, {
    ComStoreBase: 0x11b7,
  }),
  one(other.COMPLETION_STORE_LIMIT, 'Linux iommu_set_cwwb_range', 0x11b7000n, {
    ComStoreLimit: 0x11b7,
  }),
  one(other.HARDWARE_EVENT_UPPER, 'umr: DEV_TAB_HARDWARE_ERROR of 00:03.0', 0x3628000000000018n, {
    FirstOperand: 0x628000000000018n,
    EventCode: 3,
  }),
  one(other.HARDWARE_EVENT_LOWER, 'umr', 0x11c2060n, { SecondOperand: 0x11c2060 }),
  one(other.HARDWARE_EVENT_STATUS, 'FreeBSD AMDIOMMU_HWEVS_*', 3n, { HEV: 1, HEO: 1 }),
  one(other.SMI_FILTER, 'umr: 00:14.0, valid and locked', 0x300a0n, {
    SmiDID: 0xa0,
    SmiDV: 1,
    SmiFLock: 1,
  }),
  one(other.DSFX, 'umr: revision 1.2', 0x12000001n, {
    DevSpecificFeatSupp: 1,
    RevMinor: 2,
    RevMajor: 1,
  }),
  one(other.DSCX, 'umr: revision 1.2', 0x12000001n, {
    DevSpecificFeatCntrl: 1,
    RevMinor: 2,
    RevMajor: 1,
  }),
  one(other.DSSX, 'umr: revision 1.2', 0x12000001n, {
    DevSpecificFeatStatus: 1,
    RevMinor: 2,
    RevMajor: 1,
  }),
  one(other.MSI_VECTOR_0, 'VirtualBox IOMMU_BF_MISCINFO_0: 48, 48 and 64 bits', 0x203040n, {
    GVAsize: 2,
    PAsize: 48,
    VAsize: 64,
  }),
  one(other.MSI_VECTOR_0, 'VirtualBox MSI_MISC_INFO_T: messages 1 and 2', 0x10400001n, {
    MsiNum: 1,
    HtAtsResv: 1,
    MsiNumPPR: 2,
  }),
  one(other.MSI_VECTOR_1, 'umr IOMMU_MSI_NUM_GA', 3n, { MsiNumGA: 3 }),
  one(
    other.MSI_CAPABILITY,
    'lspci of an AMD IOMMU: [64] MSI: Enable+ Count=1/4 64bit+, next [74]',
    0x857405n,
    { MsiCapId: 5, MsiCapPtr: 0x74, MsiEn: 1, MsiMultMessCap: 2, Msi64En: 1 },
  ),
  one(other.MSI_CAPABILITY, 'umr MSI_MULT_MESS_EN', 0x500000n, { MsiMultMessEn: 5 }),
  one(other.MSI_ADDRESS_LOW, 'lspci of an AMD IOMMU: Address: 00000000fee00000', 0xfee00000n, {
    MsiAddr: 0xfee00000 >>> 2,
  }),
  one(other.MSI_ADDRESS_HIGH, 'umr', 0x1n, { MsiAddrHi: 1 }),
  one(other.MSI_DATA, 'lspci of an AMD IOMMU: Data: 4021', 0x4021n, { MsiData: 0x4021 }),
  one(
    other.MSI_MAPPING_CAPABILITY,
    'lspci of an AMD IOMMU: [74] HyperTransport: MSI Mapping Enable+ Fixed+',
    0xa8030008n,
    { MsiMapCapId: 8, MsiMapEn: 1, MsiMapFixd: 1, MsiMapCapType: 0x15 },
  ),
  one(other.MSI_MAPPING_CAPABILITY, 'umr MSI_MAP_CAP_PTR', 0x4000n, { MsiMapCapPtr: 0x40 }),
  one(other.PERFORMANCE_OPTIMIZATION, 'NOVA, VirtualBox: bit 13', 0x2000n, { PerfOptEn: 1 }),
  ...[other.XT_GENERAL_INTERRUPT, other.XT_PPR_INTERRUPT, other.XT_GA_LOG_INTERRUPT].map((of) =>
    one(
      of,
      'Linux union intcapxt: APIC 0x12345678, logical, vector 0x31; Xen int_type',
      0x12000131_34567804n,
      { DM: 1, Destination: 0x12345678, Vector: 0x31, DeliveryMode: 1 },
    ),
  ),
  one(other.VIOMMU_STATUS, 'a register of 64 bits without names', 1n << 63n, {
    vIommuStatus: 1n << 63n,
  }),
  one(other.MARC_BASE, 'umr MARCBaseAddr', 0xfffff_fffff000n, { MarcBaseAddr: 0xff_ffff_ffffn }),
  one(other.MARC_RELOCATION, 'umr MARCEnable, MARCReadOnly', 0x1003n, {
    RelocEn: 1,
    ReadOnly: 1,
    MarcRelocAddr: 1,
  }),
  one(other.MARC_LENGTH, 'umr MARCLen', 0x200000n, { MarcLength: 0x200 }),
  one(other.RESERVED_REGISTER, 'VirtualBox IOMMU_RSVD_REG_T', 0x1n, { HardwareUse: 1 }),
  one(other.PPR_AUTO_RESPONSE, 'umr PPR_AUTORESP_0', 0x1fn, {
    PprAutoRspCode: 15,
    PprAutoRspMaskGn: 1,
  }),
  ...[other.PPR_OVERFLOW_EARLY, other.PPR_B_OVERFLOW_EARLY].map((of) =>
    one(of, 'umr PPR_OVERFLOW_EARLY: 256 entries', 0xc0000100n, {
      PprOvrflwEarlyThreshold: 256,
      PprOvrflwEarlyIntEn: 1,
      PprOvrflwEarlyEn: 1,
    }),
  ),
];

const COUNTERS: readonly Vector[] = [
  one(
    counters.COUNTER_CONFIGURATION,
    'Linux perf: AMD IOMMU performance counters, 2 banks, 4 counters/bank',
    0x2200n,
    { NCounter: 4, NCounterBanks: 2 },
  ),
  one(counters.PASID_BANK_LOCK, 'umr', 3n, { PasidLock: 3 }),
  one(counters.DOMAIN_BANK_LOCK, 'umr', 3n, { DomainLock: 3 }),
  one(counters.DEVICE_BANK_LOCK, 'umr', 3n, { DeviceLock: 3 }),
  one(counters.COUNTER, 'Linux perf: 48 bits', 0xffff_ffff_ffffn, { ICounter: 0xffff_ffff_ffffn }),
  one(counters.COUNTER_SOURCE, 'Linux perf: mem_trans_total, csource 5', 0x80000005n, {
    CSource: 5,
    CAC: 1,
  }),
  one(counters.COUNTER_SOURCE, 'umr COUNT_UNITS', 0x40000000n, { COUNT_UNITS: 1 }),
  one(counters.PASID_MATCH, 'Linux perf: pasid 5, pasid_mask 0xf', 0xf_80000005n, {
    PasidMatch: 5,
    PasidEn: 1,
    PasidMask: 15,
  }),
  one(counters.DOMAIN_MATCH, 'Linux perf: domid 2, domid_mask 0xffff', 0xffff_80000002n, {
    DomainMatch: 2,
    DomainEn: 1,
    DomainMask: 0xffff,
  }),
  one(counters.DEVICE_MATCH, 'Linux perf: devid 0x20, devid_mask 0xffff', 0xffff_80000020n, {
    DeviceMatch: 0x20,
    DeviceEn: 1,
    DeviceMask: 0xffff,
  }),
  one(counters.COUNTER_REPORT, 'umr EVENT_NOTE, CERE', 0x80012345_6789abcdn, {
    EventNote: 0x12345_6789abcdn,
    CERE: 1,
  }),
];

export const REGISTER_VECTORS: readonly Vector[] = [...CONTROL, ...BUFFERS, ...OTHER, ...COUNTERS];
