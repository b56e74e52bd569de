import type { Terminal } from '@xterm/xterm';
import type { ConsoleChunk } from '../../../core/protocol/contract.ts';
import type { EngineApi } from '../../engine/api.ts';
import { STORM, StormFolding, unfolded } from './folding.ts';
import { bytesOfLatin1 } from './latin1.ts';
import type { ConsoleRecord } from './record.ts';
import type { TerminalRows } from './terminal-rows.ts';

export interface FeedParts<B> {
  readonly engine: EngineApi;
  readonly console: string;
  readonly terminal: Terminal;
  readonly rows: TerminalRows;
  readonly record: ConsoleRecord;
  /** A piece is about to be written. @returns what `taken` is told with it */
  readonly coming: (chunk: ConsoleChunk) => B;
  /** It was written, and its rows are known. */
  readonly taken: (chunk: ConsoleChunk, before: B) => void;
}

/**
 * Reads a console's record into its terminal, from any line on: what is far from the screen is
 * read when somebody goes there.
 */
export class TerminalFeed<B> {
  readonly folding = new StormFolding();
  /** Whether equal lines of a storm are folded. */
  fold = true;
  readonly #parts: FeedParts<B>;
  #stop: (() => void) | undefined;
  /** Counts the readings: what an older one answers is of no use. */
  #turn = 0;
  /** Offset in the record behind what was read. */
  #next = 0;
  /** What is read next begins a line. */
  #atStart = true;
  #paused = false;
  /** Line ends to come before what is written: those lines are read for their times alone. */
  #skip = 0;

  constructor(parts: FeedParts<B>) {
    this.#parts = parts;
  }

  get paused(): boolean {
    return this.#paused;
  }

  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
    this.#turn++;
  }

  /**
   * Reads anew; what is in the terminal stays until there is something in its place.
   * @param line one that is among what is read; undefined for the newest
   * @param before lines that are read before it
   */
  begin(line: number | undefined, before: number): void {
    this.stop();
    const turn = this.#turn;
    this.#paused = false;
    const { engine, console, record } = this.#parts;
    // Whether a line came in a storm is known by those before it.
    engine.call('console.place', { console, line, before: before + STORM }).then(
      (place) => {
        if (turn !== this.#turn) return;
        record.grow(place.lines);
        this.#next = place.offset;
        this.#skip = place.line === 1 ? 0 : STORM;
        this.#subscribe(turn, place.line + this.#skip);
      },
      // The engine went: the next one's console is another terminal.
      () => {},
    );
  }

  /** Nothing of what is in the terminal is in the record any more. */
  async clear(): Promise<void> {
    this.stop();
    await this.#clear(this.#turn, 1);
  }

  /** Reads no more for now. */
  pause(): void {
    this.stop();
    this.#paused = true;
  }

  /** Goes on where it paused. */
  goOn(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#subscribe(++this.#turn, undefined);
  }

  /** @param first the line that the terminal is to begin with; undefined where it goes on */
  #subscribe(turn: number, first: number | undefined): void {
    const { engine, console, terminal, rows, record } = this.#parts;
    let fresh = first;
    this.#stop = engine.subscribe('console.data', { console, from: this.#next }, async (chunk) => {
      // What begins elsewhere is of a record that was emptied: that is told beside it.
      if (turn !== this.#turn || chunk.offset !== this.#next) return;
      if (fresh !== undefined) {
        if (!(await this.#clear(turn, fresh))) return;
        fresh = undefined;
      }
      this.#next += chunk.data.length;
      record.take(chunk);
      const data = this.#wanted(chunk.data);
      if (this.#skip > 0) return;
      const before = this.#parts.coming(chunk);
      const { line } = rows;
      const piece = this.fold
        ? this.folding.fold(data, line, this.#atStart, (each) => record.inStorm(each))
        : unfolded(data, line);
      this.#atStart = data.endsWith('\n') || (this.#atStart && data === '');
      rows.expect(piece.begins, piece.next);
      await new Promise<void>((done) => {
        terminal.write(bytesOfLatin1(piece.data), done);
      });
      if (turn !== this.#turn) return;
      for (const [hidden, by] of piece.hidden) rows.map.alias(hidden, by);
      this.#parts.taken(chunk, before);
    });
  }

  /** What of a piece is written. */
  #wanted(data: string): string {
    let from = 0;
    for (; this.#skip > 0; this.#skip--) {
      const end = data.indexOf('\n', from);
      if (end < 0) return '';
      from = end + 1;
    }
    return data.slice(from);
  }

  /**
   * Empties the terminal, for a line to begin it. What was written and not parsed yet would be
   * parsed after that: it is waited for.
   * @returns false when something else was begun meanwhile
   */
  #clear(turn: number, line: number): Promise<boolean> {
    const { terminal, rows, record } = this.#parts;
    return new Promise((resolve) => {
      terminal.write('', () => {
        if (turn !== this.#turn) return resolve(false);
        terminal.reset();
        rows.drop();
        rows.begin(line);
        record.forget();
        this.folding.reset();
        this.#atStart = true;
        resolve(true);
      });
    });
  }
}
