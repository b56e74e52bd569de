import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ALL_FRAMES, MARK, addressMap, spanOfPath } from '../../../core/explain/address-map.ts';
import { RangeColumns } from '../../../core/explain/mappings/columns.ts';
import { ascending } from '../../../core/explain/mappings/order.ts';
import { RangeSummary } from '../../../core/explain/mappings/summary.ts';
import { PhysicalMap, kindOfResource } from '../../../core/explain/physical-map.ts';
import { ReverseIndex } from '../../../core/explain/reverse.ts';
import { BDF, L1, addDevice, intelState } from './state.ts';

/** Runs work in steps to its end. @returns its value and how often it paused */
function finish<T>(steps: Generator<unknown, T>): { value: T; pauses: number } {
  for (let pauses = 0; ; pauses++) {
    const step = steps.next();
    if (step.done) return { value: step.value, pauses };
  }
}

const bareMap = (): PhysicalMap =>
  new PhysicalMap({ resources: [], crash: [], firmware: [], held: [] });

/** Ranges with gaps between them, in order of input address. */
const RANGES = fc.array(
  fc.record({
    gap: fc.nat(40),
    pages: fc.integer({ min: 1, max: 30 }),
    pa: fc.nat(400),
    rights: fc.integer({ min: 1, max: 3 }),
  }),
  { maxLength: 120 },
);

function columnsOf(list: readonly { gap: number; pages: number; pa: number; rights: number }[]) {
  const columns = new RangeColumns();
  let at = 0;
  for (const { gap, pages, pa, rights } of list) {
    at += gap;
    columns.add(at, pa, pages, rights);
    at += pages;
  }
  columns.trim();
  return columns;
}

describe('the order of a column', () => {
  test('is that of a stable sort', () => {
    const value = fc.oneof(fc.nat(20), fc.maxSafeNat());
    fc.assert(
      fc.property(fc.array(value, { maxLength: 60 }), (values) => {
        const expected = values.map((_, at) => at).sort((a, b) => values[a] - values[b] || a - b);
        expect([...finish(ascending(Float64Array.from(values))).value]).toEqual(expected);
      }),
    );
  });
});

describe('a summary', () => {
  test('shows every mapped frame, none between regions, and the rights of each pixel', () => {
    fc.assert(
      fc.property(
        RANGES,
        fc.nat(3000),
        fc.integer({ min: 1, max: 3000 }),
        fc.integer({ min: 1, max: 40 }),
        (list, from, length, pixels) => {
          const columns = columnsOf(list);
          const summary = new RangeSummary(columns, columns.rights.slice());
          const to = from + length;
          const mapped = new Map<number, number>();
          for (let at = 0; at < columns.count; at++)
            for (let page = 0; page < columns.pages[at]; page++)
              mapped.set(columns.iova[at] + page, columns.rights[at]);
          const regions = summary.regions(from, to, pixels);
          expect(regions.length).toBeLessThanOrEqual(Math.max(pixels, 1));
          const inside = [...mapped].filter(([frame]) => frame >= from && frame < to);
          for (const [frame, rights] of inside) {
            const region = regions.find((each) => each.from <= frame && frame < each.to);
            expect(region && region.marks & rights).toBe(rights);
          }
          let past = -1;
          for (const region of regions) {
            expect(region.from).toBeGreaterThanOrEqual(past);
            past = region.to;
            const here = [...mapped].filter(([at]) => at >= region.from && at < region.to);
            expect(region.pages).toBe(here.length);
            expect(mapped.has(region.from) && mapped.has(region.to - 1)).toBe(true);
            expect(region.marks).toBe(here.reduce((all, [, rights]) => all | rights, 0));
          }
        },
      ),
    );
  });

  test('finds the range beside any frame, with and without a mark', () => {
    fc.assert(
      fc.property(
        RANGES,
        fc.option(fc.nat(3000), { nil: undefined }),
        fc.constantFrom(undefined, 1, 2),
        (list, frame, marks) => {
          const columns = columnsOf(list);
          const summary = new RangeSummary(columns, columns.rights.slice());
          const all = Array.from({ length: columns.count }, (_, at) => ({
            from: columns.iova[at],
            rights: columns.rights[at],
          })).filter(({ rights }) => marks === undefined || (rights & marks) !== 0);
          const next = all.find(({ from }) => frame === undefined || from > frame);
          const previous = all.findLast(({ from }) => frame === undefined || from < frame);
          expect(summary.beside('next', frame, marks)?.from).toBe(next?.from);
          expect(summary.beside('previous', frame, marks)?.from).toBe(previous?.from);
        },
      ),
    );
  });

  test('of a million ranges answers in as many regions as there are pixels', () => {
    const columns = new RangeColumns();
    for (let at = 0; at < 1_000_000; at++) columns.add(at * 3, (at * 7) % 65_536, 1, 1 + (at % 3));
    columns.trim();
    const summary = new RangeSummary(columns, columns.rights.slice());
    const regions = summary.regions(0, ALL_FRAMES, 1000);
    expect(regions).toHaveLength(1);
    expect(regions[0]).toMatchObject({ pages: 1_000_000, ranges: 1_000_000, marks: 3 });
    expect(summary.regions(0, 3_000_000, 700).length).toBeLessThanOrEqual(700);
    expect(summary.regions(1500, 1530, 700)).toHaveLength(10);
    expect(summary.beside('next', 1500)?.from).toBe(1503);
    expect(summary.beside('previous', 1500)?.from).toBe(1497);
    // A mark that no range has: all of them are passed by the pyramid.
    expect(summary.beside('next', undefined, 64)).toBeUndefined();
    expect(summary.beside('previous', undefined, 64)).toBeUndefined();
  });
});

