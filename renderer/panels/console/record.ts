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

/** Lines of which times and marks are kept: far more than the terminal has rows. */
const KEPT = 100_000;

/** What is known of the lines that were read, beside their text: times and marks. */
export class ConsoleRecord {
  readonly marks = new Map<number, LineMark>();
  readonly #times = new Map<number, LineTimes>();
  #lines = 0;

  /** Lines of the whole record that have begun. */
  get lines(): number {
    return this.#lines;
  }

  /** The whole record has so many lines by now. */
  grow(lines: number): void {
    this.#lines = Math.max(this.#lines, lines);
  }

  /** The record was emptied. */
  empty(): void {
    this.forget();
    this.#lines = 0;
  }

  /** Other lines are read from now on. */
  forget(): void {
    this.marks.clear();
    this.#times.clear();
  }

  /** Whether a line was read. */
  has(line: number): boolean {
    return this.#times.has(line);
  }

  take(chunk: ConsoleChunk): void {
    this.grow(chunk.total);
    for (const { line, at, kernelTime } of chunk.begun
      ? [chunk.begun, ...chunk.lines]
      : chunk.lines) {
      const known = this.#times.get(line);
      this.#times.set(line, { at, kernelTime: kernelTime ?? known?.kernelTime });
    }
    for (const mark of chunk.marks) this.marks.set(mark.line, mark);
    dropOldest(this.#times);
    dropOldest(this.marks);
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

function dropOldest(map: Map<number, unknown>): void {
  if (map.size <= KEPT) return;
  let over = map.size - KEPT;
  for (const line of map.keys()) {
    if (over-- <= 0) return;
    map.delete(line);
  }
}
