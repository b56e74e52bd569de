import { setImmediate as nextTurn } from 'node:timers/promises';
import { formatSize } from '../../../core/format/size.ts';
import type { ConsoleInfo } from '../../../core/protocol/contract.ts';
import type { Job } from '../jobs.ts';
import type { ConsoleRecord } from './record.ts';
import { SILENT_AFTER, Silence } from './silence.ts';

/** Bytes that are read in one turn: other calls are answered between turns. */
const TURN = 256 * 1024;
/** More than this is a job with progress. */
const JOB_FROM = 4 << 20;
/** How often a file is looked at for more, ms. */
const LOOK_EVERY = 1000;
/** Bytes before the end of what was read, by which a file is known that was written anew. */
const KNOWN_BY = 256;

const READING = 'reading…';
const GROWS = 'log file grows';
const REPLACED = 'log file was replaced, read from its start';

/** Asked between two pieces of work, with how much of it is done. */
export type Between = (done: number, all: number) => Promise<void>;

export interface LogReadingParts {
  readonly record: ConsoleRecord;
  /** Shows long work in the status bar. */
  job(): Job;
  /** A person stopped the first reading, or had it go on. */
  waits(waiting: boolean): void;
  /** Takes what was read. */
  take(bytes: Uint8Array): void;
  /** The text is over: an unfinished last line counts. */
  end(): void;
  /** More came behind what counted as the end: what was read is gone through anew. */
  again(between: Between): Promise<void>;
  /** The file holds less than was read of it, or is another one: it begins anew. */
  empty(): void;
  state(state: ConsoleInfo['state'], status: string): void;
}

/**
 * Reads a log file to its end, and goes on with it when somebody writes more into it, cuts it, or
 * puts another one in its place, as log rotation does.
 */
export class LogReading {
  readonly #parts: LogReadingParts;
  readonly #silence: Silence;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  /** What the file held when it was opened is being read. */
  #first = true;
  #ended = false;
  #busy = false;
  #gone = false;
  #job: Job | undefined;
  /** A person had stopped it, and it goes on. */
  #waited = false;
  /** What stands before the end of what was read. */
  #tail: Buffer = Buffer.alloc(0);

  constructor(parts: LogReadingParts, silentAfter = SILENT_AFTER) {
    this.#parts = parts;
    this.#silence = new Silence((silent) => {
      parts.state('live', silent ? `no data for ${silentAfter / 1000} s` : GROWS);
    }, silentAfter);
  }

  /** Reads what the file holds now. */
  async read(): Promise<void> {
    this.#parts.state('connecting', READING);
    await this.#asJob(this.#parts.record.fileSize(), (between) =>
      this.#more(between, 'connecting', READING),
    );
    this.#first = false;
    if (this.#stopped) return;
    this.#ended = true;
    this.#parts.end();
    this.#parts.state('ended', 'log, read to the end');
  }

  /** Looks for more from now on. */
  watch(every = LOOK_EVERY): void {
    this.#timer = setInterval(() => {
      this.look().catch((error: unknown) => {
        this.stop();
        this.#parts.state('failed', `reading failed: ${(error as Error).message}`);
      });
    }, every);
    this.#timer.unref();
  }

  /** Takes what the file got since it was read last. */
  async look(): Promise<void> {
    if (this.#busy || this.#stopped) return;
    this.#busy = true;
    try {
      await this.#look();
    } finally {
      this.#busy = false;
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#job?.end();
    clearInterval(this.#timer);
    this.#silence.stop();
  }

  async #look(): Promise<void> {
    const { record } = this.#parts;
    const at = record.fileAtPath();
    if (at === 'another') {
      record.reopen();
      this.#gone = false;
      return await this.#anew();
    }
    const size = record.fileSize();
    if (size < record.bytes || this.#isWrittenAnew()) return await this.#anew();
    if (size > record.bytes) {
      if (this.#ended) await this.#asJob(record.bytes, (between) => this.#parts.again(between));
      return await this.#grow(GROWS);
    }
    if ((at === 'none') === this.#gone) return;
    // Who renamed it may make another one in its place.
    this.#gone = at === 'none';
    this.#silence.stop();
    this.#parts.state(
      'ended',
      this.#gone ? `File not found: ${record.path}` : 'log, read to the end',
    );
  }

  /** What was read of it is not in the file any more. */
  async #anew(): Promise<void> {
    this.#parts.empty();
    this.#tail = Buffer.alloc(0);
    await this.#grow(REPLACED);
  }

  async #grow(status: string): Promise<void> {
    if (this.#stopped) return;
    const { record } = this.#parts;
    this.#ended = false;
    this.#parts.state('live', status);
    this.#silence.start();
    await this.#asJob(record.fileSize() - record.bytes, (between) =>
      this.#more(between, 'live', status),
    );
  }

  /** Whether it was cut and has grown beyond what was read of it since it was looked at last. */
  #isWrittenAnew(): boolean {
    const { record } = this.#parts;
    const from = record.bytes - this.#tail.length;
    return !record.readFile(from, this.#tail.length).equals(this.#tail);
  }

  async #more(between: Between, state: ConsoleInfo['state'], status: string): Promise<void> {
    const { record } = this.#parts;
    for (let size = record.fileSize(); record.bytes < size; size = record.fileSize()) {
      await between(record.bytes, size);
      if (this.#stopped) return;
      if (this.#waited) this.#parts.state(state, status);
      this.#waited = false;
      this.#parts.take(record.readFile(record.bytes, TURN));
      await nextTurn();
      if (this.#stopped) return;
    }
    this.#tail = record.readFile(
      Math.max(0, record.bytes - KNOWN_BY),
      Math.min(KNOWN_BY, record.bytes),
    );
  }

  /** Does work on so many bytes, shown with its progress when that is long. */
  async #asJob(bytes: number, work: (between: Between) => Promise<void>): Promise<void> {
    if (bytes < JOB_FROM) return await work(async () => {});
    const job = this.#parts.job();
    this.#job = job;
    try {
      await work(async (done, all) => {
        job.progress(done / all, `${formatSize(done)} of ${formatSize(all)}`);
        if (!job.stopped) return;
        const part = Math.floor((done / all) * 100);
        this.#parts.state('paused', `reading stopped at ${part} %`);
        if (this.#first) this.#parts.waits(true);
        await job.going();
        this.#waited = true;
        if (this.#first && !this.#stopped) this.#parts.waits(false);
      });
    } finally {
      this.#job = undefined;
      job.end();
    }
  }
}
