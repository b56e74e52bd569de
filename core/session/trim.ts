import type { Dump, Note } from '../dump/dump.ts';
import { elfCore, type MemoryView } from '../dump/elf-writer.ts';
import { openDump } from '../dump/open.ts';
import type { Kernel } from '../linux/kernel.ts';
import type { Resource } from '../linux/resources.ts';
import { Stretch } from '../linux/stretch.ts';
import { Failure } from '../memory/failure.ts';
import {
  addressOfPfn,
  isKnown,
  PAGE_SIZE,
  type PfnRange,
  type PhysicalMemory,
  ZERO_PAGE,
} from '../memory/physical.ts';
import type { ByteSource } from '../memory/platform.ts';
import { Investigation, unitOf } from './investigation.ts';
import { RecordingMemory } from './recording-memory.ts';
import { kernelAnswers, tableAnswers, type AnswerOptions, type Answers } from './trim-answers.ts';

/**
 * `kernel`: what inspect, tables, mappings, walk, irq, dmesg and acpi need, and nothing else.
 * `tables`: the IOMMU's tables and queues alone, to be read with a register file.
 */
export type Keep = 'kernel' | 'tables';

/** Where the trimmed dump goes: the platform's affair. */
export interface TrimOutput {
  write(bytes: Uint8Array): void;
  /** Ends writing, and gives what was written to be read back. */
  reopen(): ByteSource;
}

export interface TrimOptions extends AnswerOptions {
  readonly keep: Keep;
  readonly output: TrimOutput;
  /** Called as the work goes on, with what is being done. */
  readonly progress?: (what: 'answers' | 'writing' | 'checking', done: number, all: number) => void;
}

export interface TrimResult {
  /** Page frames written. */
  readonly pages: number;
  /** Bytes of the file. */
  readonly bytes: number;
  /** Answers that the trimmed dump gives otherwise than the source; empty when it is sound. */
  readonly differences: readonly string[];
  /** Answers that were compared. */
  readonly compared: readonly string[];
}

/** Frames that are classified one by one between those that the dump holds. */
const CLASSIFY_BUDGET = 1 << 26;
/** Entries of mem_section at most: 2^52 bytes of memory. */
const MAX_SECTION_ROOTS = 1 << 20;
/** NT_PRSTATUS of x86-64: its size, and where the registers stand in it. */
const PRSTATUS = { type: 1, size: 336, registersFrom: 112, registersTo: 328 } as const;

/**
 * Writes the smallest ELF core that still answers: exactly the pages that the answers read. Pages
 * that are left out stay known to exist (p_filesz < p_memsz), so that unknown stays unknown. The
 * registers in the processors' notes are blanked. The output is opened again, and its answers
 * compared with the source's.
 *
 * @throws Failure when the source has no memory, or no unit to keep the tables of
 */
export async function trim(
  investigation: Investigation,
  options: TrimOptions,
): Promise<TrimResult> {
  const { dump, original } = investigation;
  if (!dump || !original)
    throw new Failure(
      'unreadable',
      'There is no memory to trim.',
      'Only a dump can be trimmed; logs and register files are small as they are.',
      'Give the dump.',
    );
  if (options.keep === 'kernel' ? !investigation.kernel() : investigation.units().length === 0)
    throw new Failure(
      'unreadable',
      options.keep === 'kernel' ? 'The dump has no kernel to keep.' : 'No unit was found.',
      options.keep === 'kernel'
        ? investigation.noKernel
        : 'Without a unit nothing tells which pages are tables.',
      options.keep === 'kernel'
        ? 'Keep the tables alone: --keep tables.'
        : 'Give register values with --registers.',
    );
  const recorder = new RecordingMemory(original);
  const step = (done: number, all: number): void => options.progress?.('answers', done, all);
  const before = await answersOf(investigation, withMemory(dump, recorder, investigation), {
    ...options,
    step,
  });
  const kernel = options.keep === 'kernel' ? investigation.kernel() : undefined;
  const views = viewsOf(dump, recorder, kernel);
  if (kernel) readForOthers(kernel, original, recorder, views);
  const pages = [...recorder.read].sort((a, b) => a - b);
  let bytes = 0;
  let written = 0;
  const parts = elfCore({
    notes: kernel ? notesOf(dump, kernel) : [],
    pages,
    views,
    read: (pfn) => {
      const page = original.page(pfn);
      return isKnown(page) ? page : ZERO_PAGE;
    },
  });
  for (const part of parts) {
    options.signal?.throwIfAborted();
    options.output.write(part);
    bytes += part.length;
    if (++written % 1024 === 0) options.progress?.('writing', written, pages.length);
  }
  const again = openDump([options.output.reopen()], { platform: investigation.platform });
  try {
    options.progress?.('checking', 0, 1);
    const after = await answersOf(investigation, again, { ...options, step: undefined });
    const compared = [...before.keys()];
    const differences = compared.filter((name) => before.get(name) !== after.get(name));
    return { pages: pages.length, bytes, differences, compared };
  } finally {
    again.close();
  }
}

