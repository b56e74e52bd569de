import { Failure } from '../memory/failure.ts';
import type { LoadSegment } from './dump.ts';
import type { Image } from './image.ts';
import { readExact, readSome, u64, viewOf } from './image.ts';
import type { DumpFindings } from './findings.ts';

/** ELF gABI: e_type of a core file, p_type of notes and memory, the escape value of e_phnum. */
const ET_CORE = 4;
const PT_LOAD = 1;
const PT_NOTE = 4;
const PN_XNUM = 0xffff;

/** makedumpfile's bit in e_flags: the writer ran out of space (IMPLEMENTATION, "incomplete"). */
const DUMP_ELF_INCOMPLETE = 1;

/** Program headers that are read at most; makedumpfile writes one per MiB of memory at worst. */
const MAX_PROGRAM_HEADERS = 2_000_000;

const MACHINES = new Map([
  [3, 'i386'],
  [8, 'mips'],
  [20, 'ppc'],
  [21, 'ppc64'],
  [22, 's390x'],
  [40, 'arm'],
  [62, 'x86_64'],
  [183, 'aarch64'],
  [243, 'riscv64'],
  [258, 'loongarch64'],
]);

export interface ProgramHeader extends LoadSegment {
  readonly type: 'load' | 'note';
}

export interface ElfHeaders {
  readonly machine: string;
  /** The e_flags bit that makedumpfile sets when it could not write everything. */
  readonly markedIncomplete: boolean;
  /** PT_LOAD and PT_NOTE headers, in file order. */
  readonly programs: readonly ProgramHeader[];
}

/** Whether these first bytes are those of a little-endian ELF core. */
export function isElfCore(head: Uint8Array): boolean {
  return isElf(head) && viewOf(head).getUint16(16, head[5] !== 2) === ET_CORE;
}

function isElf(head: Uint8Array): boolean {
  return (
    head.length >= 20 &&
    head[0] === 0x7f &&
    head[1] === 0x45 &&
    head[2] === 0x4c &&
    head[3] === 0x46 &&
    (head[4] === 1 || head[4] === 2)
  );
}

/**
 * Reads the file header and the program headers of an ELF core of either class.
 * @throws Failure when there are no program headers to be had.
 */
export function readElfHeaders(image: Image, findings: DumpFindings): ElfHeaders {
  const head = readSome(image, 0, 64);
  const wide = head[4] === 2;
  if (!isElfCore(head) || head.length < (wide ? 64 : 52))
    throw new Failure(
      'unreadable',
      `${image.name}: the ELF header ends too early or is not that of a core.`,
      'Nothing of the dump can be found without it.',
      'Copy the dump again and compare the sizes.',
    );
  if (head[5] !== 1)
    throw new Failure(
      'unreadable',
      `${image.name} is a big-endian ELF core.`,
      'It comes from a machine that has neither VT-d nor AMD-Vi.',
      'Give a dump of an x86 machine.',
    );
  const view = viewOf(head);
  const machineCode = view.getUint16(18, true);
  const tableAt = wide ? u64(view, 32) : view.getUint32(28, true);
  const flags = view.getUint32(wide ? 48 : 36, true);
  const entrySize = view.getUint16(wide ? 54 : 42, true);
  const sectionsAt = wide ? u64(view, 40) : view.getUint32(32, true);
  const shortCount = view.getUint16(wide ? 56 : 44, true);
  const minimum = wide ? 56 : 32;
  if (entrySize < minimum)
    throw new Failure(
      'unreadable',
      `${image.name}: program headers of ${entrySize} bytes are smaller than ELF's ${minimum}.`,
      'The header is damaged; nothing of the dump can be found without it.',
      'Copy the dump again and compare the sizes.',
    );
  let count = shortCount;
  if (shortCount === PN_XNUM) {
    const infoAt = wide ? 44 : 28;
    const section = readExact(image, sectionsAt, wide ? 64 : 40);
    if (section) count = viewOf(section).getUint32(infoAt, true);
    else
      findings.add(
        'error',
        'elf-section-missing',
        'The number of program headers should stand in section header 0, which the file does not hold; only 65,535 are read.',
      );
  }
  const programs = readPrograms(image, findings, { tableAt, entrySize, count, wide });
  return {
    machine: MACHINES.get(machineCode) ?? `ELF machine ${machineCode}`,
    markedIncomplete: (flags & DUMP_ELF_INCOMPLETE) !== 0,
    programs,
  };
}

interface Table {
  readonly tableAt: number;
  readonly entrySize: number;
  readonly count: number;
  readonly wide: boolean;
}

function readPrograms(image: Image, findings: DumpFindings, table: Table): ProgramHeader[] {
  const { tableAt, entrySize, wide } = table;
  const inFile = Math.max(0, Math.floor((image.size - tableAt) / entrySize));
  const count = Math.min(table.count, inFile, MAX_PROGRAM_HEADERS);
  if (count < table.count)
    findings.add(
      'error',
      'elf-headers-missing',
      `${table.count - count} of ${table.count} program headers are not read: ${
        inFile < table.count ? 'the file ends before them' : 'no dump needs so many'
      }.`,
    );
  const programs: ProgramHeader[] = [];
  const perRead = Math.max(1, Math.floor(65_536 / entrySize));
  for (let done = 0; done < count; done += perRead) {
    const entries = Math.min(perRead, count - done);
    const bytes = readExact(image, tableAt + done * entrySize, entries * entrySize);
    if (!bytes) break;
    const view = viewOf(bytes);
    for (let index = 0; index < entries; index++) {
      const program = wide
        ? readProgram64(view, index * entrySize)
        : readProgram32(view, index * entrySize);
      if (program) programs.push(program);
    }
  }
  return programs;
}

function typeOf(code: number): ProgramHeader['type'] | undefined {
  return code === PT_LOAD ? 'load' : code === PT_NOTE ? 'note' : undefined;
}

function readProgram64(view: DataView, at: number): ProgramHeader | undefined {
  const type = typeOf(view.getUint32(at, true));
  return (
    type && {
      type,
      offset: u64(view, at + 8),
      virtual: view.getBigUint64(at + 16, true),
      physical: view.getBigUint64(at + 24, true),
      fileSize: u64(view, at + 32),
      memorySize: u64(view, at + 40),
    }
  );
}

function readProgram32(view: DataView, at: number): ProgramHeader | undefined {
  const type = typeOf(view.getUint32(at, true));
  return (
    type && {
      type,
      offset: view.getUint32(at + 4, true),
      virtual: BigInt(view.getUint32(at + 8, true)),
      physical: BigInt(view.getUint32(at + 12, true)),
      fileSize: view.getUint32(at + 16, true),
      memorySize: view.getUint32(at + 20, true),
    }
  );
}
