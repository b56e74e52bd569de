import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bitRange,
  digitsFor,
  padded,
  quads,
  smallBinary,
} from '../../../renderer/format/address.ts';
import { duration, kernelName, seconds } from '../../../renderer/format/time.ts';

/** `0x[0000][000]1 3f2d 9000`: dim parts in brackets, gaps as spaces. */
const shown = (text: string, digits?: number): string =>
  quads(text, digits)
    .map(({ zeros, rest }) => (zeros ? `[${zeros}]` : '') + rest)
    .join(' ');

describe('addresses', () => {
  it.each([
    ['0x13f2d9000', 0, '1 3f2d 9000'],
    ['0x13f2d9000', 16, '[0000] [000]1 3f2d 9000'],
    ['0xffff0000', 8, 'ffff 0000'],
    ['0x0', 8, '[0000] [000]0'],
    ['0x0', 0, '0'],
    ['0x1f00000', 8, '[0]1f0 0000'],
  ])('%s in %i digits is %s', (text, digits, expected) => {
    expect(shown(text, digits)).toBe(expected);
  });

  it('keeps every digit, whatever the width', () => {
    fc.assert(
      fc.property(
        fc.bigInt(0n, (1n << 64n) - 1n),
        fc.integer({ min: 0, max: 16 }),
        (value, digits) => {
          const joined = quads(`0x${value.toString(16)}`, digits)
            .map(({ zeros, rest }) => zeros + rest)
            .join('');
          expect(BigInt(`0x${joined}`)).toBe(value);
          expect(joined.length).toBeGreaterThanOrEqual(Math.max(1, digits));
          expect(joined).toBe(joined.toLowerCase());
        },
      ),
    );
  });

  it('pads registers to their width and names bits high first', () => {
    expect(digitsFor(39)).toBe(10);
    expect(padded('0x13f1c4001', 64)).toBe('0x000000013f1c4001');
    expect(padded('0xa', 16)).toBe('0x000a');
    expect(bitRange(87, 72)).toBe('87:72');
    expect(bitRange(0, 0)).toBe('0');
  });

  it('shows binary only for values under 16', () => {
    expect(smallBinary('0x5', 4)).toBe('0b0101');
    expect(smallBinary('0x1', 1)).toBe('0b1');
    expect(smallBinary('0x10', 8)).toBeUndefined();
  });
});

describe('times', () => {
  it.each([
    [0.041, '41 ms'],
    [0.000_2, '200 µs'],
    [3.2, '3.2 s'],
    [3, '3 s'],
    [250, '4 min 10 s'],
  ])('%d s is %s', (span, expected) => {
    expect(duration(span)).toBe(expected);
  });

  it('names kernels and writes seconds', () => {
    expect(seconds(13.74431)).toBe('13.744');
    expect(seconds(13.74431, 6)).toBe('13.744310');
    expect([0, 1, 2, 3].map(kernelName)).toEqual([
      'first kernel',
      'second kernel',
      'third kernel',
      'kernel 4',
    ]);
  });
});
