import { plainSearch, type ByteSearch } from './byte-search.ts';
import { isSuspicious } from './clean.ts';
import { ANCHORS, eitherOf, type Hint } from './read-line.ts';
import { AnchorScanner } from './scan.ts';
import { vectorSearch } from './vector-search.ts';

/** Bytes that are scanned at once: with their words in a processor's second-level cache. */
const BLOCK = 128 * 1024;
/** Bytes of a line that are looked at, to each side of an anchor. The kernel's own limit is 1,024. */
const REACH = 4096;
/** Bytes behind the place that is being read that are kept: a line before it and its own start. */
const KEPT = 3 * REACH;
const CAPACITY = 512 * 1024;
/** The least that holds what is kept and what may have to be waited for, twice. */
const LEAST_CAPACITY = 128 * 1024;
/** Of a buffer for reading ahead: a half, and room before it for what is kept of the other. */
const HALF = 384 * 1024;
const HEAD = 64 * 1024;
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

/** Bytes from which on a search with vectors pays for itself. */
export const LARGE = 4 << 20;

/** A line's bytes `[start, end)` without its end, and where the next one starts. */
export interface Segment {
  readonly start: number;
  readonly end: number;
  readonly next: number;
  /** Whether it has bytes that a cleaned line does not have: anchors may show up in cleaning. */
  readonly odd: boolean;
}

/** The answer of a step that cannot go on before more bytes are there. */
export const WAIT = Symbol('wait');

/** The search is the same for every log; its tables are made when the first one is read. */
let anchors: { readonly scanner: AnchorScanner; readonly hints: readonly Hint[] } | undefined;

function makeAnchors(): NonNullable<typeof anchors> {
  const scanner = new AnchorScanner(
    ANCHORS.map((anchor) => anchor.text),
    BLOCK,
  );
  const hints = scanner.anchorsOf.map((those) =>
    those.map((anchor) => ANCHORS[anchor].hint).reduce(eitherOf),
  );
  return { scanner, hints };
}

/**
 * The newest bytes of a log, in which anchors and lines are found. Its answers depend on the bytes
 * alone, not on how they came; where they would, it says WAIT. Lines longer than REACH are seen in
 * pieces.
 */
export class LineBuffer {
  readonly #capacity: number;
  readonly bytes: Uint8Array;
  /** On the same memory as `bytes`. */
  readonly view: DataView;
  readonly #anchors = (anchors ??= makeAnchors());
  readonly #search: ByteSearch;
  /** Offset in the log of the byte at index 0. */
  #base = 0;
  /** Bytes stand from here on. */
  #floor = 0;
  /** And up to here. */
  #filled = 0;
  /** The half of `halves` that is filled, or was filled last. */
  #half = 0;
  #taken = 0;
  /** Up to here anchors have been looked for; those found and not yet read are in `#hits`. */
  #scanned = 0;
  /** From `#hit` up to `#hitCount`: last bytes of anchors. */
  #hits = new Int32Array(256);
  /** By hit: its window, an index into the hints. */
  #windows = new Uint16Array(256);
  #hit = 0;
  #hitCount = 0;
  /** Newlines before `#counted`. */
  #newlines = 0;
  #counted = 0;
  /** When what stands up to an offset of the log arrived, oldest first. */
  #arrivals: { end: number; readonly at: number }[] = [];
  #ended = false;

  /**
   * Where `room` is in turn, of a buffer for reading ahead: while what is in one half is read,
   * another thread may fill the other.
   */
  readonly halves: readonly [Uint8Array, Uint8Array] | undefined;

