import { hex } from '../format/hex.ts';
import { DamagedData } from './codec.ts';
import { maskedCrc32c } from './crc32c.ts';
import type { Image } from './image.ts';
import { ForwardReader, readExact, viewOf } from './image.ts';
import { snappyLength, unsnappy } from './snappy.ts';

/** Chunk types of Snappy's framing (google/snappy, framing_format.txt, section 4). */
const COMPRESSED = 0x00;
const UNCOMPRESSED = 0x01;
const FIRST_SKIPPABLE = 0x80;

/** A chunk holds at most this much (section 4.2). */
const LARGEST_CHUNK = 65_536;
const CRC_BYTES = 4;

/** What is read of each chunk: its header, its CRC and the length at the start of its block. */
const CHUNK_HEAD = 4 + CRC_BYTES + 5;

/** Chunks that one block is looked through for; AVML's blocks of 16 MiB have 256. */
const MAX_CHUNKS = 1_000_000;

/** Chunk places that are kept: of 4,096 blocks of AVML's size. */
const KEPT_CHUNKS = 1_048_576;

/** One range of an AVML file: its place in memory, and its framed stream in the file. */
export interface AvmlBlock {
  readonly start: number;
  readonly end: number;
  /** Offset and length of the framed stream. */
  readonly dataAt: number;
  readonly dataLength: number;
}

/** Where the content of a block stands: a column per fact, a row per chunk. */
export interface ChunkIndex {
  /** Offset in the block of each chunk's first byte of content. */
  readonly starts: readonly number[];
  /** Offset in the file of each chunk's header. */
  readonly places: readonly number[];
  /** Bytes of content in all chunks. */
  readonly length: number;
  /** Offset in the file at which the walk ended. */
  readonly end: number;
  /** Why the walk ended before `limit` bytes of content, if it did. */
  readonly damage: string | undefined;
}

/**
 * Walks the chunk headers of a framed stream from `at`, until `limit` bytes of content are
 * reached or the stream, which ends before `stop`, is over.
 */
export function indexChunks(image: Image, at: number, stop: number, limit: number): ChunkIndex {
  const starts: number[] = [];
  const places: number[] = [];
  const reader = new ForwardReader(image);
  let length = 0;
  let walked = 0;
  let place = at;
  const ended = (damage?: string): ChunkIndex => ({ starts, places, length, end: place, damage });
  while (length < limit) {
    const head = reader.at(place, Math.min(CHUNK_HEAD, stop - place));
    if (!head || head.byteLength < 4) return ended(`its stream ends at ${hex(place)}`);
    if (walked++ === MAX_CHUNKS) return ended('its stream has too many chunks');
    const type = head.getUint8(0);
    const size = head.getUint32(0, true) >>> 8;
    if (place + 4 + size > stop) return ended(`the chunk at ${hex(place)} is cut off`);
    if (type === COMPRESSED || type === UNCOMPRESSED) {
      const content = contentLength(head, size);
      if (content === undefined || content > LARGEST_CHUNK)
        return ended(`the chunk at ${hex(place)} has an impossible length`);
      starts.push(length);
      places.push(place);
      length += content;
    } else if (type < FIRST_SKIPPABLE) {
      return ended(`the chunk at ${hex(place)} is of unknown type ${hex(type)}`);
    }
    place += 4 + size;
  }
  return ended();
}

/** Bytes of content in a data chunk, as its head says; undefined when that makes no sense. */
function contentLength(head: DataView, size: number): number | undefined {
  if (size < CRC_BYTES) return undefined;
  if (head.getUint8(0) === UNCOMPRESSED) return size - CRC_BYTES;
  const bytes = new Uint8Array(head.buffer, head.byteOffset, head.byteLength);
  try {
    return snappyLength(bytes.subarray(4 + CRC_BYTES, 4 + size)).length;
  } catch (error) {
    if (error instanceof DamagedData) return undefined;
    throw error;
  }
}

/**
 * The content of an AVML file's blocks, one after another, as if it were not compressed. Offsets
 * are sums of the blocks' lengths and not places in the file.
 */
