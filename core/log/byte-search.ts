import { STRIDE } from './windows.ts';

/** Bits of a gram's slot: a table by slot stays in a processor's nearest caches. */
export const SLOT_BITS = 16;
export const SLOTS = 1 << SLOT_BITS;
/** 2^32 over the golden ratio: a product with it spreads what differs over its high bits. */
export const SPREAD = 0x9e37_79b9;

/** Bytes behind the last one that a search may look at. */
export const SLACK = 8;

/** Where a gram (four bytes as one number, the first one lowest) stands in the tables. */
export function slotOf(gram: number): number {
  return Math.imul(gram, SPREAD) >>> (32 - SLOT_BITS);
}

/** Where a pair of grams, one behind the other, stands in the tables. */
export function slotOfPair(gram: number, next: number): number {
  return Math.imul(Math.imul(gram, SPREAD) + next, SPREAD) >>> (32 - SLOT_BITS);
}

/** What is looked for, by slot: 1 where something of it stands, else 0. */
export interface SearchTables {
  /** Grams of a window: all six. */
  readonly grams: Uint8Array;
  /** Pairs of grams of a window: those at its first and at its second byte. */
  readonly pairs: Uint8Array;
}

/**
 * How far before a gram a pair of its window may begin. The six grams of a window stand 0 to 5
 * bytes behind its first; of these distances one leads from each to the window's first pair or to
 * its second.
 */
export const PAIR_DISTANCES = [0, 2, 4] as const;

/**
 * Bytes, and the two questions that are asked of every one of them. `plainSearch` answers in
 * TypeScript; `vector-search.ts` answers the same, faster, where many bytes are to come.
 */
export interface ByteSearch {
  /** The bytes that are searched, and SLACK bytes behind them. */
  readonly bytes: Uint8Array;
  /** On the same bytes. */
  readonly view: DataView;
  /** Where the last `candidates` found something, in order. */
  readonly places: Int32Array;
  /**
   * Looks at `from` and every STRIDE bytes before `end`: which of these places are in a window,
   * as far as the tables tell? All that are, and a few more.
   * @returns how many places there are.
   */
  candidates(from: number, end: number): number;
  /** Newlines in bytes `[from .. to)`. */
  newlines(from: number, to: number): number;
}

/** Places that one block of bytes can have. */
export const mostPlaces = (block: number): number => Math.ceil(block / STRIDE) + 1;

/** Places that plain searches found: they are gone through before another one begins. */
let shared = new Int32Array(0);

/**
 * Searches a buffer of its own.
 * @param block bytes that are searched at once, at most
 */
export function plainSearch(tables: SearchTables, capacity: number, block: number): ByteSearch {
  const bytes = new Uint8Array((capacity + SLACK + 3) & ~3);
  const view = new DataView(bytes.buffer);
  const words = new Uint32Array(bytes.buffer);
  if (shared.length < mostPlaces(block)) shared = new Int32Array(mostPlaces(block));
  const places = shared;
  return {
    bytes,
    view,
    places,
    candidates(from, end) {
      const count = findGrams(view, tables.grams, places, from, end);
      return keepPairs(view, tables.pairs, places, count);
    },
    newlines: (from, to) => countNewlines(bytes, words, from, to),
  };
}

/** Four places at a time: mostly none of them is of interest, and one branch says so. */
function findGrams(
  view: DataView,
  table: Uint8Array,
  places: Int32Array,
  from: number,
  end: number,
): number {
  let count = 0;
  let at = from;
  for (const stop = end - 3 * STRIDE; at < stop; at += 4 * STRIDE) {
    const a = table[slotOf(view.getInt32(at, true))];
    const b = table[slotOf(view.getInt32(at + STRIDE, true))];
    const c = table[slotOf(view.getInt32(at + 2 * STRIDE, true))];
    const d = table[slotOf(view.getInt32(at + 3 * STRIDE, true))];
    if ((a | b | c | d) === 0) continue;
    if (a) places[count++] = at;
    if (b) places[count++] = at + STRIDE;
    if (c) places[count++] = at + 2 * STRIDE;
    if (d) places[count++] = at + 3 * STRIDE;
  }
  for (; at < end; at += STRIDE) if (table[slotOf(view.getInt32(at, true))]) places[count++] = at;
  return count;
}

/** Of places with a gram, those with a pair as well. */
function keepPairs(view: DataView, table: Uint8Array, places: Int32Array, count: number): number {
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const at = places[i];
    for (const distance of PAIR_DISTANCES) {
      const first = at - distance;
      if (first < 0) break;
      if (!table[slotOfPair(view.getInt32(first, true), view.getInt32(first + 4, true))]) continue;
      places[kept++] = at;
      break;
    }
  }
  return kept;
}

const NEWLINE = 10;

/**
 * Newlines in `bytes[from .. to)`, four bytes at a time: a byte lane of the running word counts
 * the bytes that are no newline. `words` is the same memory as `bytes` (little-endian or not does
 * not matter), from offset 0.
 */
function countNewlines(bytes: Uint8Array, words: Uint32Array, from: number, to: number): number {
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
