/**
 * Root, context and PASID structures of DMA remapping (VT-d chapter 9). Address fields run to
 * bit 63 here; bits at and above the host address width are reserved, see `reserved.ts`.
 */
import { field, ignored, layout, reserved } from '../bits/layout.ts';
import { specification } from './define.ts';

const PAGE = 12;

/** §9.1: 256 of these, one for each bus. */
export const ROOT_ENTRY = layout(
  'root entry',
  128,
  [
    field('P', 0, 0, 'Present: the context table of this bus is valid'),
    reserved(11, 1),
    field('CTP', 63, 12, 'Context-table pointer', { kind: 'address', shift: PAGE }),
    reserved(127, 64),
  ],
  { spec: specification('§9.1') },
);

/** §9.2: each half points to the context table of 128 functions. */
export const SCALABLE_ROOT_ENTRY = layout(
  'scalable-mode root entry',
  128,
  [
    field('LP', 0, 0, 'Lower present: the context table of devices 0 to 15 is valid'),
    reserved(11, 1),
    field('LCTP', 63, 12, 'Lower context-table pointer (devices 0 to 15)', {
      kind: 'address',
      shift: PAGE,
    }),
    field('UP', 64, 64, 'Upper present: the context table of devices 16 to 31 is valid'),
    reserved(75, 65),
    field('UCTP', 127, 76, 'Upper context-table pointer (devices 16 to 31)', {
      kind: 'address',
      shift: PAGE,
    }),
  ],
  { spec: specification('§9.2') },
);

/** Translation type (TT) of a context entry. */
const TRANSLATION_TYPES = {
  0: 'second-stage',
  1: 'second-stage and Device-TLB',
  2: 'pass-through',
  3: 'reserved',
} as const;

const ADDRESS_WIDTHS = {
  1: '39-bit AGAW, 3-level page table',
  2: '48-bit AGAW, 4-level page table',
  3: '57-bit AGAW, 5-level page table',
};

/** §9.3: one for each function, in legacy mode. */
export const CONTEXT_ENTRY = layout(
  'context entry',
  128,
  [
    field('P', 0, 0, 'Present: requests of this function are processed by this entry'),
    field('FPD', 1, 1, 'Fault processing disable: qualified faults are not recorded'),
    field('TT', 3, 2, 'Translation type', { values: TRANSLATION_TYPES }),
    reserved(11, 4),
    field('SSPTPTR', 63, 12, 'Second-stage page-table pointer', { kind: 'address', shift: PAGE }),
    field('AW', 66, 64, 'Address width of the second-stage page table', { values: ADDRESS_WIDTHS }),
    ignored(70, 67, 'Ignored by hardware; Linux marks copied entries in bit 67'),
    reserved(71, 71),
    field('DID', 87, 72, 'Domain identifier: tags what the caches keep of this domain'),
    reserved(127, 88),
  ],
  { spec: specification('§9.3') },
);

/** §9.4: one for each function, in scalable mode. */
export const SCALABLE_CONTEXT_ENTRY = layout(
  'scalable-mode context entry',
  256,
  [
    field('P', 0, 0, 'Present: requests of this function are processed by this entry'),
    field('FPD', 1, 1, 'Fault processing disable: qualified faults are not recorded'),
    field('DTE', 2, 2, 'Device-TLB enable: translation and translated requests are allowed'),
    field('PASIDE', 3, 3, 'PASID enable: requests with PASID are allowed'),
    field('PRE', 4, 4, 'Page request enable'),
    field('HPTE', 5, 5, 'Host permission table enable: translated requests are checked'),
    field('EPTR', 6, 6, 'Enable PASID in translated requests'),
    reserved(8, 7),
    field('PDTS', 11, 9, 'PASID directory size: 2^(PDTS + 7) entries'),
    field('PASIDDIRPTR', 63, 12, 'PASID directory pointer', { kind: 'address', shift: PAGE }),
    field('RID_PASID', 83, 64, 'PASID of requests that carry none'),
    field('RID_PRIV', 84, 84, 'Requests without PASID ask for supervisor privilege'),
    reserved(127, 85),
    reserved(191, 128),
    reserved(255, 192),
  ],
  { spec: specification('§9.4') },
);

