import { eventFlagNames, FLAG, type EventName } from '../amdvi/events.ts';
import { formatBdf } from '../format/bdf.ts';
import type { DumpedEntry, FaultRecord } from '../iommu/fault.ts';
import { faultReasonName } from '../vtd/reasons.ts';
import type { AmdDevice, AmdEvent, DumpLine, VtdFault, VtdReason } from './message.ts';
import type { Place } from './records.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** A line as the parts of the story need it. */
export interface Printed extends Place {
  readonly time: number | undefined;
  readonly receivedAt: number | undefined;
  readonly kernel: number;
}

interface Half extends Printed {
  readonly fault: VtdFault;
}

/** Records that wait for their second line; more than this many is damage. */
const MOST_HALVES = 16;
/** Lines after which a second line, a body or a dump is no longer that of an earlier line. */
const NEAR = 24;
/** Words that a dump adds at most: 3 tables, 8 PASID table words, 6 levels, and DTE or command. */
const MOST_WORDS = 32;
/** A fault follows its status line within this many seconds. */
const SOON = 1;

/** Takes records as they are complete. */
export interface FaultSink {
  /** `shown` is the line that tells what the fault is: the body, where its header stands before it. */
  onFault(record: FaultRecord, ordinal: number, shown: Place): void;
  onFaultGrown(record: FaultRecord, ordinal: number): void;
}

/** Builds fault records out of lines and halves of lines. */
export class Faults {
  readonly #sink: FaultSink;
  #count = 0;
  #halves: Half[] = [];
  /** Where an `Event logged [` without its body stands. */
  #header: Printed | undefined;
  #status: (Printed & { readonly value: number }) | undefined;
  #newest: Mutable<FaultRecord> | undefined;
  /** Structures that the kernel printed after the newest fault. */
  #dump: Mutable<DumpedEntry>[] = [];
  #words32: { what: string; words: bigint[] } | undefined;
  #dumping = false;
  #lastLine = 0;

  constructor(sink: FaultSink) {
    this.#sink = sink;
  }

  /** The newest fault, which dumps belong to. */
  get newest(): FaultRecord | undefined {
    return this.#newest;
  }

  /** What has been dumped of the newest fault. */
  get dump(): readonly DumpedEntry[] {
    return this.#dump;
  }

  /** Whether the newest fault's dump can go on at this line. */
  dumpsAt(line: number): boolean {
    return this.#dumping && line - this.#lastLine <= NEAR;
  }

  status(value: number, at: Printed): void {
    this.flushBefore(at.line);
    // Without PPF no record is valid: nothing is announced.
    this.#status = value & 2 ? { ...at, value } : undefined;
    this.#dumping = false;
  }

  /** Lines are missing from here on: what was announced may not be what follows. */
  forget(): void {
    this.#status = undefined;
    this.#header = undefined;
    this.#dumping = false;
  }

