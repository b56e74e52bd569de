/** Version, capabilities, command, status, root table and register-based invalidation (VT-d §11.4.1 to §11.4.6). */
import type { Field, FieldOptions } from '../bits/layout.ts';
import { field, reserved } from '../bits/layout.ts';
import { register } from './define.ts';

/** A read-only capability field. */
function has(
  name: string,
  high: number,
  low: number,
  meaning: string,
  more: FieldOptions = {},
): Field {
  return field(name, high, low, meaning, { access: 'RO', ...more });
}
const flag = (name: string, at: number, meaning: string): Field => has(name, at, at, meaning);

export const VER = register(
  'VER',
  'Version',
  0x000,
  32,
  [
    has('MIN', 3, 0, 'Minor version of the architecture'),
    has('MAX', 7, 4, 'Major version of the architecture'),
    reserved(31, 8),
  ],
  '§11.4.1',
);

export const CAP = register(
  'CAP',
  'Capability',
  0x008,
  64,
  [
    has('ND', 2, 0, 'Number of domains: 2^(4 + 2 ND)'),
    flag('AFL', 3, 'Advanced fault logging; removed in revision 4.0'),
    flag('RWBF', 4, 'Write buffers must be flushed after table changes'),
    flag('PLMR', 5, 'Protected low-memory region'),
    flag('PHMR', 6, 'Protected high-memory region'),
    flag('CM', 7, 'Caching mode: not-present entries may be cached (emulated units)'),
    has(
      'SAGAW',
      12,
      8,
      'Supported adjusted guest address widths: bit 1 39, bit 2 48, bit 3 57 bits',
    ),
    reserved(15, 13),
    has('MGAW', 21, 16, 'Maximum guest address width, less one'),
    flag('ZLR', 22, 'Zero-length reads of write-only pages are allowed'),
    reserved(23, 23, 'Deprecated (ISOCH), must be zero'),
    has('FRO', 33, 24, 'Fault recording registers stand at this offset', {
      kind: 'address',
      shift: 4,
    }),
    has('SSLPS', 37, 34, 'Second-stage large pages: bit 0 2 MiB, bit 1 1 GiB'),
    reserved(38, 38),
    flag('PSI', 39, 'Page-selective invalidation'),
    has('NFR', 47, 40, 'Number of fault recording registers, less one'),
    has('MAMV', 53, 48, 'Maximum address mask value of an invalidation'),
    flag('DWD', 54, 'Drains DMA writes on invalidation'),
    flag('DRD', 55, 'Drains DMA reads on invalidation'),
    flag('FS1GP', 56, 'First-stage pages of 1 GiB'),
    reserved(58, 57),
    flag('PI', 59, 'Posted interrupts'),
    flag('FS5LP', 60, 'First-stage tables of 5 levels'),
    flag('ECMDS', 61, 'Enhanced commands'),
    flag('ESIRTPS', 62, 'Setting the interrupt remap table pointer invalidates its cache'),
    flag('ESRTPS', 63, 'Setting the root table pointer invalidates all DMA remapping caches'),
  ],
  '§11.4.2',
);

