/**
 * Fault reasons of DMA in legacy mode and of interrupt remapping (VT-d §7.1.3, §5.1.4.1). The
 * `UNNAMED` ones are those for which Linux has no words.
 */

export type ReasonRow = readonly [
  code: number,
  name: string,
  conditions: string,
  qualified: boolean,
  meaning: string,
];

export const LEGACY: readonly ReasonRow[] = [
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
  [0x0b, 'non-zero reserved fields in CTP', 'LCT.3', true, 'Reserved bits in the context entry'],
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

export const LEGACY_UNNAMED: readonly ReasonRow[] = [
  [
    0x0e,
    'Interrupt address range hit by a translated address',
    'LGN.4',
    true,
    'The page table maps the address into 0xfee00000-0xfeefffff',
  ],
];

export const INTERRUPT: readonly ReasonRow[] = [
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

export const INTERRUPT_UNNAMED: readonly ReasonRow[] = [
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
  [
    0x2a,
    'Interrupts in a mode that the unit lacks',
    'IEM',
    false,
    'EIME is 0 in IRTA, and the unit works in extended interrupt mode only (ECAP.EIMER)',
  ],
  [
    0x2b,
    'Interrupt while interrupt remapping is off',
    'IRR',
    false,
    'An MSI came while interrupt remapping was off, and the unit blocks those (ECAP.IRREQ)',
  ],
];
