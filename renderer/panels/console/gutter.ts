import { formatCount } from '../../../core/format/size.ts';
import type { LineMark } from '../../../core/protocol/contract.ts';

/** What one row of the gutter shows. */
export interface GutterRow {
  readonly line: number | undefined;
  readonly mark: LineMark | undefined;
  readonly time: string;
  readonly tip: string;
  /** The row goes on with a long line. */
  readonly continued: boolean;
  readonly current: boolean;
  /** A note is pinned to the line. */
  readonly note: boolean;
  /** Lines that this one stands for. */
  readonly count: number | undefined;
  /** A kernel's clock starts here. */
  readonly restart: string | undefined;
}

/** A row beside which nothing is known. */
export const NO_ROW: GutterRow = {
  line: undefined,
  mark: undefined,
  time: '',
  tip: '',
  continued: true,
  current: false,
  note: false,
  count: undefined,
  restart: undefined,
};

const SHAPES: Readonly<Record<LineMark['severity'], string>> = {
  error:
    '<path fill="currentColor" d="M4.5 1h5L13 4.5v5L9.5 13h-5L1 9.5v-5z"/><path stroke="var(--bg1)" stroke-width="1.6" d="M4.8 4.8l4.4 4.4M9.2 4.8L4.8 9.2"/>',
  warning:
    '<path fill="currentColor" d="M7 1l6.5 12H.5z"/><path stroke="var(--bg1)" stroke-width="1.5" d="M7 5v4M7 10.2v1.3"/>',
  note: '<circle cx="7" cy="7" r="5.5" fill="none" stroke="currentColor" stroke-width="1.5"/><path stroke="currentColor" stroke-width="1.6" d="M7 6v4M7 3.7v1.3"/>',
  ok: '<path fill="none" stroke="currentColor" stroke-width="2" d="M2 7.5l3.5 3.5L12 3.5"/>',
};

interface Cells {
  readonly row: HTMLElement;
  readonly number: HTMLElement;
  readonly glyph: HTMLElement;
  readonly time: HTMLElement;
  readonly count: HTMLElement;
}

/**
 * The rows beside and behind the terminal: number, mark, time and tint. Painted by hand, since
 * they change with every scrolled line; text goes in as text only.
 */
export class Gutter {
  readonly #host: HTMLElement;
  readonly #counts: HTMLElement;
  #rows: Cells[] = [];

  constructor(host: HTMLElement, counts: HTMLElement) {
    this.#host = host;
    this.#counts = counts;
  }

  /** Makes as many rows as the terminal has, of its row height. */
  resize(count: number, height: number): void {
    for (const host of [this.#host, this.#counts])
      host.style.setProperty('--console-row', `${height}px`);
    while (this.#rows.length < count) {
      const row = document.createElement('div');
      row.className = 'console-row';
      const number = part('console-number');
      const glyph = part('console-glyph');
      const time = part('console-time');
      row.append(number, glyph, time);
      this.#host.append(row);
      const folded = part('console-count');
      this.#counts.append(folded);
      this.#rows.push({ row, number, glyph, time, count: folded });
    }
    for (const { row, count: of } of this.#rows.splice(count)) {
      row.remove();
      of.remove();
    }
    for (const [index, { count: of }] of this.#rows.entries()) of.style.top = `${index * height}px`;
  }

  paint(rowAt: (index: number) => GutterRow): void {
    for (const [index, cells] of this.#rows.entries()) {
      const { line, mark, time, tip, continued, count, current, note, restart } = rowAt(index);
      write(cells.count, count === undefined ? '' : `× ${formatCount(count)}`);
      write(cells.number, line === undefined ? '' : String(line));
      write(cells.time, restart ?? time);
      const kind = continued ? '' : (mark?.severity ?? '');
      if (cells.glyph.dataset.kind !== kind) {
        cells.glyph.dataset.kind = kind;
        // Constant shapes of this module, never text of a console.
        cells.glyph.innerHTML =
          mark === undefined || continued
            ? ''
            : `<svg class="glyph glyph-${mark.severity}" viewBox="0 0 14 14">${SHAPES[mark.severity]}</svg>`;
      }
      const name = [
        'console-row',
        mark ? `is-${mark.severity}` : '',
        mark?.kind === 'fault' ? 'is-fault' : '',
        current ? 'is-current' : '',
        note ? 'has-note' : '',
        restart === undefined ? '' : 'is-restart',
      ].join(' ');
      if (cells.row.className !== name) cells.row.className = name;
      if (cells.row.title !== tip) cells.row.title = tip;
    }
  }
}

function part(name: string): HTMLElement {
  const element = document.createElement('span');
  element.className = name;
  return element;
}

function write(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
