import type { FaultRecord } from '../iommu/fault.ts';
import { LogParser } from './parser.ts';
import type { KernelRecord, LineMark, LogNote, LogSink, PhaseRecord } from './records.ts';

/** Everything that a log tells. */
export interface LogResult {
  readonly faults: readonly FaultRecord[];
  readonly phases: readonly PhaseRecord[];
  /** By number. */
  readonly kernels: readonly KernelRecord[];
  readonly notes: readonly LogNote[];
  readonly marks: readonly LineMark[];
  /** Lines in the log, one that has not ended included. */
  readonly lines: number;
}

/** A sink that keeps everything; memory grows with what the log tells. */
export class LogCollector implements LogSink {
  readonly faults: FaultRecord[] = [];
  readonly phases: PhaseRecord[] = [];
  readonly kernels: KernelRecord[] = [];
  readonly notes: LogNote[] = [];
  readonly marks: LineMark[] = [];

  onFault(record: FaultRecord, ordinal: number): void {
    this.faults[ordinal] = record;
  }

  onFaultGrown(record: FaultRecord, ordinal: number): void {
    this.faults[ordinal] = record;
  }

  onPhase(record: PhaseRecord): void {
    this.phases.push(record);
  }

  onKernel(record: KernelRecord): void {
    this.kernels[record.kernel] = record;
  }

  onNote(note: LogNote): void {
    this.notes.push(note);
  }

  onMark(mark: LineMark): void {
    this.marks.push(mark);
  }
}

/** Reads a whole log at once. */
export function parseLog(bytes: Uint8Array): LogResult {
  const collector = new LogCollector();
  const parser = new LogParser(collector, bytes.length);
  parser.push(bytes);
  parser.end();
  const { faults, phases, kernels, notes, marks } = collector;
  return { faults, phases, kernels, notes, marks, lines: parser.lines };
}

/**
 * The first fault in a pasted text: one line, or the two lines of older kernels.
 * @returns undefined when it holds none.
 */
export function parseFaultLine(text: string): FaultRecord | undefined {
  return parseLog(new TextEncoder().encode(text)).faults[0];
}

/**
 * A sink that gives each fault once, when nothing more can be added to it, to `onFault` of the
 * sink it wraps. Call `settle` after the parser's `end`.
 */
export class SettledFaults implements LogSink {
  readonly #give: (record: FaultRecord) => void;
  #waiting: FaultRecord | undefined;

  constructor(give: (record: FaultRecord) => void) {
    this.#give = give;
  }

  onFault(record: FaultRecord): void {
    this.settle();
    this.#waiting = record;
  }

  onFaultGrown(record: FaultRecord): void {
    this.#waiting = record;
  }

  settle(): void {
    if (this.#waiting) this.#give(this.#waiting);
    this.#waiting = undefined;
  }
}
