import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ConsoleRecord } from './record.ts';

/** Bytes that are looked through in one turn. */
const PIECE = 1 << 20;

/**
 * The next line of a record that holds a text, upper and lower case alike; the whole record is
 * gone round once.
 * @param from the line behind which the search begins, or before which when it goes backwards
 * @returns undefined when no line does, or when the signal aborts
 */
export async function findLine(
  record: ConsoleRecord,
  text: string,
  from: number,
  backwards: boolean,
  signal: AbortSignal,
): Promise<number | undefined> {
  const needle = text.toLowerCase();
  const start = startOf(record, backwards ? from : from + 1);
  const parts = backwards
    ? [[0, start] as const, [start, record.bytes] as const]
    : [[start, record.bytes] as const, [0, start] as const];
  for (const [first, end] of parts) {
    const at = await findIn(record, needle, first, end, backwards, signal);
    if (at !== undefined) return record.lineAt(at + 1) - 1;
    if (signal.aborted) return undefined;
  }
  return undefined;
}

/** Where a line starts; the record's end for one that has not begun. */
function startOf(record: ConsoleRecord, line: number): number {
  if (line <= 1) return 0;
  return record.starts(line, line + 1)[0]?.offset ?? record.bytes;
}

/** The first offset between two where a text stands, or the last one. */
async function findIn(
  record: ConsoleRecord,
  needle: string,
  first: number,
  end: number,
  backwards: boolean,
  signal: AbortSignal,
): Promise<number | undefined> {
  // Pieces overlap, so that a text across their border is found.
  const over = needle.length - 1;
  const pieces = Math.ceil((end - first) / PIECE);
  for (let n = 0; n < pieces && !signal.aborted; n++) {
    const at = first + (backwards ? pieces - 1 - n : n) * PIECE;
    const length = Math.min(PIECE + over, end - at);
    const piece = record.read(at, length).toString('latin1').toLowerCase();
    const found = backwards ? piece.lastIndexOf(needle) : piece.indexOf(needle);
    if (found >= 0) return at + found;
    await nextTurn();
  }
  return undefined;
}
