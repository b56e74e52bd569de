import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ConsoleInfo } from '../../../core/protocol/contract.ts';
import type { ConsoleRecord } from './record.ts';
import { SILENT_AFTER, Silence } from './silence.ts';

/** Bytes that are read in one turn. */
const TURN = 1 << 20;
/** How often a file is looked at for more, ms. */
const LOOK_EVERY = 1000;

export interface LogReadingParts {
  readonly record: ConsoleRecord;
  /** Takes what was read. */
  take(bytes: Uint8Array): void;
  /** The text is over: an unfinished last line counts. */
  end(): void;
  /** More came behind what counted as the end: what was read is gone through anew. */
  again(): Promise<void>;
  /** The file holds less than was read of it: it begins anew. */
  empty(): void;
  state(state: ConsoleInfo['state'], status: string): void;
}

/** Reads a log file to its end, and goes on with it when somebody writes more into it. */
export class LogReading {
  readonly #parts: LogReadingParts;
  readonly #silence: Silence;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #ended = false;
  #busy = false;

  constructor(parts: LogReadingParts, silentAfter = SILENT_AFTER) {
    this.#parts = parts;
    this.#silence = new Silence((silent) => {
      parts.state('live', silent ? `no data for ${silentAfter / 1000} s` : 'log file grows');
    }, silentAfter);
  }

  /** Reads what the file holds now. */
  async read(): Promise<void> {
    this.#parts.state('connecting', 'reading…');
    await this.#more();
    if (this.#stopped) return;
    this.#ended = true;
    this.#parts.end();
    this.#parts.state('ended', 'log, read to the end');
  }

  /** Looks for more from now on. */
  watch(every = LOOK_EVERY): void {
    this.#timer = setInterval(() => void this.look(), every);
    this.#timer.unref();
  }

  /** Takes what the file got since it was read last. */
  async look(): Promise<void> {
    const { record } = this.#parts;
    if (this.#busy || this.#stopped) return;
    const size = record.fileSize();
    if (size === record.bytes) return;
    this.#busy = true;
    try {
      if (size < record.bytes) this.#parts.empty();
      else if (this.#ended) await this.#parts.again();
      this.#ended = false;
      this.#parts.state('live', 'log file grows');
      this.#silence.start();
      await this.#more();
    } finally {
      this.#busy = false;
    }
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
    this.#silence.stop();
  }

  async #more(): Promise<void> {
    const { record } = this.#parts;
    while (!this.#stopped && record.bytes < record.fileSize()) {
      this.#parts.take(record.readFile(record.bytes, TURN));
      await nextTurn();
    }
  }
}