describe('the index in steps', () => {
  test('is the index at once, however small the steps', () => {
    const leaf = fc.tuple(fc.nat(511), fc.nat(60), fc.constantFrom(1n, 2n, 3n));
    fc.assert(
      fc.property(
        fc.array(leaf, { maxLength: 60 }),
        fc.integer({ min: 1, max: 20 }),
        (leaves, size) => {
          const { memory, unit } = intelState({ leaf: 0n });
          for (const [index, pfn, rights] of leaves)
            memory.put(L1 + 8 * index, (BigInt(pfn) << 12n) | rights);
          const everything = { from: 0, to: 1000 };
          const whole = ReverseIndex.build([unit]);
          const { value } = finish(ReverseIndex.steps([unit], {}, size));
          expect([...value.reaching(everything)]).toEqual([...whole.reaching(everything)]);
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('the strips', () => {
  test('a page that two domains map is marked in both, and no other', () => {
    const leaves = fc.array(fc.tuple(fc.nat(40), fc.nat(30)), { maxLength: 25 });
    fc.assert(
      fc.property(leaves, leaves, (ours, theirs) => {
        const { memory, unit } = intelState({ leaf: 0n });
        for (const [page, pfn] of ours) memory.put(L1 + 8 * page, (BigInt(pfn) << 12n) | 3n);
        addDevice(
          memory,
          0x18,
          0x40000,
          theirs.map(([page, pfn]) => [BigInt(page) << 12n, (BigInt(pfn) << 12n) | 3n]),
          { DID: 9 },
        );
        const [a, b] = [new Map(ours), new Map(theirs)];
        const strips = finish(addressMap(ReverseIndex.build([unit]), bareMap())).value;
        for (const [place, own, other] of [
          [0, a, b],
          [1, b, a],
        ] as const) {
          const reached = new Set(other.values());
          for (const region of strips[place].summary.regions(0, 512, 512)) {
            const pages = [...own].filter(([page]) => page >= region.from && page < region.to);
            const shared = pages.some(([, pfn]) => reached.has(pfn));
            expect((region.marks & MARK.shared) !== 0).toBe(shared);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  test('say what a mapping leads to', () => {
    const { memory, unit } = intelState({ leaf: 0n });
    const pages = [0x100, 0x200, 0x300, 0x400, 0x500];
    for (const [at, pfn] of pages.entries()) memory.put(L1 + 16 * at, (BigInt(pfn) << 12n) | 3n);
    const range = (name: string, pfn: number, count: number, depth = 0) => ({
      name,
      start: BigInt(pfn) << 12n,
      end: (BigInt(pfn + count) << 12n) - 1n,
      depth,
    });
    const physical = new PhysicalMap({
      resources: [
        range('System RAM', 0x100, 0x280),
        range('Kernel code', 0x200, 0x10, 1),
        range('PCI Bus 0000:00', 0x400, 0x80),
      ],
      crash: [range('', 0x300, 0x10)],
      firmware: [],
      held: [],
    });
    const [strip] = finish(addressMap(ReverseIndex.build([unit]), physical)).value;
    expect(strip.summary.regions(0, 16, 16).map(({ from, marks }) => [from, marks & ~3])).toEqual([
      [0, MARK.memory],
      [2, MARK.kernelText],
      [4, MARK.crashKernel],
      [6, MARK.mmio],
      [8, MARK.unknown],
    ]);
  });

  test('name the span of a table that is not there', () => {
    const { memory, unit } = intelState();
    memory.forget(L1, 'excluded');
    const [strip] = finish(addressMap(ReverseIndex.build([unit]), bareMap())).value;
    expect(strip.table.device.bdf).toBe(BDF);
    expect(strip.unreadable).toEqual([
      { from: 0, to: 512, why: expect.stringContaining('excluded') },
    ]);
  });
});

test.each([
  ['dmar0/02:00.0', 0, ALL_FRAMES],
  ['dmar0/02:00.0/L4[1]', 2 ** 27, 2 ** 28],
  ['dmar0/02:00.0/L3[1]/L2[2]', 512 * 512 + 1024, 512 * 512 + 1536],
  ['ivhd0/00:14.0/L6[127]', 127 * 2 ** 45, ALL_FRAMES],
])('the span below %s', (path, from, to) => {
  expect(spanOfPath(path)).toEqual({ from, to });
});

test.each([
  ['System RAM', 'memory'],
  ['Kernel code', 'kernel-text'],
  ['Kernel data', 'memory'],
  ['Crash kernel', 'crash-kernel'],
  ['Reserved', 'reserved'],
  ['ACPI Non-volatile Storage', 'reserved'],
  ['PCI MMCONFIG 0000 [bus 00-ff]', 'mmio'],
  ['dmar0', 'mmio'],
])('%s is %s', (name, kind) => {
  expect(kindOfResource(name)).toBe(kind);
});

test('memory that nothing tells of is what the source holds', () => {
  const held = [{ from: 5, to: 6 }];
  const map = new PhysicalMap({ resources: [], crash: [], firmware: [], held });
  expect(map.complete).toBe(false);
  expect(map.touches('memory', 5, 6)).toBe(true);
  expect(map.touches('memory', 6, 7)).toBe(false);
  expect(map.memoryEnd).toBe(0x6000n);
});
