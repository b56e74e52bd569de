/** The device table entry, 256 bits (48882 rev 3.08, §2.2.2.1). */
import type { Words } from '../bits/layout.ts';
import { addressOf, field, layout, pieced, reserved, valueOf } from '../bits/layout.ts';
import type { Rights } from '../iommu/leaves.ts';

/** Bytes in a device table entry. */
export const DTE_SIZE = 32;

export const DTE = layout(
  'DTE',
  256,
  [
    field('V', 0, 0, 'Bits 127:1 are valid; with 0 requests are forwarded without translation'),
    field('TV', 1, 1, 'The page translation information is valid; with 0 requests are refused'),
    reserved(3, 2),
    field('CXLIO', 6, 4, 'Attributes of CXL.io requests (reserved before rev 3.08)'),
    field('HAD', 8, 7, 'Accessed and dirty bits of the host page tables', {
      values: { 0: 'not updated', 1: 'accessed updated', 3: 'accessed and dirty updated' },
    }),
    field('Mode', 11, 9, 'Levels of the host page table', {
      values: {
        0: 'no host translation',
        1: '1 level',
        2: '2 levels',
        3: '3 levels',
        4: '4 levels',
        5: '5 levels',
        6: '6 levels',
      },
    }),
    field('HostPageTableRoot', 51, 12, 'Physical address of the top host page table', {
      kind: 'address',
      shift: 12,
    }),
    field('PPR', 52, 52, 'Peripheral page requests of the device are processed'),
    field('GPRP', 53, 53, 'Answers to page requests carry the PASID'),
    field('GIoV', 54, 54, 'Requests without PASID are translated as PASID 0'),
    field('GV', 55, 55, 'Guest translation: the guest CR3 table is valid'),
    field('GLX', 57, 56, 'Levels of the guest CR3 table', {
      values: { 0: '1 level', 1: '2 levels', 2: '3 levels' },
    }),
    pieced(
      'GCR3TableRoot',
      [
        { high: 60, low: 58 },
        { high: 95, low: 80 },
        { high: 127, low: 107 },
      ],
      'Physical address of the guest CR3 table',
      { kind: 'address', shift: 12 },
    ),
    field('IR', 61, 61, 'The device may read'),
    field('IW', 62, 62, 'The device may write'),
    reserved(63, 63),
    field('DomainID', 79, 64, 'Domain that cached translations are tagged with'),
    field('I', 96, 96, 'The device may use ATS: its IOTLB is enabled'),
    field('SE', 97, 97, 'Further page faults of the device are not logged'),
    field('SA', 98, 98, 'No page fault of the device is logged'),
    field('IoCtl', 100, 99, 'What happens to port I/O requests', {
      values: { 0: 'target abort', 1: 'forwarded', 2: 'translated' },
    }),
    field('Cache', 101, 101, 'Hint: translations for ATS are not kept in the unit'),
    field('SD', 102, 102, 'Page table reads do not snoop the processors’ caches'),
    field('EX', 103, 103, 'The device may use the exclusion range'),
    field('SysMgt', 105, 104, 'What happens to system management requests', {
      values: { 0: 'target abort', 1: 'forwarded', 2: 'INTx forwarded', 3: 'translated' },
    }),
    field('SATS', 106, 106, 'Secure ATS: translated requests are checked'),
    field('IV', 128, 128, 'Bits 255:129 are valid; with 0 interrupts are forwarded unmapped'),
    field('IntTabLen', 132, 129, 'Entries in the interrupt remapping table', {
      values: Object.fromEntries(
        Array.from({ length: 12 }, (_, index) => [
          index,
          `${1 << index} ${index ? 'entries' : 'entry'}`,
        ]),
      ),
    }),
    field('IG', 133, 133, 'Interrupts without a valid entry are not logged'),
    field('IntTabRoot', 179, 134, 'Physical address of the interrupt remapping table', {
      kind: 'address',
      shift: 6,
    }),
    reserved(181, 180),
    field('GuestPagingMode', 183, 182, 'Levels of the guest page tables', {
      values: { 0: '4 levels', 1: '5 levels' },
    }),
    field('InitPass', 184, 184, 'INIT interrupts are forwarded'),
    field('EIntPass', 185, 185, 'ExtInt interrupts are forwarded'),
    field('NMIPass', 186, 186, 'NMIs are forwarded'),
    field('HPTMode', 187, 187, 'Hint: how the host page table is used'),
    field('IntCtl', 189, 188, 'What happens to fixed and arbitrated interrupts', {
      values: { 0: 'target abort', 1: 'forwarded unmapped', 2: 'remapped' },
    }),
    field('Lint0Pass', 190, 190, 'LINT0 interrupts are forwarded'),
    field('Lint1Pass', 191, 191, 'LINT1 interrupts are forwarded'),
    reserved(206, 192),
    field('vImuEn', 207, 207, 'The device belongs to a guest with a hardware-virtualized IOMMU'),
    field('GDeviceID', 223, 208, 'DeviceID that the guest knows the device by', { kind: 'bdf' }),
    field('GuestID', 239, 224, 'Guest that the device belongs to'),
    reserved(244, 240),
    field('ignored 245', 245, 245, 'Not checked by hardware; free for software', {
      kind: 'ignored',
    }),
    field('AttrV', 246, 246, 'Mode0FC and SnoopAttribute are valid'),
    field('Mode0FC', 247, 247, 'Force coherent, for requests that no page table entry decides'),
    field('SnoopAttribute', 255, 248, 'No-snoop attribute by PAT of the guest page table entry'),
  ],
  { spec: '48882 rev 3.08 §2.2.2.1' },
);

