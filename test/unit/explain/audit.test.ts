import { describe, expect, test } from 'vitest';
import { RULES } from '../../../core/explain/audit/audit.ts';
import { kernelPageTables } from '../../../core/explain/audit/kernel-tables.ts';
import { MappedFrames } from '../../../core/explain/audit/mapped-frames.ts';
import type { Outcome } from '../../../core/explain/audit/rule.ts';
import type { AuditFacts } from '../../../core/explain/audit/state.ts';
import { auditState } from '../../../core/explain/audit/sweep.ts';
import { Intervals } from '../../../core/explain/mappings/intervals.ts';
import type { UnitFacts } from '../../../core/iommu/facts.ts';
import * as amd from '../amdvi/tables.ts';
import {
  CONTEXTS,
  ID,
  INTERRUPTS,
  IOVA,
  L1,
  L3,
  PA,
  PageMemory,
  ROOT,
  addDevice,
  context,
  intelFacts,
  intelState,
} from './state.ts';

type Prepare = (memory: PageMemory) => void;

interface AuditCase {
  readonly facts?: Partial<AuditFacts>;
  readonly unit?: Parameters<typeof intelFacts>[0];
  readonly prepare?: Prepare;
}

function check(
  id: string,
  facts: readonly UnitFacts[],
  memory: PageMemory,
  about: AuditFacts,
): Outcome {
  const rule = RULES.find((each) => each.id === id)!;
  return rule.check(auditState(facts, memory, about));
}

function intel(id: string, { facts, unit, prepare }: AuditCase = {}): Outcome {
  const { memory } = intelState();
  prepare?.(memory);
  return check(id, [intelFacts(unit)], memory, { map: {}, ...facts });
}

const frames = (from: bigint, to: bigint): Intervals =>
  new Intervals([{ from: Number(from >> 12n), to: Number(to >> 12n) }]);
/** A range of frames that holds what the one mapping maps, and one right behind it. */
const AT = frames(PA, PA + 0x1000n);
const BEHIND = frames(PA + 0x1000n, PA + 0x2000n);
const region = {
  kind: 'RMRR' as const,
  segment: 0,
  start: 0xe000n,
  end: 0xefffn,
  devices: [{ first: ID, last: ID }],
  rights: 3,
  from: 'DMAR',
};
const leaf =
  (iova: bigint, entry: bigint): Prepare =>
  (memory) =>
    void memory.put(L1 + 8 * Number(iova >> 12n), entry);