/** §9.5: points to a table of 64 PASIDs. */
export const PASID_DIRECTORY_ENTRY = layout(
  'scalable-mode PASID directory entry',
  64,
  [
    field('P', 0, 0, 'Present: the PASID table is valid'),
    field('FPD', 1, 1, 'Fault processing disable for all 64 PASIDs'),
    reserved(11, 2),
    field('SMPTBLPTR', 63, 12, 'Scalable-mode PASID table pointer', {
      kind: 'address',
      shift: PAGE,
    }),
  ],
  { spec: specification('§9.5') },
);

/** PASID granular translation type (PGTT). */
const GRANULAR_TRANSLATION_TYPES = {
  0: 'reserved',
  1: 'first-stage',
  2: 'second-stage',
  3: 'nested',
  4: 'pass-through',
  5: 'reserved',
  6: 'reserved',
  7: 'reserved',
} as const;

/** §9.6: how the requests of one PASID are translated. */
export const PASID_TABLE_ENTRY = layout(
  'scalable-mode PASID table entry',
  512,
  [
    field('P', 0, 0, 'Present: requests with this PASID are processed by this entry'),
    field('FPD', 1, 1, 'Fault processing disable: qualified faults are not recorded'),
    field('AW', 4, 2, 'Address width of the second-stage page table', { values: ADDRESS_WIDTHS }),
    field('SSEE', 5, 5, 'Second-stage execute enable; reserved since revision 4.1'),
    field('PGTT', 8, 6, 'PASID granular translation type', { values: GRANULAR_TRANSLATION_TYPES }),
    field('SSADE', 9, 9, 'Second-stage accessed and dirty enable'),
    reserved(11, 10),
    field('SSPTPTR', 63, 12, 'Second-stage page-table pointer', { kind: 'address', shift: PAGE }),
    field('DID', 79, 64, 'Domain identifier: tags what the caches keep of this domain'),
    reserved(86, 80),
    field('PWSNP', 87, 87, 'Page-walk snoop: walks of the tables snoop processor caches'),
    field('PGSNP', 88, 88, 'Page snoop: accesses to pages snoop processor caches'),
    field('CD', 89, 89, 'Cache disable'),
    field('EMTE', 90, 90, 'Extended memory type enable'),
    field('EMT', 93, 91, 'Extended memory type of tables; reserved since revision 3.4'),
    field('PWT', 94, 94, 'Write-through of the first-stage top table; reserved since revision 3.4'),
    field('PCD', 95, 95, 'Cache disable of the first-stage top table; reserved since revision 3.4'),
    field('PAT', 127, 96, 'Page attribute table: eight memory types of 4 bits'),
    field('SRE', 128, 128, 'Supervisor request enable'),
    field('ERE', 129, 129, 'Execute request enable; reserved since revision 4.1'),
    field('FSPM', 131, 130, 'First-stage paging mode', {
      values: { 0: '4-level', 1: '5-level', 2: 'reserved', 3: 'reserved' },
    }),
    field('WPE', 132, 132, 'Write protect enable: supervisor writes obey R/W too'),
    field('NXE', 133, 133, 'No-execute enable; ignored since revision 4.1'),
    field('SMEP', 134, 134, 'Supervisor mode execute prevention; ignored since revision 4.1'),
    field('EAFE', 135, 135, 'Extended accessed flag enable'),
    reserved(139, 136),
    field('FSPTPTR', 191, 140, 'First-stage page-table pointer', { kind: 'address', shift: PAGE }),
    reserved(255, 192),
    field('HPTSZ', 257, 256, 'Host permission table size: translated addresses of 49 + HPTSZ bits'),
    field('HPTPFD', 258, 258, 'Host permission table prefetch disable'),
    reserved(267, 259),
    field('HPTPTR', 319, 268, 'Host permission table pointer', { kind: 'address', shift: PAGE }),
    field('HPTDID', 335, 320, 'Host permission table domain identifier'),
    reserved(383, 336),
    reserved(447, 384),
    reserved(511, 448),
  ],
  { spec: specification('§9.6') },
);
