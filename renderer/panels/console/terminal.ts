import type { Terminal } from '@xterm/xterm';
import '@xterm/xterm/css/xterm.css';
import type { ConsoleChunk } from '../../../core/protocol/contract.ts';
import type { EngineApi } from '../../engine/api.ts';
import type { Store } from '../../state/store.ts';
import { createStore } from '../../state/store.ts';
import type { Theme } from '../../state/view.ts';
import { Gutter, NO_ROW } from './gutter.ts';
import { guardedTerminal } from './guard.ts';
import { gutterRow } from './gutter-row.ts';
import type { TimeMode } from './record.ts';
import { ConsoleRecord } from './record.ts';
import { RULER_WIDTH } from './ruler.ts';
import { TerminalFeed } from './terminal-feed.ts';
import { TerminalOverview, type Screen } from './terminal-overview.ts';
import { TerminalRows } from './terminal-rows.ts';
import { TerminalSearch } from './terminal-search.ts';
import { terminalTheme } from './theme.ts';

/** Rows kept in the terminal; the record itself is the engine's. */
const SCROLLBACK = 25_000;
/** Lines that are read before the one that is wanted: what a person may scroll back to at once. */
const BEFORE = 3000;
/** The most of them, where a storm is folded to a few rows. */
const MOST_BEFORE = 1_000_000;
/** Rows that are read below the screen before reading waits. */
const AHEAD = 6000;
/** Frames in which a scroll may settle. */
const TRIES = 10;
const FALLBACK = '"IBM Plex Mono", ui-monospace, "DejaVu Sans Mono", monospace';
const FONT = `"JetBrains Mono", ${FALLBACK}`;
/** The number column, px: four digits and more, of the width of a cell, and room beside them. */
const NUMBERS = 46;
const NUMBERS_ROOM = 10;
/** Mark and time columns, px. */
const MARKS = 114;

/** Where a console stands: at its end, which it follows, or with a line at the top. */
export type Place = 'end' | number;

export interface TerminalState {
  readonly follow: boolean;
  /** The line that is current here. */
  readonly line: number | undefined;
  /** Lines of the whole record. */
  readonly lines: number;
}

interface Hosts {
  readonly gutter: HTMLElement;
  /** Above the terminal: how many lines a folded one stands for. */
  readonly counts: HTMLElement;
  /** Told of lines that came, for whoever does not see them. */
  readonly heard: (data: string, marked: number) => void;
  /** Told where it stands, whenever that is drawn. */
  readonly placed: (place: Place) => void;
  readonly screen: HTMLElement;
  readonly ruler: HTMLCanvasElement;
}

/** A line that is to be on the screen, and where: at the top, in the middle, or anywhere. */
interface Wanted {
  readonly line: number;
  readonly at: 'top' | 'middle' | 'anywhere';
}

/** What was on the screen before something was written. */
interface Before {
  readonly top: number;
  readonly moves: number;
}

/**
 * One console's terminal with its gutter and ruler. It holds the lines around the screen; those
 * that are far away are read from the engine's record when somebody goes there.
 */
export class ConsoleTerminal {
  readonly state: Store<TerminalState>;
  readonly record = new ConsoleRecord();
  readonly terminal: Terminal;
  readonly #search: TerminalSearch;
  readonly #hosts: Hosts;
  readonly #gutter: Gutter;
  readonly #rows: TerminalRows;
  readonly #feed: TerminalFeed<Before>;
  readonly #overview: TerminalOverview;
  #wanted: Wanted | undefined;
  /** What is wanted is being read: until it is here nothing else counts. */
  #seeking = false;
  #before = BEFORE;
  /** Rows before what was wanted that were read with it. */
  #gained: number | undefined;
  #held: { readonly row: number; readonly tries: number } | undefined;
  /** Nothing is read before the terminal has its room. */
  #fitted = false;
  /** Its rows are of another width than those that are known. */
  #stale = false;
  /** Counts a person's moves. */
  #moves = 0;
  #mode: TimeMode = 'kernel';
  /** What is noted of a line. */
  #notes: ReadonlyMap<number, string> = new Map();
  #cell = { width: 7.2, height: 18 };
  /** What it was fitted into, px. */
  #room = { width: 0, height: 0 };
  #numbersWidth = NUMBERS;
  #painting = 0;
  #disposed = false;

