import { messageLines } from '../../core/linux/printk.ts';
import type { LogStory } from '../../core/explain/story.ts';
import type { LogCollector } from '../../core/log/parse.ts';
import { LogParser } from '../../core/log/parser.ts';
import type { LogSink } from '../../core/log/records.ts';
import { Failure } from '../../core/memory/failure.ts';
import type { Investigation } from '../../core/session/investigation.ts';
import { Recording } from '../host/console/recording.ts';
import { descriptorOf } from '../host/platform.ts';
import { readAhead } from '../host/read-ahead.ts';

/**
 * Reads every console text of a case into one sink each: logs and recordings as they stand, and
 * the log of a dump's own ring when no other text was given.
 * @throws Failure when the case holds no text.
 */
export function readLogs(investigation: Investigation, sinkOf: () => LogSink): void {
  for (const { source, kind } of investigation.logs) {
    const fd = source.size >= AHEAD && kind !== 'recording' ? descriptorOf(source) : undefined;
    const parser = new LogParser(sinkOf(), source.size, fd !== undefined);
    if (fd !== undefined && parser.halves) readWithThread(parser, fd, parser.halves);
    else if (kind === 'recording') {
      for (const event of new Recording(source).events()) parser.push(event.bytes, event.at);
    } else {
      for (let offset = 0; ;) {
        const length = source.read(offset, parser.room());
        if (length === 0) break;
        parser.filled(length);
        offset += length;
      }
    }
    parser.end();
  }
  if (investigation.logs.length > 0) return;
  const kernel = investigation.kernel();
  if (!kernel)
    throw new Failure(
      'unreadable',
      investigation.noKernel || 'There is no console text in these sources.',
      'Faults are told by a console log, or by the log in a dump.',
      'Give the serial console’s log.',
    );
  const parser = new LogParser(sinkOf());
  const text = kernel.dmesg().flatMap(messageLines).join('\n');
  parser.push(new TextEncoder().encode(`${text}\n`));
  parser.end();
}

/** Bytes from which on a log is read ahead by a second thread: less is read before that comes up. */
const AHEAD = 64 << 20;

/** Reads a whole log while a second thread fetches what comes next. */
function readWithThread(
  parser: LogParser,
  fd: number,
  halves: readonly [Uint8Array, Uint8Array],
): void {
  const ahead = readAhead(fd, halves);
  try {
    for (let length = ahead.next(); length > 0; length = ahead.next()) {
      // The parser takes what it keeps of the other half over; then that one is free.
      parser.room();
      ahead.release();
      parser.filled(length);
    }
  } finally {
    ahead.end();
  }
}

/** What a log tells, without the texts that only explain looks for. */
export function storyOf({ kernels, phases, notes }: LogCollector): LogStory {
  return { kernels, phases, notes, texts: [] };
}

/** Bytes of one read. */
const CHUNK = 1 << 20;

/**
 * Hands over the bytes of the same texts in the same order as `readLogs` reads them, for those
 * who look for more than the parser does. A case without text hands over nothing.
 * @param take gets the number of the text, from 0, and bytes that are only valid during the call
 */
export function eachLogBytes(
  investigation: Investigation,
  take: (index: number, bytes: Uint8Array) => void,
): void {
  for (const [index, { source, kind }] of investigation.logs.entries()) {
    if (kind === 'recording') {
      for (const { bytes } of new Recording(source).events()) take(index, bytes);
      continue;
    }
    const chunk = new Uint8Array(CHUNK);
    for (let offset = 0; ;) {
      const length = source.read(offset, chunk);
      if (length === 0) break;
      take(index, chunk.subarray(0, length));
      offset += length;
    }
  }
  if (investigation.logs.length > 0) return;
  const messages = investigation.kernel()?.dmesg() ?? [];
  take(0, new TextEncoder().encode(`${messages.flatMap(messageLines).join('\n')}\n`));
}
