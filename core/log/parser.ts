import { clean, waysToJoin } from './clean.ts';
import { LineBuffer, WAIT, type Segment } from './line-buffer.ts';
import type { Reading } from './message.ts';
import { readPrefix, splitMessages } from './prefix.ts';
import { readQuick } from './quick.ts';
import { hintOfBroken, readMessage } from './read-line.ts';
import type { LogSink } from './records.ts';
import { Story, type Line } from './story.ts';

/** Characters in a broken line: the fewest, and as many as most terminals show. */
const NARROWEST = 40;
const USUAL_WIDTH = 80;
/** Lines that one message may be wrapped over, beside its first. */
const MOST_WRAPS = 3;
/** Characters of a wrapped message: the kernel's limit and room for what others put before it. */
const LONGEST_MESSAGE = 1500;

/** A segment's text, cleaned, with what stands before its message. */
interface Read extends Segment {
  readonly text: string;
  /** Whether cleaning changed it: anchors may have come up. */
  readonly changed: boolean;
  readonly stamped: boolean;
  readonly time: number | undefined;
  /** Without prefixes. */
  readonly body: string;
}

/** What lines say together. */
interface Joined {
  readonly reading: Reading;
  readonly first: Read;
  readonly last: Read;
  readonly text: string;
}

const decoder = new TextDecoder();

/**
 * Reads a console as it comes, in chunks of any size: the records depend on the bytes alone, not
 * on how they were cut. Memory is bounded whatever the input.
 *
 * Bytes are searched for anchors; only lines that have one are read, and lines beside them when a
 * message was wrapped.
 */
export class LogParser {
  readonly #buffer: LineBuffer;
  readonly #story: Story;

  /**
   * @param expected bytes that the log has, where that is known: a short one needs less memory.
   * @param ahead whether another thread shall fill `halves`, where the platform can do that
   */
  constructor(sink: LogSink, expected?: number, ahead?: boolean) {
    this.#buffer = new LineBuffer(expected, ahead);
    this.#story = new Story(sink, (offset) => this.#before(this.#buffer.index(offset))?.time);
  }

  /**
   * Takes the next bytes of the log.
   * @param receivedAt when they arrived, in the caller's clock; records carry it.
   */
  push(bytes: Uint8Array, receivedAt?: number): void {
    for (let at = 0; at < bytes.length;) {
      const room = this.room();
      const length = Math.min(room.length, bytes.length - at);
      room.set(bytes.subarray(at, at + length));
      this.filled(length, receivedAt);
      at += length;
    }
  }

  /**
   * Of a parser that is read ahead for: where `room` is in turn. The one that it is not may be
   * filled at any time.
   */
  get halves(): readonly [Uint8Array, Uint8Array] | undefined {
    return this.#buffer.halves;
  }

  /** Free space for the next bytes; say with `filled` how many were put there. Never empty. */
  room(): Uint8Array {
    return this.#buffer.room(this.#story.watching ? this.#buffer.taken : Infinity);
  }

  /** The first `length` bytes of `room()` hold the next bytes of the log. */
  filled(length: number, receivedAt?: number): void {
    this.#buffer.filled(length, receivedAt);
    this.#run();
  }

  /** The log is at its end. */
  end(): void {
    if (this.#buffer.ended) return;
    this.#buffer.end();
    this.#run();
    this.#story.end();
  }

  /** Lines so far, one that has not ended included. */
  get lines(): number {
    return this.#buffer.lines;
  }

  #run(): void {
    const buffer = this.#buffer;
    for (;;) {
      const hit = buffer.nextHit();
      if (this.#story.watching) {
        // The line after a milestone, unless it has an anchor of its own.
        const segment = buffer.segmentFrom(buffer.taken);
        if (segment === WAIT || segment === undefined) return;
        if (hit === undefined || hit >= segment.next) {
          const read = this.#read(segment);
          this.#story.glance(this.#lineOf(read, read, read.body));
          buffer.taken = segment.next;
          continue;
        }
      }
      if (hit === undefined) return;
      const segment = buffer.segmentAround(hit);
      if (segment === WAIT) return;
      if (!this.#quick(segment) && this.#line(segment) === WAIT) return;
    }
  }

  /** Takes a line of those that storms are made of. @returns false for any other. */
  #quick(segment: Segment): boolean {
    const hint = segment.odd ? undefined : this.#buffer.hint(segment);
    if (!hint || hint.dump || hint.rules.length > 0) return false;
    const { bytes, view } = this.#buffer;
    const quick = readQuick(bytes, view, segment.start, segment.end);
    if (!quick) return false;
    const { message, time } = quick;
    const text = (): string => this.#read(segment).body;
    this.#story.takeWhole(message, this.#place(segment, segment, time, text));
    this.#buffer.taken = segment.next;
    return true;
  }

