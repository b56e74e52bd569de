import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { differs, diffStates } from '../../../core/explain/diff/diff.ts';
import {
  diffTablesInSlices,
  type TableDiff,
  type TableSide,
} from '../../../core/explain/diff/mappings.ts';
import { amdUnit } from '../../../core/amdvi/unit.ts';
import type { Unit } from '../../../core/iommu/unit.ts';
import { RegisterWords } from '../../../core/memory/mmio.ts';
import * as amd from '../amdvi/tables.ts';
import {
  BDF,
  CONTEXTS,
  ID,
  INTERRUPTS,
  L1,
  L2,
  L3,
  PA,
  PageMemory,
  addDevice,
  context,
  intelState,
  type StateOptions,
} from './state.ts';

/** All slices at once. */
function diffTables(a: TableSide, b: TableSide): TableDiff {
  const slices = diffTablesInSlices(a, b);
  for (;;) {
    const { done, value } = slices.next();
    if (done) return value;
  }
}

function states(
  change: (memory: PageMemory) => void,
  options: StateOptions = {},
): ReturnType<typeof diffStates> {
  const [a, b] = [intelState(), intelState(options)];
  change(b.memory);
  return diffStates([a.unit], [b.unit]);
}

describe('two states', () => {
  test('the same state differs in nothing, and says what was compared', () => {
    const diff = states(() => {});
    expect(differs(diff)).toBe(false);
    expect(diff).toMatchObject({ changes: [], mappings: [], missing: [] });
    expect(diff.compared).toEqual({ units: 1, devices: 1, leaves: 2 });
  });

  test('a field is named with both values', () => {
    const { changes } = states((memory) => memory.put(CONTEXTS + 16 * ID, ...context({ DID: 14 })));
    expect(changes).toEqual([{ path: `dmar0/${BDF}`, field: 'domain', a: 7, b: 14 }]);
  });

  test('a field that the row has no name for stands under the specification’s', () => {
    const { changes } = states((memory) => memory.put(CONTEXTS + 16 * ID, ...context({ FPD: 1 })));
    expect(changes).toEqual([{ path: `dmar0/${BDF}`, field: 'FPD', a: 0, b: 1 }]);
  });

  test('a device that appears', () => {
    const { changes } = states((memory) => addDevice(memory, 0x18, 0x40000, []));
    expect(changes).toEqual([
      { path: 'dmar0/00:03.0', field: 'present', a: false, b: true },
      { path: 'dmar0/00:03.0', field: 'translation', a: null, b: 'second-stage' },
    ]);
  });

  test('a device that vanished, and one that nobody can tell of', () => {
    const gone = states((memory) => memory.put(CONTEXTS + 16 * ID, 0n, 0n));
    expect(gone.changes[0]).toEqual({ path: `dmar0/${BDF}`, field: 'present', a: true, b: false });
    expect(gone.missing).toEqual([]);
    const lost = states((memory) => memory.forget(CONTEXTS, 'excluded'));
    expect(lost.changes).toEqual([]);
    expect(lost.missing).toEqual([
      { side: 'b', path: `dmar0/${BDF}`, text: expect.stringContaining('0x2000') as string },
    ]);
    expect(differs(lost)).toBe(false);
  });

  test('a unit that one state lacks is missing, not removed', () => {
    const { unit } = intelState();
    const diff = diffStates([unit], []);
    expect(diff.missing).toEqual([
      {
        side: 'b',
        path: 'dmar0',
        text: "B has no unit dmar0; it's listed as missing, not as removed.",
      },
    ]);
    expect(differs(diff)).toBe(false);
  });

  test('moved tables: the pointers on the way', () => {
    const { changes } = states(
      (memory) => {
        memory.put(0x6000, 0x7001n, 0n);
        memory.put(0x7000 + 16 * ID, ...context());
      },
      { facts: { rootTable: 0x6000n } },
    );
    expect(changes).toEqual([
      { path: 'dmar0', field: 'rootTable', a: '0x1000', b: '0x6000' },
      { path: 'dmar0/bus.00', field: 'CTP', a: '0x2000', b: '0x7000' },
    ]);
  });

  test('interrupt entries by index', () => {
    const high = BigInt(ID) | (1n << 18n);
    const [a, b] = [intelState(), intelState()];
    a.memory.put(INTERRUPTS + 16 * 3, 0x30_0001n, high).put(INTERRUPTS + 16 * 4, 0x30_0001n, high);
    b.memory.put(INTERRUPTS + 16 * 3, 0x31_0001n, high).put(INTERRUPTS + 16 * 5, 0x30_0011n, high);
    const { changes } = diffStates([a.unit], [b.unit]);
    expect(changes).toEqual([
      { path: 'dmar0/irq/3', field: 'vector', a: 0x30, b: 0x31 },
      { path: 'dmar0/irq/4', field: 'present', a: true, b: false },
      { path: 'dmar0/irq/4', field: 'vector', a: 0x30, b: null },
      { path: 'dmar0/irq/4', field: 'destination', a: 0, b: null },
      { path: 'dmar0/irq/4', field: 'source', a: BDF, b: null },
      { path: 'dmar0/irq/5', field: 'present', a: false, b: true },
      { path: 'dmar0/irq/5', field: 'vector', a: null, b: 0x30 },
      { path: 'dmar0/irq/5', field: 'destination', a: null, b: 0 },
      { path: 'dmar0/irq/5', field: 'source', a: null, b: BDF },
    ]);
    b.memory.forget(INTERRUPTS, 'failed');
    const lost = diffStates([a.unit], [b.unit]);
    expect(lost.changes).toEqual([]);
    expect(lost.missing.map(({ path }) => path)).toEqual(['dmar0/irq/3', 'dmar0/irq/4']);
  });

  test('registers where both states have them', () => {
    const words = (gsts: number) => new RegisterWords(new Map([[0x1c, gsts]]), 'file', false);
    const unit = (registers: RegisterWords): Unit => intelState({ facts: { registers } }).unit;
    const diff = (a: Unit, b: Unit) => diffStates([a], [b]).changes;
    expect(diff(unit(words(0xc000_0000)), unit(words(0x4000_0000)))).toEqual([
      { path: 'dmar0/registers/GSTS', field: 'TES', a: 1, b: 0 },
    ]);
    expect(diff(unit(words(0xc000_0000)), intelState().unit)).toEqual([]);
  });

  test('a register that can only be written is no reading, and no difference', () => {
    const unit = (gcmd: number): Unit =>
      intelState({
        facts: { registers: new RegisterWords(new Map([[0x18, gcmd]]), 'file', false) },
      }).unit;
    expect(diffStates([unit(0x8600_0000)], [unit(0)]).changes).toEqual([]);
  });

  test('an AMD-Vi entry that a kernel changed in place', () => {
    const state = (...entry: bigint[]): Unit => {
      const memory = new PageMemory();
      memory.put(amd.dteAddress(0x30), ...amd.dte({ Mode: 1, HostPageTableRoot: 0x11 }));
      memory.put(amd.dteAddress(amd.ID), ...entry);
      return amdUnit(amd.facts(), memory);
    };
    const own = amd.dte({ Mode: 1, HostPageTableRoot: 0x10, DomainID: 4 });
    const { changes } = diffStates([state(...own)], [state(3n, 0n, 0n, 0n)]);
    expect(changes).toEqual(
      expect.arrayContaining([
        { path: 'ivhd0/00:04.0', field: 'present', a: true, b: false },
        { path: 'ivhd0/00:04.0', field: 'domain', a: 4, b: 0 },
        { path: 'ivhd0/00:04.0', field: 'translation', a: 'v1', b: 'blocked' },
      ]),
    );
    const moved = amd.dte({ Mode: 1, HostPageTableRoot: 0x10, DomainID: 5 });
    expect(diffStates([state(...own)], [state(...moved)]).changes).toEqual([
      { path: 'ivhd0/00:04.0', field: 'domain', a: 4, b: 5 },
    ]);
  });

  test('AMD-Vi entries that are nobody’s are told in groups', () => {
    const state = (value: bigint): Unit => {
      const memory = new PageMemory();
      for (let id = 0; id < 8; id++) memory.put(amd.dteAddress(id), value, 0n, 0n, 0n);
      return amdUnit(amd.facts(), memory);
    };
    expect(diffStates([state(3n)], [state(1n)]).changes).toEqual([
      {
        path: 'ivhd0/devices (8 unused entries from 00:00.0)',
        field: 'raw',
        a: '0x3 0x0 0x0 0x0',
        b: '0x1 0x0 0x0 0x0',
      },
    ]);
  });
});

