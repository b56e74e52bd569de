import type { ByteSource } from '../memory/platform.ts';

/**
 * The bytes that a dump format is laid out in: a file, or the file that a flattened stream
 * describes. The latter can have holes, which read as zero and hold nothing.
 */
export interface Image extends ByteSource {
  /** Stretches of [from, to) that were never written, ascending. Absent: there are none. */
  holes?(from: number, to: number): Iterable<{ readonly from: number; readonly to: number }>;
  /** Why `read` gave fewer bytes than asked, where that is not the end of the file. */
  damageAt?(offset: number): string | undefined;
  /** Where an offset stands in the file, in words, when offsets are not those of the file. */
  placeOf?(offset: number): string;
}

/** Exactly `length` bytes, or undefined when the image ends before them. Holes read as zero. */
export function readExact(image: Image, offset: number, length: number): Uint8Array | undefined {
  if (!Number.isSafeInteger(offset) || offset < 0 || length < 0) return undefined;
  if (offset + length > image.size) return undefined;
  const bytes = new Uint8Array(length);
  return image.read(offset, bytes) === length ? bytes : undefined;
}

/** As much of `length` bytes as the image has. */
export function readSome(image: Image, offset: number, length: number): Uint8Array {
  if (!Number.isSafeInteger(offset) || offset < 0 || offset >= image.size) return new Uint8Array(0);
  const bytes = new Uint8Array(Math.min(length, image.size - offset));
  return bytes.subarray(0, image.read(offset, bytes));
}

/** The same bytes, to be read as numbers. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * A little-endian u64 as a number. Values above 2^53 lose their low bits, yet stay above every
 * size that is compared with them; callers check against the file's size or 2^52.
 */
export function u64(view: DataView, offset: number): number {
  return view.getUint32(offset + 4, true) * 0x1_0000_0000 + view.getUint32(offset, true);
}

/** Text up to the first NUL; bytes that are no UTF-8 become replacement characters. */
export function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}

/** Bytes that are read at once while records are small and stand close together. */
const WINDOW = 65_536;

/** Looks at places of a file in ascending order, with few reads when they are close together. */
export class ForwardReader {
  readonly #source: Image;
  #bytes: Uint8Array = new Uint8Array(0);
  #start = 0;
  #asked = 0;

  constructor(source: Image) {
    this.#source = source;
  }

  /** The bytes at an offset; undefined when the file ends before them. */
  at(offset: number, length: number): DataView | undefined {
    const inside = offset - this.#start;
    if (inside < 0 || inside + length > this.#bytes.length) {
      const near = offset - this.#asked < WINDOW / 8;
      this.#bytes = readSome(this.#source, offset, near ? WINDOW : length);
      this.#start = offset;
      if (this.#bytes.length < length) return undefined;
    }
    this.#asked = offset;
    return new DataView(
      this.#bytes.buffer,
      this.#bytes.byteOffset + (offset - this.#start),
      length,
    );
  }
}