/**
 * Reads what other readers of vmcores ask for before they answer anything: the page tables that
 * lead to what is kept (the image needs none here), and the few pages that say which sections of
 * memory there are (mem_section of SPARSEMEM_EXTREME), and which nodes.
 */
function readForOthers(
  kernel: Kernel,
  original: PhysicalMemory,
  recorder: RecordingMemory,
  views: readonly MemoryView[],
): void {
  const memory = kernel.memory.over(recorder);
  const { info } = kernel;
  const sections = info.symbol('mem_section');
  const roots = Math.min(Number(info.values.get('LENGTH(mem_section)') ?? 0), MAX_SECTION_ROOTS);
  if (sections !== undefined && Number.isInteger(roots)) {
    // Looked through without recording: most of it is zero, and not worth keeping.
    const array = new Stretch(kernel.memory.over(original), sections, 8 * roots);
    for (let at = 0; at < array.length; at += 8) {
      if (!array.ensure(at, at + 8)) at = array.pageEnd(at) - 8;
      else if (array.view.getBigUint64(at, true) !== 0n) {
        memory.page(sections + BigInt(at));
        memory.page(array.view.getBigUint64(at, true));
      }
    }
  }
  for (const symbol of ['node_online_map', 'node_data', 'init_uts_ns']) {
    const address = info.symbol(symbol);
    if (address !== undefined) memory.page(address);
  }
  const kept = [...recorder.read];
  for (const view of views)
    for (const pfn of kept)
      if (pfn >= view.from && pfn < view.to)
        memory.walk(view.virtual + BigInt(pfn - view.from) * BigInt(PAGE_SIZE));
}

/** The answers that a memory gives to the questions of this case. */
async function answersOf(
  investigation: Investigation,
  dump: Dump,
  options: TrimOptions,
): Promise<Answers> {
  const { platform, registers, acpi } = investigation;
  const over = new Investigation({ platform, dump, registers, logs: [], acpi });
  if (options.keep === 'kernel') return kernelAnswers(over, options);
  const units = investigation.units().map((unit) => unitOf(unit.facts, over.memory!));
  return tableAnswers(over, units, options);
}

/** The dump seen through another memory; VMCOREINFO is told, so that nothing is searched for. */
function withMemory(dump: Dump, memory: RecordingMemory, investigation: Investigation): Dump {
  return {
    format: dump.format,
    flattened: dump.flattened,
    compression: dump.compression,
    memory,
    notes: dump.notes,
    vmcoreinfo: dump.vmcoreinfo ?? investigation.kernel()?.info.text,
    facts: dump.facts,
    incomplete: dump.incomplete,
    findings: dump.findings,
    counts: () => dump.counts(),
    close: () => {},
  };
}

/** VMCOREINFO, and a note for each processor with its registers blanked. */
function notesOf(dump: Dump, kernel: Kernel): Note[] {
  const processors = dump.notes
    .filter(
      (note) =>
        note.name === 'CORE' && note.type === PRSTATUS.type && note.desc.length === PRSTATUS.size,
    )
    .map((note) => {
      const desc = note.desc.slice();
      desc.fill(0, PRSTATUS.registersFrom, PRSTATUS.registersTo);
      return { ...note, desc };
    });
  const desc = new TextEncoder().encode(kernel.info.text);
  return [...processors, { name: 'VMCOREINFO', type: 0, desc }];
}

