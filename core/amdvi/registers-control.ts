/**
 * The registers that switch the unit on and say what it can do: control, extended features,
 * status (AMD I/O Virtualization Technology specification 48882 rev 3.08, §3.4).
 */
import type { Field, FieldOptions } from '../bits/layout.ts';
import { field, layout, reserved } from '../bits/layout.ts';

const RO: FieldOptions = { access: 'RO' };
const RW: FieldOptions = { access: 'RW' };
const W1C: FieldOptions = { access: 'RW1C' };

const enable = (name: string, bit: number, meaning: string): Field =>
  field(name, bit, bit, meaning, RW);
const support = (name: string, bit: number, meaning: string): Field =>
  field(name, bit, bit, meaning, RO);

export const CONTROL = layout(
  'IOMMU Control Register',
  64,
  [
    enable('IommuEn', 0, 'The unit translates requests and remaps interrupts'),
    enable('HtTunEn', 1, 'Requests of HyperTransport tunnel functions are translated too'),
    enable('EventLogEn', 2, 'Events are written to the event log'),
    enable('EventIntEn', 3, 'A new event raises an interrupt'),
    enable('ComWaitIntEn', 4, 'COMPLETION_WAIT with I = 1 raises an interrupt'),
    field('InvTimeOut', 7, 5, 'How long a device may take to answer an invalidation', {
      access: 'RW',
      values: {
        0: 'no time-out',
        1: '1 ms',
        2: '10 ms',
        3: '100 ms',
        4: '1 s',
        5: '10 s',
        6: '100 s',
      },
    }),
    enable('PassPW', 8, "HyperTransport PassPW bit of the unit's own upstream requests"),
    enable('ResPassPW', 9, "HyperTransport response PassPW bit of the unit's own requests"),
    enable('Coherent', 10, "The unit's device table reads snoop the processors' caches"),
    enable('Isoc', 11, "HyperTransport isochronous bit of the unit's own requests"),
    enable('CmdBufEn', 12, 'Commands are fetched from the command buffer'),
    enable('PPRLogEn', 13, 'Peripheral page requests are written to the PPR log'),
    enable('PPRIntEn', 14, 'A new PPR log entry raises an interrupt'),
    enable('PPREn', 15, 'Peripheral page requests are processed'),
    enable('GTEn', 16, 'Guest translation: DTEs with GV = 1 use their guest CR3 tables'),
    enable(
      'GAEn',
      17,
      'Guest virtual APIC: interrupt remapping entries are 128 bits wide instead of 32',
    ),
    field('CRW', 21, 18, 'Kept for future use', RW),
    enable('SmiFEn', 22, 'System management interrupts are checked against the SMI filters'),
    enable('SlfWBdis', 23, "The unit's self write-back of table entries is disabled"),
    enable('SmiFLogEn', 24, 'Blocked system management interrupts are logged'),
    field('GAMEn', 27, 25, 'Guest virtual APIC mode', {
      access: 'RW',
      values: { 0: 'interrupts are not delivered to guests', 1: 'IRTE.GuestMode is obeyed' },
    }),
    enable('GALogEn', 28, 'Interrupts for guests that do not run are written to the GA log'),
    enable('GAIntEn', 29, 'A new GA log entry raises an interrupt'),
    field('DualPprLogEn', 31, 30, 'Which PPR log is in use', {
      access: 'RW',
      values: { 0: 'log A', 1: 'log B', 2: 'both, swapped when full' },
    }),
    field('DualEventLogEn', 33, 32, 'Which event log is in use', {
      access: 'RW',
      values: { 0: 'log A', 1: 'log B', 2: 'both, swapped when full' },
    }),
    field('DevTblSegEn', 36, 34, 'Segments that the device table is split into', {
      access: 'RW',
      values: { 0: '1 segment', 1: '2 segments', 2: '4 segments', 3: '8 segments' },
    }),
    field('PrivAbrtEn', 38, 37, 'Privileged requests with PASID are aborted', {
      access: 'RW',
      values: { 0: 'by user / supervisor rights', 1: 'always' },
    }),
    enable('PprAutoRspEn', 39, 'The unit answers page requests by itself when the PPR log is full'),
    enable('MarcEn', 40, 'The MARC apertures are in force'),
    enable('BlkStopMrkEn', 41, 'StopMark messages of devices are blocked'),
    enable('PprAutoRspAon', 42, 'The unit always answers page requests by itself'),
    field('NumIntRemapMode', 44, 43, 'Interrupts that a device may have remapped', {
      access: 'RW',
      values: { 0: '512', 1: '2048' },
    }),
    enable('EPHEn', 45, 'Enhanced peripheral page request handling'),
    field('HADUpdate', 47, 46, 'Accessed and dirty bits in host page tables', {
      access: 'RW',
      values: { 0: 'not updated', 1: 'accessed updated', 3: 'accessed and dirty updated' },
    }),
    enable('GDUpdateDis', 48, 'Dirty bits of guest page tables are not updated'),
    reserved(49, 49),
    enable('XTEn', 50, 'x2APIC: remapped interrupts have 32-bit destinations'),
    enable('IntCapXTEn', 51, "The unit's own interrupts come from the XT interrupt registers"),
    enable('vCmdEn', 52, 'Virtual command buffers of guests are processed'),
    enable('vIommuEn', 53, 'Hardware-virtualized IOMMU for guests'),
    enable('GAUpdateDis', 54, 'Accessed bits of guest page tables are not updated'),
    enable('GAPPIEn', 55, 'Guest APIC physical processor interrupts'),
    enable('TMPMEn', 56, 'Tiered memory page migration'),
    reserved(57, 57),
    enable('GCR3TRPMode', 58, 'The GCR3 table pointer of a DTE is a guest physical address'),
    enable('IRTCacheDis', 59, 'Interrupt remapping entries are not cached'),
    enable('GstBufferTRPMode', 60, "Guests' buffers are addressed by guest physical addresses"),
    field('SNPAVICEn', 63, 61, 'Guest virtual APIC features under SNP', {
      access: 'RW',
      values: { 0: 'none', 1: 'interrupt remapping with guest virtual APIC' },
    }),
  ],
  { spec: '48882 §3.4, MMIO offset 0018h' },
);

