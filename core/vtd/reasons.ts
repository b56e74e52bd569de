/**
 * Fault reasons of VT-d (4.1 §7.1.3 and the encodings of appendix A): the number in the FR field
 * of a fault record, the words that Linux prints for it, what it means, and the specification's
 * names of the conditions that it stands for.
 */
export type FaultKind = 'dma' | 'interrupt' | 'scalable';

export interface FaultReason {
  readonly code: number;
  /** Linux's wording, or ours where Linux has none (`known` is false then). */
  readonly name: string;
  readonly known: boolean;
  readonly meaning: string;
  readonly kind: FaultKind;
  /** The specification's condition names. */
  readonly conditions: string;
  /** Qualified faults are not recorded where FPD is set in the entry that was used. */
  readonly qualified: boolean;
}

type Row = readonly [
  code: number,
  name: string,
  conditions: string,
  qualified: boolean,
  meaning: string,
];

const LEGACY: readonly Row[] = [
  [0x00, 'Software', '', false, 'Not a hardware reason: an empty record, or one made by software'],
  [0x01, 'Present bit in root entry is clear', 'LRT.2', false, 'No context table for this bus'],
  [
    0x02,
    'Present bit in context entry is clear',
    'LCT.2',
    true,
    'This function has no context entry: nothing may do DMA in its name',
  ],
  [
    0x03,
    'Invalid context entry',
    'LCT.4',
    true,
    'AW or TT holds a value that the unit does not support, or the top page table cannot be read',
  ],
  [
    0x04,
    'Access beyond MGAW',
    'LGN.1',
    true,
    'The address has more bits than the unit (MGAW) or the page table (AW) translates',
  ],
  [
    0x05,
    'PTE Write access is not set',
    'LGN.2',
    true,
    'An entry on the way has W = 0: the page is not mapped, or not for writing',
  ],
  [
    0x06,
    'PTE Read access is not set',
    'LGN.3',
    true,
    'An entry on the way has R = 0: the page is not mapped, or not for reading',
  ],
  [
    0x07,
    'Next page table ptr is invalid',
    'LSS.1',
    true,
    'A page table below the top cannot be read: its entry points where no memory answers',
  ],
  [0x08, 'Root table address invalid', 'LRT.1', false, 'The root table cannot be read'],
  [0x09, 'Context table ptr is invalid', 'LCT.1', false, 'The context table cannot be read'],
  [0x0a, 'non-zero reserved fields in RTP', 'LRT.3', false, 'Reserved bits in the root entry'],
  [0x0b, 'non-zero reserved fields in CTP', 'LCT.3', false, 'Reserved bits in the context entry'],
  [
    0x0c,
    'non-zero reserved fields in PTE',
    'LSS.2',
    true,
    'Reserved bits in a page-table entry that is present: damage, or a page size or address width that the unit lacks',
  ],
  [
    0x0d,
    'PCE for translation request specifies blocking',
    'LCT.5',
    true,
    'The device sent a translation or translated request (ATS) that TT does not allow',
  ],
];

const LEGACY_UNNAMED: readonly Row[] = [
  [
    0x0e,
    'Interrupt address range hit by a translated address',
    'LGN.4',
    true,
    'The page table maps the address into 0xfee00000-0xfeefffff, or a request other than a write goes there',
  ],
];

const INTERRUPT: readonly Row[] = [
  [
    0x20,
    'Detected reserved fields in the decoded interrupt-remapped request',
    'IRR',
    false,
    'The interrupt request itself (address and data of the MSI) has reserved bits set',
  ],
  [
    0x21,
    'Interrupt index exceeded the interrupt-remapping table size',
    'IIX',
    false,
    'Handle and subhandle give an index beyond the table that IRTA describes',
  ],
  [
    0x22,
    'Present field in the IRTE entry is clear',
    'IRP',
    true,
    'The interrupt uses an entry that nobody set up, or that was freed',
  ],
  [
    0x23,
    'Error accessing interrupt-remapping table pointed by IRTA_REG',
    'IRA',
    false,
    'The interrupt remapping table cannot be read',
  ],
  [
    0x24,
    'Detected reserved fields in the IRTE entry',
    'IRE',
    true,
    'Reserved bits in a present entry',
  ],
  [
    0x25,
    'Blocked a compatibility format interrupt request',
    'ICF',
    false,
    'An MSI in the old format came while the unit blocks those (CFI = 0, or extended mode)',
  ],
  [
    0x26,
    'Blocked an interrupt request due to source-id verification failure',
    'ISID',
    true,
    'The interrupt comes from another requester than the entry allows (SID, SQ, SVT)',
  ],
];

const INTERRUPT_UNNAMED: readonly Row[] = [
  [
    0x27,
    'Error accessing the posted-interrupt descriptor',
    'IPA',
    true,
    'The posted-interrupt descriptor that the entry points to cannot be read or written',
  ],
  [
    0x28,
    'Detected reserved fields in the posted-interrupt descriptor',
    'IPR',
    true,
    'Reserved bits in the posted-interrupt descriptor',
  ],
  [
    0x29,
    'Invalid request to the interrupt address range',
    'IRQ',
    false,
    'An untranslated request without PASID reached the interrupt address range in a form that is no interrupt',
  ],
];