describe('mappings', () => {
  const device = (unit: Unit) => ({ unit, device: unit.devices().devices[0] });

  test('are compared page by page, whatever the sizes of leaves', () => {
    const leaves = fc.dictionary(
      fc.nat(40).map(String),
      fc.tuple(fc.nat(50), fc.constantFrom(1n, 2n, 3n)),
      { maxKeys: 40 },
    );
    fc.assert(
      fc.property(leaves, leaves, (left, right) => {
        const [a, b] = [left, right].map((entries) => {
          const { memory, unit } = intelState({ leaf: 0n });
          for (const [index, [pfn, rights]] of Object.entries(entries))
            memory.put(L1 + 8 * Number(index), (BigInt(pfn) << 12n) | rights);
          return unit;
        });
        const { added, removed, changed, unknown } = diffTables(device(a), device(b));
        const list = (of: typeof added): number[] =>
          of.ranges.flatMap(({ iova, pages }) =>
            Array.from({ length: pages }, (_, at) => iova + at),
          );
        const [has, had] = [right, left].map((each) => (index: number) => each[String(index)]);
        const indexes = Array.from({ length: 41 }, (_, index) => index);
        expect(list(added)).toEqual(indexes.filter((index) => has(index) && !had(index)));
        expect(list(removed)).toEqual(indexes.filter((index) => !has(index) && had(index)));
        expect(list(changed)).toEqual(
          indexes.filter(
            (index) => has(index) && had(index) && String(has(index)) !== String(had(index)),
          ),
        );
        expect(unknown.count).toBe(0);
        expect(added.pages).toBe(list(added).length);
      }),
    );
  });

  test('a large page and the small pages of the same memory are no difference', () => {
    const [large, small] = [intelState({ leaf: 0n }), intelState({ leaf: 0n })];
    large.memory.put(L2, 0x40_0083n);
    for (let index = 0; index < 512; index++)
      small.memory.put(L1 + 8 * index, 0x40_0003n + (BigInt(index) << 12n));
    const diff = diffTables(device(large.unit), device(small.unit));
    expect([diff.added.count, diff.removed.count, diff.changed.count]).toEqual([0, 0, 0]);
  });

  test('neighbours are one range, and what a changed one was stands beside it', () => {
    const [a, b] = [intelState({ leaf: 0n }), intelState({ leaf: 0n })];
    for (let index = 0; index < 8; index++) {
      a.memory.put(L1 + 8 * index, 0x10_0003n + (BigInt(index) << 12n));
      b.memory.put(L1 + 8 * index, 0x20_0001n + (BigInt(index) << 12n));
    }
    expect(diffTables(device(a.unit), device(b.unit)).changed).toMatchObject({
      count: 1,
      pages: 8,
      ranges: [{ iova: 0, pa: 0x200, pages: 8, rights: 1, was: { pa: 0x100, rights: 3 } }],
    });
  });

  test('where the other state lacks a table page, nothing was removed', () => {
    const [a, b] = [intelState(), intelState()];
    a.memory.put(L2 + 8, 0x13003n).put(0x13000, PA | 3n);
    b.memory.put(L2 + 8, 0n).forget(L1, 'excluded');
    const diff = diffTables(device(a.unit), device(b.unit));
    expect(diff.removed).toMatchObject({ count: 1, ranges: [{ iova: 512 }] });
    expect(diff.unknown).toMatchObject({ count: 1, ranges: [{ iova: 5 }] });
    b.memory.forget(L3, 'excluded');
    expect(diffTables(device(a.unit), device(b.unit))).toMatchObject({
      removed: { count: 0 },
      unknown: { count: 2 },
    });
  });

  test('a table that devices share is compared once', () => {
    const share = (memory: PageMemory): PageMemory =>
      memory.put(CONTEXTS + 16 * 0x18, ...context());
    const [a, b] = [intelState(), intelState({ leaf: 0n })];
    share(a.memory);
    share(b.memory);
    const { mappings } = diffStates([a.unit], [b.unit]);
    expect(mappings).toMatchObject([
      { path: `dmar0/${BDF}`, devices: [BDF, '00:03.0'], removed: { count: 1, pages: 1 } },
    ]);
  });
});
