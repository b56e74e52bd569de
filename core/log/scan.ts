/**
 * Finds lines of interest in bytes without looking at every byte.
 *
 * An anchor is a text of at least eight bytes; eight of them, the rarest looking, are its window.
 * The search is Wu and Manber's (1994): a table over byte pairs says how far the end of a window
 * is at least away, so that most bytes are skipped. Four searches run side by side through a
 * block, because one alone waits for its own table lookups.
 */
const WINDOW = 8;
const LANES = 4;
/** Below this many bytes lanes are not worth their start. */
const SMALL = 512;

export class AnchorScanner {
  /** By byte pair (first byte low): distance to the nearest possible end of a window. */
  readonly #shift = new Uint8Array(0x10000).fill(WINDOW - 1);
  /** By byte pair that ends a window: first and one past the last window in the arrays below. */
  readonly #bucket = new Uint16Array(0x10000 + 1);
  readonly #heads: Uint32Array;
  readonly #tails: Uint32Array;
  readonly #lanes: Int32Array[];
  /** Where the last `scan` found windows: offsets of their last bytes, in order. */
  readonly hits: Int32Array;

  /**
   * @param block bytes in the largest piece that is scanned at once.
   * @throws RangeError when an anchor is shorter than eight bytes.
   */
  constructor(anchors: readonly string[], block: number) {
    this.hits = new Int32Array(block);
    this.#lanes = Array.from({ length: LANES }, () => new Int32Array(block / LANES + LANES));
    const windows = [...new Set(anchors.map(rarestWindow))].map((text) =>
      new TextEncoder().encode(text),
    );
    const pairOf = (window: Uint8Array, at: number): number => window[at] | (window[at + 1] << 8);
    windows.sort((a, b) => pairOf(a, WINDOW - 2) - pairOf(b, WINDOW - 2));
    this.#heads = Uint32Array.from(windows, (window) => word(window, 3));
    this.#tails = Uint32Array.from(windows, (window) => word(window, WINDOW - 1));
    const counts = new Uint16Array(0x10000);
    for (const window of windows) {
      counts[pairOf(window, WINDOW - 2)]++;
      for (let at = 0; at + 1 < WINDOW; at++) {
        const pair = pairOf(window, at);
        this.#shift[pair] = Math.min(this.#shift[pair], WINDOW - 2 - at);
      }
    }
    for (let pair = 0; pair < 0x10000; pair++)
      this.#bucket[pair + 1] = this.#bucket[pair] + counts[pair];
  }

