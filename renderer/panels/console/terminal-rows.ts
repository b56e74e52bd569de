import type { IMarker, Terminal } from '@xterm/xterm';
import { LineMap } from './line-map.ts';

/** Where the record's lines stand in the terminal's buffer, while that drops its oldest rows. */
export class TerminalRows {
  map = new LineMap(1);
  readonly #terminal: Terminal;
  /** Row 0 of the map, as a marker that moves with the buffer. */
  #anchor: { readonly marker: IMarker | undefined; readonly row: number } | undefined;
  #line = 1;
  /** Lines that begin behind the line feeds which are under way. */
  #next: number[] = [];

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    terminal.onLineFeed(() => this.#fed());
  }

  /** The line that the cursor is in. */
  get line(): number {
    return this.#line;
  }

  /** The buffer was emptied: the next byte is of this line. */
  begin(line: number): void {
    this.#line = line;
    this.#next = [];
    this.map = new LineMap(line);
    this.#anchor = { marker: this.#terminal.registerMarker(0), row: 0 };
  }

  /** The buffer is about to be emptied. */
  drop(): void {
    this.#anchor = undefined;
    this.#next = [];
  }

  /** What is written now begins in a line, and has these lines behind its line feeds. */
  expect(begins: number, next: readonly number[]): void {
    if (begins !== this.#line) {
      const { baseY, cursorY } = this.#terminal.buffer.active;
      this.#line = begins;
      this.map.begin(begins, this.rowOf(baseY + cursorY));
    }
    this.#next = [...next].reverse();
  }

  /** Moves the anchor on to the cursor, before its row is dropped. */
  anchor(): void {
    const { baseY, cursorY } = this.#terminal.buffer.active;
    const row = this.rowOf(baseY + cursorY);
    this.#anchor?.marker?.dispose();
    this.#anchor = { marker: this.#terminal.registerMarker(0), row };
  }

  /** A row of the buffer as the map counts it. */
  rowOf(bufferRow: number): number {
    const at = this.#anchor?.marker?.line ?? 0;
    return bufferRow - Math.max(0, at) + (this.#anchor?.row ?? 0);
  }

  /** A row of the map in the buffer; negative when it was dropped. */
  bufferRow(row: number): number {
    const at = this.#anchor?.marker?.line ?? 0;
    return row - (this.#anchor?.row ?? 0) + Math.max(0, at);
  }

  /** A line feed was written: the next line begins at the cursor. */
  #fed(): void {
    const { baseY, cursorY } = this.#terminal.buffer.active;
    this.#line = this.#next.pop() ?? this.#line + 1;
    this.map.begin(this.#line, this.rowOf(baseY + cursorY));
  }
}
