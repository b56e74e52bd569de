/** Where the kernel's own words mislead, said beside them. */
import { hexByte } from '../format/hex.ts';
import type { FaultRecord } from '../iommu/fault.ts';
import type { LogStory } from './story.ts';
import type { VerdictId } from './verdicts.ts';

/** Notes of the log that are about the fault before them. */
const OF_A_FAULT = new Set([
  'superpage-called-not-present',
  'level-is-the-one-below',
  'dump-contradicts-fault',
  'dump-of-drivers-domain',
  'dump-ended-in-oops',
  'copied-to-the-wrong-half',
  'device-without-domain',
  'record-cut',
]);
/** Notes of the log that are about every fault of their kernel. */
const OF_A_KERNEL = new Set([
  'domain-misdecoded',
  'counts-are-lower-bounds',
  'unit-dropped-faults',
]);
/** Lines behind a fault in which the kernel may still print entries for it. */
const DUMP_LINES = 40;

/** What a reader should know of the kernel's wording of a fault. */
export function misleadingWords(
  fault: FaultRecord,
  verdict: VerdictId,
  story: LogStory | undefined,
): string[] {
  const said: string[] = [];
  const { reason, vendor } = fault;
  if (fault.era !== undefined && fault.era <= 'V5' && reason !== undefined && reason > 9)
    said.push(
      `Kernels up to 5.13 print the reason in decimal: ${reason} there is ${hexByte(reason)} in the specification and in newer kernels.`,
    );
  if (vendor === 'intel' && verdict === 'not-mapped' && (reason === 0x05 || reason === 0x06))
    said.push(
      `The kernel says that ${reason === 0x05 ? 'write' : 'read'} access is not set. Second-stage entries have no present bit, so the same words stand for a page that is not mapped at all, as here.`,
    );
  if (vendor === 'intel' && verdict === 'permission-missing' && reason === 0x79)
    said.push(
      'One reason stands for reads and writes here; the access is told by the line itself.',
    );
  if (vendor === 'amd' && verdict === 'permission-missing' && fault.event === 'IO_PAGE_FAULT')
    said.push(
      'The event is called a page fault, although the page is present: the flags (PR and PE) say that it was the permission.',
    );
  if (verdict === 'undecided' && vendor === 'intel' && (reason === 0x05 || reason === 0x06))
    said.push(
      'These words do not say whether the page was mapped without this right or not mapped at all: only the tables can tell.',
    );
  for (const note of story?.notes ?? []) {
    const near = note.line >= fault.line && note.line <= fault.line + DUMP_LINES;
    if (note.kernel !== fault.kernel) continue;
    if ((OF_A_FAULT.has(note.id) && near) || (OF_A_KERNEL.has(note.id) && of(note.id, vendor)))
      said.push(note.text);
  }
  return [...new Set(said)];
}

function of(id: string, vendor: 'intel' | 'amd'): boolean {
  return id !== 'domain-misdecoded' || vendor === 'amd';
}
