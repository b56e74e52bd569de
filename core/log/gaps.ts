import type { Phase } from './records.ts';

/** Seconds without any line, beside a milestone, that are worth a word. */
const SILENCE = 2;
/** Seconds between two milestones of a crash kernel that are worth a word even if lines came. */
const LONG_WAY = 30;

/** Milestones between which a kernel is at work and hardly ever silent. */
const AT_WORK: ReadonlySet<Phase> = new Set(['boot', 'capture', 'bring-up', 'hand-off']);
/** After these it may rest, or another clock begins. */
const AT_REST: ReadonlySet<Phase> = new Set([
  'trigger',
  'oops',
  'panic',
  'switch',
  'hand-over',
  'save',
  'end',
]);

export interface Gap {
  readonly event: 'silence' | 'long-way';
  readonly seconds: number;
  /** Milestone before it. */
  readonly after: string;
  readonly afterLine: number;
}

interface Milestone {
  readonly kernel: number;
  readonly time: number;
  readonly line: number;
  readonly event: string;
}

/** Watches the time between the milestones of one kernel. */
export class Gaps {
  #last: Milestone | undefined;
  #watching = false;

  /** Whether the very next line's time matters, whatever it says. */
  get watching(): boolean {
    return this.#watching;
  }

  /**
   * A milestone. `before` gives the time of the line before it, where that has one.
   * @returns the gap that ends here.
   */
  milestone(
    phase: Phase,
    at: Milestone,
    crashKernel: boolean,
    before: () => number | undefined,
  ): Gap | undefined {
    const last = this.#last;
    if (AT_REST.has(phase)) this.#last = undefined;
    this.#watching = AT_WORK.has(phase);
    if (!this.#watching) return undefined;
    this.#last = at;
    if (!last || last.kernel !== at.kernel) return undefined;
    const seconds = at.time - last.time;
    if (seconds < SILENCE) return undefined;
    const previous = before();
    const silent = previous === undefined ? undefined : at.time - previous;
    if (silent !== undefined && silent >= SILENCE)
      return { event: 'silence', seconds: silent, after: last.event, afterLine: last.line };
    if (crashKernel && seconds >= LONG_WAY)
      return { event: 'long-way', seconds, after: last.event, afterLine: last.line };
    return undefined;
  }

  /** The line after a milestone, which is none itself. @returns the gap that ends here. */
  glance(time: number | undefined): Gap | undefined {
    const last = this.#last;
    this.#watching = false;
    if (!last || time === undefined) return undefined;
    const seconds = time - last.time;
    if (seconds < SILENCE) return undefined;
    return { event: 'silence', seconds, after: last.event, afterLine: last.line };
  }
}
