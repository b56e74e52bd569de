import { setImmediate as nextTurn } from 'node:timers/promises';
import { DeviceLines } from '../../../core/log/device-lines.ts';
import { LineTimes } from '../../../core/log/line-times.ts';
import type { ConsoleChunk, ConsoleInfo, LineMark } from '../../../core/protocol/contract.ts';
import type { FeedSink } from '../../../core/protocol/server-feed.ts';
import { Failure } from '../../../core/memory/failure.ts';
import type { Job } from '../jobs.ts';
import { feedConsole } from './console-feed.ts';
import { createReader, type ConsoleReader, type ReaderMark, type ReaderSink } from './reader.ts';
import type { LogFile } from './log-file.ts';
import type { Between } from './log-reading.ts';
import { LogReading } from './log-reading.ts';
import { PortWatch } from './port-watch.ts';
import type { ConsoleRecord } from './record.ts';
import type { ConsoleSource, ReplayAction, SourceSink } from './source.ts';

/** Bytes of one turn of reading a record. */
const TURN = 256 * 1024;

/** How a break is named among what was sent. */
export const BREAK = '<break>';

export interface ConsoleParts {
  readonly id: string;
  readonly name: string;
  readonly kind: ConsoleInfo['kind'];
  readonly record: ConsoleRecord;
  /** Whether something may be written to it now. */
  readonly mayWrite: () => boolean;
  /** Opens a lost port again; absent where there is none. */
  readonly reopen?: () => Promise<void>;
  /** Shows in the status bar that its log is read. */
  readonly job: () => Job;
  /** A person stopped that, or had it go on. */
  readonly waits: (waiting: boolean) => void;
  /** Its source has ended, or is lost. */
  readonly over?: () => void;
  /** Faults and phases found in its text; a fresh reader starts when a replay starts again. */
  readonly readerSink: (console: Console) => Omit<ReaderSink, 'mark'>;
  /** The session's number of one of this console's faults. */
  readonly faultNumber: (console: Console, ordinal: number) => number | undefined;
  /** Something that a view shows has changed. */
  readonly changed: () => void;
  /** The record was emptied: what was found in it is void. */
  readonly emptied: (console: Console) => void;
}

/**
 * One console: its record on disk, the reader that finds faults and phases in it, and where its
 * bytes come from. A port, a recording and a log file all go this one way.
 */
export class Console implements SourceSink {
  readonly id: string;
  readonly name: string;
  readonly kind: ConsoleInfo['kind'];
  readonly record: ConsoleRecord;
  /** The kernel's stamps of its lines. */
  readonly times = new LineTimes();
  readonly #parts: ConsoleParts;
  readonly #marks: ReaderMark[] = [];
  /** The same in the order in which they were found: a line is marked when it is whole. */
  #found: ReaderMark[] = [];
  #reader: ConsoleReader;
  #devices = new DeviceLines();
  #source: ConsoleSource | undefined;
  #state: ConsoleInfo['state'] = 'connecting';
  #status = 'connecting…';
  #waiting = new Set<() => void>();
  #closed = false;
  readonly #watch: PortWatch | undefined;
  #log: LogFile | undefined;
  #reading: LogReading | undefined;
  /** Seconds that are added to what a source counts: it was opened anew. */
  #began = 0;
  #latest = 0;
  /** Grows when the record was emptied, so that a feed begins again. */
  #epoch = 0;

  constructor(parts: ConsoleParts) {
    this.id = parts.id;
    this.name = parts.name;
    this.kind = parts.kind;
    this.record = parts.record;
    this.#parts = parts;
    this.#watch = parts.reopen && new PortWatch(parts.reopen, () => parts.changed());
    this.#reader = createReader(this.#sink());
  }

