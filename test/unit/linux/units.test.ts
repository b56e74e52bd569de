import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AmdFacts, IntelFacts } from '../../../core/iommu/facts.ts';
import {
  AMD_GENERATIONS,
  amdKernel,
  INTEL_GENERATIONS,
  intelKernel,
} from '../../support/linux/iommu-kernels.ts';
import { WholeKernel } from '../../support/linux/whole-kernel.ts';

/** An order of members from random numbers. */
const shuffleBy =
  (numbers: readonly number[]) =>
  <T>(members: T[]): T[] =>
    members
      .map((member, i) => ({ member, key: numbers[i % numbers.length] * 31 + i }))
      .sort((a, b) => (a.key % 17) - (b.key % 17) || a.key - b.key)
      .map(({ member }) => member);
const orders = fc.array(fc.nat(1000), { minLength: 5, maxLength: 20 }).map(shuffleBy);

describe.each(INTEL_GENERATIONS)('VT-d units, $name', (generation) => {
  test('facts by member name, whatever the order of members', () => {
    fc.assert(
      fc.property(orders, (shuffle) => {
        const { made, root, table, queue } = intelKernel(generation, { shuffle });
        const kernel = made.open();
        const units = kernel.units() as IntelFacts[];
        expect(units.map(({ name, base, segment }) => ({ name, base, segment }))).toEqual([
          { name: 'dmar0', base: 0xfed90000n, segment: 0 },
          { name: 'dmar1', base: 0xfed91000n, segment: 1 },
        ]);
        expect(units[0]).toMatchObject({
          rootTable: root,
          mode: 'legacy',
          translationEnabled: true,
          interrupts: table === undefined ? undefined : { table, capacity: 65536, extended: true },
          queue: { base: queue, length: 4096, descriptor: 16, tail: 52 * 16 },
        });
        expect(kernel.incomplete).toEqual([]);
      }),
      { numRuns: 10 },
    );
  });

  test('a unit that the kernel ignores is told', () => {
    const { made } = intelKernel(generation);
    const kernel = made.open();
    kernel.units();
    expect(kernel.findings.map((finding) => [finding.id, finding.text])).toEqual([
      ['unit-unused', expect.stringMatching(/0xfed92000, which it ignores/)],
    ]);
  });

  test('scalable mode needs the variable and the capability', () => {
    const { made } = intelKernel(generation, { scalable: true });
    const [unit] = made.open().units() as IntelFacts[];
    expect(unit.mode).toBe(generation.scalableVariable ? 'scalable' : 'legacy');
    expect(unit.queue?.descriptor).toBe(generation.wideDescriptors ? 32 : 16);
  });
});

describe.each(AMD_GENERATIONS)('AMD-Vi units, $name', (generation) => {
  test('facts by member name, whatever the order of members', () => {
    fc.assert(
      fc.property(orders, (shuffle) => {
        const { made, table, commands, events } = amdKernel(generation, { shuffle });
        const kernel = made.open();
        const units = kernel.units() as AmdFacts[];
        expect(units).toMatchObject([
          {
            name: 'ivhd0',
            segment: 0,
            base: 0xfed80000n,
            extendedFeatures: 0x29d3n,
            deviceTable: table,
            capacity: 65536,
            interruptFormat: 128,
            commandBuffer: { base: commands, tail: 0x1430, head: undefined },
            eventLog: { base: events },
            pprLog: undefined,
          },
        ]);
        expect(kernel.incomplete).toEqual([]);
      }),
      { numRuns: 10 },
    );
  });

  test.each([
    [0n, 32],
    [1n, 128],
    [2n, 128],
  ] as const)('amd_iommu_guest_ir %i: entries of %i bits', (guestMode, bits) => {
    const [unit] = amdKernel(generation, { guestMode }).made.open().units() as AmdFacts[];
    expect(unit.interruptFormat).toBe(bits);
  });

  test('with SME the C-bit is told, and is no part of addresses that were walked', () => {
    const smeMask = 1n << 47n;
    const { made, table } = amdKernel(generation, { smeMask });
    const [unit] = made.open().units() as AmdFacts[];
    expect(unit).toMatchObject({ smeMask, deviceTable: table });
  });
});

describe('what is missing is said', () => {
  test('a kernel without the lists, and one whose lists are empty', () => {
    const without = new WholeKernel().open();
    expect(without.units()).toEqual([]);
    expect(without.findings.map((each) => each.text)).toEqual([
      expect.stringContaining('name none of the lists'),
    ]);
    const empty = new WholeKernel();
    empty.struct('dmar_drhd_unit', { list: 'struct list_head', iommu: 'pointer' });
    empty.list(empty.global('dmar_drhd_units', 'list_head'), 'dmar_drhd_unit', 'list', []);
    const kernel = empty.open();
    expect(kernel.units()).toEqual([]);
    expect(kernel.findings.map((each) => each.id)).toEqual(['no-unit']);
  });

  test('a kernel without BTF: the log is still there, the units are not', () => {
    const { made } = intelKernel(INTEL_GENERATIONS[1]);
    const kernel = made.open();
    made.kernel.memory.lose(made.kernel.physical(made.kernel.stext + 0x1300000n));
    expect(kernel.units()).toEqual([]);
    expect(kernel.incomplete.map((each) => each.text).join(' ')).toContain('(BTF) is not readable');
  });

  test("a unit's own page: its facts are unknown, the other units stay", () => {
    const { made } = intelKernel(INTEL_GENERATIONS[1]);
    const kernel = made.open();
    const context = kernel.context()!;
    const head = context.symbols.address('dmar_drhd_units')!;
    expect(kernel.memory.u64(head)).toBeDefined();
    // Objects stand side by side on one page here; losing it loses the list as well.
    made.kernel.memory.lose(made.kernel.physical(head));
    const again = made.open();
    expect(again.units()).toEqual([]);
    expect(again.incomplete[0].address).toBe(made.kernel.physical(head) & ~0xfffn);
  });

  test('a table pointer that leads nowhere: undefined and a finding, not an address', () => {
    const { made } = intelKernel(INTEL_GENERATIONS[1]);
    made.struct('unused', { a: 'u8' });
    const kernel = made.open();
    const { address } = kernel.kernelUnits()[0];
    made.set('intel_iommu', address, 'root_entry', 0xff11fffffffff000n);
    const [unit] = made.open().units() as IntelFacts[];
    expect(unit.rootTable).toBeUndefined();
  });

  test('an IOMMU of another kind is told by name', () => {
    const { made } = amdKernel(AMD_GENERATIONS[2]);
    made.struct('kobject', { name: 'pointer' });
    made.struct('device', { kobj: 'struct kobject' });
    const kernel = made.open();
    const [unit] = kernel.kernelUnits();
    const device = made.object('device', { 'kobj.name': 'viommu0' });
    const other = made.object('iommu_device', { dev: device });
    const head = kernel.symbols()!.address('iommu_device_list')!;
    made.list(head, 'iommu_device', 'list', [unit.deviceAddress!, other]);
    const again = made.open();
    expect(again.units()).toHaveLength(1);
    expect(again.findings.map((each) => each.text)).toEqual([expect.stringContaining('viommu0')]);
  });
});