  vtd(fault: VtdFault, at: Printed): void {
    this.flushBefore(at.line);
    this.#dumping = false;
    if (fault.reason === undefined && fault.era < 'V4') {
      if (this.#halves.length === MOST_HALVES) this.#finish(this.#halves.shift()!, undefined, at);
      this.#halves.push({ ...at, fault });
    } else this.#emitVtd(fault, at, fault.reason, at.offset + at.length);
  }

  /** @returns false when no first line waits for this reason. */
  reason(reason: VtdReason, at: Printed): boolean {
    this.flushBefore(at.line);
    const fits = (half: Half): boolean => half.fault.interrupt === reason.interrupt;
    // Both lines are one message and have one stamp; where two processors print, it tells them apart.
    let index = this.#halves.findIndex((half) => fits(half) && half.time === at.time);
    if (index < 0) index = this.#halves.findIndex(fits);
    if (index < 0) return false;
    const [half] = this.#halves.splice(index, 1);
    this.#finish(half, reason.reason, at);
    return true;
  }

  amdHeader(at: Printed): void {
    this.#header = at;
    this.#dumping = false;
  }

  amd(message: AmdEvent, at: Printed): FaultRecord {
    this.flushBefore(at.line);
    this.#dumping = false;
    const start = this.#takeHeader(at);
    const record = this.#begin(start, at, 'amd', 'event');
    if (message.id !== undefined) setDevice(record, message.id, message.segment);
    if (message.pasid !== undefined) record.pasid = message.pasid;
    if (message.address !== undefined) record.address = message.address;
    record.event = message.event;
    if (message.domain !== undefined) record.domain = message.domain;
    if (message.flags !== undefined) {
      record.flags = message.flags;
      record.flagNames = eventFlagNames(eventNameOf(message.event), Number(message.flags & 0xfffn));
      const access = accessOf(message);
      if (access) record.access = access;
    }
    if (message.raw) record.raw = message.raw;
    if (message.unit !== undefined) record.unit = message.unit;
    if (message.driver !== undefined) record.driver = message.driver;
    this.#emit(record, at);
    return record;
  }

  /** The second line of an IO_PAGE_FAULT of a device without a domain. @returns false for any other. */
  amdDevice(message: AmdDevice, at: Printed): boolean {
    if (!this.#header || at.line - this.#header.line > 2) return false;
    const record = this.#begin(this.#takeHeader(at), at, 'amd', 'event');
    setDevice(record, message.id, message.segment);
    record.event = 'IO_PAGE_FAULT';
    record.domain = message.domain;
    this.#emit(record, at);
    return true;
  }

  /**
   * A line of a dump. @returns the structure it belongs to with what is known of it so far, or
   * undefined when it belongs to no fault.
   */
  dumpLine(line: DumpLine, at: Printed): DumpedEntry | undefined {
    const newest = this.#newest;
    if (!newest || newest.kernel !== at.kernel || at.line - this.#lastLine > NEAR) return undefined;
    if (!belongs(line, newest, this.#dumping)) return undefined;
    if ((newest.raw?.length ?? 0) + line.words.length > MOST_WORDS) return undefined;
    this.#lastLine = at.line;
    this.#dumping = line.what !== 'stop';
    if (line.what === 'stop') return { what: 'stop', words: [], level: line.level };
    // The record was given away as it was; what grows is a new one.
    const record = { ...newest };
    this.#newest = record;
    record.length = at.offset + at.length - record.offset!;
    if (line.what === 'start') {
      if (line.unit !== undefined && /^dmar\d+$/.test(line.unit)) record.unit = line.unit;
      this.#sink.onFaultGrown(record, this.#count - 1);
      return { what: 'start', words: [] };
    }
    const entry = this.#addWords(line);
    record.raw = [...(record.raw ?? []), ...line.words];
    record.dump = this.#dump.map((each) => ({ ...each }));
    this.#sink.onFaultGrown(record, this.#count - 1);
    return entry;
  }

  /** Emits the records whose second line can no longer come. */
  flushBefore(line: number): void {
    while (this.#halves.length > 0 && line - this.#halves[0].line > NEAR)
      this.#emitHalf(this.#halves.shift()!);
  }

  /** Emits every record that still waits: the log or its kernel ends. */
  flush(): void {
    for (const half of this.#halves) this.#emitHalf(half);
    this.#halves = [];
    this.forget();
  }

  #emitHalf(half: Half): void {
    this.#emitVtd(half.fault, half, undefined, half.offset + half.length);
  }

  #finish(half: Half, reason: number | undefined, last: Printed): void {
    const end = reason === undefined ? half.offset + half.length : last.offset + last.length;
    this.#emitVtd(half.fault, half, reason, end);
  }

  #emitVtd(fault: VtdFault, at: Printed, reason: number | undefined, end: number): void {
    const record = this.#begin(at, at, 'intel', fault.interrupt ? 'interrupt' : 'dma');
    record.length = end - at.offset;
    if (fault.access) record.access = fault.access;
    setDevice(record, fault.id, fault.segment);
    if (fault.pasid !== undefined) record.pasid = fault.pasid;
    if (fault.address !== undefined) record.address = fault.address;
    if (reason !== undefined) {
      record.reason = reason;
      record.reasonName = faultReasonName(reason);
    }
    if (fault.entryIndex !== undefined) record.index = fault.entryIndex;
    const status = this.#status;
    if (status && status.kernel === at.kernel && near(status, at)) record.status = status.value;
    record.era = fault.era;
    this.#emit(record, at);
  }

  #begin(
    start: Printed,
    at: Printed,
    vendor: FaultRecord['vendor'],
    type: FaultRecord['type'],
  ): Mutable<FaultRecord> {
    const record: Mutable<FaultRecord> = { line: start.line, kernel: at.kernel, vendor, type };
    const time = start.time ?? at.time;
    if (time !== undefined) record.time = time;
    record.offset = start.offset;
    record.length = at.offset + at.length - start.offset;
    if (at.receivedAt !== undefined) record.receivedAt = at.receivedAt;
    this.#lastLine = at.line;
    return record;
  }

  #takeHeader(at: Printed): Printed {
    const header = this.#header;
    this.#header = undefined;
    return header && header.kernel === at.kernel && at.line - header.line <= NEAR ? header : at;
  }

  #emit(record: Mutable<FaultRecord>, shown: Place): void {
    this.#newest = record;
    this.#dump = [];
    this.#words32 = undefined;
    const ordinal = this.#count++;
    this.#sink.onFault(record, ordinal, shown);
  }

  /** Puts a line's words where they belong: DTE and commands come word by word. */
  #addWords(line: DumpLine): DumpedEntry {
    const pieces = line.entryIndex !== undefined;
    const open = this.#dump.at(-1);
    if (!pieces || open?.what !== line.what || line.entryIndex === 0) {
      const entry: Mutable<DumpedEntry> = { what: line.what, words: line.words };
      if (line.level !== undefined) entry.level = line.level;
      this.#words32 = line.width === 32 ? { what: line.what, words: [...line.words] } : undefined;
      this.#dump.push(entry);
      return entry;
    }
    if (line.width === 32 && this.#words32) {
      this.#words32.words.push(...line.words);
      open.words = paired(this.#words32.words);
    } else open.words = [...open.words, ...line.words];
    return open;
  }
}

/** 64-bit words of 32-bit ones, the lower half first. */
function paired(words: readonly bigint[]): bigint[] {
  const out: bigint[] = [];
  for (let at = 0; at < words.length; at += 2) out.push(words[at] | ((words[at + 1] ?? 0n) << 32n));
  return out;
}

/** Texts of requesters that were met; there are 65,536 at most. */
const BDFS: string[] = [];

function setDevice(record: Mutable<FaultRecord>, id: number, segment: number | undefined): void {
  record.bdf = segment ? formatBdf(id, segment) : (BDFS[id] ??= formatBdf(id));
  if (segment !== undefined) record.segment = segment;
}

function near(status: Printed, at: Printed): boolean {
  if (status.time === undefined || at.time === undefined) return at.line - status.line <= NEAR;
  return Math.abs(at.time - status.time) <= SOON;
}

/** Whether a line of a dump can be about this fault. */
function belongs(line: DumpLine, record: FaultRecord, dumping: boolean): boolean {
  switch (line.what) {
    case 'DTE':
    case 'Control':
      return record.event === 'ILLEGAL_DEV_TABLE_ENTRY';
    case 'CMD':
      return record.event === 'ILLEGAL_COMMAND_ERROR';
    case 'start':
      return (
        record.vendor === 'intel' &&
        record.type === 'dma' &&
        (record.address === undefined || record.address >> 12n === line.iova! >> 12n)
      );
    default:
      return record.vendor === 'intel' && record.type === 'dma' && dumping;
  }
}

/** The specification's name of an event that the kernel shortens. */
function eventNameOf(event: string): EventName {
  return event === 'RMP_HW_ERROR' ? 'RMP_HARDWARE_ERROR' : (event as EventName);
}

/** Events whose RW flag says what the device asked for. */
const ACCESSES = new Set([
  'ILLEGAL_DEV_TABLE_ENTRY',
  'IO_PAGE_FAULT',
  'DEV_TAB_HARDWARE_ERROR',
  'PAGE_TAB_HARDWARE_ERROR',
  'RMP_PAGE_FAULT',
]);

/** Of interrupt requests (I = 1) and of other events RW says nothing about an access to memory. */
function accessOf(message: AmdEvent): 'read' | 'write' | undefined {
  const flags = Number(message.flags! & 0xfffn);
  if (!ACCESSES.has(message.event) || flags & FLAG.I) return undefined;
  return flags & FLAG.RW ? 'write' : 'read';
}
