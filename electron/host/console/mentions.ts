import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ConsoleRecord } from './record.ts';

/** Bytes that are looked through in one turn. */
const PIECE = 1 << 20;
/** Bytes before and behind a device by which it is told from a part of something else. */
const AROUND = 8;
const NEWLINE = 10;

export interface Mentions {
  /** Lines of the whole record that name the device. */
  readonly lines: number;
  /** The first of them. */
  readonly first: readonly number[];
}

/**
 * Which lines of a record name a device.
 * @param bdf `00:06.0`, which the kernel prints with the segment 0000 as well; with another
 * segment only so
 * @param most lines that are told one by one
 * @returns what was found so far when the signal aborts
 */
export async function mentions(
  record: ConsoleRecord,
  bdf: string,
  most: number,
  signal: AbortSignal,
): Promise<Mentions> {
  const first: number[] = [];
  let lines = 0;
  /** Offset of the end of the last line that counts; Infinity while that is not seen. */
  let counted = -1;
  for (let at = 0; at < record.bytes && !signal.aborted; at += PIECE) {
    const from = Math.max(0, at - AROUND);
    const piece = record.read(from, at - from + PIECE + bdf.length + AROUND);
    if (counted === Infinity) counted = endOf(piece, at - from, from);
    for (
      let found = piece.indexOf(bdf, at - from, 'latin1');
      found >= 0 && from + found < at + PIECE;
      found = piece.indexOf(bdf, found + 1, 'latin1')
    ) {
      const offset = from + found;
      if (offset < counted || !isWhole(piece, found, bdf)) continue;
      lines++;
      if (first.length < most) first.push(record.lineAt(offset + 1) - 1);
      counted = endOf(piece, found, from);
    }
    await nextTurn();
  }
  return { lines, first };
}

function endOf(piece: Buffer, at: number, from: number): number {
  const end = piece.indexOf(NEWLINE, at);
  return end < 0 ? Infinity : from + end;
}

/** Whether a device stands there, and not the end of another's name, a time or a longer number. */
function isWhole(piece: Buffer, at: number, bdf: string): boolean {
  const before = piece.toString('latin1', Math.max(0, at - AROUND), at);
  const behind = piece.toString('latin1', at + bdf.length, at + bdf.length + 1);
  return /(?:^|[^0-9a-fA-F:])(?:0000:)?$/.test(before) && !/^[0-9a-fA-F]/.test(behind);
}