export const ECAP = register(
  'ECAP',
  'Extended capability',
  0x010,
  64,
  [
    flag('C', 0, 'Page walks are coherent with processor caches'),
    flag('QI', 1, 'Queued invalidation'),
    flag('DT', 2, 'Device-TLBs (ATS)'),
    flag('IR', 3, 'Interrupt remapping'),
    flag('EIM', 4, 'Extended interrupt mode: 32-bit destinations (x2APIC)'),
    reserved(5, 5, 'Deprecated (caching hints), must be zero'),
    flag('PT', 6, 'Pass-through translation type'),
    flag('SC', 7, 'Snoop control: SNP of second-stage pages'),
    has('IRO', 17, 8, 'IVA and IOTLB registers stand at this offset', {
      kind: 'address',
      shift: 4,
    }),
    reserved(19, 18),
    has('MHMV', 23, 20, 'Maximum handle mask value of an interrupt entry cache invalidation'),
    reserved(24, 24, 'Deprecated (extended context), must be zero'),
    flag('MTS', 25, 'Memory types'),
    flag('NEST', 26, 'Nested translation'),
    reserved(27, 27, 'Deprecated, must be zero'),
    reserved(28, 28, 'Deprecated (an early PASID flag), must be zero'),
    flag('PRS', 29, 'Page requests'),
    flag('ERS', 30, 'Execute requests; 0 since revision 4.1'),
    flag('SRS', 31, 'Supervisor requests'),
    reserved(32, 32),
    flag('NWFS', 33, 'The no-write flag of translation requests is looked at'),
    flag('EAFS', 34, 'Extended accessed flags'),
    has('PSS', 39, 35, 'PASID size, less one'),
    flag('PASID', 40, 'Requests with PASID'),
    flag('DIT', 41, 'Device-TLB invalidations are throttled'),
    flag('PDS', 42, 'Page-request drain'),
    flag('SMTS', 43, 'Scalable mode'),
    flag('VCS', 44, 'Virtual commands'),
    flag('SSADS', 45, 'Second-stage accessed and dirty bits'),
    flag('SSTS', 46, 'Second-stage translation in scalable mode'),
    flag('FSTS', 47, 'First-stage translation in scalable mode'),
    flag('SMPWCS', 48, 'Scalable-mode page walks can be coherent'),
    flag('RPS', 49, 'RID_PASID of the context entry is used'),
    flag('TDXCS', 50, 'TDX Connect'),
    flag('PMS', 51, 'Performance monitoring'),
    flag('ADMS', 52, 'Abort DMA mode'),
    flag('RPRIVS', 53, 'RID_PRIV of the context entry is used'),
    reserved(54, 54),
    flag('HPTS', 55, 'Host permission tables for translated requests'),
    flag('PTRS', 56, 'PASID in translated requests'),
    flag('SSIRWS', 57, 'Second-stage entries have I/O read and I/O write bits'),
    flag('SMS', 58, 'Stop markers of page requests'),
    flag('HPT1GPS', 59, 'Host permission tables with pages of 1 GiB'),
    flag('RDTS', 60, 'RDT configuration register'),
    flag('EIMER', 61, 'Works in extended interrupt mode only'),
    flag('IRREQ', 62, 'MSIs are blocked while interrupt remapping is off'),
    reserved(63, 63),
  ],
  '§11.4.3',
);

export const GCMD = register(
  'GCMD',
  'Global command',
  0x018,
  32,
  [
    reserved(22, 0),
    field('CFI', 23, 23, 'Compatibility format interrupts pass', { access: 'WO' }),
    field('SIRTP', 24, 24, 'Set interrupt remap table pointer (one-shot)', { access: 'WO' }),
    field('IRE', 25, 25, 'Interrupt remapping enable', { access: 'WO' }),
    field('QIE', 26, 26, 'Queued invalidation enable', { access: 'WO' }),
    field('WBF', 27, 27, 'Write buffer flush (one-shot)', { access: 'WO' }),
    field('EAFL', 28, 28, 'Enable advanced fault logging; removed in revision 4.0', {
      access: 'WO',
    }),
    field('SFL', 29, 29, 'Set fault log (one-shot); removed in revision 4.0', { access: 'WO' }),
    field('SRTP', 30, 30, 'Set root table pointer (one-shot)', { access: 'WO' }),
    field('TE', 31, 31, 'Translation enable', { access: 'WO' }),
  ],
  '§11.4.4.1',
);