const SCALABLE: readonly Row[] = [
  [
    0x30,
    'SM: Invalid Root Table Address',
    'RTA.1',
    false,
    'RTADDR holds a translation table mode or an address that the unit cannot use',
  ],
  [0x31, 'SM: TTM 0 for request with PASID', 'RTA.2', false, 'A PASID came in legacy mode'],
  [0x32, 'SM: TTM 0 for page group request', 'RTA.3', false, 'A page request in legacy mode'],
  [
    0x38,
    'SM: Error attempting to access Root Entry',
    'SRT.1',
    false,
    'The root table cannot be read',
  ],
  [
    0x39,
    'SM: Present bit in Root Entry is clear',
    'SRT.2',
    false,
    'No context table for this half of the bus (LP or UP is 0)',
  ],
  [
    0x3a,
    'SM: Non-zero reserved field set in Root Entry',
    'SRT.3',
    false,
    'Reserved bits in the root entry',
  ],
  [
    0x40,
    'SM: Error attempting to access Context Entry',
    'SCT.1',
    false,
    'The context table cannot be read',
  ],
  [
    0x41,
    'SM: Present bit in Context Entry is clear',
    'SCT.2',
    true,
    'This function has no context entry',
  ],
  [
    0x42,
    'SM: Non-zero reserved field set in the Context Entry',
    'SCT.3',
    false,
    'Reserved bits in the context entry',
  ],
  [
    0x43,
    'SM: Invalid Context Entry',
    'SCT.4',
    true,
    'The context entry holds a combination that the unit does not support',
  ],
  [
    0x44,
    'SM: DTE field in Context Entry is clear',
    'SCT.5',
    true,
    'The device sent a translation or translated request (ATS) that is not enabled',
  ],
  [
    0x45,
    'SM: PASID Enable field in Context Entry is clear',
    'SCT.6',
    true,
    'A request with PASID, from a function that may not use any',
  ],
  [
    0x46,
    'SM: PASID is larger than the max in Context Entry',
    'SCT.7',
    true,
    'The PASID lies beyond the directory that PDTS describes',
  ],
  [
    0x47,
    'SM: PRE field in Context-Entry is clear',
    'SCT.8',
    true,
    'A page request, from a function that may not send any',
  ],
  [
    0x48,
    'SM: RID_PASID field error in Context-Entry',
    'SCT.9',
    true,
    'RID_PASID lies beyond the directory that PDTS describes',
  ],
  [
    0x50,
    'SM: Error attempting to access the PASID Directory Entry',
    'SPD.1',
    true,
    'The PASID directory cannot be read',
  ],
  [
    0x51,
    'SM: Present bit in Directory Entry is clear',
    'SPD.2',
    true,
    'No PASID table for these 64 PASIDs',
  ],
  [
    0x52,
    'SM: Non-zero reserved field set in PASID Directory Entry',
    'SPD.3',
    true,
    'Reserved bits in the PASID directory entry',
  ],
  [
    0x58,
    'SM: Error attempting to access PASID Table Entry',
    'SPT.1',
    true,
    'The PASID table cannot be read',
  ],
  [
    0x59,
    'SM: Present bit in PASID Table Entry is clear',
    'SPT.2',
    true,
    'Nothing may do DMA with this PASID',
  ],
  [
    0x5a,
    'SM: Non-zero reserved field set in PASID Table Entry',
    'SPT.3',
    true,
    'Reserved bits in the PASID table entry',
  ],
  [
    0x5b,
    'SM: Invalid Scalable-Mode PASID Table Entry',
    'SPT.4',
    true,
    'PGTT, AW or the first-stage paging mode holds a value that the unit does not support',
  ],
  [
    0x5c,
    'SM: ERE field is clear in PASID Table Entry',
    'SPT.5',
    true,
    'The request asks for execution, which is not enabled',
  ],
  [
    0x5d,
    'SM: SRE field is clear in PASID Table Entry',
    'SPT.6',
    true,
    'The request asks for supervisor privilege, which is not enabled',
  ],
  [
    0x70,
    'SM: Error attempting to access first-level paging entry',
    'SFS.1',
    true,
    'A first-stage table below the top cannot be read',
  ],
  [
    0x71,
    'SM: Present bit in first-level paging entry is clear',
    'SFS.2',
    true,
    'The address is not mapped in the first-stage table',
  ],
  [
    0x72,
    'SM: Non-zero reserved field set in first-level paging entry',
    'SFS.3',
    true,
    'Reserved bits in a present first-stage entry',
  ],
  [
    0x73,
    'SM: Error attempting to access FL-PML4 entry',
    'SFS.4',
    true,
    'The top first-stage table cannot be read',
  ],
  [
    0x74,
    'SM: First-level entry address beyond MGAW in Nested translation',
    'SFS.5',
    true,
    'A first-stage table lies at a guest address that the second stage cannot translate',
  ],
  [
    0x75,
    'SM: Read permission error in FL-PML4 entry in Nested translation',
    'SFS.6',
    true,
    'The second stage does not let the unit read the top first-stage table',
  ],
  [
    0x76,
    'SM: Read permission error in first-level paging entry in Nested translation',
    'SFS.7',
    true,
    'The second stage does not let the unit read a first-stage table',
  ],
  [
    0x77,
    'SM: Write permission error in first-level paging entry in Nested translation',
    'SFS.8',
    true,
    'The second stage does not let the unit set accessed or dirty in a first-stage table',
  ],
  [
    0x78,
    'SM: Error attempting to access second-level paging entry',
    'SSS.1',
    true,
    'A second-stage table below the top cannot be read',
  ],
  [
    0x79,
    'SM: Read/Write permission error in second-level paging entry',
    'SSS.2',
    true,
    'The address is not mapped in the second-stage table, or not for this access',
  ],
  [
    0x7a,
    'SM: Non-zero reserved field set in second-level paging entry',
    'SSS.3',
    true,
    'Reserved bits in a present second-stage entry',
  ],
  [
    0x7b,
    'SM: Invalid second-level page table pointer',
    'SSS.4',
    true,
    'The top second-stage table cannot be read',
  ],
  [
    0x7c,
    'SM: A/D bit update needed in second-level entry when set up in no snoop',
    'SSS.5',
    true,
    'Accessed or dirty would have to be set in a table that is walked without snooping',
  ],
  [
    0x80,
    'SM: Address in first-level translation is not canonical',
    'SGN.1',
    true,
    'The bits above the first-stage width do not all equal its top bit',
  ],
  [
    0x81,
    'SM: U/S set 0 for first-level translation with user privilege',
    'SGN.2',
    true,
    'A request without supervisor privilege met an entry with U/S = 0',
  ],
  [
    0x82,
    'SM: No execute permission for request with PASID and ER=1',
    'SGN.3',
    true,
    'The request asks for execution, which the tables forbid',
  ],
  [
    0x83,
    'SM: Address beyond the DMA hardware max',
    'SGN.4',
    true,
    'A pass-through address lies beyond the host address width',
  ],
  [
    0x84,
    'SM: Second-level entry address beyond the max',
    'SGN.5',
    true,
    'The address has more bits than the unit (MGAW) or the second-stage table (AW) translates',
  ],
  [
    0x85,
    'SM: No write permission for Write/AtomicOp request',
    'SGN.6',
    true,
    'A first-stage entry on the way has R/W = 0',
  ],
  [
    0x86,
    'SM: No read permission for Read/AtomicOp request',
    'SGN.7',
    true,
    'The tables do not let this request read',
  ],
  [
    0x87,
    'SM: Invalid address-interrupt address',
    'SGN.8',
    true,
    'The tables map the address into 0xfee00000-0xfeefffff, or the request may not go there',
  ],
  [
    0x90,
    'SM: A/D bit update needed in first-level entry when set up in no snoop',
    'SFS.9',
    true,
    'Accessed or dirty would have to be set in a table that is walked without snooping',
  ],
];

