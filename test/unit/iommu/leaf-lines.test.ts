import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { leafLineBytes } from '../../../core/iommu/leaf-lines.ts';
import type { LeafBatch } from '../../../core/iommu/leaves.ts';
import { leafLines } from '../../support/leaf-lines.ts';

const frame = fc.oneof(
  fc.constantFrom(
    0,
    1,
    15,
    16,
    2 ** 28 - 1,
    2 ** 28,
    2 ** 32 - 1,
    2 ** 32,
    2 ** 45 + 7,
    2 ** 52 - 1,
  ),
  fc.nat({ max: 2 ** 40 }),
);

test('the bytes are those of the text', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(frame, frame, fc.nat({ max: 18 }), fc.nat({ max: 3 })), { maxLength: 200 }),
      (leaves) => {
        const batch: LeafBatch = {
          count: leaves.length,
          iova: Float64Array.from(leaves, (leaf) => leaf[0]),
          pa: Float64Array.from(leaves, (leaf) => leaf[1]),
          pages: Float64Array.from(leaves, (leaf) => 2 ** leaf[2]),
          rights: Uint8Array.from(leaves, (leaf) => leaf[3]),
        };
        expect(new TextDecoder().decode(leafLineBytes(batch))).toBe(leafLines(batch));
      },
    ),
    { numRuns: 1000 },
  );
});