export const GSTS = register(
  'GSTS',
  'Global status',
  0x01c,
  32,
  [
    reserved(22, 0),
    flag('CFIS', 23, 'Compatibility format interrupts pass'),
    flag('IRTPS', 24, 'Interrupt remap table pointer is set'),
    flag('IRES', 25, 'Interrupt remapping is enabled'),
    flag('QIES', 26, 'Queued invalidation is enabled'),
    flag('WBFS', 27, 'A write buffer flush is under way'),
    flag('AFLS', 28, 'Advanced fault logging is enabled; removed in revision 4.0'),
    flag('FLS', 29, 'Fault log is set; removed in revision 4.0'),
    flag('RTPS', 30, 'Root table pointer is set'),
    flag('TES', 31, 'Translation is enabled'),
  ],
  '§11.4.4.2',
);

export const RTADDR = register(
  'RTADDR',
  'Root table address',
  0x020,
  64,
  [
    reserved(6, 0),
    field(
      'SSIRWE',
      7,
      7,
      'Second-stage entries give rights by their I/O bits (61, 62), not by R and W',
      {
        access: 'RW',
      },
    ),
    reserved(9, 8),
    field('TTM', 11, 10, 'Translation table mode', {
      values: { 0: 'legacy', 1: 'scalable', 2: 'reserved', 3: 'abort' },
      access: 'RW',
    }),
    field('RTA', 63, 12, 'Root table address', { kind: 'address', shift: 12, access: 'RW' }),
  ],
  '§11.4.5',
);

const CONTEXT_GRANULARITY = { 0: 'none', 1: 'global', 2: 'domain', 3: 'device' };

export const CCMD = register(
  'CCMD',
  'Context command',
  0x028,
  64,
  [
    field('DID', 15, 0, 'Domain identifier', { access: 'RW' }),
    field('SID', 31, 16, 'Source identifier', { kind: 'bdf', access: 'WO' }),
    field('FM', 33, 32, 'Function mask: low function bits that are not compared', { access: 'WO' }),
    reserved(58, 34),
    field('CAIG', 60, 59, 'Granularity that the unit used', {
      values: CONTEXT_GRANULARITY,
      access: 'RO',
    }),
    field('CIRG', 62, 61, 'Granularity requested', { values: CONTEXT_GRANULARITY, access: 'RW' }),
    field('ICC', 63, 63, 'Invalidate context cache; clear when done', { access: 'RW' }),
  ],
  '§11.4.6.1',
);

/** IVA, at the offset that ECAP.IRO gives. */
export function ivaRegister(offset: number): ReturnType<typeof register> {
  return register(
    'IVA',
    'Invalidate address',
    offset,
    64,
    [
      field('AM', 5, 0, 'Address mask: 2^AM pages', { access: 'WO' }),
      field('IH', 6, 6, 'Invalidation hint: only leaf entries changed', { access: 'WO' }),
      reserved(11, 7),
      field('ADDR', 63, 12, 'Address', { kind: 'address', shift: 12, access: 'WO' }),
    ],
    '§11.4.6.4',
  );
}

const IOTLB_GRANULARITY = { 0: 'none', 1: 'global', 2: 'domain', 3: 'page' };

/** IOTLB, 8 bytes behind IVA. */
export function iotlbRegister(offset: number): ReturnType<typeof register> {
  return register(
    'IOTLB',
    'IOTLB invalidate',
    offset,
    64,
    [
      reserved(31, 0),
      field('DID', 47, 32, 'Domain identifier', { access: 'RW' }),
      field('DW', 48, 48, 'Drain writes', { access: 'RW' }),
      field('DR', 49, 49, 'Drain reads', { access: 'RW' }),
      reserved(56, 50),
      field('IAIG', 58, 57, 'Granularity that the unit used', {
        values: IOTLB_GRANULARITY,
        access: 'RO',
      }),
      reserved(59, 59),
      field('IIRG', 61, 60, 'Granularity requested', { values: IOTLB_GRANULARITY, access: 'RW' }),
      reserved(62, 62),
      field('IVT', 63, 63, 'Invalidate IOTLB; clear when done', { access: 'RW' }),
    ],
    '§11.4.6.3',
  );
}
