import type { PhaseLine } from './message.ts';
import type { KernelRecord, LogSink, Place } from './records.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** How far a clock may run back before it is another kernel's, in seconds. */
const BACKWARDS = 1;

/** Hand-off messages that only a crash kernel prints. */
const CRASH_KERNEL_ONLY = new Set([
  'interrupt-table-copied',
  'interrupt-table-refused',
  'translation-found-enabled',
  'tables-copied',
  'tables-reused',
  'tables-refused',
  'context-table-refused',
  'buffers-reused',
]);

/** Tells the kernels of a log apart. State is that of the newest one only. */
export class Kernels {
  readonly #sink: LogSink;
  #current: Mutable<KernelRecord> | undefined;
  #captures = 0;
  /** Something other than the code between two kernels has been seen of the current one. */
  #lived = false;
  #newest = 0;
  /** Parts of a pstore stand newest first: their clocks run backwards. */
  #pstore = false;

  constructor(sink: LogSink) {
    this.#sink = sink;
  }

  /** The current kernel; undefined before any was seen. */
  get current(): KernelRecord | undefined {
    return this.#current;
  }

  /** Takes note of a phase line. @returns the number of the kernel that printed it. */
  phase(message: PhaseLine, time: number | undefined, place: Place): number {
    if (message.event === 'pstore-part') this.#pstore = true;
    if (this.#beginsKernel(message, time)) this.#begin(place);
    const current = (this.#current ??= this.#begin(place));
    if (message.phase !== 'hand-over') this.#lived = true;
    this.#passed(time);
    this.#learn(current, message);
    return current.kernel;
  }

  /** Any other line of a kernel. @returns its kernel's number. */
  line(time: number | undefined, place: Place): number {
    if (this.#current?.panic !== undefined && this.#runsBack(time)) this.#begin(place);
    const current = (this.#current ??= this.#begin(place));
    this.#lived = true;
    this.#passed(time);
    return current.kernel;
  }

  #beginsKernel(message: PhaseLine, time: number | undefined): boolean {
    const current = this.#current;
    if (!current) return true;
    switch (message.event) {
      case 'linux-version':
        return this.#lived;
      case 'command-line':
        // The early line, of a kernel whose first line was lost.
        return (
          current.commandLine !== undefined &&
          message.text.startsWith('Command') &&
          (time === undefined
            ? current.commandLine !== message.details['commandLine']
            : this.#runsBack(time))
        );
      default:
        return (
          (message.phase === 'bring-up' || message.phase === 'hand-off') && this.#runsBack(time)
        );
    }
  }

  #runsBack(time: number | undefined): boolean {
    return time !== undefined && !this.#pstore && time < this.#newest - BACKWARDS;
  }

  #passed(time: number | undefined): void {
    if (time !== undefined && time > this.#newest) this.#newest = time;
  }

  #begin(place: Place): Mutable<KernelRecord> {
    const kernel = this.#current ? this.#current.kernel + 1 : 0;
    this.#newest = 0;
    this.#lived = false;
    this.#current = {
      kernel,
      line: place.line,
      offset: place.offset,
      role: kernel === 0 ? 'first' : 'later',
      clock: kernel === 0 ? 'first kernel' : `kernel ${kernel + 1}`,
    };
    this.#sink.onKernel?.({ ...this.#current });
    return this.#current;
  }

  #learn(current: Mutable<KernelRecord>, message: PhaseLine): void {
    const { details } = message;
    if (message.event === 'linux-version') current.release = String(details['release']);
    else if (message.event === 'command-line') {
      current.commandLine ??= String(details['commandLine']);
      if (/(?:^|\s)elfcorehdr=/.test(String(details['commandLine']))) this.#capture(current);
    } else if (message.event === 'panic') current.panic ??= String(details['why']);
    else if (CRASH_KERNEL_ONLY.has(message.event)) {
      if (current.role === 'capture') return;
      this.#capture(current);
    } else return;
    this.#sink.onKernel?.({ ...current });
  }

  #capture(current: Mutable<KernelRecord>): void {
    if (current.role === 'capture') return;
    current.role = 'capture';
    this.#captures++;
    current.clock = this.#captures === 1 ? 'crash kernel' : `crash kernel ${this.#captures}`;
  }
}