/** A device table entry with its deciding fields as numbers. */
export interface DeviceTableEntry {
  readonly words: Words;
  readonly valid: boolean;
  readonly translationValid: boolean;
  readonly mode: number;
  readonly hostPageTable: bigint;
  /** GIoV: requests without PASID use PASID 0. */
  readonly guestIo: boolean;
  readonly guestValid: boolean;
  /** Levels of the guest CR3 table, 1 to 3; 4 for the reserved encoding. */
  readonly gcr3Levels: number;
  readonly gcr3Table: bigint;
  /** Levels of the guest page tables: 4 or 5; undefined for reserved encodings. */
  readonly guestLevels: 4 | 5 | undefined;
  readonly rights: Rights;
  readonly domain: number;
  /** SA: page faults of the device are refused without an event. */
  readonly suppressed: boolean;
  readonly exclusion: boolean;
  readonly ioCtl: number;
  readonly sysMgt: number;
  readonly interruptValid: boolean;
  readonly interruptControl: number;
  /** IG: interrupts without a valid entry are refused without an event. */
  readonly unmappedIgnored: boolean;
  readonly interruptTable: bigint;
  /** Entries: 2^IntTabLen, also for the reserved lengths above 2,048. */
  readonly interruptCapacity: number;
}

/** Reads the deciding fields of a DTE's four words. */
export function decodeDte(words: Words): DeviceTableEntry {
  const value = (name: string): number => Number(valueOf(DTE, words, name));
  const guest = value('GuestPagingMode');
  return {
    words,
    valid: value('V') === 1,
    translationValid: value('TV') === 1,
    mode: value('Mode'),
    hostPageTable: addressOf(DTE, words, 'HostPageTableRoot'),
    guestIo: value('GIoV') === 1,
    guestValid: value('GV') === 1,
    gcr3Levels: value('GLX') + 1,
    gcr3Table: addressOf(DTE, words, 'GCR3TableRoot'),
    guestLevels: guest === 0 ? 4 : guest === 1 ? 5 : undefined,
    rights: value('IR') | (value('IW') << 1),
    domain: value('DomainID'),
    suppressed: value('SA') === 1,
    exclusion: value('EX') === 1,
    ioCtl: value('IoCtl'),
    sysMgt: value('SysMgt'),
    interruptValid: value('IV') === 1,
    interruptControl: value('IntCtl'),
    unmappedIgnored: value('IG') === 1,
    interruptTable: addressOf(DTE, words, 'IntTabRoot'),
    interruptCapacity: 1 << value('IntTabLen'),
  };
}

/** IntCtl = 10b: fixed and arbitrated interrupts go through the remapping table. */
export const INT_CTL_REMAPPED = 2;
/** IntTabLen above this is reserved (2,048 entries is the longest table). */
export const MAX_INT_TAB_LEN = 11;

/** Whether the entry points to an interrupt remapping table (IV = 1, IntCtl = 10b). */
export function pointsToInterruptTable(dte: DeviceTableEntry): boolean {
  return dte.interruptValid && dte.interruptControl === INT_CTL_REMAPPED;
}