  /**
   * @param expected bytes that the log has, where that is known: a short one needs less memory.
   * @param ahead whether the memory is shared with other threads, and in halves, where that can be
   */
  constructor(expected = CAPACITY, ahead = false) {
    const { tables } = this.#anchors.scanner;
    const shared = ahead ? vectorSearch(tables, 2 * (HEAD + HALF), BLOCK, true) : undefined;
    this.#capacity = shared
      ? 2 * (HEAD + HALF)
      : Math.min(CAPACITY, Math.max(LEAST_CAPACITY, (expected + 3) & ~3));
    this.#search =
      shared ??
      (expected >= LARGE ? vectorSearch(tables, this.#capacity, BLOCK) : undefined) ??
      plainSearch(tables, this.#capacity, BLOCK);
    this.bytes = this.#search.bytes;
    this.view = this.#search.view;
    if (!shared) return;
    const half = (at: number): Uint8Array => this.bytes.subarray(at, at + HALF);
    this.halves = [half(HEAD), half(2 * HEAD + HALF)];
    this.#base = -HEAD;
    this.#floor = this.#filled = this.#taken = this.#scanned = this.#counted = HEAD;
  }

  /**
   * Free space for the next bytes. Never empty.
   * @param kept index from which on everything is still needed, beside what KEPT keeps.
   */
  room(kept: number): Uint8Array {
    if (this.halves) {
      const start = (half: number): number => this.halves![half].byteOffset - this.bytes.byteOffset;
      if (this.#filled > start(this.#half)) this.#turn(kept, this.halves);
      return this.halves[this.#half];
    }
    if (this.#filled * 2 >= this.#capacity) this.#makeRoom(kept);
    return this.bytes.subarray(this.#filled, this.#capacity);
  }

  filled(length: number, receivedAt: number | undefined): void {
    this.#filled += length;
    if (receivedAt !== undefined && length > 0) this.#arrived(receivedAt);
  }

  /** No more bytes come. */
  end(): void {
    this.#ended = true;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Up to this index lines have been read or passed over. */
  get taken(): number {
    return this.#taken;
  }

  set taken(at: number) {
    this.#taken = at;
  }

  /** The log's offset of an index. */
  offset(index: number): number {
    return this.#base + index;
  }

  /** The index of a log offset. */
  index(offset: number): number {
    return offset - this.#base;
  }

  /** 1-based line of the byte at an index. */
  lineAt(index: number): number {
    this.#countTo(index);
    return this.#newlines + 1;
  }

  /** Lines so far, one that has not ended included. */
  get lines(): number {
    this.#countTo(this.#filled);
    const open = this.#filled > this.#floor && this.bytes[this.#filled - 1] !== NEWLINE;
    return this.#newlines + (open ? 1 : 0);
  }

  /** The next anchor's last byte at or after `taken`; undefined when all bytes were searched. */
  nextHit(): number | undefined {
    for (;;) {
      while (this.#hit < this.#hitCount && this.#hits[this.#hit] < this.#taken) this.#hit++;
      if (this.#hit < this.#hitCount) return this.#hits[this.#hit];
      if (this.#scanned >= this.#filled) return undefined;
      const from = Math.max(this.#scanned, this.#taken);
      const to = Math.min(this.#filled, from + BLOCK);
      const { scanner } = this.#anchors;
      const count = from < to ? scanner.scan(this.#search, from, to) : 0;
      if (count > this.#hits.length) {
        this.#hits = new Int32Array(count * 2);
        this.#windows = new Uint16Array(count * 2);
      }
      for (let i = 0; i < count; i++) {
        this.#hits[i] = scanner.hits[i];
        this.#windows[i] = scanner.found[i];
      }
      this.#hit = 0;
      this.#hitCount = count;
      this.#scanned = Math.max(to, this.#scanned);
      // Lines are counted while their bytes are near.
      if (count === 0) this.#countTo(to);
    }
  }

  /**
   * What the anchors in the line of the last `nextHit` say that it can be, as it stands there;
   * undefined where they are not all known.
   */
  hint(segment: Segment): Hint | undefined {
    if (segment.end > this.#scanned) return undefined;
    const { hints } = this.#anchors;
    let either = hints[this.#windows[this.#hit]];
    for (let at = this.#hit + 1; at < this.#hitCount && this.#hits[at] < segment.end; at++)
      either = eitherOf(either, hints[this.#windows[at]]);
    return either;
  }

  /** The line that holds the byte at `at`, or as much of it as is looked at. */
  segmentAround(at: number): Segment | typeof WAIT {
    const { bytes } = this;
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
  segmentFrom(start: number): Segment | typeof WAIT | undefined {
    if (start >= this.#filled) return this.#ended ? undefined : WAIT;
    return this.#segment(start, start, 0);
  }

  /** The line before the one that starts at `next`, if there is one and it is not too long. */
  segmentBefore(next: number): Segment | undefined {
    const { bytes } = this;
    const least = Math.max(this.#floor, next - REACH);
    let end = next;
    if (end > least && bytes[end - 1] === NEWLINE) end--;
    while (end > least && bytes[end - 1] === RETURN) end--;
    if (end === next || end <= least) return undefined;
    let start = end;
    while (start > least && !(KINDS[bytes[start - 1]] & ENDS)) start--;
    if (start === end || (start === least && this.offset(least) > 0)) return undefined;
    return { start, end, next, odd: true };
  }

  /** When the byte before an index arrived. */
  arrival(index: number): number | undefined {
    if (this.#arrivals.length === 0) return undefined;
    const end = this.#base + index;
    return this.#arrivals.find((each) => each.end >= end)?.at ?? this.#arrivals.at(-1)?.at;
  }

  #segment(start: number, from: number, kindsBefore: number): Segment | typeof WAIT {
    const { bytes } = this;
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
    // A run of returns without end is cut as a line without end is.
    const last = Math.min(end + REACH, this.#filled);
    while (next < last && bytes[next] === RETURN) next++;
    if (next === this.#filled && !this.#ended) return WAIT;
    if (next < this.#filled && bytes[next] === NEWLINE) next++;
    return { start, end, next, odd };
  }

  #arrived(at: number): void {
    const end = this.#base + this.#filled;
    const last = this.#arrivals.at(-1);
    if (last?.at === at) last.end = end;
    else this.#arrivals.push({ end, at });
    if (this.#arrivals.length > MOST_ARRIVALS) {
      const read = this.#base + Math.max(this.#taken, this.#pending() - KEPT);
      this.#arrivals = this.#arrivals.filter((each) => each.end > read);
    }
  }

  #countTo(to: number): void {
    if (to < this.#counted) this.#newlines -= this.#search.newlines(to, this.#counted);
    else this.#newlines += this.#search.newlines(this.#counted, to);
    this.#counted = to;
  }

  /** Where reading goes on: at an anchor whose line is not complete, or where the search ends. */
  #pending(): number {
    return this.#hit < this.#hitCount ? this.#hits[this.#hit] : this.#scanned;
  }

  /** Drops the bytes that nothing can refer to any more. */
  #makeRoom(kept: number): void {
    const from = this.#firstKept(kept) & ~3;
    if (from > 0) this.#move(from, 0);
  }

  /** Goes on in the other half, with what is kept in front of it. */
  #turn(kept: number, halves: readonly [Uint8Array, Uint8Array]): void {
    this.#half = 1 - this.#half;
    const start = halves[this.#half].byteOffset - this.bytes.byteOffset;
    const from = Math.max(this.#firstKept(kept), this.#filled - HEAD);
    this.#move(from, start - (this.#filled - from));
  }

  #firstKept(kept: number): number {
    return Math.max(this.#floor, Math.min(kept, this.#pending()) - KEPT);
  }

  /** Moves what stands from `from` on to index `to`; what stood before it is gone. */
  #move(from: number, to: number): void {
    this.#countTo(Math.max(this.#counted, from));
    this.bytes.copyWithin(to, from, this.#filled);
    const by = to - from;
    this.#floor = to;
    this.#base -= by;
    this.#filled += by;
    this.#taken = Math.max(to, this.#taken + by);
    this.#scanned += by;
    this.#counted += by;
    for (let at = this.#hit; at < this.#hitCount; at++) this.#hits[at] += by;
    const first = this.offset(to);
    this.#arrivals = this.#arrivals.filter((each) => each.end > first);
  }
}
