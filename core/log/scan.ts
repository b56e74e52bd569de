/**
 * Finds lines of interest in bytes without looking at every byte.
 *
 * An anchor is a text of at least nine bytes; nine of them in a row are its window. The search is
 * Wu and Manber's (1994): a table over three bytes (hashed to 16 bits) says how far the end of a
 * window is at least away, so that most bytes are skipped. Four searches run side by side through a block, because
 * one alone waits for its own table lookups, and they note where a window may end without asking
 * (a branch there would be mispredicted); a second pass looks at those places.
 */
const WINDOW = 9;
const LANES = 4;
/** In the step table: a window may end here. The step is the rest of the byte. */
const LOOK_HERE = 0x80;
const STEP = 0x7f;

/** Bytes that a step is decided by. */
const GRAM = 3;

/** Where three bytes (the first one lowest) stand in the tables. */
function slot(gram: number): number {
  return (gram ^ (gram >>> 9)) & 0xffff;
}

export class AnchorScanner {
  /** Where the last `scan` found windows: offsets of their last bytes, in order. */
  readonly hits: Int32Array;
  /** Which windows those are. */
  readonly found: Uint16Array;
  /** By window: the anchors (indices into the constructor's list) that it stands for. */
  readonly anchorsOf: readonly (readonly number[])[];
  /** By slot: bytes to go to where a window may end next, and LOOK_HERE. */
  readonly #steps = new Uint8Array(0x10000).fill(WINDOW - GRAM + 1);
  /** By slot of a window's last bytes: first and one past the last window in the arrays below. */
  readonly #bucket = new Uint16Array(0x10000 + 1);
  readonly #firsts: Uint8Array;
  readonly #heads: Int32Array;
  readonly #tails: Int32Array;
  /** Places to look at, lane by lane: one a step at most. */
  readonly #places: readonly Int32Array[];

  /**
   * @param block bytes in the largest piece that is scanned at once.
   * @throws RangeError when an anchor is shorter than nine bytes.
   */
  constructor(anchors: readonly string[], block: number) {
    this.hits = new Int32Array(block);
    this.found = new Uint16Array(block);
    this.#places = Array.from({ length: LANES }, () => new Int32Array(block / LANES + 2 * LANES));
    const chosen = chooseWindows(anchors);
    const slotAt = (text: string, at: number): number =>
      slot(text.charCodeAt(at) | (text.charCodeAt(at + 1) << 8) | (text.charCodeAt(at + 2) << 16));
    const last = WINDOW - GRAM;
    const texts = [...new Set(chosen)].sort((a, b) => slotAt(a, last) - slotAt(b, last));
    this.anchorsOf = texts.map((text) =>
      chosen.flatMap((window, anchor) => (window === text ? [anchor] : [])),
    );
    const windows = texts.map((text) => new TextEncoder().encode(text));
    this.#firsts = Uint8Array.from(windows, (window) => window[0]);
    this.#heads = Int32Array.from(windows, (window) => word(window, WINDOW - 5));
    this.#tails = Int32Array.from(windows, (window) => word(window, WINDOW - 1));
    const counts = new Uint16Array(0x10000);
    for (const text of texts) {
      counts[slotAt(text, last)]++;
      for (let at = 0; at < last; at++) {
        const of = slotAt(text, at);
        this.#steps[of] = Math.min(this.#steps[of], last - at);
      }
    }
    for (const text of texts) this.#steps[slotAt(text, last)] = LOOK_HERE | 1;
    for (let at = 0; at < 0x10000; at++) this.#bucket[at + 1] = this.#bucket[at] + counts[at];
  }

  /**
   * Finds the windows that end in `bytes[from .. to)`; they may begin up to eight bytes before
   * `from`. `view` is on the same memory as `bytes`, from its first byte, and goes on for a byte
   * or more behind `to`.
   * @returns how many stand in `hits` and `found`.
   */
  scan(bytes: Uint8Array, view: DataView, from: number, to: number): number {
    const steps = this.#steps;
    const [places0, places1, places2, places3] = this.#places;
    // Positions are those of the first of three bytes.
    const start = Math.max(from, WINDOW - 1) - GRAM + 1;
    const end = Math.max(start, to - GRAM + 1);
    const quarter = (end - start) >> 2;
    const end0 = start + quarter;
    const end1 = end0 + quarter;
    const end2 = end1 + quarter;
    let i = start;
    let j = end0;
    let k = end1;
    let l = end2;
    let n0 = 0;
    let n1 = 0;
    let n2 = 0;
    let n3 = 0;
    while (i < end0 && j < end1 && k < end2 && l < end) {
      const g0 = view.getInt32(i, true) & 0xffffff;
      const g1 = view.getInt32(j, true) & 0xffffff;
      const g2 = view.getInt32(k, true) & 0xffffff;
      const g3 = view.getInt32(l, true) & 0xffffff;
      const s0 = steps[(g0 ^ (g0 >>> 9)) & 0xffff];
      const s1 = steps[(g1 ^ (g1 >>> 9)) & 0xffff];
      const s2 = steps[(g2 ^ (g2 >>> 9)) & 0xffff];
      const s3 = steps[(g3 ^ (g3 >>> 9)) & 0xffff];
      places0[n0] = i;
      places1[n1] = j;
      places2[n2] = k;
      places3[n3] = l;
      n0 += s0 >>> 7;
      n1 += s1 >>> 7;
      n2 += s2 >>> 7;
      n3 += s3 >>> 7;
      i += s0 & STEP;
      j += s1 & STEP;
      k += s2 & STEP;
      l += s3 & STEP;
    }
    let count = this.#look(bytes, view, places0, this.#finish(view, i, end0, places0, n0), 0);
    count = this.#look(bytes, view, places1, this.#finish(view, j, end1, places1, n1), count);
    count = this.#look(bytes, view, places2, this.#finish(view, k, end2, places2, n2), count);
    return this.#look(bytes, view, places3, this.#finish(view, l, end, places3, n3), count);
  }