  get info(): ConsoleInfo {
    return {
      id: this.id,
      name: this.name,
      kind: this.kind,
      status: this.#watch?.status(this.#status) ?? this.#status,
      state: this.#state,
      lines: this.record.lines,
      bytes: this.record.bytes,
      emptied: this.#epoch,
      settings: this.#source?.settings ?? '',
      canWrite: this.#writable && this.#parts.mayWrite(),
      canArm: this.#writable,
      retry: this.#watch?.retry,
      log: this.#log?.state,
      replay: this.#source?.replay?.state,
    };
  }

  /** Reads what the record holds already (a session taken up again), then starts the source. */
  async start(source: ConsoleSource | undefined): Promise<void> {
    await this.#reread();
    this.#source = source;
    if (source) await source.start(this);
    else this.state('ended', 'disconnected: the engine was started again');
  }

  /** Reads a log file in, a piece at a time, and then what is written to it from now on. */
  async readLog(): Promise<void> {
    const reading = new LogReading({
      record: this.record,
      job: this.#parts.job,
      waits: this.#parts.waits,
      take: (bytes) => this.data(bytes, 0),
      end: () => {
        this.#reader.end();
        this.#wake();
      },
      again: async (between) => {
        this.#forget();
        await this.#reread(between);
      },
      empty: () => this.empty(),
      state: (state, status) => this.state(state, status),
    });
    this.#reading = reading;
    await reading.read();
    if (!this.#closed) reading.watch();
  }

  data(bytes: Uint8Array, at: number): void {
    if (this.#closed) return;
    this.#latest = this.#began + at;
    this.record.append(bytes, this.#latest);
    this.#log?.write(bytes);
    this.#look(bytes, this.#latest);
    this.#watch?.heard();
    this.#wake();
    this.#parts.changed();
  }

  state(state: ConsoleInfo['state'], status: string): void {
    this.#state = state;
    this.#status = status;
    if (this.#closed) return;
    this.#watch?.state(state);
    if (state === 'failed' || state === 'ended') this.#parts.over?.();
    this.#parts.changed();
  }

  /** Takes the place of a source that was lost. @throws Failure when it does not open. */
  async restart(source: ConsoleSource): Promise<void> {
    await this.#source?.close();
    this.#source = undefined;
    this.#began = this.#latest;
    await source.start(this);
    this.#source = source;
  }

  stopRetry(): void {
    this.#watch?.stopRetry();
    this.#parts.changed();
  }

  /** The file that gets everything from now on; undefined ends it. */
  logTo(log: LogFile | undefined): void {
    this.#log?.close();
    this.#log = log;
    this.#parts.changed();
  }

  /** Sends what a person typed. @throws Failure when the console is read-only. */
  async write(data: string): Promise<void> {
    const source = this.#writableSource();
    await source.write?.(Buffer.from(data, 'latin1'));
  }

  /** Holds the line in the break state. @throws Failure when the console is read-only. */
  async sendBreak(): Promise<void> {
    const source = this.#writableSource();
    if (source.sendBreak) {
      await source.sendBreak();
      return;
    }
    throw new Failure(
      'usage',
      `${this.name} has no line that could be held in the break state.`,
      'Nothing was sent to the target.',
      'Connect to a serial port.',
    );
  }

  /** Whether its text has told a fault yet. */
  get hasFault(): boolean {
    return this.#found.some(({ kind }) => kind === 'fault');
  }

  replay(action: ReplayAction, speed: number | undefined): void {
    const control = this.#source?.replay;
    if (!control)
      throw new Failure(
        'usage',
        `${this.name} is not a replay.`,
        'It can be neither paused nor started again.',
        'Open a recording.',
      );
    control.act(action, speed);
    this.#parts.changed();
  }

  /** Empties the record; what follows is recorded from the start. */
  empty(): void {
    this.record.clear();
    this.#forget();
    this.#epoch++;
    this.#wake();
  }

  /** Disconnects; what was recorded stays. */
  async disconnect(status = 'disconnected'): Promise<void> {
    const source = this.#source;
    this.#source = undefined;
    this.#watch?.stop();
    await source?.close();
    this.state('ended', status);
  }

  /** Takes it out of the session. */
  async close(): Promise<void> {
    this.#watch?.stop();
    this.#log?.close();
    this.#reading?.stop();
    await this.#source?.close();
    this.#source = undefined;
    this.#closed = true;
    this.#wake();
    this.record.close();
  }

  /** Feeds the record from an offset on, as the view grants credit; nothing is left out. */
  feed(from: number, sink: FeedSink<ConsoleChunk>): Promise<void> {
    return feedConsole(
      {
        record: this.record,
        epoch: () => this.#epoch,
        over: () => this.#closed,
        found: () => this.#found,
        marks: (first, end) => this.marks(first, end),
        numbered: (mark) => this.#numbered(mark),
        more: (signal) => this.#more(signal),
      },
      from,
      sink,
    );
  }

  /** The line that has begun: what is sent now is sent while it comes. */
  get lineNow(): number {
    return Math.max(1, this.record.lines);
  }

  /** What its kernels say of the places of their devices. */
  get devices(): DeviceLines['found'] {
    return this.#devices.found;
  }

  /** All marked lines, ascending; faults by their ordinals. */
  get allMarks(): readonly ReaderMark[] {
    return this.#marks;
  }

  /**
   * Seconds from the console's start to a line's arrival; undefined for a file that was read, and
   * for a line that is not there.
   */
  receivedAt(line: number): number | undefined {
    return this.kind === 'log' ? undefined : this.record.starts(line, line + 1)[0]?.at;
  }

  /** Marks of lines `from` to `to` (excluded). */
  marks(from: number, to: number): LineMark[] {
    return this.#marks
      .slice(this.#markIndex(from), this.#markIndex(to))
      .map((mark) => this.#numbered(mark));
  }

  /** A mark with the session's number of its fault. */
  #numbered({ ordinal, ...mark }: ReaderMark): LineMark {
    return {
      ...mark,
      fault: ordinal === undefined ? undefined : this.#parts.faultNumber(this, ordinal),
    };
  }

  get #writable(): boolean {
    return this.#source?.write !== undefined && this.#state === 'live';
  }

  #writableSource(): ConsoleSource {
    if (this.#writable && this.#parts.mayWrite() && this.#source) return this.#source;
    throw new Failure(
      'usage',
      `${this.name} is read-only.`,
      'Nothing was sent to the target.',
      'Connect with typing allowed, or arm writes.',
    );
  }

  #sink(): ReaderSink {
    return {
      ...this.#parts.readerSink(this),
      mark: (mark) => {
        this.#marks.splice(this.#markIndex(mark.line + 1), 0, mark);
        this.#found.push(mark);
      },
    };
  }

  #markIndex(line: number): number {
    let low = 0;
    let high = this.#marks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#marks[middle].line < line) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Finds what there is to find in new bytes of the record. */
  #look(bytes: Uint8Array, at: number): void {
    this.times.push(bytes);
    this.#devices.push(bytes);
    this.#reader.push(bytes, at);
  }

  #more(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        signal.removeEventListener('abort', done);
        this.#waiting.delete(done);
        resolve();
      };
      this.#waiting.add(done);
      signal.addEventListener('abort', done, { once: true });
    });
  }

  #wake(): void {
    for (const done of this.#waiting) done();
  }

  /** What was found in the text so far is void. */
  #forget(): void {
    this.#marks.length = 0;
    this.#found = [];
    this.times.clear();
    this.#devices = new DeviceLines();
    this.#parts.emptied(this);
    this.#reader = createReader(this.#sink());
  }

  async #reread(between?: Between): Promise<void> {
    const { bytes } = this.record;
    for (let offset = 0; offset < bytes && !this.#closed; offset += TURN) {
      await between?.(offset, bytes);
      this.#look(this.record.read(offset, TURN), 0);
      await nextTurn();
    }
  }
}