/** The kernel image first, as in /proc/vmcore, then all memory at its place in the direct map. */
function viewsOf(dump: Dump, recorder: RecordingMemory, kernel: Kernel | undefined): MemoryView[] {
  const memory = coverage(dump, recorder);
  const directMap = kernel?.memory.directMap?.from ?? 0n;
  const views = memory.map((range) => ({
    ...range,
    virtual: directMap + addressOfPfn(range.from),
  }));
  const image = kernel && imageRange(kernel);
  return image ? [image, ...views] : views;
}

/** The physical stretch of the kernel image, by the resource tree: code, read-only data, data, bss. */
function imageRange(kernel: Kernel): MemoryView | undefined {
  const stext = kernel.info.symbol('_stext');
  if (stext === undefined) return undefined;
  const parts: Resource[] = [];
  const collect = (resource: Resource): void => {
    if (/^Kernel (?:code|rodata|data|bss)$/.test(resource.name)) parts.push(resource);
    for (const child of resource.children) collect(child);
  };
  for (const resource of kernel.resources()) collect(resource);
  if (parts.length === 0) return undefined;
  const from = Math.min(...parts.map((part) => Number(part.start >> 12n)));
  const to = Math.max(...parts.map((part) => Number(part.end >> 12n))) + 1;
  const start = kernel.memory.imageToPhysical(stext);
  return { from, to, virtual: stext - (start - addressOfPfn(from)) };
}

/**
 * Memory that the machine has, as the source tells it: what it holds, what its filter left out,
 * and what an answer missed there. Everything else stays absent.
 */
function coverage(dump: Dump, recorder: RecordingMemory): PfnRange[] {
  const ranges: PfnRange[] = [];
  const { loads } = dump.facts;
  if (loads)
    for (const load of loads) {
      const from = Number(load.physical / BigInt(PAGE_SIZE));
      const end = load.physical + BigInt(Math.max(load.fileSize, load.memorySize));
      const to = Number((end + BigInt(PAGE_SIZE) - 1n) / BigInt(PAGE_SIZE));
      if (to > from && to <= 2 ** 40) ranges.push({ from, to });
    }
  else ranges.push(...heldAndExcluded(dump, recorder));
  for (const [pfn, why] of recorder.missed)
    if (why !== 'absent') ranges.push({ from: pfn, to: pfn + 1 });
  for (const pfn of recorder.read) ranges.push({ from: pfn, to: pfn + 1 });
  return joined(ranges);
}

function heldAndExcluded(dump: Dump, recorder: RecordingMemory): PfnRange[] {
  const ranges: PfnRange[] = [];
  let budget = CLASSIFY_BUDGET;
  const gap = (from: number, to: number): void => {
    if (to - from > budget) {
      // Too much to look at: what both ends are, all of it is taken for.
      if (recorder.provenance(from) !== 'absent' && recorder.provenance(to - 1) !== 'absent')
        ranges.push({ from, to });
      return;
    }
    budget -= to - from;
    for (let pfn = from; pfn < to; pfn++)
      if (recorder.provenance(pfn) !== 'absent') {
        const last = ranges.at(-1);
        if (last?.to === pfn) ranges[ranges.length - 1] = { from: last.from, to: pfn + 1 };
        else ranges.push({ from: pfn, to: pfn + 1 });
      }
  };
  let behind = 0;
  for (const range of recorder.ranges()) {
    gap(behind, range.from);
    ranges.push(range);
    behind = range.to;
  }
  gap(behind, Math.max(behind, dump.facts.maxPfn));
  return ranges;
}

/** The same page frames as ascending, disjoint ranges that don't touch. */
function joined(ranges: readonly PfnRange[]): PfnRange[] {
  const out: { from: number; to: number }[] = [];
  for (const range of [...ranges].sort((a, b) => a.from - b.from)) {
    const last = out.at(-1);
    if (last && range.from <= last.to) last.to = Math.max(last.to, range.to);
    else out.push({ ...range });
  }
  return out;
}
