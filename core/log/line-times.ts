import { readPrefix } from './prefix.ts';

const NEWLINE = 10;
const RETURN = 13;
const SPACE = 32;
const DOT = 46;
const ZERO = 48;
const NINE = 57;
const BRACKET = 91;
const BRACKET_END = 93;

/** Bytes of a line's start that may hold its time stamp, behind whatever prefixes. */
const HEAD = 96;
/** Lines that are remembered one by one; beyond that every second, every fourth and so on. */
const MOST = 1 << 20;

/**
 * The kernel's time stamp of every line of a console, as its bytes arrive, in a few bytes a line.
 * A log of more than a million lines is thinned evenly, so that its size is bounded and its shape
 * stays.
 */
export class LineTimes {
  #times = new Float64Array(4096);
  #kept = 0;
  #lines = 0;
  #stride = 1;
  /** The start of a line that is not complete yet. */
  readonly #head = new Uint8Array(HEAD);
  #headLength = 0;
  #inLine = false;

  /** Lines that have begun. */
  get lines(): number {
    return this.#lines;
  }

  /** Lines for which each time that is kept stands. */
  get stride(): number {
    return this.#stride;
  }

  /** Takes the next bytes of the console. */
  push(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length;) {
      const newline = bytes.indexOf(NEWLINE, from);
      const end = newline < 0 ? bytes.length : newline;
      if (!this.#inLine && newline >= 0) this.#add(readStamp(bytes, from, end));
      else this.#part(bytes.subarray(from, end), newline >= 0);
      from = end + 1;
    }
  }

  /** Forgets everything: the console begins anew. */
  clear(): void {
    this.#kept = 0;
    this.#lines = 0;
    this.#stride = 1;
    this.#headLength = 0;
    this.#inLine = false;
  }

  /**
   * The stamp of a line, or of the nearest stamped line before it back to `first`, in seconds.
   * @param line 1-based
   * @param first the line where its kernel begins: an older stamp is of another clock
   */
  at(line: number, first: number): number | undefined {
    const stop = Math.max(0, Math.ceil((first - 1) / this.#stride));
    for (let at = Math.min(this.#kept, this.#indexOf(line) + 1) - 1; at >= stop; at--)
      if (!Number.isNaN(this.#times[at])) return this.#times[at];
    return undefined;
  }

  /**
   * Goes through the times that are kept of lines `from` to `to` (excluded), in order.
   * @param take gets the line, and its stamp: NaN for a line without one
   */
  each(from: number, to: number, take: (line: number, time: number) => void): void {
    const first = Math.max(0, Math.ceil((from - 1) / this.#stride));
    for (let at = first; at < this.#kept; at++) {
      const line = at * this.#stride + 1;
      if (line >= to) return;
      take(line, this.#times[at]);
    }
  }

  #indexOf(line: number): number {
    return Math.max(0, Math.floor((line - 1) / this.#stride));
  }

  /** A piece of a line that began earlier, or is not over. */
  #part(piece: Uint8Array, over: boolean): void {
    this.#inLine = true;
    const take = piece.subarray(0, HEAD - this.#headLength);
    this.#head.set(take, this.#headLength);
    this.#headLength += take.length;
    if (!over) return;
    this.#add(readStamp(this.#head, 0, this.#headLength));
    this.#headLength = 0;
    this.#inLine = false;
  }

  #add(time: number): void {
    const index = this.#lines++;
    if (index % this.#stride !== 0) return;
    if (this.#kept === MOST) {
      for (let at = 0; at < MOST / 2; at++) this.#times[at] = this.#times[at * 2];
      this.#kept = MOST / 2;
      this.#stride *= 2;
      if (index % this.#stride !== 0) return;
    }
    if (this.#kept === this.#times.length) {
      const grown = new Float64Array(Math.min(MOST, this.#times.length * 2));
      grown.set(this.#times);
      this.#times = grown;
    }
    this.#times[this.#kept++] = time;
  }
}

/** The stamp at the start of a line in bytes `from` to `to`; NaN when it has none. */
function readStamp(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && bytes[at] === RETURN) at++;
  if (at >= to) return Number.NaN;
  if (bytes[at] === BRACKET) {
    const plain = readPlainStamp(bytes, at + 1, to);
    if (!Number.isNaN(plain)) return plain;
  }
  // Other prefixes before it (levels, syslog): rare, and read with the parser's own rules.
  const head = bytes.subarray(at, Math.min(to, at + HEAD));
  if (head.indexOf(DOT) < 0 && head.indexOf(59) < 0) return Number.NaN;
  let text = '';
  for (const byte of head) text += String.fromCharCode(byte);
  return readPrefix(text).time ?? Number.NaN;
}

/** `   12.345678]`, the kernel's own form. */
function readPlainStamp(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && bytes[at] === SPACE) at++;
  let value = 0;
  let digits = 0;
  for (; at < to && digits < 10; at++, digits++) {
    if (bytes[at] < ZERO || bytes[at] > NINE) break;
    value = value * 10 + bytes[at] - ZERO;
  }
  if (digits === 0 || at >= to || bytes[at] !== DOT) return Number.NaN;
  at++;
  let part = 0;
  for (let place = 0; place < 6; place++, at++) {
    if (at >= to || bytes[at] < ZERO || bytes[at] > NINE) return Number.NaN;
    part = part * 10 + bytes[at] - ZERO;
  }
  return at < to && bytes[at] === BRACKET_END ? (value * 1e6 + part) / 1e6 : Number.NaN;
}