  /** @param place where it stands first */
  constructor(engine: EngineApi, id: string, hosts: Hosts, place: Place) {
    this.#hosts = hosts;
    this.state = createStore<TerminalState>({
      follow: place === 'end',
      line: undefined,
      lines: 0,
    });
    this.#wanted = place === 'end' ? undefined : { line: place, at: 'top' };
    this.#gutter = new Gutter(hosts.gutter, hosts.counts);
    this.terminal = guardedTerminal(SCROLLBACK, FALLBACK);
    this.#rows = new TerminalRows(this.terminal);
    this.#search = new TerminalSearch(engine, id, this.terminal, this.#rows);
    this.#overview = new TerminalOverview({
      engine,
      console: id,
      canvas: hosts.ruler,
      screen: () => this.#screen(),
      known: () => this.#paintSoon(),
    });
    this.#feed = new TerminalFeed<Before>({
      engine,
      console: id,
      terminal: this.terminal,
      rows: this.#rows,
      record: this.record,
      coming: (chunk) => {
        hosts.heard(chunk.data, chunk.marks.length);
        return { top: this.#top(), moves: this.#moves };
      },
      taken: (chunk, before) => this.#taken(chunk, before),
    });
    this.terminal.onRender(() => this.#paintSoon());
    this.terminal.onScroll(() => this.#scrolled());
    this.terminal.open(hosts.screen);
    // The console itself is the tab stop; it hands the focus on where typing is allowed.
    if (this.terminal.textarea) this.terminal.textarea.tabIndex = -1;
    hosts.screen.addEventListener('wheel', () => requestAnimationFrame(() => this.#moved()), {
      passive: true,
    });
  }

  dispose(): void {
    this.#disposed = true;
    this.#feed.stop();
    this.#search.stop();
    cancelAnimationFrame(this.#painting);
    this.#overview.stop();
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
    this.#room = { width, height };
    const gutter = this.#numbers() + MARKS;
    const columns = Math.max(20, Math.floor((width - gutter - RULER_WIDTH - 4) / this.#cell.width));
    const rows = Math.max(2, Math.floor(height / this.#cell.height));
    const another = columns !== this.terminal.cols;
    if (another) this.#keep();
    this.#stale ||= another;
    if (another || rows !== this.terminal.rows) this.terminal.resize(columns, rows);
    if (another || !this.#fitted) {
      this.#fitted = true;
      this.#again();
    }
    this.#gutter.resize(rows, this.#cell.height);
    this.#paintSoon();
  }

  /** The width of the number column, px: the record's last line fits into it. */
  #numbers(): number {
    const digits = String(this.record.lines).length;
    return Math.max(NUMBERS, Math.ceil(digits * this.#cell.width) + NUMBERS_ROOM);
  }

  /** The theme changed: its tokens are read anew. */
  recolour(theme: Theme): void {
    this.terminal.options.theme = terminalTheme();
    this.#hosts.screen.dataset.theme = theme;
    this.#overview.draw();
  }

  setTimeMode(mode: TimeMode): void {
    this.#mode = mode;
    this.#paintSoon();
  }

  /** Whether equal lines of a storm are folded; the record keeps all. */
  setFold(fold: boolean): void {
    if (fold === this.#feed.fold) return;
    this.#feed.fold = fold;
    this.#keep();
    this.#again();
  }

  /** The lines of which a part is selected; undefined when nothing is. */
  selectedLines(): { readonly from: number; readonly to: number } | undefined {
    const range = this.terminal.getSelectionPosition();
    const from = range && this.#rows.map.lineAround(this.#rows.rowOf(range.start.y));
    const to = range && this.#rows.map.lineAround(this.#rows.rowOf(range.end.y));
    return from === undefined || to === undefined ? undefined : { from, to };
  }

  /** Lines that notes are pinned to, with the notes' words. */
  setNotes(notes: ReadonlyMap<number, string>): void {
    this.#notes = notes;
    this.#paintSoon();
  }

  /** The record has so many lines by now, whether they are read here or not. */
  grown(lines: number): void {
    if (lines <= this.record.lines) return;
    this.record.grow(lines);
    this.#counted();
    this.#overview.askSoon();
  }

  /** The record was emptied: it begins anew. */
  emptied(): void {
    this.#wanted = undefined;
    this.#overview.forget();
    this.record.empty();
    this.state.set({ follow: true, line: undefined, lines: 0 });
    void this.#feed.clear().then(() => {
      if (!this.#disposed) this.#again();
    });
  }

  /** Makes a line current and brings it into view, now or when it comes. */
  reveal(line: number): void {
    this.state.set((old) => ({ ...old, line }));
    this.#show({ line, at: 'anywhere' });
  }

  setCurrent(line: number | undefined): void {
    this.state.set((old) => ({ ...old, line }));
    this.#paintSoon();
  }

  follow(): void {
    this.#moves++;
    this.#wanted = undefined;
    this.#held = undefined;
    this.state.set((old) => ({ ...old, follow: true }));
    if (this.#feed.paused || this.record.lines - this.#rows.line > BEFORE) this.#again();
    this.terminal.scrollToBottom();
  }

  /** Scrolls by pages of the screen. */
  scrollPages(pages: number): void {
    this.terminal.scrollPages(pages);
    this.#moved();
  }

  /** The line at a height within the screen, px. */
  lineAtHeight(y: number): number | undefined {
    const row = Math.floor(y / this.#cell.height);
    return this.#rows.map.lineAround(this.#rows.rowOf(this.terminal.buffer.active.viewportY + row));
  }

  /** Whether a line is among the last that came, of which the screen has room. */
  isNew(line: number): boolean {
    return line > this.record.lines - this.terminal.rows;
  }

  /** The last line on the screen. */
  get lastShown(): number {
    const { viewportY, baseY, cursorY } = this.terminal.buffer.active;
    const row = Math.min(viewportY + this.terminal.rows - 1, baseY + cursorY);
    return this.#rows.map.lineAround(this.#rows.rowOf(row)) ?? 1;
  }

  /** Scrolls so that the part of the record at a fraction of its length shows. */
  scrollToPart(part: number): void {
    this.#show({ line: Math.max(1, Math.round(part * this.record.lines)), at: 'middle' });
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

  /** Brings a line into view, from the record where it is not here. */
  #show(wanted: Wanted): void {
    this.#moves++;
    this.#wanted = wanted;
    this.state.set((old) => ({ ...old, follow: false }));
    if (this.#scrollToWanted()) return;
    const ahead = Math.min(wanted.line, this.record.lines) - this.#rows.line;
    // What is about to come is waited for.
    if (this.#feed.paused || this.#seeking || ahead < 0 || ahead > BEFORE) this.#again();
  }

  /** What is on the screen is wanted there again, when it is read anew. */
  #keep(): void {
    if (this.state.get().follow || this.#wanted !== undefined || !this.#fitted) return;
    const { line: current } = this.state.get();
    const row = current === undefined ? undefined : this.#rows.map.rowOf(current);
    const top = this.#top();
    const shown = row !== undefined && row >= top && row < top + this.terminal.rows - 1;
    const line = shown ? current : this.#rows.map.lineAround(top);
    if (line !== undefined) this.#wanted = { line, at: shown ? 'middle' : 'top' };
  }

  /** Reads the record anew, around what is wanted or up to its end. */
  #again(before = BEFORE): void {
    if (!this.#fitted) return;
    this.#before = before;
    this.#seeking = this.#wanted !== undefined;
    this.#held = undefined;
    this.#gained = undefined;
    this.#feed.begin(this.#wanted?.line, before);
  }

  /** What is on the screen would soon be pushed out by what follows: then reading waits. */
  #farBehind(): boolean {
    if (this.state.get().follow || this.#wanted !== undefined) return false;
    return this.#rows.rowOf(this.terminal.buffer.active.baseY) - this.#top() > AHEAD;
  }

  /** Lines between what is here and what it is read for are left out: they can be come back to. */
  #skips(): boolean {
    const { lines } = this.record;
    const { follow } = this.state.get();
    if (this.#wanted === undefined && !follow) return false;
    const behind = Math.min(this.#wanted?.line ?? lines, lines) - this.#rows.line;
    return behind > Math.max(SCROLLBACK, 2 * this.#before);
  }

  /** Lines before those that are here are read too; what is at the top stays there. */
  #earlier(): void {
    const line = this.#rows.map.lineAround(this.#top());
    if (line === undefined || line <= 1) return;
    // Where lines are folded to a few rows, more are read the next time.
    const few = this.#gained !== undefined && this.#gained < 2 * this.terminal.rows;
    this.#wanted = { line, at: 'top' };
    this.state.set((old) => ({ ...old, follow: false }));
    this.#again(few ? this.#more() : BEFORE);
  }

  #more(): number {
    return Math.min(MOST_BEFORE, this.#before * 4);
  }

  /** A piece was written; `before` says what was at the top then. */
  #taken(chunk: ConsoleChunk, before: Before): void {
    this.#stale = false;
    this.#rows.anchor();
    this.#counted();
    if (this.#skips()) return this.#again();
    const { map, line } = this.#rows;
    const { baseY } = this.terminal.buffer.active;
    const all = line >= this.record.lines;
    if (all && baseY === 0 && map.first > 1 && this.#before < MOST_BEFORE)
      // Less than a screen: what was read was folded.
      return this.#again(this.#more());
    if (this.#wanted !== undefined) this.#scrollToWanted();
    else if (this.state.get().follow) this.terminal.scrollToBottom();
    // Unless a person moved meanwhile, what showed keeps its place.
    else if (before.moves === this.#moves) this.#hold(before.top);
    if (all) this.#seeking = false;
    if (this.#farBehind()) this.#feed.pause();
    this.#paintSoon();
    this.#overview.drawSoon();
    if (chunk.marks.length > 0 || !this.#overview.known) this.#overview.askSoon();
  }

  #counted(): void {
    const { lines } = this.record;
    if (lines === this.state.get().lines) return;
    this.state.set((old) => ({ ...old, lines }));
    const numbers = this.#numbers();
    if (numbers === this.#numbersWidth || !this.#fitted) return;
    this.#numbersWidth = numbers;
    this.#hosts.screen.parentElement?.style.setProperty('--console-numbers', `${numbers}px`);
    this.fit(this.#room.width, this.#room.height);
  }

  /** Brings the wanted line into view. @returns false while it is not here. */
  #scrollToWanted(): boolean {
    const wanted = this.#wanted;
    const row = wanted && this.#rows.map.rowOf(wanted.line);
    if (wanted === undefined || row === undefined) return false;
    const at = this.#rows.bufferRow(row);
    if (at < 0) return false;
    const { viewportY, baseY } = this.terminal.buffer.active;
    const { rows } = this.terminal;
    const target = wanted.at === 'top' ? at : Math.max(0, at - Math.floor(rows / 3));
    const shown = wanted.at === 'anywhere' && at >= viewportY && at < viewportY + rows - 1;
    this.#hold(this.#rows.rowOf(shown ? viewportY : Math.min(target, baseY)));
    this.#search.mark(wanted.line);
    this.#seeking = false;
    this.#gained ??= row;
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
    this.#overview.drawSoon();
  }

  /** A person scrolled: away from the end, or to it, where it is followed again. */
  #moved(): void {
    if (this.#seeking) return;
    this.#moves++;
    const { viewportY, baseY } = this.terminal.buffer.active;
    this.#wanted = undefined;
    this.#held = undefined;
    if (baseY - viewportY < AHEAD / 2) this.#feed.goOn();
    // Before the end of the record is read, the end of what is here is not that.
    const follow = viewportY >= baseY && this.record.lines - this.#rows.line < BEFORE;
    if (follow !== this.state.get().follow) this.state.set((old) => ({ ...old, follow }));
    if (viewportY === 0 && (this.#rows.rowOf(0) > 0 || this.#rows.map.first > 1)) this.#earlier();
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
    if (this.#stale) return this.#gutter.paint(() => NO_ROW);
    this.#tellPlace(top);
    const parts = {
      map: this.#rows.map,
      record: this.record,
      counts: this.#feed.folding.counts,
      notes: this.#notes,
      starts: this.#overview.starts,
      mode: this.#mode,
      current: this.state.get().line,
    };
    this.#gutter.paint((index) => gutterRow(parts, top + index));
  }

  #tellPlace(top: number): void {
    const there = (this.#wanted?.line ?? 0) <= this.record.lines;
    if (this.#seeking || !this.#fitted || !there) return;
    const place = this.state.get().follow ? 'end' : this.#rows.map.lineAround(top);
    if (place !== undefined) this.#hosts.placed(place);
  }

  /** What of the record is on the screen. */
  #screen(): Screen {
    const top = this.#top();
    return {
      height: this.terminal.rows * this.#cell.height,
      lines: Math.max(this.record.lines, this.#rows.map.last),
      from: this.#rows.map.lineAround(top) ?? 0,
      to: this.#rows.map.lineAround(top + this.terminal.rows) ?? 0,
    };
  }
}
