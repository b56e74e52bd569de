import { describe, expect, test } from 'vitest';
import { RULES } from '../../../core/explain/audit/audit.ts';
import { Intervals } from '../../../core/explain/mappings/intervals.ts';
import {
  CONTEXTS,
  ID,
  INTERRUPTS,
  L1,
  L3,
  PA,
  PageMemory,
  ROOT,
  addDevice,
  context,
  intelFacts,
} from './state.ts';
import { type AuditCase, check, intel, frames, AT, BEHIND, region, leaf } from './audit-check.ts';

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
    expect(found.hits.length).toBeGreaterThan(0);
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