const SCALABLE_UNNAMED: readonly Row[] = [
  [
    0x33,
    'Page request in a translation table mode that forbids it',
    'RTA.4',
    false,
    'RTADDR holds a mode in which the request is not allowed',
  ],
  [
    0x7d,
    'Accessed or dirty bit of a second-stage entry could not be set',
    'SSS.6',
    true,
    'The locked update of the entry in memory failed',
  ],
  [
    0x88,
    'Translated request refused',
    'SGN.9',
    true,
    'A translated request (ATS) is not allowed for this device',
  ],
  [
    0x89,
    'Translated address refused',
    'SGN.10',
    true,
    'A translated request (ATS) names an address that it may not use',
  ],
  [
    0x91,
    'Accessed or dirty bit of a first-stage entry could not be set',
    'SFS.10',
    true,
    'The locked update of the entry in memory failed',
  ],
];

const rows = (table: readonly Row[], kind: FaultKind, known: boolean): FaultReason[] =>
  table.map(([code, name, conditions, qualified, meaning]) => ({
    code,
    name,
    known,
    meaning,
    kind,
    conditions,
    qualified,
  }));

/** Every reason that the specification defines, in order of its number. */
export const FAULT_REASONS: readonly FaultReason[] = [
  ...rows(LEGACY, 'dma', true),
  ...rows(LEGACY_UNNAMED, 'dma', false),
  ...rows(INTERRUPT, 'interrupt', true),
  ...rows(INTERRUPT_UNNAMED, 'interrupt', false),
  ...rows(SCALABLE, 'scalable', true),
  ...rows(SCALABLE_UNNAMED, 'scalable', false),
].sort((a, b) => a.code - b.code);

const BY_CODE: ReadonlyMap<number, FaultReason> = new Map(
  FAULT_REASONS.map((reason) => [reason.code, reason]),
);

/** The reason with this number; undefined where the specification defines none. */
export function faultReason(code: number): FaultReason | undefined {
  return BY_CODE.get(code);
}

/** The reason's words; `Unknown` where Linux, too, has none. */
export function faultReasonName(code: number): string {
  return BY_CODE.get(code)?.name ?? 'Unknown';
}
