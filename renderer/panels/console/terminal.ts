import type { Terminal } from '@xterm/xterm';
import '@xterm/xterm/css/xterm.css';
import type { ConsoleChunk } from '../../../core/protocol/contract.ts';
import type { EngineApi } from '../../engine/api.ts';
import type { Store } from '../../state/store.ts';
import { createStore } from '../../state/store.ts';
import type { Theme } from '../../state/view.ts';
import { StormFolding, unfolded } from './folding.ts';
import { Gutter } from './gutter.ts';
import { guardedTerminal } from './guard.ts';
import { gutterRow } from './gutter-row.ts';
import { bytesOfLatin1 } from './latin1.ts';
import type { TimeMode } from './record.ts';
import { ConsoleRecord } from './record.ts';
import { RULER_WIDTH, drawRuler } from './ruler.ts';
import { TerminalRows } from './terminal-rows.ts';
import { TerminalSearch } from './terminal-search.ts';
import { terminalTheme } from './theme.ts';

/** Rows kept in the terminal; the record itself is the engine's. */
const SCROLLBACK = 25_000;
const RULER_EVERY = 250;
/** Lines that are read again before the one at the top, when a person scrolls back beyond what is here. */
const BEFORE = 5000;
/** Frames in which a scroll may settle. */
const TRIES = 10;
const FALLBACK = '"IBM Plex Mono", ui-monospace, "DejaVu Sans Mono", monospace';
const FONT = `"JetBrains Mono", ${FALLBACK}`;
/** Number, mark and time columns, px. */
const GUTTER = 160;

export interface TerminalState {
  readonly follow: boolean;
  /** The line that is current here. */
  readonly line: number | undefined;
  /** Lines of the record that were read so far. */
  readonly lines: number;
  /** Reading waits at the current line, far from the end. */
  readonly held: boolean;
}

interface Hosts {
  readonly gutter: HTMLElement;
  /** Above the terminal: how many lines a folded one stands for. */
  readonly counts: HTMLElement;
  /** Told of lines that came, for whoever does not see them. */
  readonly heard: (data: string, marked: number) => void;
  readonly screen: HTMLElement;
  readonly ruler: HTMLCanvasElement;
}

