import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ReverseIndex } from '../../../core/explain/reverse.ts';
import { Intervals } from '../../../core/explain/mappings/intervals.ts';
import { parseRange, reverseAnswer } from '../../../core/session/reverse-document.ts';
import { amdUnit } from '../../../core/amdvi/unit.ts';
import * as amd from '../amdvi/tables.ts';
import { BDF, CONTEXTS, L1, L2, PageMemory, addDevice, context, intelState } from './state.ts';

const all = (index: ReverseIndex, from: number, to: number) =>
  [...index.reaching({ from, to })].map(({ device, iova, pa, pages, rights }) => [
    device.bdf,
    iova,
    pa,
    pages,
    rights,
  ]);

describe('the index', () => {
  test('answers what a walk of every page would', () => {
    const leaf = fc.tuple(fc.nat(511), fc.nat(24), fc.constantFrom(1n, 2n, 3n));
    fc.assert(
      fc.property(
        fc.array(leaf, { maxLength: 40 }),
        fc.nat(30),
        fc.integer({ min: 1, max: 8 }),
        (leaves, from, length) => {
          const { memory, unit } = intelState({ leaf: 0n });
          const mapped = new Map<number, { pfn: number; rights: number }>();
          for (const [index, pfn, rights] of leaves) {
            memory.put(L1 + 8 * index, (BigInt(pfn) << 12n) | rights);
            mapped.set(index, { pfn, rights: Number(rights) });
          }
          const expected = new Set<string>();
          for (const [iova, { pfn, rights }] of mapped)
            if (pfn >= from && pfn < from + length) expected.add(`${iova} ${pfn} ${rights}`);
          const found = new Set<string>();
          const within = new Intervals([{ from, to: from + length }]);
          for (const options of [{}, { within }]) {
            const index = ReverseIndex.build([unit], options);
            for (const [, iova, pa, pages, rights] of all(index, from, from + length))
              for (let page = 0; page < Number(pages); page++)
                found.add(`${Number(iova) + page} ${Number(pa) + page} ${rights}`);
            expect(found).toEqual(expected);
            found.clear();
          }
        },
      ),
    );
  });

  test('a large page is found by any of its frames, among small ones', () => {
    const { memory, unit } = intelState({ leaf: 0x60_0003n });
    memory.put(L2 + 8 * 3, 0x40_0083n);
    const index = ReverseIndex.build([unit]);
    expect(all(index, 0x600, 0x601)).toEqual([[BDF, 5, 0x600, 1, 3]]);
    expect(all(index, 0x5ff, 0x600)).toEqual([[BDF, 3 * 512 + 511, 0x5ff, 1, 3]]);
    expect(all(index, 0x3ff, 0x400)).toEqual([]);
  });

  test('tables that devices share are swept once and answered for each', () => {
    const { memory, unit } = intelState();
    memory.put(CONTEXTS + 16 * 0x18, ...context());
    let sweeps = 0;
    const counting = {
      ...unit,
      facts: unit.facts,
      devices: () => unit.devices(),
      sweep: (...args: Parameters<typeof unit.sweep>) => {
        sweeps++;
        return unit.sweep(...args);
      },
    };
    const index = ReverseIndex.build([counting]);
    expect(sweeps).toBe(1);
    expect(all(index, 0x800, 0x801).map(([bdf]) => bdf)).toEqual([BDF, '00:03.0']);
  });

  test('a device that passes through reaches everything', () => {
    const { memory, unit } = intelState();
    memory.put(CONTEXTS + 16 * 0x18, ...context({ TT: 2 }));
    expect(all(ReverseIndex.build([unit]), 0x123, 0x124)).toEqual([
      ['00:03.0', 0x123, 0x123, 1, 3],
    ]);
  });

  test('what does not fit is said', () => {
    const { memory, unit } = intelState();
    for (let page = 0; page < 100; page++)
      memory.put(L1 + 8 * page, (BigInt(900 - 2 * page) << 12n) | 3n);
    const index = ReverseIndex.build([unit], { maxRanges: 10 });
    expect(index.incomplete.map(({ text }) => text).join()).toContain('index is full');
  });

  test('a missing table page is said', () => {
    const { memory, unit } = intelState();
    memory.forget(L1, 'excluded');
    expect(ReverseIndex.build([unit]).incomplete.map(({ address }) => address)).toEqual([
      BigInt(L1),
    ]);
  });
});

describe('the answer', () => {
  test('is cut to the addresses that were asked', () => {
    const { unit } = intelState();
    const rows = [...reverseAnswer([unit], [{ start: 0x80_0040n, end: 0x80_004fn }]).rows];
    expect(rows).toEqual([
      { unit: 'dmar0', bdf: BDF, iova: '0x5040', pa: '0x800040', size: '0x10', rights: 'rw' },
    ]);
  });

  test('names AMD-Vi entries that translate nothing', () => {
    const memory = new PageMemory();
    memory.put(amd.dteAddress(amd.ID), ...amd.dte({ Mode: 1, HostPageTableRoot: 0x10 }));
    const { notes } = reverseAnswer([amdUnit(amd.facts(), memory)], [{ start: 0n, end: 1n }]);
    expect(notes).toEqual([expect.stringContaining('255 device table entries have V = 0')]);
  });

  test('several devices with tables of their own', () => {
    const { memory, unit } = intelState();
    addDevice(memory, 0x18, 0x40000, [[0x9000n, 0x80_0001n]]);
    const rows = [...reverseAnswer([unit], [{ start: 0x80_0000n, end: 0x80_0fffn }]).rows];
    expect(rows.map(({ bdf, iova, rights }) => [bdf, iova, rights])).toEqual([
      [BDF, '0x5000', 'rw'],
      ['00:03.0', '0x9000', 'r'],
    ]);
  });
});

test.each([
  ['0x1000', { start: 0x1000n, end: 0x1000n }],
  ['1000-1fff', { start: 0x1000n, end: 0x1fffn }],
  ['0x1000+0x10', { start: 0x1000n, end: 0x100fn }],
  ['0x1000+0', undefined],
  ['0x2000-0x1000', undefined],
  ['0x10000000000000', undefined],
  ['vmcore', undefined],
  ['', undefined],
])('the range %s', (text, expected) => {
  expect(parseRange(text)).toEqual(expected);
});
