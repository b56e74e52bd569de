import type { Severity } from '../format/severity.ts';
import { describeDump, describeFault, describePhase, statusNames } from './describe.ts';
import { Faults, type Printed } from './faults.ts';
import { Gaps, type Gap } from './gaps.ts';
import { HandOffs } from './hand-offs.ts';
import { Kernels } from './kernels.ts';
import type { AmdEvent, DumpLine, Message, PhaseLine, Reading } from './message.ts';
import { NOTES, noteOfDump, noteOfStop, type NoteText } from './notes.ts';
import type { Detail, LogSink, MarkKind, Phase, PhaseRecord, Place } from './records.ts';
import { parseRelease, within } from './release.ts';

/** One line as it was read: where it stands, its stamp, and the message without prefixes. */
export interface Line extends Place {
  readonly time: number | undefined;
  readonly receivedAt: number | undefined;
  /** The message without prefixes; asked for only while the line is taken in. */
  readonly text: () => string;
}

/** Longest excerpt of a damaged line in a note. */
const EXCERPT = 200;

/**
 * Joins what lines say into one story: faults with what announced and followed them, kernels,
 * milestones and the time between them, and notes where the wording misleads. Its memory does not
 * grow with the log.
 */
export class Story {
  readonly #sink: LogSink;
  readonly #timeBefore: (offset: number) => number | undefined;
  readonly #kernels: Kernels;
  readonly #faults: Faults;
  readonly #gaps = new Gaps();
  readonly #handOffs = new HandOffs();
  /** Whether anybody takes phases or marks: else none are made. */
  readonly #listened: boolean;
  #kernel = -1;
  /** Notes that are told once in a kernel. */
  #told = new Set<string>();
  #last: Printed | undefined;