  /** The rest of a lane when another one is done. @returns the lane's places. */
  #finish(view: DataView, from: number, end: number, places: Int32Array, count: number): number {
    let n = count;
    for (let at = from; at < end;) {
      const step = this.#steps[slot(view.getInt32(at, true) & 0xffffff)];
      if (step & LOOK_HERE) places[n++] = at;
      at += step & STEP;
    }
    return n;
  }

  /** Keeps the places where a window ends. @returns the hits with those so far. */
  #look(
    bytes: Uint8Array,
    view: DataView,
    places: Int32Array,
    length: number,
    count: number,
  ): number {
    let n = count;
    for (let i = 0; i < length; i++) {
      const at = places[i];
      const tail = view.getInt32(at - 1, true);
      const of = slot(tail >>> 8);
      const end = this.#bucket[of + 1];
      for (let window = this.#bucket[of]; window < end; window++)
        if (
          this.#tails[window] === tail &&
          this.#heads[window] === view.getInt32(at - 5, true) &&
          this.#firsts[window] === bytes[at - 6]
        ) {
          this.hits[n] = at + GRAM - 1;
          this.found[n++] = window;
          break;
        }
    }
    return n;
  }
}

/** The four bytes that end at `last`, as one number of 32 bits. */
function word(bytes: Uint8Array, last: number): number {
  return bytes[last - 3] | (bytes[last - 2] << 8) | (bytes[last - 1] << 16) | (bytes[last] << 24);
}

/** The pairs that are most frequent in consoles of real boots, the most frequent first. */
const FREQUENT_PAIRS =
  '00  : ]  0[ ff0:in0xer.0e re0. 1edte0]:0or pes 2s d t atleus a A rmeon t0 1.st,  [ngntemdetirig ' +
  ' ix0ablibl cser CP2. P0-alta f-0 sci01I:isiom itPI bfe20ve d IroAC10en (ce u mma02 Snd epc las 3ouur[m';
const RANKS: ReadonlyMap<string, number> = new Map(
  Array.from({ length: FREQUENT_PAIRS.length / 2 }, (_, rank) => [
    FREQUENT_PAIRS.slice(rank * 2, rank * 2 + 2),
    rank,
  ]),
);

/** Roughly how often three characters occur in a console, relative to others. */
function frequency(gram: string): number {
  return pairFrequency(gram.slice(0, 2)) * pairFrequency(gram.slice(1));
}

/** Roughly how often a pair of characters occurs, in thousandths of all pairs. */
function pairFrequency(pair: string): number {
  const rank = RANKS.get(pair);
  if (rank !== undefined) return 240 / (rank + 20);
  return /^[a-z0-9 .:]{2}$/.test(pair) ? 0.3 : 0.03;
}

/** What plain words cost as a window: they stand in lines of no interest, too. */
const WORDS = 1000;

/** What a look at a place costs, in steps. */
const LOOK = 8;

/**
 * A window of each anchor, chosen so that the search skips as far as it can: common letters near
 * a window's end make it stop. Anchors with a text in common share a window.
 * @throws RangeError when an anchor is too short.
 */
function chooseWindows(anchors: readonly string[]): string[] {
  const last = WINDOW - GRAM;
  const steps = new Map<string, number>();
  const cost = (window: string): number => {
    let sum = /^[a-z ]+$/.test(window) ? WORDS : 0;
    for (let at = 0; at <= last; at++) {
      const gram = window.slice(at, at + GRAM);
      const lost = (steps.get(gram) ?? last + 1) - (last - at);
      if (lost > 0) sum += frequency(gram) * (lost + (at === last ? LOOK : 0));
    }
    return sum;
  };
  const chosen = new Map<string, string>();
  for (const anchor of [...anchors].sort((a, b) => a.length - b.length)) {
    if (anchor.length < WINDOW)
      throw new RangeError(`anchor "${anchor}" is shorter than ${WINDOW} characters`);
    const windows = Array.from({ length: anchor.length - WINDOW + 1 }, (_, at) =>
      anchor.slice(at, at + WINDOW),
    );
    const costs = windows.map(cost);
    const best = windows[costs.indexOf(Math.min(...costs))];
    chosen.set(anchor, best);
    for (let at = 0; at <= last; at++) {
      const gram = best.slice(at, at + GRAM);
      steps.set(gram, Math.min(steps.get(gram) ?? last + 1, last - at));
    }
  }
  return anchors.map((anchor) => chosen.get(anchor)!);
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
