import { copyLiterals, copyMatch, DamagedData } from './codec.ts';

/** The length that a raw Snappy block says it has, and where its elements start. */
export function snappyLength(data: Uint8Array): { length: number; at: number } {
  let length = 0;
  for (let at = 0; at < Math.min(5, data.length); at++) {
    length += (data[at] & 0x7f) * 2 ** (7 * at);
    if (data[at] < 0x80) {
      if (length > 0xffff_ffff) break;
      return { length, at: at + 1 };
    }
  }
  throw new DamagedData('Snappy: the length at the start is malformed');
}

/**
 * Decompresses one raw Snappy block (google/snappy, format_description.txt): a length, then
 * literals and copies.
 * @returns bytes written to `into`
 * @throws DamagedData when the block reaches outside of either buffer, or is not of its length.
 */
export function unsnappy(data: Uint8Array, into: Uint8Array): number {
  const start = snappyLength(data);
  const total = start.length;
  if (total > into.length) throw new DamagedData('Snappy: the block is larger than its page');
  const end = data.length;
  let at = start.at;
  let out = 0;
  while (at < end) {
    const tag = data[at++];
    if ((tag & 3) === 0) {
      let length = (tag >> 2) + 1;
      if (length > 60) {
        const bytes = length - 60;
        if (at + bytes > end) throw new DamagedData('Snappy: the data ends within a length');
        length = 1;
        for (let index = 0; index < bytes; index++) length += data[at + index] * 2 ** (8 * index);
        at += bytes;
      }
      if (at + length > end) throw new DamagedData('Snappy: the data ends within literals');
      if (out + length > total) throw new DamagedData('Snappy: literals reach past the block');
      copyLiterals(data, at, into, out, length);
      at += length;
      out += length;
      continue;
    }
    const operandBytes = (tag & 3) === 3 ? 4 : tag & 3;
    if (at + operandBytes > end) throw new DamagedData('Snappy: the data ends within a copy');
    let length: number;
    let distance: number;
    if (operandBytes === 1) {
      length = 4 + ((tag >> 2) & 7);
      distance = ((tag >> 5) << 8) | data[at];
    } else {
      length = 1 + (tag >> 2);
      distance = data[at] | (data[at + 1] << 8);
      if (operandBytes === 4) distance += data[at + 2] * 0x1_0000 + data[at + 3] * 0x100_0000;
    }
    at += operandBytes;
    if (distance === 0 || distance > out)
      throw new DamagedData('Snappy: a copy reaches before the block');
    if (out + length > total) throw new DamagedData('Snappy: a copy reaches past the block');
    copyMatch(into, out, distance, length);
    out += length;
  }
  if (out !== total) throw new DamagedData('Snappy: the block is shorter than it says');
  return out;
}