  /** Reads the line of an anchor, with its neighbours where a message was wrapped over them. */
  #line(segment: Segment): typeof WAIT | undefined {
    const read = this.#read(segment);
    const parts = splitMessages(read.body);
    if (parts.length > 1) {
      for (const part of parts) {
        const prefix = readPrefix(part);
        const body = part.slice(prefix.length);
        const time = prefix.time ?? read.time;
        this.#story.take(
          readMessage(body),
          this.#place(read, read, time, () => body),
        );
      }
      this.#buffer.taken = segment.next;
      return undefined;
    }
    const reading = readMessage(read.body, read.changed ? undefined : this.#buffer.hint(segment));
    let joined: Joined | typeof WAIT | undefined;
    if (reading.broken !== 'no') joined = this.#join(read, reading);
    else if (mayGoOn(reading, read)) joined = this.#joinLong(read, reading);
    if (joined === WAIT) return WAIT;
    const { first, last, text } = joined ?? { first: read, last: read, text: read.body };
    this.#story.take(joined ? joined.reading : reading, this.#lineOf(first, last, text));
    this.#buffer.taken = last.next;
    return undefined;
  }

  /**
   * Tries to complete a message with the lines around it that have no stamp of their own.
   * @returns undefined when no way of joining gives a whole message.
   */
  #join(read: Read, reading: Reading): Joined | typeof WAIT | undefined {
    // What is looked for is known: the rest of the message that is broken.
    const hint = hintOfBroken(reading);
    const heads: Read[] = [read];
    if (!read.stamped) {
      const before = this.#before(read.start);
      if (before && before.start >= this.#buffer.taken && before.body.trim() !== '')
        heads.push(before);
    }
    for (const first of heads) {
      if (first.text.length < NARROWEST) continue;
      let text = first.body;
      let last = first;
      for (let wraps = 0; wraps < MOST_WRAPS; wraps++) {
        const next = this.#buffer.segmentFrom(last.next);
        if (next === WAIT) return WAIT;
        if (next === undefined) break;
        last = this.#read(next);
        if (last.stamped || last.body.trim() === '') break;
        if (text.length + last.body.length > LONGEST_MESSAGE) break;
        const ways = waysToJoin(text, last.body);
        for (const joined of ways) {
          const whole = readMessage(joined, hint);
          if (whole.messages.length > 0 && whole.broken === 'no' && last.end > read.start)
            return { reading: whole, first, last, text: joined };
        }
        [text] = ways;
      }
    }
    return undefined;
  }

  /**
   * Messages that end where the terminal's line does, and may go on in the next. Their wrapped
   * rest has no stamp, and all but the last line are equally wide.
   */
  #joinLong(read: Read, reading: Reading): Joined | typeof WAIT | undefined {
    const width = read.text.length;
    const words = isBootLine(reading);
    let text = read.body;
    let last = read;
    while (text.length < LONGEST_MESSAGE * 2) {
      const segment = this.#buffer.segmentFrom(last.next);
      if (segment === WAIT) return WAIT;
      if (segment === undefined) break;
      const next = this.#read(segment);
      if (next.stamped || next.text === '' || next.text.length > width) break;
      if (!words && !/^[0-9a-f]{1,16}(?![0-9a-zA-Z:])/.test(next.text)) break;
      text += next.body;
      last = next;
      if (next.text.length < width) break;
    }
    return last === read ? undefined : { reading: readMessage(text), first: read, last, text };
  }

  #lineOf(first: Read, last: Read, text: string): Line {
    return this.#place(first, last, first.time, () => text);
  }

  #place(first: Segment, last: Segment, time: number | undefined, text: () => string): Line {
    const buffer = this.#buffer;
    return {
      line: buffer.lineAt(first.start),
      offset: buffer.offset(first.start),
      length: last.end - first.start,
      time,
      receivedAt: buffer.arrival(last.next),
      text,
    };
  }

  #read(segment: Segment): Read {
    const { start, end, next, odd } = segment;
    const decoded = decoder.decode(this.#buffer.bytes.subarray(start, end));
    const text = odd || decoded.includes('=3D') ? clean(decoded) : decoded;
    const { length, stamped, time } = readPrefix(text);
    const body = length === 0 ? text : text.slice(length);
    return { start, end, next, odd, changed: text !== decoded, text, stamped, time, body };
  }

  /** The line before the one that starts at an index. */
  #before(next: number): Read | undefined {
    const segment = this.#buffer.segmentBefore(next);
    return segment && this.#read(segment);
  }
}

/** Version and command lines: any text, often longer than a terminal is wide. */
function isBootLine(reading: Reading): boolean {
  const [message] = reading.messages;
  return message?.kind === 'phase' && message.phase === 'boot';
}

/** Whether a message may go on in the next line although what is there is well formed. */
function mayGoOn(reading: Reading, read: Read): boolean {
  if (!read.stamped || reading.messages[0]?.kind !== 'phase') return false;
  if (isBootLine(reading)) return read.text.length >= USUAL_WIDTH - 8;
  // A number that ends where a terminal's line of the usual width does.
  return read.text.length === USUAL_WIDTH && /[0-9a-f]$/.test(read.text);
}
