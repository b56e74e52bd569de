import { copyLiterals, copyMatch, DamagedData } from './codec.ts';

/**
 * Decompresses one LZO1X block (Linux, Documentation/staging/lzo.rst: "LZO stream format as
 * understood by Linux's LZO decompressor", bitstream version 0).
 *
 * The stream is instructions, each a copy from what was written already, followed by up to three
 * literals or by a run of them. What the codes 0 to 15 mean depends on the literals before them.
 * @returns bytes written to `into`
 * @throws DamagedData when the stream breaks off, reaches outside of either buffer, or does not end.
 */
export function unlzo(data: Uint8Array, into: Uint8Array): number {
  const end = data.length;
  const room = into.length;
  let at = 0;
  let out = 0;
  /** Literals copied by the last instruction: 0, 1 to 3, or 4 for a run of four or more. */
  let state = 0;

  /** A length that does not fit its code: 255 for each zero byte, then the first other byte. */
  const longLength = (): number => {
    let length = 0;
    while (at < end && data[at] === 0) {
      length += 255;
      at++;
      if (length > room) throw new DamagedData('LZO: a length is larger than the page');
    }
    if (at >= end) throw new DamagedData('LZO: the data ends within a length');
    return length + data[at++];
  };

  const literals = (count: number): void => {
    if (at + count > end) throw new DamagedData('LZO: the data ends within literals');
    if (out + count > room) throw new DamagedData('LZO: literals reach past the page');
    copyLiterals(data, at, into, out, count);
    at += count;
    out += count;
  };

  if (end > 0 && data[0] > 17) {
    const count = data[at++] - 17;
    literals(count);
    state = Math.min(count, 4);
  }
  while (at < end) {
    const code = data[at++];
    let distance: number;
    let length: number;
    let following: number;
    if (code >= 64) {
      if (at >= end) break;
      length = code >= 128 ? 5 + ((code >> 5) & 3) : 3 + ((code >> 5) & 1);
      distance = (data[at++] << 3) + ((code >> 2) & 7) + 1;
      following = code & 3;
    } else if (code >= 16) {
      const near = code >= 32;
      const mask = near ? 31 : 7;
      length = 2 + ((code & mask) === 0 ? mask + longLength() : code & mask);
      if (at + 2 > end) break;
      const operand = data[at] | (data[at + 1] << 8);
      at += 2;
      following = operand & 3;
      distance = (operand >> 2) + (near ? 1 : 16_384 + ((code & 8) << 11));
      if (!near && distance === 16_384) {
        if (length !== 3) throw new DamagedData('LZO: the end mark is malformed');
        return out;
      }
    } else if (state === 0) {
      literals(3 + (code === 0 ? 15 + longLength() : code));
      state = 4;
      continue;
    } else {
      if (at >= end) break;
      const far = state === 4;
      length = far ? 3 : 2;
      distance = (data[at++] << 2) + (code >> 2) + (far ? 2049 : 1);
      following = code & 3;
    }
    if (distance > out) throw new DamagedData('LZO: a match reaches before the page');
    if (out + length > room) throw new DamagedData('LZO: a match reaches past the page');
    copyMatch(into, out, distance, length);
    out += length;
    if (following > 0) literals(following);
    state = following;
  }
  throw new DamagedData('LZO: the data ends without an end mark');
}
