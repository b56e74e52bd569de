import * as fc from 'fast-check';
import { compress } from 'snappyjs';
import { describe, expect, it } from 'vitest';
import { DamagedData } from '../../../core/dump/codec.ts';
import { unsnappy } from '../../../core/dump/snappy.ts';
import { noisePage, patternPage } from '../../support/dump-writer.ts';

const text = (value: string): number[] => [...new TextEncoder().encode(value)];

/** google/snappy, format_description.txt: each kind of element, by hand. */
const VECTORS: readonly [string, number[], string][] = [
  ['an empty block', [0], ''],
  ['a literal whose length stands in its tag', [3, 2 << 2, ...text('abc')], 'abc'],
  [
    'a literal with a length of one byte',
    [61, 60 << 2, 60, ...text('x'.repeat(61))],
    'x'.repeat(61),
  ],
  ['a literal with a length of two bytes', [3, 61 << 2, 2, 0, ...text('abc')], 'abc'],
  ['a literal with a length of four bytes', [3, 63 << 2, 2, 0, 0, 0, ...text('abc')], 'abc'],
  ['a copy with an offset of 11 bits', [8, 3 << 2, ...text('abcd'), 0x01, 4], 'abcdabcd'],
  [
    'a copy with an offset of two bytes',
    [8, 3 << 2, ...text('abcd'), (3 << 2) | 2, 4, 0],
    'abcdabcd',
  ],
  [
    'a copy with an offset of four bytes',
    [8, 3 << 2, ...text('abcd'), (3 << 2) | 3, 4, 0, 0, 0],
    'abcdabcd',
  ],
  ['a copy that reaches into itself', [9, 0, ...text('a'), (7 << 2) | 2, 1, 0], 'aaaaaaaaa'],
  [
    'a copy of more than the format allows apart',
    [10, 1 << 2, ...text('xy'), (7 << 2) | 2, 2, 0],
    'xyxyxyxyxy',
  ],
];

/** Blocks that break a rule. */
const DAMAGED: readonly [string, number[]][] = [
  ['no length', []],
  ['a length that does not end', [0x80, 0x80, 0x80, 0x80, 0x80]],
  ['a length above 32 bits', [0xff, 0xff, 0xff, 0xff, 0x7f]],
  ['a block larger than its page', [0x81, 0x20, 0]],
  ['a literal past the end of the data', [4, 3 << 2, 1, 2]],
  ['a literal past the end of the block', [2, 3 << 2, 1, 2, 3, 4]],
  ['a length that the data cuts off', [4, 61 << 2, 3]],
  ['a copy that the data cuts off', [8, 3 << 2, 1, 2, 3, 4, 2, 4]],
  ['a copy from before the block', [8, 3 << 2, 1, 2, 3, 4, 0x01, 5]],
  ['a copy at distance 0', [8, 3 << 2, 1, 2, 3, 4, 0x01, 0]],
  ['a copy past the end of the block', [6, 3 << 2, 1, 2, 3, 4, 0x01, 4]],
  ['a block shorter than it says', [5, 3 << 2, 1, 2, 3, 4]],
];

describe('raw Snappy', () => {
  it.each(VECTORS)('%s', (_, block, expected) => {
    const into = new Uint8Array(4096);
    const length = unsnappy(Uint8Array.from(block), into);
    expect(new TextDecoder().decode(into.subarray(0, length))).toBe(expected);
  });

  it.each(DAMAGED)('refuses %s', (_, block) => {
    expect(() => unsnappy(Uint8Array.from(block), new Uint8Array(4096))).toThrow(DamagedData);
  });

  it.each([
    ['zeros', new Uint8Array(4096)],
    ['a pattern', patternPage(3)],
    ['noise', noisePage(3)],
  ])('reads what another implementation wrote: %s', (_, page) => {
    const into = new Uint8Array(4096);
    expect(unsnappy(compress(page), into)).toBe(4096);
    expect(into).toEqual(page);
  });

  it('reads any bytes that another implementation wrote', () => {
    const repetitive = fc
      .array(fc.tuple(fc.uint8Array({ maxLength: 20 }), fc.integer({ min: 1, max: 40 })))
      .map((parts) =>
        Uint8Array.from(
          parts.flatMap(([bytes, times]) => Array.from({ length: times }, () => [...bytes]).flat()),
        ),
      );
    fc.assert(
      fc.property(repetitive, (bytes) => {
        const into = new Uint8Array(bytes.length);
        expect(unsnappy(compress(bytes), into)).toBe(bytes.length);
        expect(into).toEqual(bytes);
      }),
      { numRuns: 200 },
    );
  });
});
