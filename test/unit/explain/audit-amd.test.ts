import { describe, expect, test } from 'vitest';
import type { AuditFacts } from '../../../core/explain/audit/state.ts';
import * as amd from '../amdvi/tables.ts';
import { PA, PageMemory } from './state.ts';
import { type Prepare, check, frames, AT, BEHIND, region } from './audit-check.ts';

describe('rules on AMD-Vi states', () => {
  const state = (values: Parameters<typeof amd.dte>[0], facts = amd.facts()) => {
    const memory = new PageMemory(0x200000);
    const table = Number(facts.deviceTable!);
    memory.put(table + 32 * amd.ID, ...amd.dte({ Mode: 1, HostPageTableRoot: 0x10, ...values }));
    return (id: string) => check(id, [facts], memory, { map: {} }).outcome;
  };

  test('a device table above 4 GiB', () => {
    const at = (deviceTable: bigint) =>
      state({}, { ...amd.facts(), deviceTable })('device-table-above-4g');
    expect(at(1n << 32n)).toBe('found');
    expect(at((1n << 32n) - 0x2000n)).toBe('passed');
  });

  test.each([
    [9, 2, 'passed'],
    [11, 2, 'passed'],
    [4, 2, 'found'],
    [9, 1, 'found'],
    [0, 0, 'passed'],
  ])('IntTabLen %i, IntCtl %i: %s', (IntTabLen, IntCtl, expected) => {
    const outcome = state({ IV: 1, IntTabLen, IntCtl, IntTabRoot: 0x40 });
    expect(outcome('interrupt-table-length')).toBe(expected);
  });

  /** One device with a two-level table, which maps one page, and room for a second device. */
  const A2 = 0x20000;
  const A1 = 0x21000;
  const machine = (prepare: Prepare, values: Parameters<typeof amd.dte>[0] = {}): PageMemory => {
    const memory = new PageMemory();
    const own = { Mode: 2, HostPageTableRoot: A2 >> 12, DomainID: 5, ...values };
    memory.put(amd.dteAddress(amd.ID), ...amd.dte(own));
    memory.put(A2, amd.host(A1, 1));
    memory.put(A1 + 8 * 5, amd.host(PA));
    prepare(memory);
    return memory;
  };
  const second = (memory: PageMemory, root: number, domain: number): void =>
    void memory.put(
      amd.dteAddress(0x28),
      ...amd.dte({ Mode: 2, HostPageTableRoot: root >> 12, DomainID: domain }),
    );
  const page =
    (frame: number, entry: bigint): Prepare =>
    (memory) =>
      void memory.put(A1 + 8 * frame, entry);
  const nothing: Prepare = () => {};
  const unity = { ...region, kind: 'IVMD' as const, devices: [{ first: amd.ID, last: amd.ID }] };
  const bound = (driver: string | undefined): Partial<AuditFacts> => ({
    functions: [{ segment: 0, id: amd.ID, vendor: 1, device: 2, driver }],
  });

  test.each<[string, Partial<AuditFacts>, Prepare, Partial<AuditFacts>, Prepare]>([
    ['crash-memory', { map: { reserved: AT } }, nothing, { map: { reserved: BEHIND } }, nothing],
    ['kernel-text', { map: { kernelText: AT } }, nothing, { map: { kernelText: BEHIND } }, nothing],
    [
      'kernel-page-tables',
      { map: { kernelTables: AT } },
      nothing,
      { map: { kernelTables: BEHIND } },
      nothing,
    ],
    [
      'memory-not-there',
      { map: { everything: frames(0n, PA) } },
      nothing,
      { map: { everything: frames(0n, PA + 0x1000n) } },
      nothing,
    ],
    ['iommu-tables', {}, page(7, amd.host(A1)), {}, page(7, amd.host(A1 + 0x1000))],
    ['iommu-tables', {}, page(7, amd.host(amd.DEVICE_TABLE)), {}, page(7, amd.host(0x5000))],
    ['identity-map', {}, page(0x12, amd.host(0x1_2000)), {}, page(0x12, amd.host(0x1_3000))],
    [
      'firmware-regions',
      { regions: [unity] },
      nothing,
      { regions: [unity] },
      page(0xe, amd.host(0xe000)),
    ],
    [
      'tables-shared',
      {},
      (memory) => {
        second(memory, 0x30000, 6);
        memory.put(0x30000, amd.host(A1, 1));
      },
      {},
      (memory) => {
        second(memory, 0x30000, 6);
        memory.put(0x30000, amd.host(0x31000, 1));
      },
    ],
    [
      'tables-looped',
      {},
      (memory) => void memory.put(A2, amd.host(A2, 1)),
      {},
      (memory) => void memory.put(A2 + 8, amd.host(0x31000, 1)),
    ],
    [
      'reserved-bits',
      {},
      (memory) => void memory.put(A2 + 8, amd.host(0x31000, 1) | (1n << 58n)),
      {},
      page(7, amd.host(0x9000)),
    ],
    ['mapped-without-driver', bound(undefined), nothing, bound('nvme'), nothing],
  ])('%s fires, and is silent on its near miss', (id, broken, prepare, sound, near) => {
    const run = (facts: Partial<AuditFacts>, made: Prepare): string =>
      check(id, [amd.facts()], machine(made), { map: {}, ...facts }).outcome;
    expect(run(broken, prepare)).toBe('found');
    expect(run(sound, near)).toBe('passed');
  });

  test('a domain with one table and two IDs, and an illegal mode', () => {
    const of = (id: string, made: Prepare, values = {}): string =>
      check(id, [amd.facts()], machine(made, values), { map: {} }).outcome;
    expect(of('tables-shared', (memory) => second(memory, A2, 6))).toBe('found');
    expect(of('tables-shared', (memory) => second(memory, A2, 5))).toBe('passed');
    expect(of('field-values', nothing, { Mode: 7 })).toBe('found');
    expect(of('field-values', nothing)).toBe('passed');
  });

  test.each([
    ['a destination of 8 bits in xAPIC mode', 0xff01n, 0x30n, 0n, 'passed'],
    ['one of 16 bits', 0x01_0001n, 0x30n, 0n, 'found'],
    ['one in the top byte', 0x0101n, 0x0100_0000_0000_0030n, 0n, 'found'],
    ['the same in x2APIC mode', 0x01_0001n, 0x30n, (1n << 50n) | (1n << 28n), 'passed'],
  ])('%s', (_name, low, high, control, expected) => {
    const memory = machine((each) => void each.put(0x50000, low, high), {
      IV: 1,
      IntCtl: 2,
      IntTabLen: 9,
      IntTabRoot: 0x50000 >> 6,
    });
    const facts = amd.facts({ control });
    expect(check('x2apic-mode', [facts], memory, { map: {} }).outcome).toBe(expected);
  });

  test('interrupt tables of different lengths, device tables that are not shared', () => {
    const length = (other: number): string => {
      const memory = machine(
        (each) =>
          void each.put(
            amd.dteAddress(0x28),
            ...amd.dte({ DomainID: 6, IV: 1, IntCtl: 2, IntTabLen: other, IntTabRoot: 0x41 }),
          ),
        { IV: 1, IntCtl: 2, IntTabLen: 9, IntTabRoot: 0x40 },
      );
      return check('interrupt-table-length', [amd.facts()], memory, { map: {} }).outcome;
    };
    expect(length(11)).toBe('found');
    expect(length(9)).toBe('passed');
    const place = (deviceTable: bigint): string =>
      check(
        'device-table-above-4g',
        [amd.facts(), { ...amd.facts(), name: 'ivhd1', deviceTable }],
        machine(nothing),
        { map: {} },
      ).outcome;
    expect(place(0x8000n)).toBe('found');
    expect(place(BigInt(amd.DEVICE_TABLE))).toBe('passed');
  });

  test('XTEn without GAEn', () => {
    const mode = (control: bigint) => state({}, amd.facts({ control }))('x2apic-mode');
    expect(mode(1n << 50n)).toBe('found');
    expect(mode((1n << 50n) | (1n << 28n))).toBe('passed');
    expect(mode(0n)).toBe('passed');
  });

  test('a collision of domain IDs', () => {
    const memory = new PageMemory();
    const put = (id: number, root: number, domain: number) =>
      memory.put(
        amd.dteAddress(id),
        ...amd.dte({ Mode: 1, HostPageTableRoot: root, DomainID: domain }),
      );
    put(0x20, 0x10, 5);
    put(0x28, 0x11, 6);
    expect(check('domain-id-collision', [amd.facts()], memory, { map: {} }).outcome).toBe('passed');
    put(0x28, 0x11, 5);
    expect(check('domain-id-collision', [amd.facts()], memory, { map: {} }).outcome).toBe('found');
  });
});
