import type { FaultRecord } from '../iommu/fault.ts';
import type { KernelRecord, LogNote, PhaseRecord } from '../log/records.ts';

/** What a console log tells beside its faults. */
export interface LogStory {
  /** By number. */
  readonly kernels: readonly KernelRecord[];
  readonly phases: readonly PhaseRecord[];
  readonly notes: readonly LogNote[];
  /** Texts that were looked for and found (see log-texts.ts), with the lines where they stand. */
  readonly texts: readonly FoundText[];
}

/** A text of the log that a rule asks for. */
export interface FoundText {
  readonly text: string;
  /** 1-based lines on which it stands, ascending; of very many only the first. */
  readonly lines: readonly number[];
}

/** What the log says of the way to a fault's kernel. */
export interface HandOff {
  /** Kernel that printed the fault. */
  readonly kernel: KernelRecord | undefined;
  /** It is a crash kernel. */
  readonly capture: boolean;
  /** The kernel before it. */
  readonly before: KernelRecord | undefined;
  /** Translation was found enabled. */
  readonly found: PhaseRecord | undefined;
  /** What became of the old tables before the fault; undefined when the log says nothing. */
  readonly tables: PhaseRecord | undefined;
  readonly outcome: 'copied' | 'reused' | 'refused' | undefined;
  /** The same for the interrupt remapping table. */
  readonly interrupts: PhaseRecord | undefined;
  /** Memory that the log says was set aside for the crash kernel; last addresses included. */
  readonly reserved: readonly { readonly start: bigint; readonly end: bigint }[];
}

const OUTCOMES: Readonly<Record<string, HandOff['outcome']>> = {
  'tables-copied': 'copied',
  'tables-reused': 'reused',
  'tables-refused': 'refused',
};

/**
 * The hand-off as it stood when a fault was printed: only what stands before it in the log counts,
 * and of several units' lines that of the fault's own unit where it is named.
 */
export function handOffBefore(story: LogStory, fault: FaultRecord): HandOff {
  const kernel = story.kernels[fault.kernel];
  const earlier = story.phases.filter(
    (phase) =>
      phase.kernel === fault.kernel &&
      phase.line <= fault.line &&
      (phase.unit === undefined || fault.unit === undefined || phase.unit === fault.unit),
  );
  const last = (test: (phase: PhaseRecord) => boolean): PhaseRecord | undefined =>
    earlier.findLast(test);
  const tables = last((phase) => phase.event in OUTCOMES);
  return {
    kernel,
    capture: kernel ? kernel.role === 'capture' : fault.kernel > 0,
    before: story.kernels[fault.kernel - 1],
    found: last((phase) => phase.event === 'translation-found-enabled'),
    tables,
    outcome: tables && OUTCOMES[tables.event],
    interrupts: last((phase) => /^interrupt-table-(?:copied|refused)$/.test(phase.event)),
    reserved: reservedFor(story, fault.kernel),
  };
}

/** The crashkernel reservations that the kernels before `kernel` printed. */
export function reservedFor(
  story: LogStory,
  kernel: number,
): { readonly start: bigint; readonly end: bigint }[] {
  return story.phases
    .filter((phase) => phase.event === 'crashkernel-reserved' && phase.kernel < kernel)
    .flatMap(({ details }) => {
      const { start, end, at, megabytes } = details;
      if (typeof start === 'bigint' && typeof end === 'bigint') return [{ start, end: end - 1n }];
      if (typeof at !== 'number' || typeof megabytes !== 'number') return [];
      const from = BigInt(at) << 20n;
      return [{ start: from, end: from + (BigInt(megabytes) << 20n) - 1n }];
    });
}

/** The number of the kernel that crashed: the one before the first crash kernel, else the first. */
export function crashedKernel(story: LogStory): number {
  const capture = story.kernels.findIndex((kernel) => kernel?.role === 'capture');
  return capture > 0 ? capture - 1 : 0;
}

/** The first crash kernel's number; undefined when the log has none. */
export function captureKernel(story: LogStory): number | undefined {
  const found = story.kernels.findIndex((kernel) => kernel?.role === 'capture');
  return found < 0 ? undefined : found;
}

/** `console line 925` as evidence, with what the line says. */
export function lineEvidence(phase: PhaseRecord): {
  readonly what: string;
  readonly meaning: string;
} {
  return { what: `console line ${phase.line}`, meaning: phase.text };
}