  /** @param timeBefore the stamp of the line before the one that starts at an offset. */
  constructor(sink: LogSink, timeBefore: (offset: number) => number | undefined) {
    this.#sink = sink;
    this.#timeBefore = timeBefore;
    this.#listened = sink.onPhase !== undefined || sink.onMark !== undefined;
    this.#kernels = new Kernels(sink);
    this.#faults = new Faults({
      onFault: (record, ordinal, shown) => {
        sink.onFault?.(record, ordinal);
        if (sink.onMark)
          this.#mark(shown.line, shown.offset, 'fault', 'error', ordinal, () =>
            describeFault(record),
          );
      },
      onFaultGrown: (record, ordinal) => sink.onFaultGrown?.(record, ordinal),
    });
  }

  /** Whether the very next line must be shown to `glance` when it holds nothing else. */
  get watching(): boolean {
    return this.#listened && this.#gaps.watching;
  }

  /** Takes in what a line says. */
  take(reading: Reading, line: Line): void {
    for (const message of reading.messages) this.#message(message, line);
    if (reading.broken === 'damaged' || (reading.broken === 'cut' && isWorthTelling(reading)))
      this.#unparsed(line);
  }

  /** Takes in a line that is one whole message. */
  takeWhole(message: Message, line: Line): void {
    this.#message(message, line);
  }

  /** A line that says nothing by itself, right after a milestone. */
  glance(line: Line): void {
    const gap = this.#gaps.glance(line.time);
    const kernel = this.#kernels.current?.kernel;
    if (gap && kernel !== undefined) this.#gap(gap, printed(line, kernel));
  }

  /** The log is at its end: what still waits is told, and what never came. */
  end(): void {
    this.#faults.flush();
    this.#endOfKernel(true);
  }

  #message(message: Message, line: Line): void {
    if (message.kind === 'phase') {
      this.#phaseLine(message, line);
      return;
    }
    const at = printed(line, this.#kernels.line(line.time, line));
    this.#enter(at);
    switch (message.kind) {
      case 'vtd':
        this.#faults.vtd(message, at);
        if (message.reason === undefined && message.era >= 'V4') this.#note('record-cut', at);
        return;
      case 'vtd-reason':
        if (this.#faults.reason(message, at)) this.#mark(at.line, at.offset, 'fault-part', 'error');
        else this.#unparsed(line);
        return;
      case 'status':
        this.#statusLine(message.value, at, line);
        return;
      case 'amd-header':
        this.#faults.amdHeader(at);
        this.#mark(at.line, at.offset, 'fault-part', 'error');
        return;
      case 'amd':
        this.#amdEvent(message, at);
        return;
      case 'amd-device':
        if (this.#faults.amdDevice(message, at)) this.#noteOnce('device-without-domain', at);
        return;
      case 'dump':
        this.#dumpLine(message, at, line);
    }
  }

  #phaseLine(message: PhaseLine, line: Line): void {
    const dumping = this.#faults.dumpsAt(line.line);
    const kernel = this.#kernels.phase(message, line.time, line);
    const at = printed(line, kernel);
    this.#enter(at);
    this.#faults.flushBefore(line.line);
    const { current } = this.#kernels;
    const capture = current?.role === 'capture';
    if (line.time !== undefined && this.#listened) {
      const milestone = { kernel, time: line.time, line: line.line, event: message.event };
      const gap = this.#gaps.milestone(message.phase, milestone, capture, () =>
        this.#timeBefore(line.offset),
      );
      if (gap) this.#gap(gap, at);
    }
    const phase = capture && message.phase === 'boot' ? 'capture' : message.phase;
    if (this.#repeats(message)) return;
    this.#handOffs.saw(message);
    this.#phase(at, phase, message);
    if (message.phase === 'suppressed') {
      this.#faults.forget();
      this.#noteOnce('counts-are-lower-bounds', at);
    } else if (message.event === 'printk-dropped') {
      this.#faults.forget();
      this.#noteOnce('lines-lost', at);
    } else if (message.event === 'pstore-part') {
      this.#faults.flush();
      this.#noteOnce('pstore-order', at);
    } else if (message.phase === 'oops' && dumping) this.#noteOnce('dump-ended-in-oops', at);
  }

  /** makedumpfile repeats its progress line; the first and the last are enough. */
  #repeats(message: PhaseLine): boolean {
    if (!message.event.startsWith('makedumpfile-')) return false;
    return !this.#once(`progress ${message.event}`);
  }

  #statusLine(value: number, at: Printed, line: Line): void {
    this.#faults.status(value, at);
    if (this.#listened)
      this.#phase(at, 'status', {
        event: 'fault-status',
        text: line.text().trim(),
        severity: 'warning',
        unit: undefined,
        details: { status: BigInt(value), bits: statusNames(value) },
      });
    if (value & 1) this.#noteOnce('unit-dropped-faults', at);
  }

  #amdEvent(message: AmdEvent, at: Printed): void {
    const before = this.#faults.newest;
    const record = this.#faults.amd(message, at);
    if (record.domain !== undefined && this.#misdecodesDomain(message))
      this.#noteOnce('domain-misdecoded', at);
    if (
      before?.event === 'IO_PAGE_FAULT' &&
      record.event === 'IO_PAGE_FAULT' &&
      before.kernel === record.kernel &&
      before.bdf === record.bdf &&
      before.address === record.address &&
      before.flags === record.flags &&
      (before.driver === undefined) !== (record.driver === undefined)
    )
      this.#noteOnce('printed-twice', at);
  }

  /** Linux 4.18 to 5.3 take the domain from the bits of the PASID (d64c0486ed50). */
  #misdecodesDomain(message: AmdEvent): boolean {
    if (message.event !== 'IO_PAGE_FAULT') return false;
    if (message.unnamed) return true;
    const release = parseRelease(this.#kernels.current?.release);
    return release !== undefined && within(release, [4, 18], [5, 3]);
  }

  #dumpLine(message: DumpLine, at: Printed, line: Line): void {
    const entry = this.#faults.dumpLine(message, at);
    if (!entry) {
      // Several of its phrases are ordinary words; only words with values are worth a record.
      if (message.words.length === 0) return;
      this.#phase(at, 'run-time', {
        event: 'table-dump',
        text: line.text().trim(),
        severity: 'note',
        unit: message.unit,
        details: { what: message.what, raw: message.words },
      });
      return;
    }
    const { newest, dump } = this.#faults;
    this.#mark(at.line, at.offset, 'dump', 'note', undefined, () =>
      entry.words.length > 0 ? describeDump(entry, dump) : message.text,
    );
    const { current } = this.#kernels;
    const release = parseRelease(current?.release);
    if (
      entry.what === 'start' &&
      current?.role === 'capture' &&
      release !== undefined &&
      within(release, [5, 16], [5, 19])
    )
      this.#noteOnce('dump-of-drivers-domain', at);
    const note =
      entry.what === 'stop'
        ? noteOfStop(message, newest!, current?.role === 'capture')
        : noteOfDump(entry, newest!, dump);
    if (note) this.#noteOnce(note, at);
  }

  #gap(gap: Gap, at: Printed): void {
    const seconds = Math.round(gap.seconds * 1000) / 1000;
    this.#phase(at, 'gap', {
      event: gap.event,
      text:
        gap.event === 'silence'
          ? `No line for ${seconds} s, after ${gap.after} on line ${gap.afterLine}`
          : `${seconds} s since ${gap.after} on line ${gap.afterLine}`,
      severity: 'warning',
      unit: undefined,
      details: { seconds, after: gap.after, afterLine: gap.afterLine },
    });
  }

  #endOfKernel(logEnds: boolean): void {
    const at = this.#last;
    if (!at) return;
    const { current } = this.#kernels;
    const crashKernel = current?.role === 'capture';
    const panicked = current?.panic !== undefined;
    for (const note of this.#handOffs.end({ logEnds, crashKernel, panicked })) this.#tell(note, at);
  }

  /** Where a new kernel begins, the story of the one before is finished. */
  #enter(at: Printed): void {
    if (at.kernel !== this.#kernel) {
      this.#faults.flush();
      this.#endOfKernel(false);
      this.#kernel = at.kernel;
      this.#told = new Set();
      this.#handOffs.begin();
    }
    this.#last = at;
  }

  #unparsed(line: Line): void {
    const kernel = this.#kernels.current?.kernel ?? 0;
    const at = printed(line, kernel);
    this.#tell(
      {
        id: 'unparsed',
        severity: 'warning',
        text: `Part of a fault message that can't be read as one: "${line.text().slice(0, EXCERPT).trim()}"`,
      },
      at,
    );
    this.#mark(line.line, line.offset, 'unparsed', 'warning');
  }

  #phase(
    at: Printed,
    phase: Phase,
    what: {
      readonly event: string;
      readonly text: string;
      readonly severity: Severity;
      readonly unit: string | undefined;
      readonly details: Readonly<Record<string, Detail>>;
    },
  ): void {
    if (!this.#listened) return;
    const record: PhaseRecord = {
      line: at.line,
      offset: at.offset,
      length: at.length,
      ...(at.time === undefined ? {} : { time: at.time }),
      ...(at.receivedAt === undefined ? {} : { receivedAt: at.receivedAt }),
      kernel: at.kernel,
      phase,
      event: what.event,
      text: what.text,
      severity: what.severity,
      ...(what.unit === undefined ? {} : { unit: what.unit }),
      details: what.details,
    };
    this.#sink.onPhase?.(record);
    this.#mark(at.line, at.offset, markOf(phase), what.severity, undefined, () =>
      describePhase(record),
    );
  }

  #note(id: keyof typeof NOTES, at: Printed): void {
    this.#tell({ id, ...NOTES[id] }, at);
  }

  #noteOnce(id: keyof typeof NOTES, at: Printed): void {
    if (this.#once(id)) this.#note(id, at);
  }

  #once(what: string): boolean {
    if (this.#told.has(what)) return false;
    this.#told.add(what);
    return true;
  }

  #tell(note: NoteText & { readonly id: string }, at: Printed): void {
    this.#sink.onNote?.({
      id: note.id,
      severity: note.severity,
      line: at.line,
      offset: at.offset,
      kernel: at.kernel,
      ...(at.time === undefined ? {} : { time: at.time }),
      text: note.text,
    });
  }

  #mark(
    line: number,
    offset: number,
    kind: MarkKind,
    severity: Severity,
    fault?: number,
    text?: () => string,
  ): void {
    if (!this.#sink.onMark) return;
    this.#sink.onMark({
      line,
      offset,
      kind,
      severity,
      ...(text ? { text: text() } : {}),
      ...(fault === undefined ? {} : { fault }),
    });
  }
}

function printed(line: Line, kernel: number): Printed {
  return {
    kernel,
    line: line.line,
    offset: line.offset,
    length: line.length,
    time: line.time,
    receivedAt: line.receivedAt,
  };
}

/** A cut that left a record without its reason is told with the record. */
function isWorthTelling(reading: Reading): boolean {
  return !reading.messages.some((message) => message.kind === 'vtd');
}

function markOf(phase: Phase): MarkKind {
  switch (phase) {
    case 'status':
    case 'panic':
    case 'bring-up':
    case 'hand-off':
    case 'run-time':
    case 'suppressed':
    case 'lost':
    case 'gap':
      return phase;
    case 'oops':
      return 'panic';
    default:
      return 'phase';
  }
}