/** Of each rule: a state that breaks it, and states that almost do. */
const CASES: Readonly<Record<string, { broken: AuditCase; sound: readonly AuditCase[] }>> = {
  'crash-memory': {
    broken: { facts: { map: { reserved: AT } } },
    sound: [
      { facts: { map: { reserved: BEHIND } } },
      // Tables in the reserved memory are the crash kernel's own.
      {
        facts: {
          map: { reserved: new Intervals([...AT, { from: L3 >> 12, to: (L3 >> 12) + 1 }]) },
        },
      },
    ],
  },
  'kernel-text': {
    broken: { facts: { map: { kernelText: AT } } },
    sound: [{ facts: { map: { kernelText: BEHIND } } }],
  },
  'kernel-page-tables': {
    broken: { facts: { map: { kernelTables: AT } } },
    sound: [{ facts: { map: { kernelTables: BEHIND } } }],
  },
  'iommu-tables': {
    broken: { prepare: leaf(0x7000n, BigInt(L3) | 3n) },
    sound: [{}, { prepare: leaf(0x7000n, BigInt(L3) - 0x1000n + 3n) }],
  },
  'memory-not-there': {
    broken: { facts: { map: { everything: frames(0n, PA) } } },
    sound: [{ facts: { map: { everything: frames(0n, PA + 0x1000n) } } }],
  },
  'identity-map': {
    broken: { prepare: leaf(0x1_2000n, 0x1_2003n) },
    sound: [
      { prepare: leaf(0x1_2000n, 0x1_3003n) },
      { prepare: leaf(0xe000n, 0xe003n), facts: { regions: [region] } },
    ],
  },
  'firmware-regions': {
    broken: { facts: { regions: [region] } },
    sound: [
      { facts: { regions: [region] }, prepare: leaf(0xe000n, 0xe003n) },
      { facts: { regions: [{ ...region, devices: [{ first: 9, last: 9 }] }] } },
    ],
  },
  'tables-shared': {
    broken: {
      prepare(memory) {
        addDevice(memory, 0x18, 0x40000, []);
        // Its middle table points into the other domain's.
        memory.put(0x41000, BigInt(L1) | 3n);
      },
    },
    sound: [{ prepare: (memory) => addDevice(memory, 0x18, 0x40000, [[0x1000n, PA | 3n]]) }],
  },
  'tables-looped': {
    broken: { prepare: (memory) => void memory.put(L3 + 8, BigInt(L3) | 3n) },
    sound: [{}],
  },
  'reserved-bits': {
    broken: { prepare: (memory) => void memory.put(L3, BigInt(0x11000) | 3n | (1n << 62n)) },
    sound: [{}, { prepare: leaf(0x7000n, PA | 3n | (1n << 55n)) }],
  },
  'field-values': {
    broken: { prepare: (memory) => void memory.put(CONTEXTS + 16 * ID, ...context({ AW: 3 })) },
    sound: [{}],
  },
  'domain-id-collision': {
    broken: { prepare: (memory) => addDevice(memory, 0x18, 0x40000, [], { DID: 7 }) },
    sound: [
      { prepare: (memory) => addDevice(memory, 0x18, 0x40000, []) },
      // Two devices of one domain.
      { prepare: (memory) => void memory.put(CONTEXTS + 16 * 0x18, ...context()) },
    ],
  },
  'interrupt-table-length': {
    broken: { unit: { interrupts: { table: BigInt(INTERRUPTS), capacity: 256, extended: false } } },
    sound: [{}],
  },
  'x2apic-mode': {
    broken: {
      prepare: (memory) => void memory.put(INTERRUPTS, 0x30_0001n | (0x1_0001n << 32n), 0n),
    },
    sound: [
      { prepare: (memory) => void memory.put(INTERRUPTS, 0x30_0001n | (0xff00n << 32n), 0n) },
      {
        unit: { interrupts: { table: BigInt(INTERRUPTS), capacity: 65_536, extended: true } },
        prepare: (memory) => void memory.put(INTERRUPTS, 0x30_0001n | (0x1_0001n << 32n), 0n),
      },
    ],
  },
  'mapped-without-driver': {
    broken: {
      facts: { functions: [{ segment: 0, id: ID, vendor: 1, device: 2, driver: undefined }] },
    },
    sound: [
      { facts: { functions: [{ segment: 0, id: ID, vendor: 1, device: 2, driver: 'e1000' }] } },
    ],
  },
};

describe('rules on VT-d states', () => {
  test.each(Object.entries(CASES))('%s', (id, { broken, sound }) => {
    const found = intel(id, broken);
    expect(found.outcome).toBe('found');
    if (found.outcome === 'skipped') return;
    for (const hit of found.hits) {
      expect(hit.at).toMatch(/^dmar0/);
      expect(hit.text.length).toBeGreaterThan(20);
    }
    for (const near of sound) expect(intel(id, near).outcome).toBe('passed');
  });

  test('every rule has an id of its own, a reason and a source', () => {
    expect(new Set(RULES.map(({ id }) => id)).size).toBe(RULES.length);
    for (const { why, source, title } of RULES)
      expect(Math.min(why.length, source.length, title.length)).toBeGreaterThan(15);
    const others = ['device-table-above-4g', 'upper-half-bus'];
    expect(RULES.map(({ id }) => id).sort()).toEqual([...Object.keys(CASES), ...others].sort());
  });

  test('evidence of a mapping says from where to where', () => {
    const found = intel('crash-memory', CASES['crash-memory'].broken);
    expect(found).toMatchObject({
      hits: [
        {
          at: 'dmar0/00:02.0',
          text: '00:02.0 may read and write 4 KiB of the memory reserved for the crash kernel.',
          evidence: [{ address: PA, meaning: '0x5000–0x5fff → 0x800000–0x800fff rw' }],
        },
      ],
    });
  });

  test.each(['crash-memory', 'kernel-text', 'memory-not-there', 'firmware-regions'])(
    '%s is skipped, with what it needs, when nobody knows',
    (id) => {
      const outcome = intel(id);
      expect(outcome.outcome).toBe('skipped');
    },
  );

  test('a table page that is missing is a gap of the rules that look at mappings', () => {
    const outcome = intel('crash-memory', {
      facts: { map: { reserved: AT } },
      prepare: (memory) => memory.forget(L1, 'excluded'),
    });
    expect(outcome).toMatchObject({ outcome: 'passed', hits: [] });
    expect(outcome.outcome === 'passed' && outcome.gaps.join()).toContain('0x12000');
  });

  test.each([
    ['the crash kernel has a driver for it', new Map([['00:02.0', 'e1000']]), 'passed'],
    ['it has drivers for others only', new Map([['00:03.0', 'nvme']]), 'found'],
    ['no driver spoke at all: nothing is known', new Map<string, string>(), 'passed'],
  ])('mapped in the first kernel, and %s', (_name, crashDrivers, expected) => {
    const functions = [{ segment: 0, id: ID, vendor: 1, device: 2, driver: 'e1000' }];
    const outcome = intel('mapped-without-driver', { facts: { functions, crashDrivers } });
    expect(outcome.outcome).toBe(expected);
    if (outcome.outcome === 'found')
      expect(outcome.hits[0].text).toMatch(/no driver of the crash kernel .* e1000 held it before/);
  });

  test('without a list of devices the crash kernel’s log decides alone', () => {
    const run = (bdf: string): string =>
      intel('mapped-without-driver', { facts: { crashDrivers: new Map([[bdf, 'nvme']]) } }).outcome;
    expect(run('00:02.0')).toBe('passed');
    expect(run('00:03.0')).toBe('found');
  });

  test('hits are bounded', () => {
    const outcome = intel('x2apic-mode', {
      prepare: (memory) => {
        for (let index = 0; index < 5000; index++)
          memory.put(INTERRUPTS + 16 * index, 0x30_0001n | (0x1_0001n << 32n), 0n);
      },
    });
    expect(outcome.outcome === 'found' && outcome.hits[0].evidence.length).toBe(8);
  });
});

