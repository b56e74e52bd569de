import { Failure } from '../../../core/memory/failure.ts';
import type { ByteSource } from '../../../core/memory/platform.ts';

/** One output event of a recording: seconds since its start, and the bytes that came. */
export interface CastEvent {
  readonly at: number;
  readonly bytes: Uint8Array;
}

const BLOCK = 64 * 1024;
/** An event longer than this is not a console's. */
const MAX_LINE = 8 << 20;
const NEWLINE = 10;

/**
 * A recording in asciicast version 2: a header line, then a line `[seconds, "o", text]` for each
 * piece of output. The text's characters are the bytes (latin-1). Read piece by piece; lines that
 * are no events are skipped, and times never go backwards.
 */
export class Recording {
  readonly #source: ByteSource;
  readonly #first: number;
  /** Seconds from the first event to the last. */
  readonly duration: number;

  /** @throws Failure when the file is no such recording, or holds no output. */
  constructor(source: ByteSource) {
    this.#source = source;
    const header = parse(this.#lines().next().value ?? '') as { version?: unknown } | undefined;
    if (header?.version !== 2)
      throw new Failure(
        'unreadable',
        `${source.name} is not an asciicast recording of version 2.`,
        'Its first line has no such header.',
        'Open it as a log, or record the console again.',
      );
    const first = this.#raw().next().value;
    if (!first)
      throw new Failure(
        'unreadable',
        `${source.name} holds no output.`,
        'There is nothing to replay.',
        'Choose another recording.',
      );
    this.#first = first.at;
    this.duration = Math.max(0, this.#lastTime() - this.#first);
  }

  /** The events, their times counted from the first one. */
  *events(): Generator<CastEvent> {
    let latest = 0;
    for (const { at, bytes } of this.#raw()) {
      latest = Math.max(latest, at - this.#first);
      yield { at: latest, bytes };
    }
  }

  close(): void {
    this.#source.close();
  }

  *#raw(): Generator<CastEvent> {
    for (const line of this.#lines()) {
      const event = eventOf(line);
      if (event) yield event;
    }
  }

  *#lines(from = 0): Generator<string> {
    const block = new Uint8Array(BLOCK);
    let parts: Buffer[] = [];
    let length = 0;
    for (let offset = from; offset < this.#source.size;) {
      const read = this.#source.read(offset, block);
      if (read === 0) break;
      offset += read;
      for (let at = 0; at < read;) {
        const end = block.subarray(0, read).indexOf(NEWLINE, at);
        const stop = end < 0 ? read : end;
        length += stop - at;
        if (length <= MAX_LINE) parts.push(Buffer.from(block.subarray(at, stop)));
        if (end >= 0) {
          yield Buffer.concat(parts).toString('utf8');
          parts = [];
          length = 0;
        }
        at = stop + 1;
      }
    }
    if (length > 0) yield Buffer.concat(parts).toString('utf8');
  }

  /** The last event's time, from the end of the file. */
  #lastTime(): number {
    let latest = this.#first;
    for (let back = BLOCK; ; back *= 8) {
      const from = Math.max(0, this.#source.size - back);
      let found = false;
      for (const line of this.#lines(from)) {
        const event = eventOf(line);
        if (!event) continue;
        found = true;
        latest = Math.max(latest, event.at);
      }
      if (found || from === 0) return latest;
    }
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function eventOf(line: string): CastEvent | undefined {
  const event = parse(line);
  if (!Array.isArray(event)) return undefined;
  const [at, kind, text] = event as unknown[];
  if (typeof at !== 'number' || !Number.isFinite(at) || kind !== 'o' || typeof text !== 'string')
    return undefined;
  // Recorders that write UTF-8 text have characters that no byte is: keep those as UTF-8.
  const latin1 = !/[^\u0000-\u00ff]/.test(text);
  return { at: Math.max(0, at), bytes: Buffer.from(text, latin1 ? 'latin1' : 'utf8') };
}
