import type { FaultRecord } from '../iommu/fault.ts';
import type { Severity } from '../format/severity.ts';

/** What the parser found, in order. A sink takes what it needs. */
export interface LogSink {
  /** A fault as soon as its line is complete. `ordinal` counts the faults of the log from 0. */
  onFault?(record: FaultRecord, ordinal: number): void;
  /**
   * The kernel printed more about an earlier fault (table entries, DTE words): its record again,
   * with what was added. Only the newest fault can still grow.
   */
  onFaultGrown?(record: FaultRecord, ordinal: number): void;
  onPhase?(record: PhaseRecord): void;
  /** A kernel begins, or more is known of it; the newest record of a `kernel` number counts. */
  onKernel?(record: KernelRecord): void;
  onNote?(note: LogNote): void;
  onMark?(mark: LineMark): void;
}

/** Where something stands in the log. */
export interface Place {
  /** 1-based line: newlines before it, plus one. */
  readonly line: number;
  /** Byte offset of its first byte, and bytes to the end of its last line. */
  readonly offset: number;
  readonly length: number;
}

/** Stages of a boot and of the kernels' way from one to the next. */
export type Phase =
  /** A kernel begins: its version and command line. */
  | 'boot'
  /** The same for a crash kernel: its command line has `elfcorehdr=`. */
  | 'capture'
  /** Memory reserved for a crash kernel. */
  | 'reserve'
  | 'trigger'
  | 'oops'
  | 'panic'
  /** kexec without a panic. */
  | 'switch'
  /** Code that runs between two kernels: purgatory, the decompressor. */
  | 'hand-over'
  /** What the kernel says of its IOMMU units while it sets them up. */
  | 'bring-up'
  /** What a kernel says of a predecessor's tables. */
  | 'hand-off'
  /** Fault status register lines. */
  | 'status'
  /** Errors of queues and logs, resets, time-outs of commands. */
  | 'run-time'
  /** Rate limiting: lines that were never printed. */
  | 'suppressed'
  /** Lines that were printed into the kernel's buffer and lost on the way to the console. */
  | 'lost'
  /** Silence, or a long way, between two milestones. */
  | 'gap'
  /** The dump is being saved. */
  | 'save'
  | 'end';

export type Detail = string | number | bigint | boolean | readonly string[] | readonly bigint[];

/** One milestone or one line that is not a fault but belongs to its story. */
export interface PhaseRecord extends Place {
  /** Seconds of the kernel's own clock, as printed. */
  readonly time?: number;
  readonly receivedAt?: number;
  readonly kernel: number;
  readonly phase: Phase;
  /** Stable name of the message: `tables-copied`, `unit`, `crashkernel-reserved`. */
  readonly event: string;
  /** The message as printed, without time stamp and other prefixes. */
  readonly text: string;
  readonly severity: Severity;
  /** `dmar0`, `ivhd0`, where the line names it. */
  readonly unit?: string;
  /** What the message tells, by name. */
  readonly details: Readonly<Record<string, Detail>>;
}

/** One kernel of the log; each has its own clock. */
export interface KernelRecord {
  readonly kernel: number;
  readonly line: number;
  readonly offset: number;
  /**
   * `capture`: a crash kernel (`elfcorehdr=` on its command line, or it took over a crashed
   * kernel's tables). `first`: the log's first other one. `later`: booted after another.
   */
  readonly role: 'first' | 'capture' | 'later';
  /** Name of its clock: `first kernel`, `crash kernel`, `kernel 3`. */
  readonly clock: string;
  readonly release?: string;
  readonly commandLine?: string;
  /** Why it panicked. */
  readonly panic?: string;
}

/** Something that a reader should know about a place in the log. */
export interface LogNote {
  /** Stable identity: `unparsed`, `superpage-called-not-present`, `counts-are-lower-bounds`. */
  readonly id: string;
  readonly severity: Severity;
  readonly line: number;
  readonly offset: number;
  readonly kernel: number;
  readonly time?: number;
  readonly text: string;
}

export type MarkKind =
  | 'fault'
  | 'fault-part'
  | 'dump'
  | 'status'
  | 'phase'
  | 'panic'
  | 'bring-up'
  | 'hand-off'
  | 'run-time'
  | 'suppressed'
  | 'lost'
  | 'gap'
  | 'unparsed';

/** A line worth seeing; a console shows it in its gutter. */
export interface LineMark {
  readonly line: number;
  readonly offset: number;
  readonly kind: MarkKind;
  readonly severity: Severity;
  /** The line decoded, short, for a tip. */
  readonly text?: string;
  /** For `fault`: its ordinal. */
  readonly fault?: number;
}
