import type { DumpedEntry, FaultRecord } from '../iommu/fault.ts';
import type { Severity } from '../format/severity.ts';
import type { DumpLine } from './message.ts';

export interface NoteText {
  readonly severity: Severity;
  readonly text: string;
}

const note = (text: string): NoteText => ({ severity: 'note', text });
const warning = (text: string): NoteText => ({ severity: 'warning', text });

/** What a reader should know at a place in the log; each is told once in a kernel. */
export const NOTES = {
  'record-cut': warning('The fault record ends before its reason; the rest of the line was lost.'),
  'unit-dropped-faults': warning(
    'PFO is set: the unit had no room for more faults and dropped some. Counts are lower bounds.',
  ),
  'counts-are-lower-bounds': warning(
    'The kernel limits how much it prints: from here on faults are missing from the log, and counts are lower bounds.',
  ),
  'lines-lost': warning('The console could not keep up and lost lines here.'),
  'pstore-order': note(
    'The parts of a pstore record stand newest first: from one part to the next time runs backwards, and a part may begin in the middle of a line.',
  ),
  'superpage-called-not-present': warning(
    'Up to Linux 6.12 this dump also calls the entry of a large page (2 MiB, 1 GiB) not present, and does not print it. It proves nothing about the mapping.',
  ),
  'level-is-the-one-below': note(
    'Since Linux 6.13 the level in this line is the one below the entry that is not present; that entry is the last one printed.',
  ),
  'dump-contradicts-fault': warning(
    'The entry that the fault calls missing is there in the dump. The kernel reads its tables after the fault: they were changed since, or the unit answered from its cache or did not see the write.',
  ),
  'dump-of-drivers-domain': warning(
    'Linux 5.16 to 5.19 dump the page table of the driver’s domain, not the one that the context entry points to; in a crash kernel the two differ.',
  ),
  'dump-ended-in-oops': warning(
    'The dump of the tables itself crashed: a crash kernel does not copy PASID tables, and Linux 5.16 followed them nevertheless.',
  ),
  'copied-to-the-wrong-half': warning(
    'Functions from 10.0 up use the upper half of a scalable-mode root entry. Linux 7.0 was reported to put the copied table of a bus with only such functions into the lower half: its devices fault with 0x39 in the crash kernel alone (fixed by 091d42e43d21).',
  ),
  'domain-misdecoded': warning(
    'Linux 4.18 to 5.3 print a domain taken from the wrong bits (fixed by d64c0486ed50): it proves nothing.',
  ),
  'printed-twice': note(
    'The same fault stands twice: up to Linux 5.14 a fault beyond the limit of its device was printed again without the device’s name.',
  ),
  'device-without-domain': note(
    'An IO_PAGE_FAULT of a device that has no domain; the kernel prints neither its address nor its flags.',
  ),
} as const satisfies Record<string, NoteText>;

export type NoteId = keyof typeof NOTES;

/** VT-d reasons that say an entry is not present, with the dumped structure that shows it. */
const NOT_PRESENT: Readonly<Record<number, string>> = {
  0x01: 'root entry',
  0x02: 'context entry',
  0x41: 'context entry',
  0x51: 'pasid dir entry',
  0x59: 'pasid table entry',
};

/** The bit of a level-1 entry that a reason says is clear. */
const PAGE_BITS: Readonly<Record<number, bigint>> = { 0x05: 2n, 0x06: 1n, 0x71: 1n };

/** What to say of an entry that was dumped after a fault. */
export function noteOfDump(
  entry: DumpedEntry,
  fault: FaultRecord,
  dump: readonly DumpedEntry[],
): NoteId | undefined {
  const reason = fault.reason ?? -1;
  const low = entry.words[0] ?? 0n;
  // Only the first word of a PASID table entry has the P bit.
  if (NOT_PRESENT[reason] === entry.what && entry.words.length <= 2 && (low & 1n) === 1n)
    return 'dump-contradicts-fault';
  if (reason === 0x39 && entry.what === 'scalable mode root entry' && halfPresent(entry, fault))
    return 'dump-contradicts-fault';
  const bit = PAGE_BITS[reason];
  if (entry.what === 'pte' && entry.level === 1 && bit !== undefined && allHave(dump, bit))
    return 'dump-contradicts-fault';
  return undefined;
}

/** What to say of the line that ends a dump. */
export function noteOfStop(
  line: DumpLine,
  fault: FaultRecord,
  crashKernel: boolean,
): NoteId | undefined {
  if (line.level !== undefined) {
    if (line.text.startsWith('page table')) return 'level-is-the-one-below';
    return line.level > 1 ? 'superpage-called-not-present' : undefined;
  }
  if (/not probed|no page table setup/.test(line.text)) return 'dump-of-drivers-domain';
  const upper =
    Number.parseInt(/:([0-9a-f]{2})\.[0-7]$/.exec(fault.bdf ?? '')?.[1] ?? '0', 16) >= 0x10;
  if (crashKernel && fault.reason === 0x39 && upper && line.text.startsWith('context table'))
    return 'copied-to-the-wrong-half';
  return undefined;
}

/** Scalable-mode root entries have a P bit in each half: LP for functions below 10.0, UP above. */
function halfPresent(entry: DumpedEntry, fault: FaultRecord): boolean {
  const device = Number.parseInt(/:([0-9a-f]{2})\.[0-7]$/.exec(fault.bdf ?? '')?.[1] ?? '0', 16);
  return ((entry.words[device >= 0x10 ? 1 : 0] ?? 0n) & 1n) === 1n;
}

/** Rights are those that every level grants. */
function allHave(dump: readonly DumpedEntry[], bit: bigint): boolean {
  return dump.every((each) => each.what !== 'pte' || ((each.words[0] ?? 0n) & bit) !== 0n);
}
