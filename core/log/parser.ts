import { clean, isSuspicious, waysToJoin } from './clean.ts';
import type { Reading } from './message.ts';
import { readPrefix, splitMessages } from './prefix.ts';
import { ANCHORS, anyOf, hintOfBroken, readMessage, type Hint } from './read-line.ts';
import type { LogSink } from './records.ts';
import { AnchorScanner, countNewlines } from './scan.ts';
import { Story, type Line } from './story.ts';

/** Bytes that are scanned at once: with their words in a processor's second-level cache. */
const BLOCK = 128 * 1024;
/** Bytes of a line that are looked at, to each side of an anchor. The kernel's own limit is 1,024. */
const REACH = 4096;
/** Bytes behind the place that is being read that are kept: a line before it and its own start. */
const KEPT = 3 * REACH;
const CAPACITY = 1024 * 1024;
/** The least that holds what is kept and what may have to be waited for, twice. */
const LEAST_CAPACITY = 128 * 1024;
/** Characters in a broken line: the fewest, and as many as most terminals show. */
const NARROWEST = 40;
const USUAL_WIDTH = 80;
/** Lines that one message may be wrapped over. */
const MOST_WRAPS = 3;
/** Characters of a wrapped message: the kernel's limit and room for what others put before it. */
const LONGEST_MESSAGE = 1500;

/** Arrivals kept before those of lines that were read are dropped: bytes may come one by one. */
const MOST_ARRIVALS = 1024;

const NEWLINE = 10;
const RETURN = 13;

/** What a byte is to the search for a line's ends. */
const ENDS = 1;
const ODD = 2;
const KINDS = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte === NEWLINE || byte === RETURN ? ENDS : isSuspicious(byte) ? ODD : 0,
);

/** A line's bytes `[start, end)` without its end, and where the next one starts. */
interface Segment {
  readonly start: number;
  readonly end: number;
  readonly next: number;
  /** Whether it has bytes that a cleaned line does not have: anchors may show up in cleaning. */
  readonly odd: boolean;
}

/** A segment's text, cleaned, with what stands before its message. */
interface Read extends Segment {
  readonly text: string;
  readonly stamped: boolean;
  readonly time: number | undefined;
  /** Without prefixes. */
  readonly body: string;
}

/** Answers of a step that cannot go on before more bytes are there. */
const WAIT = Symbol('wait');

const decoder = new TextDecoder();

/** The search is the same for every log; its tables are made when the first one is read. */
let search: { readonly scanner: AnchorScanner; readonly hints: readonly Hint[] } | undefined;

function makeSearch(): NonNullable<typeof search> {
  const scanner = new AnchorScanner(
    ANCHORS.map((anchor) => anchor.text),
    BLOCK,
  );
  const hints = scanner.anchorsOf.map((anchors) =>
    anyOf(anchors.map((anchor) => ANCHORS[anchor].hint)),
  );
  return { scanner, hints };
}

/**
 * Reads a console as it comes, in chunks of any size: the records depend on the bytes alone, not
 * on how they were cut. Memory is bounded whatever the input.
 *
 * Bytes are searched for anchors; only lines that have one are read, and lines beside them when a
 * message was wrapped.
 */
export class LogParser {
  readonly #story: Story;
  readonly #capacity: number;
  /** A few bytes behind the capacity, which the search may look at. */
  readonly #bytes: Uint8Array;
  readonly #words: Uint32Array;
  readonly #view: DataView;
  readonly #search = (search ??= makeSearch());
  /** Offset in the log of the buffer's first byte. */
  #base = 0;
  /** Bytes in the buffer. */
  #filled = 0;
  /** Up to here lines have been read or passed over. */
  #taken = 0;
  /** Up to here anchors have been looked for; those found and not yet read are in `#hits`. */
  #scanned = 0;
  #hits = new Int32Array();
  /** By hit: its window, an index into the hints. */
  #windows = new Uint16Array();
  #hit = 0;
  /** Newlines before `#counted`. */
  #newlines = 0;
  #counted = 0;
  /** When what stands up to an offset of the log arrived, oldest first. */
  #arrivals: { end: number; readonly at: number }[] = [];
  #ended = false;

