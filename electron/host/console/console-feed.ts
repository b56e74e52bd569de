import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ConsoleChunk, LineMark } from '../../../core/protocol/contract.ts';
import type { FeedSink } from '../../../core/protocol/server-feed.ts';
import type { ReaderMark } from './reader.ts';
import type { ConsoleRecord } from './record.ts';

/** Bytes of one chunk to a view. */
const CHUNK = 64 * 1024;
/** Bytes of a line's start within which its stamp ends. */
const STAMP = 32;
/** Marks of lines before a chunk that go with it. */
const MOST_LATE = 2000;

const KERNEL_TIME = /^(?:<\d+>)?\[\s*(\d+\.\d+)\]/;

/** What a feed shows of a console. */
export interface FedConsole {
  readonly record: ConsoleRecord;
  /** Grows when the record was emptied: the feed begins again. */
  readonly epoch: () => number;
  readonly over: () => boolean;
  /** Marks in the order in which they were found; another list when those of before are void. */
  readonly found: () => readonly ReaderMark[];
  /** Marks of lines, the last one excluded. */
  readonly marks: (first: number, end: number) => readonly LineMark[];
  /** A mark as views know it. */
  readonly numbered: (mark: ReaderMark) => LineMark;
  /** Resolves when there is more, or when the signal aborts. */
  readonly more: (signal: AbortSignal) => Promise<void>;
}

/** Feeds a console's record from an offset on, as the view grants credit; nothing is left out. */
export async function feedConsole(
  fed: FedConsole,
  from: number,
  sink: FeedSink<ConsoleChunk>,
): Promise<void> {
  let offset = from;
  let epoch = fed.epoch();
  let found = fed.found();
  // Marks that the view gets with their lines, or later: a line is marked when it is whole.
  let told = found.length;
  while (!sink.signal.aborted && !fed.over()) {
    if (epoch !== fed.epoch()) {
      epoch = fed.epoch();
      offset = 0;
    }
    if (found !== fed.found()) {
      found = fed.found();
      told = 0;
    }
    const late = found.slice(told, told + MOST_LATE);
    if (offset < fed.record.bytes || late.length > 0) {
      told += late.length;
      const chunk = chunkAt(fed, offset, late);
      offset += chunk.data.length;
      await sink.push(chunk);
      // What comes meanwhile goes with it: a line that is whole is one, not two pieces.
      await nextTurn();
    } else await fed.more(sink.signal);
  }
}

/** @param late marks that were found since the chunk before: some are of lines before this one */
function chunkAt(fed: FedConsole, offset: number, late: readonly ReaderMark[]): ConsoleChunk {
  const { record } = fed;
  const bytes = wholeLines(record.read(offset, CHUNK));
  const data = bytes.toString('latin1');
  const first = record.lineAt(offset);
  const end = record.lineAt(offset + bytes.length);
  return {
    offset,
    data,
    total: record.lines,
    begun: begunLine(record, first - 1, offset),
    lines: record.starts(first, end).map((start) => ({
      line: start.line,
      at: start.at,
      kernelTime: kernelTime(data, start.offset - offset),
    })),
    marks: [
      ...late.filter(({ line }) => line < first).map((mark) => fed.numbered(mark)),
      ...fed.marks(first, end),
    ],
  };
}

const NEWLINE = 10;

/** The whole lines of a piece, where it holds any; its beginning of another comes with the next. */
function wholeLines(bytes: Buffer): Buffer {
  const end = bytes.lastIndexOf(NEWLINE) + 1;
  return end === 0 ? bytes : bytes.subarray(0, end);
}

/** A line that began before an offset, if its stamp may not have been whole by then. */
function begunLine(record: ConsoleRecord, line: number, offset: number): ConsoleChunk['begun'] {
  const [start] = record.starts(line, line + 1);
  if (!start || offset - start.offset >= STAMP) return undefined;
  const text = record.read(start.offset, STAMP).toString('latin1');
  return { line, at: start.at, kernelTime: kernelTime(text, 0) };
}

/** The kernel's own time stamp at the start of a line. */
function kernelTime(data: string, at: number): number | undefined {
  const match = KERNEL_TIME.exec(data.slice(at, at + STAMP));
  return match ? Number(match[1]) : undefined;
}