  /**
   * Finds the windows that end in `bytes[from .. to)`; they may begin up to seven bytes before
   * `from`.
   * @returns how many stand in `hits`.
   */
  scan(bytes: Uint8Array, from: number, to: number): number {
    const { hits } = this;
    const start = Math.max(from, WINDOW - 1);
    if (to - start < SMALL) return this.#scanOne(bytes, start, to, hits, 0);
    const shift = this.#shift;
    const quarter = (to - start) >> 2;
    const [hits0, hits1, hits2, hits3] = this.#lanes;
    let i = start;
    let j = start + quarter;
    let k = start + quarter * 2;
    let l = start + quarter * 3;
    const iEnd = j;
    const jEnd = k;
    const kEnd = l;
    let n0 = 0;
    let n1 = 0;
    let n2 = 0;
    let n3 = 0;
    while (i < iEnd && j < jEnd && k < kEnd && l < to) {
      const s0 = shift[bytes[i - 1] | (bytes[i] << 8)];
      const s1 = shift[bytes[j - 1] | (bytes[j] << 8)];
      const s2 = shift[bytes[k - 1] | (bytes[k] << 8)];
      const s3 = shift[bytes[l - 1] | (bytes[l] << 8)];
      if (s0 !== 0) i += s0;
      else {
        if (this.#matches(bytes, i)) hits0[n0++] = i;
        i++;
      }
      if (s1 !== 0) j += s1;
      else {
        if (this.#matches(bytes, j)) hits1[n1++] = j;
        j++;
      }
      if (s2 !== 0) k += s2;
      else {
        if (this.#matches(bytes, k)) hits2[n2++] = k;
        k++;
      }
      if (s3 !== 0) l += s3;
      else {
        if (this.#matches(bytes, l)) hits3[n3++] = l;
        l++;
      }
    }
    n0 = this.#scanOne(bytes, i, iEnd, hits0, n0);
    n1 = this.#scanOne(bytes, j, jEnd, hits1, n1);
    n2 = this.#scanOne(bytes, k, kEnd, hits2, n2);
    n3 = this.#scanOne(bytes, l, to, hits3, n3);
    hits.set(hits0.subarray(0, n0), 0);
    hits.set(hits1.subarray(0, n1), n0);
    hits.set(hits2.subarray(0, n2), n0 + n1);
    hits.set(hits3.subarray(0, n3), n0 + n1 + n2);
    return n0 + n1 + n2 + n3;
  }

  #scanOne(bytes: Uint8Array, from: number, to: number, hits: Int32Array, count: number): number {
    const shift = this.#shift;
    let at = from;
    let n = count;
    while (at < to) {
      const step = shift[bytes[at - 1] | (bytes[at] << 8)];
      if (step !== 0) at += step;
      else {
        if (this.#matches(bytes, at)) hits[n++] = at;
        at++;
      }
    }
    return n;
  }

  #matches(bytes: Uint8Array, last: number): boolean {
    const pair = bytes[last - 1] | (bytes[last] << 8);
    const tail = word(bytes, last);
    const end = this.#bucket[pair + 1];
    for (let at = this.#bucket[pair]; at < end; at++)
      if (this.#tails[at] === tail && this.#heads[at] === word(bytes, last - 4)) return true;
    return false;
  }
}

/** The four bytes that end at `last`, as one unsigned number. */
function word(bytes: Uint8Array, last: number): number {
  return (
    (bytes[last - 3] | (bytes[last - 2] << 8) | (bytes[last - 1] << 16) | (bytes[last] << 24)) >>> 0
  );
}

/** How common a byte is in a console log, roughly: what skips well is rare. */
function commonness(character: string): number {
  if (character === ' ' || 'etainosr0'.includes(character)) return 8;
  if (/[a-z0-9:.]/.test(character)) return 4;
  return 1;
}

/**
 * The eight characters of an anchor whose pairs look rarest, the last pair above all: it is the
 * one that makes the search stop and look.
 */
function rarestWindow(anchor: string): string {
  if (anchor.length < WINDOW) throw new RangeError(`anchor "${anchor}" is shorter than ${WINDOW}`);
  let best = anchor.slice(0, WINDOW);
  let least = Infinity;
  for (let at = 0; at + WINDOW <= anchor.length; at++) {
    const window = anchor.slice(at, at + WINDOW);
    let cost = 0;
    for (let i = 0; i + 1 < WINDOW; i++) {
      const pair = commonness(window[i]) * commonness(window[i + 1]);
      cost += i === WINDOW - 2 ? pair * 16 : pair;
    }
    if (cost < least) {
      least = cost;
      best = window;
    }
  }
  return best;
}

const NEWLINE = 10;

/**
 * Newlines in `bytes[from .. to)`, four bytes at a time: a byte lane of the running word counts
 * the bytes that are no newline. `words` is the same memory as `bytes` (little-endian or not does
 * not matter), from offset 0.
 */
export function countNewlines(
  bytes: Uint8Array,
  words: Uint32Array,
  from: number,
  to: number,
): number {
  let count = 0;
  let at = from;
  while (at < to && (at & 3) !== 0) if (bytes[at++] === NEWLINE) count++;
  let i = at >>> 2;
  const end = to >>> 2;
  // 240 words at most before a lane of eight bits could overflow; two lanes in turn.
  while (i + 2 <= end) {
    const stop = Math.min(end - 1, i + 240);
    let others = 0;
    let others2 = 0;
    const first = i;
    for (; i < stop; i += 2) {
      const x = words[i] ^ 0x0a0a0a0a;
      const y = words[i + 1] ^ 0x0a0a0a0a;
      others = (others + (((((x & 0x7f7f7f7f) + 0x7f7f7f7f) | x) >>> 7) & 0x01010101)) | 0;
      others2 = (others2 + (((((y & 0x7f7f7f7f) + 0x7f7f7f7f) | y) >>> 7) & 0x01010101)) | 0;
    }
    const pairs =
      (others & 0xff00ff) +
      ((others >>> 8) & 0xff00ff) +
      (others2 & 0xff00ff) +
      ((others2 >>> 8) & 0xff00ff);
    count += (i - first) * 4 - ((pairs & 0xffff) + (pairs >>> 16));
  }
  at = Math.max(at, i << 2);
  while (at < to) if (bytes[at++] === NEWLINE) count++;
  return count;
}
