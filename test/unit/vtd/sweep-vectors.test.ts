import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { BATCH, batch, claimColumns, ENTRIES } from '../../../core/vtd/sweep-columns.ts';
import {
  firstStagePages,
  plainPages,
  secondStagePages,
  type LowestTable,
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

/** What a loop makes of a table behind leaves that are in the batch already. */
function leavesOf(pages: LowestTable, before: number, given: Parameters<LowestTable>) {
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
  ['second stage', secondStagePages],
  ['first stage', firstStagePages],
] as const)('%s: with vectors the same leaves as without', (_, pages) => {
  const loop = vectorPages()!;
  fc.assert(
    fc.property(
      table,
      fc.nat({ max: 2 ** 40 }),
      fc.constantFrom(0, 1, 2, 3),
      fc.nat({ max: BATCH - ENTRIES }),
      fc.constantFrom(0, 0x8000_0000, 0xff),
      fc.constantFrom(0, 0xfff0_0000),
      (words, frame, rights, before, reservedLow, reservedHigh) => {
        const given = [words, frame, rights, reservedLow, reservedHigh] as const;
        const [vectors, plain] = [loop, plainPages].map((each) =>
          leavesOf(pages, before, [...given, each]),
        );
        expect(vectors).toEqual(plain);
      },
    ),
    { numRuns: 600 },
  );
});
