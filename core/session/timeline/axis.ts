import type { LineTimes } from '../../log/line-times.ts';
import type { KernelRecord, PhaseRecord } from '../../log/records.ts';
import type { TimelineClocks } from '../../protocol/contract-timeline.ts';

/** What the axis is made from: one console's log. */
export interface AxisSource {
  readonly kernels: readonly (KernelRecord | undefined)[];
  readonly phases: readonly PhaseRecord[];
  readonly times: LineTimes;
  /**
   * Seconds from the console's start to a line's arrival; undefined where nobody received it (a
   * file that was read).
   */
  readonly receivedAt: (line: number) => number | undefined;
}

/** One kernel's stretch of the axis. */
export interface AxisKernel {
  readonly kernel: number;
  /** Its first line, and the line behind its last. */
  readonly line: number;
  readonly lineEnd: number;
  /** Where its clock's 0 is. */
  readonly base: number;
  readonly start: number;
  readonly end: number;
}

/** A line that was received, and its stamp, per kernel: a few of the first are enough. */
const RECEIVED_LINES = 256;
/** Part of all clocks together that is left between two that are not aligned; seconds at least. */
const APART = 0.04;
const LEAST_APART = 0.2;

type Way = Exclude<TimelineClocks, 'best'>;

/** All kernels of one log on one axis, in seconds; a log without time stamps has lines instead. */
export class TimeAxis {
  readonly stamped: boolean;
  readonly clocks: Way;
  /** The ways that this log allows. */
  readonly possible: readonly Way[];
  readonly kernels: readonly AxisKernel[];
  readonly #times: LineTimes;

  constructor(source: AxisSource, clocks: TimelineClocks) {
    this.#times = source.times;
    const found = kernelsOf(source);
    this.stamped = found.some(({ latest }) => latest !== undefined);
    const received = this.stamped ? receivedBases(source, found) : undefined;
    const panics = this.stamped ? panicBases(source, found) : undefined;
    const several = found.length > 1;
    this.possible = [
      'apart',
      ...(several && panics ? (['panic'] as const) : []),
      ...(several && received ? (['received'] as const) : []),
    ];
    const wanted = clocks === 'best' ? 'received' : clocks;
    this.clocks = this.possible.includes(wanted) ? wanted : 'apart';
    const bases =
      (this.clocks === 'received' ? received : this.clocks === 'panic' ? panics : undefined) ??
      apartBases(found);
    this.kernels = this.stamped
      ? found.map(({ kernel, line, lineEnd, earliest = 0, latest = 0 }, index) => ({
          kernel,
          line,
          lineEnd,
          base: bases[index],
          start: bases[index] + earliest,
          end: bases[index] + latest,
        }))
      : found.map(({ kernel, line, lineEnd }) => ({
          kernel,
          line,
          lineEnd,
          base: 0,
          start: line,
          end: Math.max(line, lineEnd - 1),
        }));
  }

  /** The whole axis; 0 to 1 when there is nothing on it. */
  get start(): number {
    const starts = this.kernels.map((each) => each.start);
    return starts.length === 0 ? 0 : Math.min(...starts);
  }

  get end(): number {
    const end = Math.max(this.start, ...this.kernels.map((each) => each.end));
    return end > this.start ? end : this.start + 1;
  }

  /** The stretch that a line belongs to. */
  kernelOf(line: number): AxisKernel | undefined {
    let low = 0;
    let high = this.kernels.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.kernels[middle].line <= line) low = middle + 1;
      else high = middle;
    }
    return this.kernels[Math.max(0, low - 1)];
  }

  /** The stamp of a line, or of the one before it that has one. */
  timeOf(line: number): number | undefined {
    const of = this.kernelOf(line);
    return of && this.#times.at(line, of.line);
  }

  /**
   * Where something stands on the axis.
   * @param time what its own line printed; without it, the nearest stamp before it counts
   */
  place(line: number, time: number | undefined): number {
    const of = this.kernelOf(line);
    if (!this.stamped || !of) return line;
    const stamp = time ?? this.#times.at(line, of.line);
    return stamp === undefined ? of.start : of.base + stamp;
  }

  /** The kernel and its own time at a place; between two stretches, the one before. */
  clockAt(at: number): { readonly kernel: number; readonly time: number } {
    const of = this.kernels.findLast(({ start }) => start <= at) ?? this.kernels[0];
    return of ? { kernel: of.kernel, time: at - of.base } : { kernel: 0, time: at };
  }
}

interface Found {
  readonly kernel: number;
  readonly line: number;
  readonly lineEnd: number;
  readonly earliest: number | undefined;
  readonly latest: number | undefined;
}

function kernelsOf({ kernels, times }: AxisSource): Found[] {
  const known = kernels.filter((each) => each !== undefined);
  // A log without any kernel's first line still is some kernel's.
  const starts = known.length > 0 ? known : [{ kernel: 0, line: 1 }];
  return starts.map(({ kernel, line }, index) => {
    // What stands before the first kernel that is known belongs to it.
    const first = index === 0 ? 1 : line;
    const lineEnd = starts[index + 1]?.line ?? times.lines + 1;
    let earliest: number | undefined;
    let latest: number | undefined;
    times.each(first, lineEnd, (_line, time) => {
      if (Number.isNaN(time)) return;
      if (earliest === undefined || time < earliest) earliest = time;
      if (latest === undefined || time > latest) latest = time;
    });
    return { kernel, line: first, lineEnd, earliest, latest };
  });
}

function apartBases(found: readonly Found[]): number[] {
  const spans = found.map(({ earliest = 0, latest = 0 }) => latest - earliest);
  const gap = Math.max(LEAST_APART, spans.reduce((sum, span) => sum + span, 0) * APART);
  let next = found[0]?.earliest ?? 0;
  return found.map(({ earliest = 0 }, index) => {
    const base = next - earliest;
    next += spans[index] + gap;
    return base;
  });
}

/** Bases by the panics; undefined when none was told. */
function panicBases({ phases }: AxisSource, found: readonly Found[]): number[] | undefined {
  let told = false;
  let next = 0;
  const bases = found.map(({ kernel, latest = 0 }) => {
    const base = next;
    const panic = phases.find((each) => each.kernel === kernel && each.phase === 'panic')?.time;
    if (panic !== undefined) told = true;
    next = base + (panic ?? latest);
    return base;
  });
  return told ? bases : undefined;
}

/** Bases by when lines arrived; undefined when that is not known of every kernel. */
function receivedBases(source: AxisSource, found: readonly Found[]): number[] | undefined {
  const bases: number[] = [];
  let moved = false;
  for (const { line, lineEnd } of found) {
    let least: number | undefined;
    let looked = 0;
    source.times.each(line, lineEnd, (each, time) => {
      if (Number.isNaN(time) || looked >= RECEIVED_LINES) return;
      looked++;
      const at = source.receivedAt(each);
      if (at === undefined) return;
      if (at > 0) moved = true;
      // A line may arrive late, never early: the least difference is the nearest to the truth.
      if (least === undefined || at - time < least) least = at - time;
    });
    if (least === undefined) return undefined;
    bases.push(least);
  }
  // A record that was read at once was received by nobody.
  return moved ? bases.map((base) => Math.round((base - bases[0]) * 1e6) / 1e6) : undefined;
}
