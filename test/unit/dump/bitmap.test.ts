import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Bitmap, popcount } from '../../../core/dump/bitmap.ts';
import { bytesSource } from '../../../core/memory/platform.ts';

function bitmapOf(bits: ReadonlySet<number>, frames: number, offset = 24): Bitmap {
  const bytes = new Uint8Array(offset + Math.ceil(frames / 8));
  for (const bit of bits) bytes[offset + (bit >> 3)] |= 1 << (bit & 7);
  return new Bitmap(bytesSource('bitmap', bytes), offset, frames);
}

/** A bitmap larger than a chunk (32,768 frames), with dense, sparse and empty parts. */
function sample(): { bits: Set<number>; frames: number } {
  const bits = new Set<number>();
  const frames = 200_003;
  for (let bit = 0; bit < 500; bit++) bits.add(bit);
  for (let bit = 32_000; bit < 66_000; bit++) if (bit % 3 !== 1) bits.add(bit);
  for (let bit = 98_304; bit < 131_072; bit++) bits.add(bit);
  bits.add(frames - 1);
  return { bits, frames };
}

describe('bitmap', () => {
  it('counts the bits of a word', () => {
    for (const [word, count] of [
      [0, 0],
      [1, 1],
      [-1, 32],
      [0x8000_0001, 2],
      [0x5555_5555, 16],
      [0xfffe_ffff, 31],
    ])
      expect(popcount(word)).toBe(count);
  });

  it('tells bits and ranks in any order', () => {
    const { bits, frames } = sample();
    const bitmap = bitmapOf(bits, frames);
    const sorted = [...bits].sort((a, b) => a - b);
    const ranks = [150_000, 0, 1, 499, 500, 31_999, 32_767, 32_768, 65_535, 98_304, 131_072];
    for (const at of [...ranks, frames, 32_769, 99_000]) {
      expect(bitmap.rank(at)).toBe(sorted.filter((bit) => bit < at).length);
      expect(bitmap.get(at)).toBe(bits.has(at));
    }
  });

  it('lists runs of set bits', () => {
    const bitmap = bitmapOf(new Set([0, 1, 2, 31, 32, 33, 40, 32_767, 32_768]), 40_000);
    expect([...bitmap.runs(0, 40_000)]).toEqual([
      { from: 0, to: 3 },
      { from: 31, to: 34 },
      { from: 40, to: 41 },
      { from: 32_767, to: 32_769 },
    ]);
    expect([...bitmap.runs(1, 33)]).toEqual([
      { from: 1, to: 3 },
      { from: 31, to: 33 },
    ]);
  });

  it('agrees with a set of numbers for any bits, ranges and ranks', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat(399), { maxLength: 400 }),
        fc.integer({ min: 0, max: 410 }),
        fc.integer({ min: 0, max: 410 }),
        fc.uniqueArray(fc.nat(399), { maxLength: 400 }),
        (bits, from, to, others) => {
          const set = new Set(bits);
          const bitmap = bitmapOf(set, 400);
          expect(bitmap.rank(to)).toBe(bits.filter((bit) => bit < to).length);
          const inRuns = [...bitmap.runs(from, to)].flatMap((run) =>
            Array.from({ length: run.to - run.from }, (_, index) => run.from + index),
          );
          const inside = bits.filter((bit) => bit >= from && bit < to).sort((a, b) => a - b);
          expect(inRuns).toEqual(inside);
          for (const most of [0, 1, 7, 400])
            expect(bitmap.countUpTo(most, from, to)).toBe(Math.min(most, inside.length));
          const other = new Set(others);
          expect(bitmap.countWithout(bitmapOf(other, 400), from, to)).toBe(
            inside.filter((bit) => !other.has(bit)).length,
          );
        },
      ),
      { numRuns: 500 },
    );
  });

  it('does not know the bits that the file does not hold', () => {
    const bytes = new Uint8Array(100).fill(0xff);
    const bitmap = new Bitmap(bytesSource('cut', bytes), 20, 10_000);
    expect(bitmap.truncated).toBe(true);
    expect(bitmap.get(639)).toBe(true);
    expect(bitmap.get(640)).toBeUndefined();
    expect(bitmap.get(10_000)).toBe(false);
    expect(bitmap.rank(10_000)).toBe(640);
    expect([...bitmap.runs(0, 10_000)]).toEqual([{ from: 0, to: 640 }]);
  });

  it('reads nothing but what a question needs', () => {
    const frames = 2 ** 33;
    let read = 0;
    const source = {
      ...bytesSource('huge', new Uint8Array(0)),
      size: frames / 8,
      read: (_: number, into: Uint8Array) => {
        read += into.length;
        into.fill(0);
        return into.length;
      },
    };
    const bitmap = new Bitmap(source, 0, frames);
    expect(bitmap.get(frames - 1)).toBe(false);
    expect(read).toBeLessThanOrEqual(4096);
  });
});
