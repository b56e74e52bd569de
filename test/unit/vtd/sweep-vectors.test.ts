import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { BATCH, batch, claimColumns, ENTRIES } from '../../../core/vtd/sweep-columns.ts';
import {
  firstStagePages,
  plainFirstStagePages,
  plainSecondStagePages,
  secondStagePages,
} from '../../../core/vtd/sweep-pages.ts';
import { vectorPages } from '../../../core/vtd/sweep-vectors.ts';

/** Runs of entries as drivers map them, with entries of any bits between them. */
const run = fc.record({
  length: fc.integer({ min: 1, max: 80 }),
  first: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
  low: fc.constantFrom(0n, 1n, 2n, 3n, 7n, undefined),
  step: fc.constantFrom(0n, 0x1000n),
});

const table = fc.array(run, { minLength: 1, maxLength: 40 }).map((runs) => {
  const entries = new BigUint64Array(ENTRIES);
  let at = 0;
  for (const { length, first, low, step } of runs) {
    const start = low === undefined ? first : (first & ~0xfffn) | low;
    for (let i = 0; i < length && at < ENTRIES; i++) entries[at++] = start + BigInt(i) * step;
  }
  return new Uint32Array(entries.buffer);
});

type Pages = typeof secondStagePages;

/** What a loop makes of a table behind leaves that are in the batch already. */
function leavesOf(pages: Pages, before: number, given: Parameters<Pages>) {
  const release = claimColumns();
  try {
    for (const column of [batch.iova, batch.pa, batch.pages, batch.rights]) column.fill(99);
    batch.count = before;
    const odd = pages(...given);
    const { count } = batch;
    const columns = [batch.iova, batch.pa, batch.pages, batch.rights];
    return {
      cause: odd !== 0,
      count,
      columns: columns.map((column) => [...column.subarray(0, count)]),
    };
  } finally {
    release();
  }
}

test('this platform has the loops with vectors', () => {
  expect(vectorPages()).toBeDefined();
});

test.each([
  ['second stage', secondStagePages, plainSecondStagePages],
  ['first stage', firstStagePages, plainFirstStagePages],
] as const)('%s: with vectors the same leaves as without', (_, vectors, plain) => {
  fc.assert(
    fc.property(
      table,
      fc.nat({ max: 2 ** 40 }),
      fc.constantFrom(0, 1, 2, 3),
      fc.nat({ max: BATCH - ENTRIES }),
      fc.constantFrom(0, 0x8000_0000, 0xff),
      fc.constantFrom(0, 0xfff0_0000),
      (words, frame, rights, before, reservedLow, reservedHigh) => {
        const given: Parameters<Pages> = [words, frame, rights, reservedLow, reservedHigh];
        expect(leavesOf(vectors, before, given)).toEqual(leavesOf(plain, before, given));
      },
    ),
    { numRuns: 600 },
  );
});