export class AvmlImage implements Image {
  readonly name: string;
  readonly size: number;
  readonly #file: Image;
  readonly #blocks: readonly AvmlBlock[];
  /** Offset of each block's content. */
  readonly bases: readonly number[];
  readonly #indices = new Map<number, ChunkIndex>();
  #kept = 0;
  readonly #chunk = new Uint8Array(LARGEST_CHUNK);
  #chunkPlace = -1;
  #chunkLength = 0;
  #damage: string | undefined;

  constructor(file: Image, blocks: readonly AvmlBlock[]) {
    this.#file = file;
    this.#blocks = blocks;
    this.name = file.name;
    const bases: number[] = [];
    let size = 0;
    for (const block of blocks) {
      bases.push(size);
      size += block.end - block.start;
    }
    this.bases = bases;
    this.size = size;
  }

  read(offset: number, into: Uint8Array): number {
    const length = Math.max(0, Math.min(into.length, this.size - offset));
    let done = 0;
    while (done < length) {
      const at = this.#chunkAt(offset + done);
      if (!at || !this.#decode(at.place, at.next)) break;
      const take = Math.min(length - done, this.#chunkLength - at.inside);
      if (take <= 0) {
        this.#damage = `the chunk at ${hex(at.place)} is shorter than it says`;
        break;
      }
      into.set(this.#chunk.subarray(at.inside, at.inside + take), done);
      done += take;
    }
    return done;
  }

  damageAt(): string | undefined {
    return this.#damage;
  }

  placeOf(offset: number): string {
    const at = this.#chunkAt(offset);
    return at
      ? `a Snappy chunk of ${this.name} at ${hex(at.place)}, ${hex(at.inside)} bytes into its content`
      : `${this.name}, damaged: ${this.#damage}`;
  }

  close(): void {
    this.#file.close();
  }

  /** The chunk that holds an offset: its place, the place after it, and how far inside. */
  #chunkAt(offset: number): { place: number; next: number; inside: number } | undefined {
    const number = lastAtMost(this.bases, offset);
    const block = this.#blocks[number];
    const index = this.#indexOf(number, block);
    const within = offset - this.bases[number];
    if (within >= index.length) {
      this.#damage = index.damage ?? 'its block holds less than its header says';
      return undefined;
    }
    const chunk = lastAtMost(index.starts, within);
    return {
      place: index.places[chunk],
      next: index.places[chunk + 1] ?? index.end,
      inside: within - index.starts[chunk],
    };
  }

  #indexOf(number: number, block: AvmlBlock): ChunkIndex {
    let index = this.#indices.get(number);
    if (!index) {
      const stop = block.dataAt + block.dataLength;
      index = indexChunks(this.#file, block.dataAt, stop, block.end - block.start);
      if (this.#kept + index.starts.length > KEPT_CHUNKS) {
        this.#indices.clear();
        this.#kept = 0;
      }
      this.#kept += index.starts.length;
      this.#indices.set(number, index);
    }
    return index;
  }

  /** Decodes the chunk at `place` into `#chunk`; false, with the reason, when it is damaged. */
  #decode(place: number, next: number): boolean {
    if (place === this.#chunkPlace) return true;
    this.#chunkPlace = -1;
    const bytes = readExact(this.#file, place, next - place);
    const size = bytes ? viewOf(bytes).getUint32(0, true) >>> 8 : 0;
    if (!bytes || size < CRC_BYTES || 4 + size > bytes.length) {
      this.#damage = `the file ends within the chunk at ${hex(place)}`;
      return false;
    }
    const data = bytes.subarray(4 + CRC_BYTES, 4 + size);
    try {
      if (bytes[0] === COMPRESSED) this.#chunkLength = unsnappy(data, this.#chunk);
      else {
        this.#chunk.set(data);
        this.#chunkLength = data.length;
      }
    } catch (error) {
      if (!(error instanceof DamagedData)) throw error;
      this.#damage = `the chunk at ${hex(place)} is damaged (${error.message})`;
      return false;
    }
    const stored = viewOf(bytes).getUint32(4, true);
    if (maskedCrc32c(this.#chunk.subarray(0, this.#chunkLength)) !== stored) {
      this.#damage = `the chunk at ${hex(place)} fails its CRC-32C`;
      return false;
    }
    this.#chunkPlace = place;
    return true;
  }
}

/** Index of the last number that is at most `value`; the first one when there is none. */
function lastAtMost(numbers: readonly number[], value: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (numbers[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}
