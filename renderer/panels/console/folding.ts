/** More lines than this in a second are a storm. */
export const STORM = 200;

/** The kernel's stamp and level, which differ on lines that are equal otherwise. */
const STAMP = /^(?:<\d+>)?\[ *\d+\.\d+\] ?/;
/** Shorter lines are not worth folding. */
const SHORTEST = 8;
/** Different lines of one storm; with more, those that were seen first begin anew. */
const MOST = 2000;

/** A piece of a record as it is written to the terminal. */
export interface Folded {
  /** Bytes, a character each. */
  readonly data: string;
  /** The line that it begins in: those before it are not written. */
  readonly begins: number;
  /** For every line feed of it, the line that begins behind it. */
  readonly next: readonly number[];
  /** Lines that are not written, with the line that stands for each. */
  readonly hidden: readonly (readonly [line: number, by: number])[];
}

/** The piece as it is: every line counts one. */
export function unfolded(data: string, first: number): Folded {
  const next: number[] = [];
  for (let at = data.indexOf('\n'); at >= 0; at = data.indexOf('\n', at + 1))
    next.push(first + next.length + 1);
  return { data, begins: first, next, hidden: [] };
}

/**
 * Folds the equal lines of a storm, however many pieces it comes in: the first line stays, and
 * stands for the others.
 */
export class StormFolding {
  /** Lines that stand for others, with how many they are, themselves included. */
  readonly counts = new Map<number, number>();
  /** The line of each different text of the storm that goes on. */
  readonly #lines = new Map<string, number>();

  /** The record is read from another place on. */
  reset(): void {
    this.counts.clear();
    this.#lines.clear();
  }

  /**
   * Only whole lines of a piece are folded.
   * @param first the line that the piece begins in
   * @param atStart the piece begins at that line's start
   * @param storm whether a line came in a storm
   */
  fold(data: string, first: number, atStart: boolean, storm: (line: number) => boolean): Folded {
    const parts = data.split('\n');
    const kept: string[] = [];
    let begins = first;
    const next: number[] = [];
    const hidden: [line: number, by: number][] = [];
    for (const [index, part] of parts.entries()) {
      const line = first + index;
      const whole = (index > 0 || atStart) && index < parts.length - 1;
      const by = whole ? this.#standsFor(part, line, storm) : undefined;
      if (by !== undefined) {
        hidden.push([line, by]);
        this.counts.set(by, (this.counts.get(by) ?? 1) + 1);
        continue;
      }
      kept.push(part);
      if (kept.length > 1) next.push(line);
      else begins = line;
    }
    return { data: kept.join('\n'), begins, next, hidden };
  }

  /** The line before it that says the same in this storm; undefined when it is the first. */
  #standsFor(part: string, line: number, storm: (line: number) => boolean): number | undefined {
    if (!storm(line)) {
      // The storm is over: what comes with the next one is counted anew.
      if (this.#lines.size > 0) this.#lines.clear();
      return undefined;
    }
    const text = part.replace(STAMP, '').trimEnd();
    if (text.length < SHORTEST) return undefined;
    const by = this.#lines.get(text);
    if (by !== undefined) return by;
    if (this.#lines.size >= MOST) this.#lines.clear();
    this.#lines.set(text, line);
    return undefined;
  }
}
