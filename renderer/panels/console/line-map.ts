/**
 * Which row of the terminal's buffer begins which line of the console. Rows are counted from the
 * first that was ever written, so that the numbers hold while old rows are dropped.
 */
export class LineMap {
  #lineOfRow = new Int32Array(4096);
  #rowOfLine = new Int32Array(4096).fill(-1);
  /** The first line of the record that is here. */
  readonly first: number;
  #last: number;

  /** @param first number of the line at row 0 */
  constructor(first: number) {
    this.first = first;
    this.#last = first;
    this.begin(first, 0);
  }

  /** The newest line that has begun. */
  get last(): number {
    return this.#last;
  }

  /** A line begins at a row; a screen that was cleared may use its rows again. */
  begin(line: number, row: number): void {
    if (row < 0) return;
    this.#lineOfRow = grown(this.#lineOfRow, row, 0);
    const index = line - this.first;
    this.#rowOfLine = grown(this.#rowOfLine, index, -1);
    const former = this.#lineOfRow[row];
    if (former !== 0 && former !== line) this.#rowOfLine[former - this.first] = -1;
    this.#lineOfRow[row] = line;
    this.#rowOfLine[index] = row;
    this.#last = Math.max(this.#last, line);
  }

  /** A line is not shown: another one stands for it. */
  alias(line: number, by: number): void {
    const row = this.rowOf(by);
    if (row === undefined) return;
    const index = line - this.first;
    this.#rowOfLine = grown(this.#rowOfLine, index, -1);
    this.#rowOfLine[index] = row;
    this.#last = Math.max(this.#last, line);
  }

  /** The line that begins at a row; undefined for the continuation of a long line. */
  lineAt(row: number): number | undefined {
    return row >= 0 && row < this.#lineOfRow.length && this.#lineOfRow[row] !== 0
      ? this.#lineOfRow[row]
      : undefined;
  }

  /** The line that a row shows a part of. */
  lineAround(row: number): number | undefined {
    for (let at = Math.min(row, this.#lineOfRow.length - 1); at >= 0; at--)
      if (this.#lineOfRow[at] !== 0) return this.#lineOfRow[at];
    return undefined;
  }

  /** The row where a line begins; undefined when it is not here (any more). */
  rowOf(line: number): number | undefined {
    const row = this.#rowOfLine[line - this.first];
    return row === undefined || row < 0 ? undefined : row;
  }
}

/** Twice the room when an index no longer fits. */
function grown(
  array: Int32Array<ArrayBuffer>,
  index: number,
  filler: number,
): Int32Array<ArrayBuffer> {
  if (index < array.length) return array;
  const bigger = new Int32Array(Math.max(array.length * 2, index + 1)).fill(filler);
  bigger.set(array);
  return bigger;
}