  /** @param expected bytes that the log has, where that is known: a short one needs less memory. */
  constructor(sink: LogSink, expected = CAPACITY) {
    this.#story = new Story(sink, (offset) => this.#timeBefore(offset));
    this.#capacity = Math.min(CAPACITY, Math.max(LEAST_CAPACITY, (expected + 3) & ~3));
    this.#bytes = new Uint8Array(this.#capacity + 8);
    this.#words = new Uint32Array(this.#bytes.buffer);
    this.#view = new DataView(this.#bytes.buffer);
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

  /** Free space for the next bytes; say with `filled` how many were put there. Never empty. */
  room(): Uint8Array {
    if (this.#filled * 2 >= this.#capacity) this.#makeRoom();
    return this.#bytes.subarray(this.#filled, this.#capacity);
  }

  /** The first `length` bytes of `room()` hold the next bytes of the log. */
  filled(length: number, receivedAt?: number): void {
    this.#filled += length;
    if (receivedAt !== undefined && length > 0) this.#arrived(receivedAt);
    this.#run();
  }

  /** The log is at its end. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#run();
    this.#story.end();
  }

  /** Lines so far, one that has not ended included. */
  get lines(): number {
    this.#countTo(this.#filled);
    const open = this.#filled > 0 && this.#bytes[this.#filled - 1] !== NEWLINE;
    return this.#newlines + (open ? 1 : 0);
  }

  #run(): void {
    for (;;) {
      const hit = this.#nextHit();
      if (this.#story.watching) {
        // The line after a milestone, unless it has an anchor of its own.
        const segment = this.#segmentFrom(this.#taken);
        if (segment === WAIT) return;
        if (segment === undefined) return;
        if (hit === undefined || hit >= segment.next) {
          const read = this.#read(segment);
          this.#story.glance(this.#lineOf(read, read, read.body));
          this.#taken = segment.next;
          continue;
        }
      }
      if (hit === undefined) return;
      const segment = this.#segmentAround(hit);
      if (segment === WAIT) return;
      if (this.#line(segment) === WAIT) return;
    }
  }

  /** The next anchor's last byte at or after `#taken`; undefined when all bytes were searched. */
  #nextHit(): number | undefined {
    for (;;) {
      while (this.#hit < this.#hits.length && this.#hits[this.#hit] < this.#taken) this.#hit++;
      if (this.#hit < this.#hits.length) return this.#hits[this.#hit];
      if (this.#scanned >= this.#filled) return undefined;
      const from = Math.max(this.#scanned, this.#taken);
      const to = Math.min(this.#filled, from + BLOCK);
      // Lines are counted while their bytes are near.
      const { scanner } = this.#search;
      const count = from < to ? scanner.scan(this.#bytes, this.#view, from, to) : 0;
      this.#hits = scanner.hits.slice(0, count);
      this.#windows = scanner.found.slice(0, count);
      this.#hit = 0;
      this.#scanned = Math.max(to, this.#scanned);
      if (count === 0) this.#countTo(to);
    }
  }

  /** What the anchors in a line say that it can be; undefined where they are not all known yet. */
  #hint(segment: Segment): Hint | undefined {
    if (segment.end > this.#scanned) return undefined;
    const { hints } = this.#search;
    const first = this.#windows[this.#hit];
    let others: Hint[] | undefined;
    for (let at = this.#hit + 1; at < this.#hits.length && this.#hits[at] < segment.end; at++) {
      const hint = hints[this.#windows[at]];
      if (hint !== hints[first]) (others ??= [hints[first]]).push(hint);
    }
    return others ? anyOf(others) : hints[first];
  }

  /** Reads the line of an anchor, with its neighbours where a message was wrapped over them. */
  #line(segment: Segment): typeof WAIT | undefined {
    const read = this.#read(segment);
    const parts = splitMessages(read.body);
    if (parts.length === 1) {
      const reading = readMessage(read.body, read.odd ? undefined : this.#hint(segment));
      if (reading.broken !== 'no' || mayGoOn(reading, read)) {
        const joined = this.#join(read, reading);
        if (joined === WAIT) return WAIT;
        if (joined) {
          this.#story.take(joined.reading, this.#lineOf(joined.first, joined.last, joined.text));
          this.#taken = joined.last.next;
          return undefined;
        }
      }
      this.#story.take(reading, this.#lineOf(read, read, read.body));
    } else
      for (const part of parts) {
        const prefix = readPrefix(part);
        const body = part.slice(prefix.length);
        const line = this.#lineOf(read, read, body);
        this.#story.take(readMessage(body), { ...line, time: prefix.time ?? read.time });
      }
    this.#taken = segment.next;
    return undefined;
  }

  /**
   * Tries to complete a message with the lines around it that have no stamp of their own.
   * @returns undefined when no way of joining gives a whole message.
   */
  #join(
    read: Read,
    reading: Reading,
  ): { reading: Reading; first: Read; last: Read; text: string } | typeof WAIT | undefined {
    if (reading.broken === 'no') return this.#joinLong(read, reading);
    // What is looked for is known: the rest of the message that is broken.
    const hint = hintOfBroken(reading);
    const heads: Read[] = [read];
    if (!read.stamped) {
      const before = this.#before(read.start);
      if (before && before.start >= this.#taken && before.body.trim() !== '') heads.push(before);
    }
    for (const first of heads) {
      if (first.text.length < NARROWEST) continue;
      let text = first.body;
      let last = first;
      for (let wraps = 0; wraps < MOST_WRAPS; wraps++) {
        const next = this.#segmentFrom(last.next);
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
  #joinLong(
    read: Read,
    reading: Reading,
  ): { reading: Reading; first: Read; last: Read; text: string } | typeof WAIT | undefined {
    const width = read.text.length;
    const words = isBootLine(reading);
    let text = read.body;
    let last = read;
    while (text.length < LONGEST_MESSAGE * 2) {
      const segment = this.#segmentFrom(last.next);
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
    this.#countTo(first.start);
    return {
      line: this.#newlines + 1,
      offset: this.#base + first.start,
      length: last.end - first.start,
      time: first.time,
      receivedAt: this.#arrivals.length === 0 ? undefined : this.#arrival(this.#base + last.next),
      text,
    };
  }

  #read(segment: Segment): Read {
    const { start, end, next, odd } = segment;
    const decoded = decoder.decode(this.#bytes.subarray(start, end));
    const mangled = odd || decoded.includes('=3D');
    const text = mangled ? clean(decoded) : decoded;
    const prefix = readPrefix(text);
    const body = prefix.length === 0 ? text : text.slice(prefix.length);
    return {
      start,
      end,
      next,
      odd: mangled,
      text,
      stamped: prefix.stamped,
      time: prefix.time,
      body,
    };
  }

  /** The line that holds the byte at `at`, or as much of it as is looked at. */
  #segmentAround(at: number): Segment | typeof WAIT {
    const bytes = this.#bytes;
    const least = Math.max(this.#taken, at - REACH);
    let kinds = 0;
    let start = at;
    for (; start > least; start--) {
      const kind = KINDS[bytes[start - 1]];
      if (kind & ENDS) break;
      kinds |= kind;
    }
    return this.#segment(start, at, kinds);
  }

  /** The line that starts at `start`. @returns undefined when the log ends there. */
  #segmentFrom(start: number): Segment | typeof WAIT | undefined {
    if (start >= this.#filled) return this.#ended ? undefined : WAIT;
    return this.#segment(start, start, 0);
  }

  #segment(start: number, from: number, kindsBefore: number): Segment | typeof WAIT {
    const bytes = this.#bytes;
    const most = Math.min(from + REACH, this.#filled);
    let kinds = kindsBefore;
    let end = from;
    for (; end < most; end++) {
      const kind = KINDS[bytes[end]];
      if (kind & ENDS) break;
      kinds |= kind;
    }
    const odd = kinds !== 0;
    if (end === from + REACH) return { start, end, next: end, odd };
    let next = end;
    while (next < this.#filled && bytes[next] === RETURN) next++;
    if (next === this.#filled && !this.#ended) return WAIT;
    if (next < this.#filled && bytes[next] === NEWLINE) next++;
    return { start, end, next, odd };
  }

  /** The line before another, if it is near. */
  #before(next: number): Read | undefined {
    let end = next;
    if (end > 0 && this.#bytes[end - 1] === NEWLINE) end--;
    while (end > 0 && this.#bytes[end - 1] === RETURN) end--;
    if (end === next || end === 0) return undefined;
    const least = Math.max(0, next - REACH);
    let start = end;
    while (start > least && !isEnd(this.#bytes[start - 1])) start--;
    if (start === end || (start === least && least > 0)) return undefined;
    return this.#read({ start, end, next, odd: true });
  }

  /** The stamp of the line before the one that starts at an offset of the log. */
  #timeBefore(offset: number): number | undefined {
    return this.#before(offset - this.#base)?.time;
  }

  #arrived(at: number): void {
    const end = this.#base + this.#filled;
    const last = this.#arrivals.at(-1);
    if (last?.at === at) last.end = end;
    else this.#arrivals.push({ end, at });
    if (this.#arrivals.length > MOST_ARRIVALS) {
      const read = this.#base + Math.max(this.#taken, this.#oldest() - KEPT);
      this.#arrivals = this.#arrivals.filter((each) => each.end > read);
    }
  }

  /** When the byte before a log offset arrived. */
  #arrival(end: number): number | undefined {
    return this.#arrivals.find((each) => each.end >= end)?.at ?? this.#arrivals.at(-1)?.at;
  }

  #countTo(to: number): void {
    if (to < this.#counted) {
      this.#newlines -= countNewlines(this.#bytes, this.#words, to, this.#counted);
    } else this.#newlines += countNewlines(this.#bytes, this.#words, this.#counted, to);
    this.#counted = to;
  }

  /** Where reading goes on: at an anchor whose line is not complete, or where the search ends. */
  #oldest(): number {
    const hit = this.#hit < this.#hits.length ? this.#hits[this.#hit] : this.#scanned;
    return this.#story.watching ? Math.min(this.#taken, hit) : hit;
  }

  /** Drops the bytes that nothing can refer to any more. */
  #makeRoom(): void {
    const drop = Math.max(0, this.#oldest() - KEPT) & ~3;
    if (drop === 0) return;
    this.#countTo(Math.max(this.#counted, drop));
    this.#bytes.copyWithin(0, drop, this.#filled);
    this.#base += drop;
    this.#filled -= drop;
    this.#taken = Math.max(0, this.#taken - drop);
    this.#scanned -= drop;
    this.#counted -= drop;
    for (let at = this.#hit; at < this.#hits.length; at++) this.#hits[at] -= drop;
    this.#arrivals = this.#arrivals.filter((each) => each.end > this.#base);
  }
}

function isEnd(byte: number): boolean {
  return byte === NEWLINE || byte === RETURN;
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
