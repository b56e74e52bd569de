import type { Terminal } from '@xterm/xterm';
import type { EngineApi } from '../../engine/api.ts';
import type { TerminalRows } from './terminal-rows.ts';

/** Looks for a text in a console's whole record, and marks it in the rows that are here. */
export class TerminalSearch {
  readonly #engine: EngineApi;
  readonly #console: string;
  readonly #terminal: Terminal;
  readonly #rows: TerminalRows;
  #search: AbortController | undefined;
  #text = '';

  constructor(engine: EngineApi, console: string, terminal: Terminal, rows: TerminalRows) {
    this.#engine = engine;
    this.#console = console;
    this.#terminal = terminal;
    this.#rows = rows;
  }

  stop(): void {
    this.#search?.abort();
  }

  /** The next line that holds a text; undefined when none does. @throws EngineFailure */
  async next(text: string, from: number, backwards: boolean): Promise<number | undefined> {
    this.stop();
    this.#text = text;
    this.#terminal.clearSelection();
    if (text === '') return undefined;
    this.#search = new AbortController();
    const { line } = await this.#engine.call(
      'console.find',
      { console: this.#console, text, from: Math.max(0, from), backwards },
      this.#search.signal,
    );
    return line;
  }

  /** Selects what is sought in a line, if its rows are here. */
  mark(line: number): void {
    const first = this.#rows.map.rowOf(line);
    const row = first === undefined ? -1 : this.#rows.bufferRow(first);
    if (row < 0 || this.#text === '') return;
    const { active } = this.#terminal.buffer;
    let text = '';
    for (let at = row; at === row || active.getLine(at)?.isWrapped; at++)
      text += active.getLine(at)?.translateToString(false) ?? '';
    const at = text.toLowerCase().indexOf(this.#text.toLowerCase());
    const { cols } = this.#terminal;
    if (at >= 0) this.#terminal.select(at % cols, row + Math.floor(at / cols), this.#text.length);
  }
}
