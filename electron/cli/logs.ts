import { messageLines } from '../../core/linux/printk.ts';
import type { LogStory } from '../../core/explain/story.ts';
import type { LogCollector } from '../../core/log/parse.ts';
import { LogParser } from '../../core/log/parser.ts';
import type { LogSink } from '../../core/log/records.ts';
import { Failure } from '../../core/memory/failure.ts';
import type { Investigation } from '../../core/session/investigation.ts';
import { Recording } from '../host/console/recording.ts';

/**
 * Reads every console text of a case into one sink each: logs and recordings as they stand, and
 * the log of a dump's own ring when no other text was given.
 * @throws Failure when the case holds no text.
 */
export function readLogs(investigation: Investigation, sinkOf: () => LogSink): void {
  for (const { source, kind } of investigation.logs) {
    const parser = new LogParser(sinkOf(), source.size);
    if (kind === 'recording') {
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