describe('scalable mode', () => {
  test('a bus with only the upper half is told', () => {
    const outcome = (low: bigint, high: bigint): string => {
      const memory = new PageMemory();
      memory.put(ROOT, low, high);
      memory.put(0x3000, 0x4001n, 0n, 0n, 0n);
      memory.put(0x4000, 0x5001n);
      memory.put(0x5000, 0x41n, 9n, 0x6000n, 0n);
      return check('upper-half-bus', [intelFacts({ mode: 'scalable' })], memory, { map: {} })
        .outcome;
    };
    expect(outcome(0n, 0x3001n)).toBe('found');
    expect(outcome(0x3001n, 0n)).toBe('passed');
    expect(outcome(0x3001n, 0x3001n)).toBe('passed');
  });
});

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

test('frames that are mapped are remembered, small and large', () => {
  const mapped = new MappedFrames();
  mapped.add(5, 2);
  mapped.add(1 << 20, 512);
  mapped.add(2 ** 39, 1);
  const at = [4, 5, 6, 7, (1 << 20) - 1, 1 << 20, (1 << 20) + 511, (1 << 20) + 512, 2 ** 39];
  expect(at.map((frame) => mapped.has(frame))).toEqual([
    false,
    true,
    true,
    false,
    false,
    true,
    true,
    false,
    true,
  ]);
});

test("the kernel's page tables are found from their root, the lower half left out", () => {
  const memory = new PageMemory();
  memory.put(0x1000, 0x9003n).put(0x1000 + 8 * 511, 0x2003n);
  memory.put(0x2000, 0x3003n, 0x2003n);
  memory.put(0x3000, 0x4003n, 0x80_0083n);
  memory.put(0x4000, 0x5003n);
  const found = kernelPageTables(memory, 0x1000n, 4);
  expect([...found]).toEqual([{ from: 1, to: 5 }]);
});

test('a device whose page tables hold the reserved mapping twice is told once', () => {
  const outcome = intel('crash-memory', {
    facts: { map: { reserved: AT } },
    prepare: (memory) => {
      leaf(0x9000n, PA | 1n)(memory);
      memory.put(CONTEXTS + 16 * 0x18, ...context());
    },
  });
  expect(outcome).toMatchObject({ outcome: 'found', hits: [{ at: 'dmar0/00:02.0' }] });
  expect(outcome.outcome === 'found' && outcome.hits[0].text).toContain('00:02.0, 00:03.0');
  expect(outcome.outcome === 'found' && outcome.hits[0].evidence).toHaveLength(2);
  expect(IOVA).toBe(0x5000n);
});
