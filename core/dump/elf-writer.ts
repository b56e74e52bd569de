import { addressOfPfn, PAGE_SIZE, type PfnRange } from '../memory/physical.ts';
import type { Note } from './dump.ts';

/** Where a stretch of physical memory stood in the dumping kernel's addresses. */
export interface MemoryView extends PfnRange {
  /** Virtual address of the first page. */
  readonly virtual: bigint;
}

export interface ElfCore {
  readonly notes: readonly Note[];
  /** Page frames whose bytes are written, ascending. */
  readonly pages: readonly number[];
  /**
   * Memory that the machine has, as program headers tell it, in their order. Pages of it that are
   * not written are covered without bytes (p_filesz < p_memsz): known to exist, content unknown.
   * Views may overlap (the kernel image and the direct map do); a page's bytes are written once.
   */
  readonly views: readonly MemoryView[];
  /** The bytes of a page that is to be written. */
  read(pfn: number): Uint8Array;
}

interface Load {
  readonly virtual: bigint;
  readonly physical: bigint;
  readonly offset: number;
  readonly fileBytes: number;
  readonly memoryBytes: number;
}

/** ELF gABI: sizes of the 64-bit structures, and the values that a core of a machine has. */
const HEADER = 64;
const PROGRAM_HEADER = 56;
const SECTION_HEADER = 64;
const ET_CORE = 4;
const EM_X86_64 = 62;
const PT_LOAD = 1;
const PT_NOTE = 4;
const READ_WRITE_EXECUTE = 7;
/** Escape value of e_phnum: the number stands in sh_info of section header 0. */
const PN_XNUM = 0xffff;

/**
 * An ELF core of a machine's memory, part by part in the order of the file: the form that
 * /proc/vmcore has, so that every reader of vmcores opens it.
 */
export function* elfCore(core: ElfCore): Iterable<Uint8Array> {
  const notes = noteBytes(core.notes);
  const runs = runsOf(core.pages);
  // The number of loads does not depend on where the data begins.
  const count = 1 + loadsOf(core, runs, 0).length;
  const extended = count >= PN_XNUM;
  const notesAt = HEADER + (extended ? SECTION_HEADER : 0) + PROGRAM_HEADER * count;
  const dataAt = Math.ceil((notesAt + notes.length) / PAGE_SIZE) * PAGE_SIZE;
  const head = new Uint8Array(dataAt);
  const view = new DataView(head.buffer);
  writeHeader(head, view, count, extended);
  const at = HEADER + (extended ? SECTION_HEADER : 0);
  writeProgramHeader(view, at, PT_NOTE, 0, {
    virtual: 0n,
    physical: 0n,
    offset: notesAt,
    fileBytes: notes.length,
    memoryBytes: notes.length,
  });
  loadsOf(core, runs, dataAt).forEach((load, index) =>
    writeProgramHeader(view, at + PROGRAM_HEADER * (index + 1), PT_LOAD, READ_WRITE_EXECUTE, load),
  );
  head.set(notes, notesAt);
  yield head;
  for (const pfn of core.pages) yield core.read(pfn);
}

interface Run extends PfnRange {
  /** Index of its first page among all that are written. */
  readonly index: number;
}

function runsOf(pages: readonly number[]): Run[] {
  const runs: Run[] = [];
  for (let index = 0; index < pages.length;) {
    const from = index;
    while (index < pages.length && pages[index] === pages[from] + (index - from)) index++;
    runs.push({ from: pages[from], to: pages[from] + (index - from), index: from });
  }
  return runs;
}

/** One load for each written run with what follows it unwritten, and one for a view's beginning. */
function loadsOf(core: ElfCore, runs: readonly Run[], dataAt: number): Load[] {
  const loads: Load[] = [];
  for (const view of core.views) {
    const add = (from: number, fileTo: number, to: number, index: number): void => {
      if (to > from)
        loads.push({
          virtual: BigInt.asUintN(64, view.virtual + BigInt(from - view.from) * BigInt(PAGE_SIZE)),
          physical: addressOfPfn(from),
          // Readers take the first offset for the end of the headers, even of a load without bytes.
          offset: dataAt + index * PAGE_SIZE,
          fileBytes: (fileTo - from) * PAGE_SIZE,
          memoryBytes: (to - from) * PAGE_SIZE,
        });
    };
    let from = view.from;
    let fileTo = view.from;
    let index = 0;
    for (let i = firstRunBehind(runs, view.from); i < runs.length && runs[i].from < view.to; i++) {
      const start = Math.max(runs[i].from, view.from);
      add(from, fileTo, start, index);
      from = start;
      fileTo = Math.min(runs[i].to, view.to);
      index = runs[i].index + (start - runs[i].from);
    }
    add(from, fileTo, view.to, index);
  }
  return loads;
}

function firstRunBehind(runs: readonly Run[], pfn: number): number {
  let low = 0;
  let high = runs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (runs[middle].to > pfn) high = middle;
    else low = middle + 1;
  }
  return low;
}

function writeHeader(head: Uint8Array, view: DataView, count: number, extended: boolean): void {
  head.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(16, ET_CORE, true);
  view.setUint16(18, EM_X86_64, true);
  view.setUint32(20, 1, true);
  view.setBigUint64(32, BigInt(HEADER + (extended ? SECTION_HEADER : 0)), true);
  if (extended) view.setBigUint64(40, BigInt(HEADER), true);
  view.setUint16(52, HEADER, true);
  view.setUint16(54, PROGRAM_HEADER, true);
  view.setUint16(56, extended ? PN_XNUM : count, true);
  view.setUint16(58, SECTION_HEADER, true);
  view.setUint16(60, extended ? 1 : 0, true);
  if (extended) view.setUint32(HEADER + 44, count, true);
}

function writeProgramHeader(
  view: DataView,
  at: number,
  type: number,
  flags: number,
  load: Load,
): void {
  view.setUint32(at, type, true);
  view.setUint32(at + 4, flags, true);
  view.setBigUint64(at + 8, BigInt(load.offset), true);
  view.setBigUint64(at + 16, load.virtual, true);
  view.setBigUint64(at + 24, load.physical, true);
  view.setBigUint64(at + 32, BigInt(load.fileBytes), true);
  view.setBigUint64(at + 40, BigInt(load.memoryBytes), true);
}

/** A note area (ELF gABI, "Note Section"): each name and descriptor padded to 4 bytes. */
export function noteBytes(notes: readonly Note[]): Uint8Array {
  const align = (size: number): number => Math.ceil(size / 4) * 4;
  const names = notes.map((note) => new TextEncoder().encode(`${note.name}\0`));
  const total = notes.reduce(
    (sum, note, i) => sum + 12 + align(names[i].length) + align(note.desc.length),
    0,
  );
  const out = new Uint8Array(total);
  const view = new DataView(out.buffer);
  let at = 0;
  notes.forEach((note, i) => {
    view.setUint32(at, names[i].length, true);
    view.setUint32(at + 4, note.desc.length, true);
    view.setUint32(at + 8, note.type, true);
    out.set(names[i], at + 12);
    out.set(note.desc, at + 12 + align(names[i].length));
    at += 12 + align(names[i].length) + align(note.desc.length);
  });
  return out;
}