/** One console's terminal with its gutter and ruler, fed by the engine. */
export class ConsoleTerminal {
  readonly state: Store<TerminalState> = createStore<TerminalState>({
    follow: true,
    line: undefined,
    lines: 0,
    held: false,
  });
  readonly record = new ConsoleRecord();
  readonly terminal: Terminal;
  readonly #search: TerminalSearch;
  readonly #engine: EngineApi;
  readonly #console: string;
  readonly #hosts: Hosts;
  readonly #gutter: Gutter;
  readonly #rows: TerminalRows;
  #stop: (() => void) | undefined;
  #wanted: number | undefined;
  #held: { readonly row: number; readonly tries: number } | undefined;
  /** Counts the readings of the record: an older one's chunks are of no use. */
  #turn = 0;
  /** Counts a person's moves. */
  #moves = 0;
  #starts: readonly number[] = [];
  #mode: TimeMode = 'kernel';
  /** What is noted of a line. */
  #notes: ReadonlyMap<number, string> = new Map();
  #fold = true;
  readonly #folding = new StormFolding();
  /** What is read next begins a line. */
  #atStart = true;
  /** Offset in the record behind what was read. */
  #next = 0;
  #cell = { width: 7.2, height: 18 };
  #painting = 0;
  #rulerTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(engine: EngineApi, id: string, hosts: Hosts) {
    this.#engine = engine;
    this.#console = id;
    this.#hosts = hosts;
    this.#gutter = new Gutter(hosts.gutter, hosts.counts);
    this.terminal = guardedTerminal(SCROLLBACK, FALLBACK);
    this.#rows = new TerminalRows(this.terminal);
    this.#search = new TerminalSearch(engine, id, this.terminal, this.#rows);
    this.terminal.onRender(() => this.#paintSoon());
    this.terminal.onScroll(() => this.#scrolled());
    this.terminal.open(hosts.screen);
    // The console itself is the tab stop; it hands the focus on where typing is allowed.
    if (this.terminal.textarea) this.terminal.textarea.tabIndex = -1;
    hosts.screen.addEventListener('wheel', () => requestAnimationFrame(() => this.#wheeled()), {
      passive: true,
    });
    this.#restart(0, 1);
  }

  dispose(): void {
    this.#stop?.();
    this.#search.stop();
    cancelAnimationFrame(this.#painting);
    clearTimeout(this.#rulerTimer);
    this.terminal.dispose();
  }

  /** The bundled font is there: the terminal measures a cell when its font's name changes only. */
  fontLoaded(): void {
    this.terminal.options.fontFamily = FONT;
  }

  /** Fits the terminal into its room, px. Other columns wrap lines anew, from the record. */
  fit(width: number, height: number): void {
    const screen = this.#hosts.screen.querySelector('.xterm-screen');
    if (screen && screen.clientWidth > 0)
      this.#cell = {
        width: screen.clientWidth / this.terminal.cols,
        height: screen.clientHeight / this.terminal.rows,
      };
    const columns = Math.max(20, Math.floor((width - GUTTER - RULER_WIDTH - 4) / this.#cell.width));
    const rows = Math.max(2, Math.floor(height / this.#cell.height));
    if (columns !== this.terminal.cols) {
      this.terminal.resize(columns, rows);
      this.#restart(0, 1);
    } else if (rows !== this.terminal.rows) this.terminal.resize(columns, rows);
    this.#gutter.resize(rows, this.#cell.height);
    this.#paintSoon();
  }

  /** The theme changed: its tokens are read anew. */
  recolour(theme: Theme): void {
    this.terminal.options.theme = terminalTheme();
    this.#hosts.screen.dataset.theme = theme;
    this.#ruler();
  }

  setTimeMode(mode: TimeMode): void {
    this.#mode = mode;
    this.#paintSoon();
  }

  /** Whether equal lines of a storm are folded; the record keeps all. */
  setFold(fold: boolean): void {
    if (fold === this.#fold) return;
    this.#fold = fold;
    this.#restart(0, 1);
  }

  /** The lines of which a part is selected; undefined when nothing is. */
  selectedLines(): { readonly from: number; readonly to: number } | undefined {
    const range = this.terminal.getSelectionPosition();
    const from = range && this.#rows.map.lineAround(this.#rows.rowOf(range.start.y));
    const to = range && this.#rows.map.lineAround(this.#rows.rowOf(range.end.y));
    return from === undefined || to === undefined ? undefined : { from, to };
  }

  /** Lines where a kernel starts, in order. */
  /** Lines that notes are pinned to, with the notes' words. */
  setNotes(notes: ReadonlyMap<number, string>): void {
    this.#notes = notes;
    this.#paintSoon();
  }

  setStarts(starts: readonly number[]): void {
    this.#starts = starts;
    this.#paintSoon();
  }

  /** Makes a line current and brings it into view, now or when it comes. */
  reveal(line: number): void {
    this.#moves++;
    this.state.set((old) => ({ ...old, line, follow: false }));
    this.#wanted = line;
    if (this.#scrollToWanted()) return;
    // Lines that were dropped are read again from the record.
    if (line <= this.#rows.map.last) {
      const offset = this.record.offsetBefore(line);
      if (offset !== undefined) this.#restart(offset, undefined);
    }
  }

  setCurrent(line: number | undefined): void {
    this.state.set((old) => ({ ...old, line }));
    this.#paintSoon();
  }

  follow(): void {
    this.#wanted = undefined;
    this.#held = undefined;
    const { held } = this.state.get();
    this.state.set((old) => ({ ...old, follow: true }));
    if (held) this.#restart(0, 1);
    this.terminal.scrollToBottom();
  }

  /** The line at a height within the screen, px. */
  lineAtHeight(y: number): number | undefined {
    const row = Math.floor(y / this.#cell.height);
    return this.#rows.map.lineAround(this.#rows.rowOf(this.terminal.buffer.active.viewportY + row));
  }

  /** Scrolls so that the part of the record at a fraction of its length shows. */
  scrollToPart(part: number): void {
    this.reveal(Math.max(1, Math.round(part * Math.max(this.record.lines, this.#rows.map.last))));
  }

  /** Goes to the next line of the whole record that holds a text. @returns whether one does */
  async find(text: string, backwards = false): Promise<boolean> {
    const top = this.#rows.map.lineAround(this.#top()) ?? 1;
    const line = await this.#search.next(text, this.state.get().line ?? top - 1, backwards);
    if (line === undefined) return text === '';
    this.reveal(line);
    this.#search.mark(line);
    return true;
  }

  /** The row (of the map) at the top of the screen. */
  #top(): number {
    return this.#rows.rowOf(this.terminal.buffer.active.viewportY);
  }

  /** Reads the record from an offset on; the line there is told by the first chunk if not here. */
  #restart(offset: number, line: number | undefined): void {
    this.#stop?.();
    const turn = ++this.#turn;
    this.state.set((old) => ({ ...old, held: false }));
    // What was written and not parsed yet would be parsed after the reset: it is waited for.
    this.terminal.write('', () => {
      if (turn !== this.#turn) return;
      this.terminal.reset();
      this.#rows.drop();
      const { follow, line: current } = this.state.get();
      if (!follow) this.#wanted ??= current;
      this.#read(offset, line, turn);
    });
  }

  #read(offset: number, line: number | undefined, turn: number): void {
    if (line !== undefined) this.#rows.begin(line);
    this.#folding.reset();
    this.#atStart = true;
    this.#subscribe(offset, line, turn);
  }

  /** @param line the line that the terminal's cursor is in; told by the first chunk if not here */
  #subscribe(offset: number, line: number | undefined, turn: number): void {
    let first = line;
    this.#stop = this.#engine.subscribe(
      'console.data',
      { console: this.#console, from: offset },
      async (chunk) => {
        if (turn !== this.#turn) return;
        this.record.take(chunk);
        this.#hosts.heard(chunk.data, chunk.marks.length);
        this.#next = chunk.offset + chunk.data.length;
        let { data } = chunk;
        if (first === undefined) {
          const [start] = chunk.lines;
          if (!start) return;
          // The chunk may begin inside a line, the end of which is of no use.
          first = start.line;
          if (chunk.offset > 0 && start.line > 1) data = data.slice(data.indexOf('\n') + 1);
          this.#rows.begin(first);
        }
        const before = {
          top: this.#rows.rowOf(this.terminal.buffer.active.viewportY),
          moves: this.#moves,
        };
        const { line: begun } = this.#rows;
        const piece = this.#fold
          ? this.#folding.fold(data, begun, this.#atStart, (each) => this.record.inStorm(each))
          : unfolded(data, begun);
        this.#atStart = data.endsWith('\n');
        this.#rows.expect(piece.begins, piece.next);
        await new Promise<void>((done) => {
          this.terminal.write(bytesOfLatin1(piece.data), done);
        });
        if (turn !== this.#turn) return;
        for (const [hidden, by] of piece.hidden) this.#rows.map.alias(hidden, by);
        this.#taken(chunk, before);
        if (this.#farBehind()) {
          this.#stop?.();
          this.state.set((old) => ({ ...old, held: true }));
        }
      },
    );
  }

  /** What is on the screen would soon be pushed out by what follows: then reading waits. */
  #farBehind(): boolean {
    if (this.state.get().follow || this.#wanted !== undefined) return false;
    return this.#rows.rowOf(this.terminal.buffer.active.baseY) - this.#top() > SCROLLBACK / 2;
  }

  /** Reading goes on where it waited. */
  #goOn(): void {
    if (!this.state.get().held) return;
    this.state.set((old) => ({ ...old, held: false }));
    this.#subscribe(this.#next, this.#rows.line, ++this.#turn);
  }

  /** Rows that were pushed out are read again from the record; what is at the top stays there. */
  #earlier(): void {
    const top = this.#rows.map.lineAround(this.#top());
    const offset = top === undefined ? undefined : this.record.offsetBefore(top - BEFORE);
    if (top === undefined || top <= this.#rows.map.first || offset === undefined) return;
    this.#wanted = top;
    this.#restart(offset, undefined);
  }

  /** A chunk was written; `before` says what was at the top then. */
  #taken(chunk: ConsoleChunk, before: { top: number; moves: number }): void {
    this.#rows.anchor();
    this.state.set((old) => ({ ...old, lines: Math.max(old.lines, this.record.lines) }));
    if (this.#wanted !== undefined) this.#scrollToWanted();
    else if (this.state.get().follow) this.terminal.scrollToBottom();
    // Unless a person moved meanwhile, what showed keeps its place.
    else if (before.moves === this.#moves) this.#hold(before.top);
    if (chunk.marks.length > 0 || this.#folding.counts.size > 0) this.#paintSoon();
    this.#rulerSoon();
  }

  /** Brings the wanted line into view. @returns false while it is not here. */
  #scrollToWanted(): boolean {
    const row = this.#wanted === undefined ? undefined : this.#rows.map.rowOf(this.#wanted);
    if (row === undefined) return false;
    const at = this.#rows.bufferRow(row);
    if (at < 0) return false;
    const { viewportY, baseY } = this.terminal.buffer.active;
    const { rows } = this.terminal;
    const target = Math.max(0, at - Math.floor(rows / 3));
    const shown = at >= viewportY && at < viewportY + rows - 1;
    this.#hold(this.#rows.rowOf(shown ? viewportY : Math.min(target, baseY)));
    if (this.#wanted !== undefined) this.#search.mark(this.#wanted);
    // At the end of what came so far there may not be enough below it yet.
    if (baseY > target) this.#wanted = undefined;
    // Where nothing scrolls, the current line is still another one.
    this.#paintSoon();
    return true;
  }

  /** Puts a row (of the map) at the top and keeps it there while the terminal settles. */
  #hold(row: number): void {
    this.#held = { row, tries: TRIES };
    this.#settle();
  }

  /** The terminal knows its new length only when it has drawn: a scroll before that falls short. */
  #settle(): void {
    const held = this.#held;
    if (!held) return;
    const at = Math.max(0, this.#rows.bufferRow(held.row));
    const { viewportY } = this.terminal.buffer.active;
    if (viewportY === at || held.tries === 0) {
      this.#held = undefined;
      return;
    }
    this.#held = { row: held.row, tries: held.tries - 1 };
    this.terminal.scrollToLine(at);
    this.#paintSoon();
  }

  #scrolled(): void {
    this.#paintSoon();
    this.#rulerSoon();
  }

  /** The wheel leads away from the end, and at the end follows it again. */
  #wheeled(): void {
    this.#moves++;
    const { viewportY, baseY } = this.terminal.buffer.active;
    const follow = viewportY >= baseY;
    this.#wanted = undefined;
    this.#held = undefined;
    const { held } = this.state.get();
    if (held && baseY - viewportY < SCROLLBACK / 4) this.#goOn();
    // While reading waits, the end of what is here is not the end of the record.
    const following = follow && !held;
    if (following !== this.state.get().follow)
      this.state.set((old) => ({ ...old, follow: following }));
    if (viewportY === 0 && this.#rows.rowOf(0) > 0) this.#earlier();
  }

  #paintSoon(): void {
    if (this.#painting !== 0) return;
    this.#painting = requestAnimationFrame(() => {
      this.#painting = 0;
      this.#paint();
    });
  }

  #paint(): void {
    this.#settle();
    const top = this.#top();
    const parts = {
      map: this.#rows.map,
      record: this.record,
      counts: this.#folding.counts,
      notes: this.#notes,
      starts: this.#starts,
      mode: this.#mode,
      current: this.state.get().line,
    };
    this.#gutter.paint((index) => gutterRow(parts, top + index));
  }

  #rulerSoon(): void {
    this.#rulerTimer ??= setTimeout(() => {
      this.#rulerTimer = undefined;
      this.#ruler();
    }, RULER_EVERY);
  }

  #ruler(): void {
    const { viewportY } = this.terminal.buffer.active;
    const top = this.#rows.rowOf(viewportY);
    drawRuler(
      this.#hosts.ruler,
      this.terminal.rows * this.#cell.height,
      Math.max(this.record.lines, this.#rows.map.last),
      this.record.marks.values(),
      {
        from: this.#rows.map.lineAround(top) ?? 0,
        to: this.#rows.map.lineAround(top + this.terminal.rows) ?? 0,
      },
    );
  }
}
