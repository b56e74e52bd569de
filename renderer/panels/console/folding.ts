import { formatCount } from '../../../core/format/size.ts';

/** More lines than this in a second are a storm. */
export const STORM = 200;

/** The kernel's stamp and level, which differ on lines that are equal otherwise. */
const STAMP = /^(?:<\d+>)?\[ *\d+\.\d+\] ?/;
/** Shorter lines are not worth folding. */
const SHORTEST = 8;
/** Dim; the sign is UTF-8, as the record's bytes are. */
const TIMES = '\u00c3\u0097';

/** A piece of a record as it is written to the terminal. */
export interface Folded {
  /** Bytes, a character each. */
  readonly data: string;
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
  return { data, next, hidden: [] };
}

/**
 * Folds the equal lines of a storm: the first stays, with their count. Only whole lines of this
 * piece are folded.
 * @param first the line that the piece begins in
 * @param atStart the piece begins at that line's start
 * @param storm whether a line came in a storm
 */
export function folded(
  data: string,
  first: number,
  atStart: boolean,
  storm: (line: number) => boolean,
): Folded {
  const parts = data.split('\n');
  const groups = new Map<string, number[]>();
  // The last part is not over yet, and the first may have begun before.
  for (let index = atStart ? 0 : 1; index < parts.length - 1; index++) {
    if (!storm(first + index)) continue;
    const key = parts[index].replace(STAMP, '').trimEnd();
    if (key.length < SHORTEST) continue;
    const group = groups.get(key);
    if (group) group.push(index);
    else groups.set(key, [index]);
  }
  const counts = new Map<number, number>();
  const by = new Map<number, number>();
  for (const group of groups.values()) {
    if (group.length < 2) continue;
    counts.set(group[0], group.length);
    for (const index of group.slice(1)) by.set(index, group[0]);
  }
  if (by.size === 0) return unfolded(data, first);
  const kept: string[] = [];
  const next: number[] = [];
  for (const [index, part] of parts.entries()) {
    if (by.has(index)) continue;
    const count = counts.get(index);
    kept.push(count === undefined ? part : `${part.trimEnd()} ${dim(count)}`);
    if (kept.length > 1) next.push(first + index);
  }
  return {
    data: kept.join('\n'),
    next,
    hidden: [...by].map(([index, of]) => [first + index, first + of] as const),
  };
}

const dim = (count: number): string => `\u001b[2m${TIMES} ${formatCount(count)}\u001b[22m`;
