import { describe, expect, it } from 'vitest';
import { crc32c, maskedCrc32c } from '../../../core/dump/crc32c.ts';

/** RFC 3720, appendix B.4, "CRC Examples", and the check value of CRC-32/ISCSI. */
const VECTORS: readonly [string, Uint8Array, number][] = [
  ['32 bytes of zeros', new Uint8Array(32), 0x8a91_36aa],
  ['32 bytes of ones', new Uint8Array(32).fill(0xff), 0x62a8_ab43],
  ['32 incrementing bytes', Uint8Array.from({ length: 32 }, (_, index) => index), 0x46dd_794e],
  ['32 decrementing bytes', Uint8Array.from({ length: 32 }, (_, index) => 31 - index), 0x113f_db5c],
  ['123456789', new TextEncoder().encode('123456789'), 0xe306_9283],
  ['nothing', new Uint8Array(0), 0],
];

describe('CRC-32C', () => {
  it.each(VECTORS)('%s', (_, bytes, crc) => {
    expect(crc32c(bytes)).toBe(crc);
  });

  it('is the same however far the bytes are from a multiple of 8', () => {
    const bitwise = (bytes: Uint8Array): number => {
      let crc = 0xffff_ffff;
      for (const byte of bytes) {
        crc ^= byte;
        for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f6_3b78 : 0);
      }
      return ~crc >>> 0;
    };
    const bytes = Uint8Array.from({ length: 100 }, (_, index) => (index * 37 + 11) & 0xff);
    for (let length = 0; length <= bytes.length; length++)
      expect(crc32c(bytes.subarray(0, length))).toBe(bitwise(bytes.subarray(0, length)));
  });

  it('is masked as Snappy framing says: rotated right by 15, plus 0xa282ead8', () => {
    const bytes = new TextEncoder().encode('123456789');
    const crc = 0xe306_9283n;
    const rotated = ((crc >> 15n) | (crc << 17n)) & 0xffff_ffffn;
    expect(BigInt(maskedCrc32c(bytes))).toBe((rotated + 0xa282_ead8n) & 0xffff_ffffn);
  });
});
