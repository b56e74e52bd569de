import { formatCount, formatSize } from '../format/size.ts';
import { Failure } from '../memory/failure.ts';
import type { OpenContext } from './context.ts';
import type { Dump, Note } from './dump.ts';
import type { ElfHeaders, ProgramHeader } from './elf-headers.ts';
import { readElfHeaders } from './elf-headers.ts';
import { extentDump } from './extent-dump.ts';
import { EXCLUDED, ExtentList } from './extent-memory.ts';
import type { DumpFindings } from './findings.ts';
import type { Image } from './image.ts';
import { readSome } from './image.ts';
import { MAX_NOTE_BYTES, parseNotes } from './notes.ts';

/** Physical addresses of x86 have at most 52 bits. */
const ADDRESS_LIMIT = 1n << 52n;

/**
 * Opens an ELF core with physical addresses: `makedumpfile -E`, a copy of /proc/vmcore, QEMU's
 * dump-guest-memory. PT_LOADs may be in any order and may cover the same memory (the kernel image
 * and the direct map do); bytes that one of them has in the file win over another's lack.
 */
export function openElf(image: Image, context: OpenContext): Dump {
  const { findings } = context;
  const headers = readElfHeaders(image, findings);
  const loads = headers.programs.filter((program) => program.type === 'load');
  const notes = readNotes(image, headers, findings);
  requirePhysical(image, loads, notes);
  const extents = new ExtentList();
  const missing = addLoads(image, loads, extents, findings);
  if (missing > 0)
    findings.add(
      'error',
      'dump-truncated',
      `The file lacks ${formatSize(missing)} that its program headers promise; pages there can't be read.`,
    );
  if (headers.markedIncomplete)
    findings.add(
      'error',
      'dump-incomplete',
      'The writer marked this dump as incomplete (e_flags): it ran out of space or was stopped.',
    );
  return extentDump(image, context, {
    format: 'elf',
    extents,
    words: {
      absent: 'no PT_LOAD covers this page: the machine has no RAM there, or the dump left it out',
      excluded:
        "left out by the dump's filter: a PT_LOAD covers the page without bytes in the file",
      failed: 'a PT_LOAD promises this page, and the file does not hold it',
    },
    notes,
    facts: { machine: headers.machine, loads },
    incomplete: headers.markedIncomplete || missing > 0,
  });
}

function readNotes(image: Image, headers: ElfHeaders, findings: DumpFindings): Note[] {
  const notes: Note[] = [];
  let budget = MAX_NOTE_BYTES;
  for (const program of headers.programs) {
    if (program.type !== 'note' || budget === 0) continue;
    const bytes = readSome(image, program.offset, Math.min(program.fileSize, budget));
    budget -= bytes.length;
    const parsed = parseNotes(bytes);
    notes.push(...parsed.notes);
    const damage =
      bytes.length < program.fileSize
        ? `only ${formatSize(bytes.length)} of ${formatSize(program.fileSize)} of notes are read`
        : parsed.damage;
    if (damage) findings.add('warning', 'notes-damaged', `The notes are damaged: ${damage}.`);
  }
  return notes;
}

/** Refuses cores that hold no physical memory, with the reason. */
function requirePhysical(
  image: Image,
  loads: readonly ProgramHeader[],
  notes: readonly Note[],
): void {
  if (loads.length === 0)
    throw new Failure(
      'unreadable',
      `${image.name} is an ELF core without a single PT_LOAD.`,
      'It holds no memory; a Xen domain core keeps its pages in sections, which are not read.',
      'Dump the machine by kdump, or with QEMU: dump-guest-memory.',
    );
  const placed = loads.filter((load) => load.physical !== 0n && load.physical < ADDRESS_LIMIT);
  const process = notes.some((note) => note.name === 'CORE' && note.type === NT_PRPSINFO);
  if (placed.length === 0 && (loads.length > 1 || process))
    throw new Failure(
      'unreadable',
      `${image.name} is an ELF core without physical addresses.`,
      process
        ? 'It is the core of a process, not of a machine.'
        : 'Every p_paddr is 0 or impossible, so nobody can tell where its memory stood.',
      'Give a vmcore; for virsh dump use --memory-only.',
    );
}

/** Note type of a process's command line; the core of a machine has none. */
const NT_PRPSINFO = 3;

/** @returns bytes that the headers promise and the image does not hold. */
function addLoads(
  image: Image,
  loads: readonly ProgramHeader[],
  extents: ExtentList,
  findings: DumpFindings,
): number {
  let missing = 0;
  let misplaced = 0;
  for (const load of loads) {
    const size = Math.max(load.fileSize, load.memorySize);
    if (load.physical + BigInt(size) > ADDRESS_LIMIT) {
      misplaced++;
      continue;
    }
    const start = Number(load.physical);
    missing += extents.addStored(image, start, load.fileSize, load.offset);
    extents.add(EXCLUDED, start + load.fileSize, start + size, 0);
  }
  if (misplaced > 0)
    findings.add(
      'warning',
      'load-misplaced',
      `${formatCount(misplaced)} of ${formatCount(loads.length)} PT_LOADs have no possible physical address (above 52 bits, as /proc/kcore has) and are left out.`,
    );
  return missing;
}
