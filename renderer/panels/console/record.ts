import type { ConsoleChunk, LineMark } from '../../../core/protocol/contract.ts';
import { kernelName, seconds } from '../../format/time.ts';
import { ABSENT } from '../../wording.ts';
import { STORM } from './folding.ts';

export type TimeMode = 'kernel' | 'received' | 'delta';

export const TIME_MODES: readonly TimeMode[] = ['kernel', 'received', 'delta'];

interface LineTimes {
  readonly at: number;
  readonly kernelTime: number | undefined;
}

/** What is known of a console's lines beside their text: times, marks, where they stand. */
export class ConsoleRecord {
  readonly marks = new Map<number, LineMark>();
  readonly #times = new Map<number, LineTimes>();
  /** First lines of chunks and their offsets, to come back to a part that was dropped. */
  readonly #index: { readonly line: number; readonly offset: number }[] = [];
  #last = 0;

  /** The highest line that was heard of. */
  get lines(): number {
    return this.#last;
  }

  take(chunk: ConsoleChunk): void {
    const [first] = chunk.lines;
    if (first && first.line > (this.#index.at(-1)?.line ?? 0))
      this.#index.push({ line: first.line, offset: chunk.offset });
    for (const { line, at, kernelTime } of chunk.begun
      ? [chunk.begun, ...chunk.lines]
      : chunk.lines) {
      const known = this.#times.get(line);
      this.#times.set(line, { at, kernelTime: kernelTime ?? known?.kernelTime });
      this.#last = Math.max(this.#last, line);
    }
    for (const mark of chunk.marks) this.marks.set(mark.line, mark);
  }

  /** Whether a line came so fast behind those before it that they are a storm. */
  inStorm(line: number): boolean {
    const now = this.#times.get(line);
    const before = this.#times.get(line - STORM);
    if (!now || !before) return false;
    // A file was received at once: there the kernel's own clock counts.
    const received = now.at > 0;
    const [from, to] = received ? [before.at, now.at] : [before.kernelTime, now.kernelTime];
    return from !== undefined && to !== undefined && to >= from && to - from < 1;
  }

  /** The offset of a chunk that begins at or before a line; undefined when none was seen. */
  offsetBefore(line: number): number | undefined {
    const before = this.#index.findLast((each) => each.line <= line);
    return before?.offset;
  }

  /** The time column of a line. */
  time(line: number, mode: TimeMode): string {
    const times = this.#times.get(line);
    if (!times) return '';
    if (mode === 'kernel') return times.kernelTime === undefined ? '' : seconds(times.kernelTime);
    if (mode === 'received') return seconds(times.at);
    const before = this.#times.get(line - 1);
    return before ? `+${seconds(times.at - before.at)}` : ABSENT;
  }

  /** Everything known of a line, for its tip. */
  tip(line: number): string {
    const times = this.#times.get(line);
    const mark = this.marks.get(line);
    return [
      mark?.text,
      times?.kernelTime === undefined ? undefined : `kernel ${seconds(times.kernelTime, 6)} s`,
      times ? `received ${seconds(times.at, 6)} s` : undefined,
    ]
      .filter((part) => part !== undefined)
      .join(' · ');
  }

  /** Whether a kernel's clock restarts at a line, and which kernel it is. */
  restartAt(line: number, starts: readonly number[]): string | undefined {
    const kernel = starts.indexOf(line);
    return kernel > 0 ? kernelName(kernel) : undefined;
  }
}