export const EXTENDED_FEATURE = layout(
  'IOMMU Extended Feature Register',
  64,
  [
    support('PreFSup', 0, 'PREFETCH_IOMMU_PAGES command'),
    support('PPRSup', 1, 'Peripheral page requests'),
    support('XTSup', 2, 'x2APIC'),
    support('NXSup', 3, 'No-execute and privilege of requests with PASID'),
    support('GTSup', 4, 'Guest translation (v2 tables)'),
    support('GAPPISup', 5, 'Guest APIC physical processor interrupts'),
    support('IASup', 6, 'INVALIDATE_IOMMU_ALL command'),
    support('GASup', 7, 'Guest virtual APIC (128-bit interrupt remapping entries)'),
    support('HESup', 8, 'Hardware error registers'),
    support('PCSup', 9, 'Performance counters'),
    field('HATS', 11, 10, 'Host page table levels', {
      access: 'RO',
      values: { 0: '4 levels', 1: '5 levels', 2: '6 levels', 3: 'host translation not supported' },
    }),
    field('GATS', 13, 12, 'Guest page table levels', {
      access: 'RO',
      values: { 0: '4 levels', 1: '5 levels', 2: '6 levels' },
    }),
    field('GLXSup', 15, 14, 'Guest CR3 table levels', {
      access: 'RO',
      values: { 0: '1 level', 1: '2 levels', 2: '3 levels' },
    }),
    field('SmiFSup', 17, 16, 'SMI filter registers', {
      access: 'RO',
      values: { 0: 'none', 1: 'supported' },
    }),
    field('SmiFRC', 20, 18, 'Number of SMI filter registers, as a power of two', RO),
    field('GAMSup', 23, 21, 'Guest virtual APIC modes', {
      access: 'RO',
      values: { 0: 'none', 1: 'interrupt delivery to guests' },
    }),
    field('DualPprLogSup', 25, 24, 'Two PPR logs', {
      access: 'RO',
      values: { 0: 'one log', 1: 'two logs', 2: 'two logs with automatic swap' },
    }),
    reserved(27, 26),
    field('DualEventLogSup', 29, 28, 'Two event logs', {
      access: 'RO',
      values: { 0: 'one log', 1: 'two logs', 2: 'two logs with automatic swap' },
    }),
    reserved(30, 30),
    support('SATSSup', 31, 'Secure ATS'),
    field('PASMax', 36, 32, 'Bits of a PASID, less one', RO),
    support('USSup', 37, 'User / supervisor protection of guest pages'),
    field('DevTblSegSup', 39, 38, 'Device table segments', {
      access: 'RO',
      values: { 0: '1 segment', 1: '2 segments', 2: '4 segments', 3: '8 segments' },
    }),
    support('PprOvrflwEarlySup', 40, 'Early warning of a full PPR log'),
    support('PPRAutoRspSup', 41, 'Automatic answer to page requests'),
    field('MarcSup', 43, 42, 'MARC apertures', {
      access: 'RO',
      values: { 0: 'none', 1: '4 apertures', 2: '8 apertures' },
    }),
    support('BlkStopMrkSup', 44, 'Blocking of StopMark messages'),
    support('PerfOptSup', 45, 'Performance optimization control'),
    support('MsiCapMmioSup', 46, 'MSI capability readable through MMIO'),
    support('SnoopAttrSup', 47, 'Snoop attributes of the DTE'),
    support('GIoSup', 48, 'Guest I/O protection: requests without PASID use PASID 0'),
    support('HASup', 49, 'Accessed bits of host page tables'),
    support('EPHSup', 50, 'Enhanced peripheral page request handling'),
    support('AttrFWSup', 51, 'Attribute forwarding of translated requests'),
    support('HDSup', 52, 'Dirty bits of host page tables'),
    support('V2HDDisSup', 53, 'Dirty bits of guest tables need not be updated'),
    support('InvIotlbTypeSup', 54, 'Type field of INVALIDATE_IOTLB_PAGES'),
    support('vIommuSup', 55, 'Hardware-virtualized IOMMU for guests'),
    support('VmGuardIOSup', 56, 'I/O of guests under VMGuard'),
    field('VMTableSize', 60, 57, 'Entries in the table of guests', {
      access: 'RO',
      values: Object.fromEntries(
        Array.from({ length: 12 }, (_, index) => [index, `${256 << index} entries`]),
      ),
    }),
    support('GAUpdateDisSup', 61, 'Updates of accessed bits in guest tables can be disabled'),
    support('ForcePhyDestSup', 62, 'Remapped interrupts must have physical destinations'),
    support('SNPSup', 63, 'Secure nested paging (SEV-SNP)'),
  ],
  { spec: '48882 §3.4, MMIO offset 0030h' },
);

