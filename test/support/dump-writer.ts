import { compress } from 'snappyjs';
import type { Provenance } from '../../core/memory/physical.ts';
import { PAGE_SIZE } from '../../core/memory/physical.ts';

/**
 * Writers of small dumps for tests: the formats' own descriptions put into bytes, apart from the
 * readers, so that a reader's mistake is not repeated here.
 */

/** A page of a machine: its bytes, zeros that the dump keeps, or left out by the filter. */
export type ModelPage = Uint8Array | 'zero' | 'excluded';

/** A machine's memory by page frame; frames that are not in the map do not exist. */
export type Model = ReadonlyMap<number, ModelPage>;

export function highestPfn(model: Model): number {
  return Math.max(-1, ...model.keys()) + 1;
}

/** Page frames in order, grouped into runs of neighbours. */
function runsOf(model: Model): { from: number; to: number }[] {
  const runs: { from: number; to: number }[] = [];
  for (const pfn of [...model.keys()].sort((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last && last.to === pfn) last.to++;
    else runs.push({ from: pfn, to: pfn + 1 });
  }
  return runs;
}

/** What a page holds when it is known. */
export function contentOf(page: ModelPage): Uint8Array {
  return page instanceof Uint8Array ? page : new Uint8Array(PAGE_SIZE);
}

/** A page of a pattern that compresses, different for each seed. */
export function patternPage(seed: number): Uint8Array {
  const page = new Uint8Array(PAGE_SIZE);
  const view = new DataView(page.buffer);
  for (let at = 0; at < PAGE_SIZE; at += 8) {
    view.setUint32(at, (seed * 2_654_435_761 + (at >> 6)) >>> 0, true);
    view.setUint32(at + 4, at % 64 === 0 ? seed : 0x67, true);
  }
  return page;
}

/** A page of bytes that do not compress. */
export function noisePage(seed: number): Uint8Array {
  const page = new Uint8Array(PAGE_SIZE);
  let state = (seed * 747_796_405 + 1) >>> 0;
  for (let at = 0; at < PAGE_SIZE; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    page[at] = state >>> 24;
  }
  return page;
}

/** A machine with memory of all kinds: holes, filtered pages, zeros, pages that do not compress. */
export function sampleModel(): Map<number, ModelPage> {
  const model = new Map<number, ModelPage>();
  for (let pfn = 1; pfn < 0x9f; pfn++) model.set(pfn, patternPage(pfn));
  for (let pfn = 0x100; pfn < 0x180; pfn++) model.set(pfn, pfn % 3 ? patternPage(pfn) : 'excluded');
  for (let pfn = 0x180; pfn < 0x190; pfn++) model.set(pfn, 'zero');
  for (let pfn = 0x190; pfn < 0x1a0; pfn++) model.set(pfn, noisePage(pfn));
  model.set(0x1a0, 'excluded');
  model.set(0x8000, patternPage(0x8000));
  model.set(0x8001, 'zero');
  model.set(0x8fff, 'excluded');
  model.set(0x9000, noisePage(0x9000));
  return model;
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export interface NoteSpec {
  readonly name: string;
  readonly type: number;
  readonly desc: Uint8Array;
}

/** An ELF note area. */
export function noteArea(notes: readonly NoteSpec[]): Uint8Array {
  const pad = (bytes: Uint8Array): Uint8Array =>
    concat([bytes, new Uint8Array((4 - (bytes.length % 4)) % 4)]);
  return concat(
    notes.flatMap(({ name, type, desc }) => {
      const head = new Uint8Array(12);
      const view = new DataView(head.buffer);
      view.setUint32(0, name.length + 1, true);
      view.setUint32(4, desc.length, true);
      view.setUint32(8, type, true);
      return [head, pad(new TextEncoder().encode(`${name}\0`)), pad(desc)];
    }),
  );
}

export const VMCOREINFO_TEXT =
  'OSRELEASE=6.1.0-test\nPAGESIZE=4096\nNUMBER(phys_base)=-440401920\n';

export const SAMPLE_NOTES: readonly NoteSpec[] = [
  { name: 'CORE', type: 1, desc: new Uint8Array(336) },
  { name: 'VMCOREINFO', type: 0, desc: new TextEncoder().encode(VMCOREINFO_TEXT) },
];

export interface LoadSpec {
  readonly physical: number;
  readonly virtual?: bigint;
  readonly data: Uint8Array;
  /** p_memsz; the data's length when not given. */
  readonly memory?: number;
}

export interface ElfSpec {
  readonly loads: readonly LoadSpec[];
  readonly notes?: readonly NoteSpec[];
  readonly wide?: boolean;
  readonly flags?: number;
  readonly machine?: number;
  /** Puts the number of program headers into section header 0, as for 65,535 and more. */
  readonly extended?: boolean;
  /** Order in which the loads' data stands in the file. */
  readonly dataOrder?: 'ascending' | 'descending';
  readonly bigEndian?: boolean;
}

/** An ELF core (gABI): header, program headers, notes, data. */
export function writeElf(spec: ElfSpec): Uint8Array {
  const wide = spec.wide ?? true;
  const notes = noteArea(spec.notes ?? []);
  const headerSize = wide ? 64 : 52;
  const entrySize = wide ? 56 : 32;
  const sectionSize = spec.extended ? (wide ? 64 : 40) : 0;
  const count = spec.loads.length + 1;
  const notesAt = headerSize + entrySize * count + sectionSize;
  const little = !spec.bigEndian;
  const order = spec.loads.map((_, index) => index);
  if (spec.dataOrder === 'descending') order.reverse();
  const offsets: number[] = [];
  let at = notesAt + notes.length;
  for (const index of order) {
    offsets[index] = at;
    at += spec.loads[index].data.length;
  }
  const out = new Uint8Array(at);
  const view = new DataView(out.buffer);
  out.set([0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, little ? 1 : 2, 1]);
  view.setUint16(16, 4, little);
  view.setUint16(18, spec.machine ?? (wide ? 62 : 3), little);
  const word = (offset: number, value: number | bigint): void => {
    if (wide) view.setBigUint64(offset, BigInt.asUintN(64, BigInt(value)), little);
    else view.setUint32(offset, Number(BigInt.asUintN(32, BigInt(value))), little);
  };
  word(wide ? 32 : 28, headerSize + sectionSize);
  word(wide ? 40 : 32, spec.extended ? headerSize : 0);
  view.setUint32(wide ? 48 : 36, spec.flags ?? 0, little);
  view.setUint16(wide ? 54 : 42, entrySize, little);
  view.setUint16(wide ? 56 : 44, spec.extended ? 0xffff : count, little);
  if (spec.extended) view.setUint32(headerSize + (wide ? 44 : 28), count, little);
  const program = (index: number, type: number, values: readonly (number | bigint)[]): void => {
    const start = headerSize + sectionSize + index * entrySize;
    const [offset, virtual, physical, fileSize, memorySize] = values;
    view.setUint32(start, type, little);
    const first = wide ? 8 : 4;
    const step = wide ? 8 : 4;
    [offset, virtual, physical, fileSize, memorySize].forEach((value, member) =>
      word(start + first + member * step, value),
    );
  };
  program(0, 4, [notesAt, 0, 0, notes.length, notes.length]);
  out.set(notes, notesAt);
  spec.loads.forEach((load, index) => {
    const { physical, data } = load;
    program(index + 1, 1, [
      offsets[index],
      load.virtual ?? 0n,
      physical,
      data.length,
      load.memory ?? data.length,
    ]);
    out.set(data, offsets[index]);
  });
  return out;
}

/** PT_LOADs as makedumpfile writes them: each holds pages, then the memory of those left out. */
export function loadsOf(model: Model): LoadSpec[] {
  const loads: LoadSpec[] = [];
  for (const run of runsOf(model)) {
    let pfn = run.from;
    while (pfn < run.to) {
      const from = pfn;
      const data: Uint8Array[] = [];
      while (pfn < run.to && model.get(pfn) !== 'excluded') data.push(contentOf(model.get(pfn++)!));
      while (pfn < run.to && model.get(pfn) === 'excluded') pfn++;
      loads.push({
        physical: from * PAGE_SIZE,
        data: concat(data),
        memory: (pfn - from) * PAGE_SIZE,
      });
    }
  }
  return loads;
}

/** What an ELF core of a model tells of a page. */
export function elfProvenance(page: ModelPage | undefined): Provenance {
  if (page === undefined) return 'absent';
  return page === 'excluded' ? 'excluded' : 'present';
}

export interface FlattenOptions {
  /** Bytes per record. */
  readonly record?: number;
  /** Changes the order of records, leaves some out, or adds some. */
  readonly arrange?: (records: FlatRecord[]) => FlatRecord[];
  /** Whether the end mark is written. */
  readonly end?: boolean;
}

export interface FlatRecord {
  readonly offset: number;
  readonly data: Uint8Array;
}

/** A flattened stream (makedumpfile -F) of a file. */
export function flatten(file: Uint8Array, options: FlattenOptions = {}): Uint8Array {
  const size = options.record ?? 4096;
  let records: FlatRecord[] = [];
  for (let offset = 0; offset < file.length; offset += size)
    records.push({ offset, data: file.subarray(offset, offset + size) });
  if (options.arrange) records = options.arrange(records);
  const head = new Uint8Array(4096);
  head.set(new TextEncoder().encode('makedumpfile'));
  const headView = new DataView(head.buffer);
  headView.setBigInt64(16, 1n);
  headView.setBigInt64(24, 1n);
  const mark = (offset: number, length: number): Uint8Array => {
    const bytes = new Uint8Array(16);
    const view = new DataView(bytes.buffer);
    view.setBigInt64(0, BigInt(offset));
    view.setBigInt64(8, BigInt(length));
    return bytes;
  };
  const parts = [head, ...records.flatMap(({ offset, data }) => [mark(offset, data.length), data])];
  if (options.end ?? true) parts.push(mark(-1, -1));
  return concat(parts);
}

function rangeHeader(magic: string, version: number, start: number, end: number): Uint8Array {
  const head = new Uint8Array(32);
  head.set(new TextEncoder().encode(magic));
  const view = new DataView(head.buffer);
  view.setUint32(4, version, true);
  view.setBigUint64(8, BigInt(start), true);
  view.setBigUint64(16, BigInt(end - 1), true);
  return head;
}

/** A stretch of memory of any length at any address. */
export interface RangeSpec {
  readonly start: number;
  readonly data: Uint8Array;
}

/** The ranges of a model; formats without a filter hold filtered pages as zeros. */
export function rangesOf(model: Model): RangeSpec[] {
  return runsOf(model).map(({ from, to }) => ({
    start: from * PAGE_SIZE,
    data: concat(
      Array.from({ length: to - from }, (_, index) => contentOf(model.get(from + index)!)),
    ),
  }));
}

/** A LiME file: its magic in a file reads EMiL. */
export function writeLime(ranges: readonly RangeSpec[]): Uint8Array {
  return concat(
    ranges.flatMap(({ start, data }) => [rangeHeader('EMiL', 1, start, start + data.length), data]),
  );
}

export interface AvmlOptions {
  /** Bytes of content per chunk; 64 KiB by the framing's rules. */
  readonly chunk?: number;
  /** Adds a padding chunk and a skippable one to each stream. */
  readonly padding?: boolean;
}

/** An AVML file of version 2. */
export function writeAvml(ranges: readonly RangeSpec[], options: AvmlOptions = {}): Uint8Array {
  return concat(
    ranges.flatMap(({ start, data }) => {
      const stream = frame(data, options);
      const length = new Uint8Array(8);
      new DataView(length.buffer).setBigUint64(0, BigInt(stream.length), true);
      return [rangeHeader('AVML', 2, start, start + data.length), stream, length];
    }),
  );
}

/** Snappy framing (framing_format.txt): identifier, then a chunk per 64 KiB with its CRC-32C. */
function frame(data: Uint8Array, options: AvmlOptions = {}): Uint8Array {
  const size = options.chunk ?? 65_536;
  const parts = [chunk(0xff, new TextEncoder().encode('sNaPpY'))];
  for (let at = 0; at < data.length; at += size) {
    const content = data.slice(at, at + size);
    const packed = compress(content);
    const crc = new Uint8Array(4);
    new DataView(crc.buffer).setUint32(0, maskedCrc(content), true);
    // An encoder stores what does not shrink by an eighth as it is.
    const small = packed.length < content.length - content.length / 8;
    parts.push(chunk(small ? 0 : 1, concat([crc, small ? packed : content])));
    if (options.padding) parts.push(chunk(0xfe, new Uint8Array(7)), chunk(0x80, new Uint8Array(3)));
  }
  return concat(parts);
}

function chunk(type: number, body: Uint8Array): Uint8Array {
  const size = body.length;
  return concat([
    new Uint8Array([type, size & 0xff, (size >> 8) & 0xff, (size >> 16) & 0xff]),
    body,
  ]);
}

/** CRC-32C bit by bit, masked as the framing says; slow and plain. */
function maskedCrc(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f6_3b78 : 0);
  }
  crc = ~crc >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282_ead8) >>> 0;
}
