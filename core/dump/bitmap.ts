import type { Image } from './image.ts';

/** Bytes of bitmap that are counted and kept together: 32,768 frames. */
const CHUNK_BYTES = 4096;
const CHUNK_FRAMES = CHUNK_BYTES * 8;
const CHUNK_WORDS = CHUNK_BYTES / 4;

/** Within a chunk, running counts stand at every 16 words (512 frames). */
const STEP_WORDS = 16;

/** Chunks that are kept: 1 MiB of bitmap, 32 GiB of machine. */
const KEPT_CHUNKS = 256;

/** Bytes that are read at once while counting from the start. */
const COUNT_BYTES = 64 * CHUNK_BYTES;

interface Chunk {
  readonly words: Uint32Array;
  /** Set bits before each step. */
  readonly before: Uint16Array;
  /** Frames of this chunk that the image holds bits for. */
  readonly known: number;
}

/** Number of set bits in a 32-bit word. */
export function popcount(word: number): number {
  let bits = word - ((word >>> 1) & 0x5555_5555);
  bits = (bits & 0x3333_3333) + ((bits >>> 2) & 0x3333_3333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24;
}

/**
 * A bitmap in an image, a bit per frame, the least significant first. Nothing is read before it
 * is asked for; counts up to a place are made once, a chunk at a time, and kept.
 */
export class Bitmap {
  /** Frames that the bitmap has bits for. */
  readonly frames: number;
  readonly #image: Image;
  readonly #offset: number;
  /** Frames whose bits the image holds; a hostile header may promise any number. */
  readonly #readable: number;
  readonly #chunks = new Map<number, Chunk>();
  /** Set bits before each chunk, for as many chunks as were counted. */
  #counts = new Float64Array(64);
  #counted = 0;
  #last: Chunk | undefined;
  #lastIndex = -1;

  constructor(image: Image, offset: number, frames: number) {
    this.#image = image;
    this.#offset = offset;
    this.frames = frames;
    this.#readable = Math.min(frames, 8 * wholeBytes(image, offset, Math.ceil(frames / 8)));
  }

  /** Whether the image ends, or has a hole, within the bitmap: what follows is not known. */
  get truncated(): boolean {
    return this.#readable < this.frames;
  }

  /** The frame's bit; undefined when the image ends before it. */
  get(frame: number): boolean | undefined {
    if (frame >= this.#readable) return frame < this.frames ? undefined : false;
    const chunk = this.#chunk(Math.floor(frame / CHUNK_FRAMES));
    const bit = frame % CHUNK_FRAMES;
    if (bit >= chunk.known) return undefined;
    return ((chunk.words[bit >>> 5] >>> (bit & 31)) & 1) === 1;
  }

  /** Set bits below a frame. */
  rank(frame: number): number {
    const limit = Math.min(frame, this.#readable);
    const index = Math.floor(limit / CHUNK_FRAMES);
    this.#countTo(index);
    const bit = limit % CHUNK_FRAMES;
    const base = this.#counts[index];
    if (bit === 0) return base;
    const { words, before } = this.#chunk(index);
    const last = bit >>> 5;
    const step = Math.floor(last / STEP_WORDS);
    let count = base + before[step];
    for (let word = step * STEP_WORDS; word < last; word++) count += popcount(words[word]);
    if (bit & 31) count += popcount(words[last] & ((1 << (bit & 31)) - 1));
    return count;
  }

  /** Set bits within [from, to), or `most` where there are more: it goes no further than it must. */
  countUpTo(most: number, from: number, to: number): number {
    const limit = Math.min(to, this.#readable);
    const before = this.rank(from);
    let count = 0;
    for (let at = from; at < limit && count < most;) {
      at = Math.min(limit, at + CHUNK_FRAMES);
      count = this.rank(at) - before;
    }
    return Math.min(count, most);
  }

  /** Runs of set bits within [from, to), ascending. */
  *runs(from: number, to: number): Iterable<{ from: number; to: number }> {
    const limit = Math.min(to, this.#readable);
    let start = -1;
    let at = from;
    while (at < limit) {
      const chunk = this.#chunk(Math.floor(at / CHUNK_FRAMES));
      const base = at - (at % CHUNK_FRAMES);
      const end = Math.min(limit, base + CHUNK_FRAMES);
      while (at < end) {
        const bit = at - base;
        // Complemented while inside a run, so that the next change is always a set bit.
        const word = (start < 0 ? chunk.words[bit >>> 5] : ~chunk.words[bit >>> 5]) >>> (bit & 31);
        if (word === 0) {
          at += 32 - (bit & 31);
          continue;
        }
        at += 31 - Math.clz32(word & -word);
        if (at >= end) break;
        if (start < 0) start = at;
        else {
          yield { from: start, to: at };
          start = -1;
        }
      }
    }
    if (start >= 0) yield { from: start, to: limit };
  }

  /** Set bits within [from, to) that are not set in another bitmap of the same frames. */
  countWithout(other: Bitmap, from: number, to: number): number {
    let count = 0;
    const limit = Math.min(to, this.#readable);
    for (let at = from; at < limit;) {
      const index = Math.floor(at / CHUNK_FRAMES);
      const mine = this.#chunk(index).words;
      const theirs = other.#chunk(index).words;
      const end = Math.min(limit, (index + 1) * CHUNK_FRAMES);
      for (; at < end;) {
        const bit = at % CHUNK_FRAMES;
        const width = Math.min(32 - (bit & 31), end - at);
        const mask = width === 32 ? -1 : ((1 << width) - 1) << (bit & 31);
        count += popcount(mine[bit >>> 5] & ~theirs[bit >>> 5] & mask);
        at += width;
      }
    }
    return count;
  }

  #chunk(index: number): Chunk {
    if (index === this.#lastIndex && this.#last) return this.#last;
    const chunk = this.#chunks.get(index) ?? this.#read(index);
    this.#last = chunk;
    this.#lastIndex = index;
    return chunk;
  }

  #read(index: number): Chunk {
    const bytes = new Uint8Array(CHUNK_BYTES);
    const start = index * CHUNK_BYTES;
    const room = Math.min(CHUNK_BYTES, Math.ceil(this.#readable / 8) - start);
    const read = room > 0 ? this.#image.read(this.#offset + start, bytes.subarray(0, room)) : 0;
    // Words of the host's byte order; every machine that this runs on is little-endian.
    const words = new Uint32Array(bytes.buffer);
    const valid = Math.min(read * 8, this.#readable - index * CHUNK_FRAMES);
    clearFrom(words, Math.max(0, valid));
    const before = new Uint16Array(CHUNK_WORDS / STEP_WORDS);
    let count = 0;
    for (let word = 0; word < CHUNK_WORDS; word++) {
      if (word % STEP_WORDS === 0) before[word / STEP_WORDS] = count;
      count += popcount(words[word]);
    }
    const known = read === room ? CHUNK_FRAMES : read * 8;
    const chunk = { words, before, known };
    if (this.#chunks.size >= KEPT_CHUNKS) this.#chunks.clear();
    this.#chunks.set(index, chunk);
    return chunk;
  }

  /** Counts the chunks before `index`, as far as they are not counted yet. */
  #countTo(index: number): void {
    if (index <= this.#counted) return;
    const total = Math.ceil(this.#readable / 8);
    let bytes: Uint8Array<ArrayBuffer> | undefined;
    while (this.#counted < index) {
      const start = this.#counted * CHUNK_BYTES;
      bytes ??= new Uint8Array(COUNT_BYTES);
      bytes.fill(0);
      const room = Math.max(0, Math.min(COUNT_BYTES, total - start));
      this.#image.read(this.#offset + start, bytes.subarray(0, room));
      const words = new Uint32Array(bytes.buffer);
      const chunks = Math.min(COUNT_BYTES / CHUNK_BYTES, index - this.#counted);
      for (let chunk = 0; chunk < chunks; chunk++) {
        let count = this.#counts[this.#counted];
        const end = (chunk + 1) * CHUNK_WORDS;
        for (let word = chunk * CHUNK_WORDS; word < end; word++) count += popcount(words[word]);
        this.#counted++;
        if (this.#counted === this.#counts.length) {
          const wider = new Float64Array(this.#counts.length * 2);
          wider.set(this.#counts);
          this.#counts = wider;
        }
        this.#counts[this.#counted] = count;
      }
    }
  }
}

/**
 * Bytes from an offset on that the image holds without a gap. After a gap no count is right any
 * more, so that bits behind it are as good as lost.
 */
function wholeBytes(image: Image, offset: number, length: number): number {
  const stored = Math.max(0, Math.min(length, image.size - offset));
  for (const hole of image.holes?.(offset, offset + stored) ?? []) return hole.from - offset;
  return stored;
}

/** Clears the bits at and above `bit`. */
function clearFrom(words: Uint32Array, bit: number): void {
  const word = bit >>> 5;
  if (word >= words.length) return;
  words[word] &= (1 << (bit & 31)) - 1;
  words.fill(0, word + 1);
}