export const EXTENDED_FEATURE_2 = layout(
  'IOMMU Extended Feature 2 Register',
  64,
  [
    reserved(0, 0),
    support('SEVSNPIOSup', 1, 'Trusted I/O of SEV-SNP guests'),
    support('TMPMSup', 2, 'Tiered memory page migration'),
    support('GCR3TRPModeSup', 3, 'GCR3 table pointers that are guest physical addresses'),
    support('GAPPIDisSup', 4, 'Guest APIC physical processor interrupts can be masked'),
    field('SNPAVICSup', 7, 5, 'Guest virtual APIC features under SNP', {
      access: 'RO',
      values: { 0: 'none', 1: 'interrupt remapping with guest virtual APIC' },
    }),
    field('NumIntRemapSup', 9, 8, 'Interrupts that a device may have remapped', {
      access: 'RO',
      values: { 0: '512', 1: '2048' },
    }),
    reserved(10, 10),
    support('HTRangeIgnore', 11, 'The HyperTransport range is ordinary address space'),
    reserved(63, 12),
  ],
  { spec: '48882 §3.4, MMIO offset 01A0h' },
);

export const STATUS = layout(
  'IOMMU Status Register',
  64,
  [
    field('EventOverflow', 0, 0, 'The event log was full: events were lost', W1C),
    field('EventLogInt', 1, 1, 'An event was logged', W1C),
    field('ComWaitInt', 2, 2, 'A COMPLETION_WAIT command finished', W1C),
    field('EventLogRun', 3, 3, 'Event logging is running', RO),
    field('CmdBufRun', 4, 4, 'The command buffer is being processed', RO),
    field('PprOverflow', 5, 5, 'The PPR log was full: page requests were lost', W1C),
    field('PprInt', 6, 6, 'A page request was logged', W1C),
    field('PprLogRun', 7, 7, 'PPR logging is running', RO),
    field('GALogRun', 8, 8, 'GA logging is running', RO),
    field('GALOverflow', 9, 9, 'The GA log was full', W1C),
    field('GAInt', 10, 10, 'A guest interrupt was logged', W1C),
    field('PprOvrflwB', 11, 11, 'PPR log B was full', W1C),
    field('PprLogActive', 12, 12, 'PPR log B is the one in use', RO),
    reserved(14, 13),
    field('EventOvrflwB', 15, 15, 'Event log B was full', W1C),
    field('EventLogActive', 16, 16, 'Event log B is the one in use', RO),
    field('PprOvrflwEarlyB', 17, 17, 'PPR log B passed its early warning mark', W1C),
    field('PprOvrflwEarly', 18, 18, 'The PPR log passed its early warning mark', W1C),
    reserved(63, 19),
  ],
  { spec: '48882 §3.4, MMIO offset 2020h' },
);
