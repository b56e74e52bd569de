/** What the hardware says of one request in legacy mode, rule by rule (VT-d §3.4, §3.7, §7.1.3). */
import { describe, expect, test } from 'vitest';
import type { Refusal } from './bench-unit.ts';
import { Bench, CONTEXTS, LEVEL, ROOT, WRITE } from './bench-unit.ts';

const sound = (): Bench => new Bench().legacy().chain(4, 3n).put(LEVEL[1], 0x20_0003n);

describe('legacy mode, what passes', () => {
  test('four levels to a page of 4 KiB, each step told', () => {
    const walked = sound().walk(0x123n);
    expect(walked).toMatchObject({
      result: 'translated',
      pa: 0x20_0123n,
      size: 4096n,
      rights: 3,
      untranslated: false,
    });
    expect(
      walked.steps.map(({ what, index, table, outcome }) => [what, index, table, outcome]),
    ).toEqual([
      ['root entry', 2, ROOT, 'next'],
      ['context entry', 0, CONTEXTS, 'next'],
      ['L4 entry', 0, LEVEL[4], 'next'],
      ['L3 entry', 0, LEVEL[3], 'next'],
      ['L2 entry', 0, LEVEL[2], 'next'],
      ['L1 entry', 0, LEVEL[1], 'leaf'],
    ]);
    expect(walked.steps.map(({ entry }) => entry?.path)).toEqual([
      'dmar0/bus.02',
      'dmar0/02:00.0/context',
      'dmar0/02:00.0/L4[0]',
      'dmar0/02:00.0/L4[0]/L3[0]',
      'dmar0/02:00.0/L4[0]/L3[0]/L2[0]',
      'dmar0/02:00.0/L4[0]/L3[0]/L2[0]/L1[0]',
    ]);
  });

  test.each([
    { levels: 3, aw: 1, address: 0x7f_ffff_f000n },
    { levels: 4, aw: 2, address: 0xffff_ffff_f000n },
    { levels: 5, aw: 3, address: 0x1ff_ffff_ffff_f000n },
  ])('$levels levels (AW = $aw) to the last page of their width', ({ levels, aw, address }) => {
    const bench = new Bench().legacy({ AW: aw, SSPTPTR: LEVEL[levels] >> 12n });
    for (let level = levels; level > 1; level--)
      bench.put(LEVEL[level] + 8n * 511n, LEVEL[level - 1] | 3n);
    bench.put(LEVEL[1] + 8n * 511n, 0x30_0003n);
    expect(bench.walk(address)).toMatchObject({ result: 'translated', pa: 0x30_0000n });
  });

  test('a page of 2 MiB, and one of 1 GiB', () => {
    const large = new Bench().legacy().chain(4, 3n).put(LEVEL[2], 0x4020_0083n);
    expect(large.walk(0x12_3456n)).toMatchObject({ pa: 0x4032_3456n, size: 0x20_0000n });
    const huge = new Bench().legacy().chain(4, 3n).put(LEVEL[3], 0x1_4000_0083n);
    expect(huge.walk(0x3333_4444n)).toMatchObject({ pa: 0x1_7333_4444n, size: 0x4000_0000n });
  });

  test('rights are those that all levels give', () => {
    const bench = new Bench()
      .legacy()
      .chain(4, 3n)
      .put(LEVEL[3], LEVEL[2] | 1n);
    bench.put(LEVEL[1], 0x20_0003n);
    expect(bench.walk(0n)).toMatchObject({ result: 'translated', rights: 1 });
  });

  test('pass-through (TT = 10b) leaves the address as it is', () => {
    expect(new Bench().legacy({ TT: 2 }).walk(0x1234_5678n)).toMatchObject({
      result: 'translated',
      pa: 0x1234_5678n,
      untranslated: true,
    });
  });

  test('with translation off, nothing is looked at', () => {
    const bench = sound();
    bench.facts = { ...bench.facts, translationEnabled: false };
    expect(bench.walk(0x5000n)).toMatchObject({ pa: 0x5000n, untranslated: true, steps: [] });
  });

  test('a write to the interrupt address range is an interrupt, not DMA', () => {
    expect(sound().walk(0xfee0_1004n, WRITE)).toMatchObject({ untranslated: true });
  });
});

const LEGACY: readonly Refusal[] = [
  { name: 'no root entry', make: () => new Bench(), reason: 0x01 },
  {
    name: 'no context entry',
    make: () => sound().put(CONTEXTS, 0n, 0n),
    reason: 0x02,
  },
  {
    name: 'AW that SAGAW lacks',
    make: () => sound().legacy({ AW: 4 }),
    reason: 0x03,
  },
  { name: 'TT = 11b', make: () => sound().legacy({ TT: 3 }), reason: 0x03 },
  {
    name: 'pass-through that ECAP.PT lacks',
    make: () => {
      const bench = sound().legacy({ TT: 2 });
      bench.facts = { ...bench.facts, ecap: bench.facts.ecap! & ~(1n << 6n) };
      return bench;
    },
    reason: 0x03,
  },
  {
    name: 'Device-TLB that ECAP.DT lacks',
    make: () => {
      const bench = sound().legacy({ TT: 1 });
      bench.facts = { ...bench.facts, ecap: bench.facts.ecap! & ~(1n << 2n) };
      return bench;
    },
    reason: 0x03,
  },
  { name: 'beyond the width of the page table', make: sound, address: 1n << 48n, reason: 0x04 },
  {
    name: 'beyond MGAW, inside AW',
    make: () => {
      const bench = sound();
      bench.facts = { ...bench.facts, cap: (bench.facts.cap! & ~(0x3fn << 16n)) | (38n << 16n) };
      return bench;
    },
    address: 1n << 39n,
    reason: 0x04,
  },
  {
    name: 'write without W at the leaf',
    make: () => sound().put(LEVEL[1], 0x20_0001n),
    request: WRITE,
    reason: 0x05,
  },
  {
    name: 'write without W at a table',
    make: () => sound().put(LEVEL[3], LEVEL[2] | 1n),
    request: WRITE,
    reason: 0x05,
  },
  {
    name: 'write of a page that is not mapped',
    make: sound,
    address: 0x1000n,
    request: WRITE,
    reason: 0x05,
  },
  { name: 'read of a page that is not mapped', make: sound, address: 0x1000n, reason: 0x06 },
  { name: 'read without R', make: () => sound().put(LEVEL[1], 0x20_0002n), reason: 0x06 },
  {
    name: 'root entry: bit 1',
    make: () => sound().put(ROOT + 32n, CONTEXTS | 3n),
    reason: 0x0a,
  },
  {
    name: 'root entry: upper half',
    make: () => sound().put(ROOT + 32n, CONTEXTS | 1n, 1n),
    reason: 0x0a,
  },
  {
    name: 'root entry: pointer beyond the host address width',
    make: () => sound().put(ROOT + 32n, CONTEXTS | 1n | (1n << 46n)),
    reason: 0x0a,
  },
  {
    name: 'context entry: bit 4',
    make: () => sound().put(CONTEXTS, LEVEL[4] | 0x11n),
    reason: 0x0b,
  },
  {
    name: 'context entry: bit 71',
    make: () => sound().put(CONTEXTS + 8n, 0xa82n),
    reason: 0x0b,
  },
  {
    name: 'page table: address beyond the host address width',
    make: () => sound().put(LEVEL[1], 3n | (1n << 46n)),
    reason: 0x0c,
  },
  {
    name: 'page table: PS at level 4',
    make: () => sound().put(LEVEL[4], LEVEL[3] | 0x83n),
    reason: 0x0c,
  },
  {
    name: 'page table: bit 11 of a table entry',
    make: () => sound().put(LEVEL[2], LEVEL[1] | 0x803n),
    reason: 0x0c,
  },
  { name: '2 MiB page: bit 12', make: () => sound().put(LEVEL[2], 0x4020_1083n), reason: 0x0c },
  {
    name: '1 GiB page that SSLPS lacks',
    make: () => {
      const bench = sound().put(LEVEL[3], 0x4000_0083n);
      bench.facts = { ...bench.facts, cap: bench.facts.cap! & ~(1n << 35n) };
      return bench;
    },
    reason: 0x0c,
  },
  {
    name: 'SNP that ECAP.SC lacks',
    make: () => {
      const bench = sound().put(LEVEL[1], 0x20_0803n);
      bench.facts = { ...bench.facts, ecap: bench.facts.ecap! & ~(1n << 7n) };
      return bench;
    },
    reason: 0x0c,
  },
  {
    name: 'a page inside the interrupt address range',
    make: () => sound().put(LEVEL[1], 0xfee0_0003n),
    reason: 0x0e,
  },
  {
    name: 'a read of the interrupt address range',
    make: sound,
    address: 0xfee0_0000n,
    reason: 0x29,
  },
  { name: 'a PASID', make: sound, request: { pasid: 1 }, reason: 0x31 },
];

describe('legacy mode, what is refused', () => {
  test.each(LEGACY)('$name: $reason', ({ make, address = 0n, request, reason }) => {
    expect(make().walk(address, request)).toMatchObject({ result: 'fault', reason });
  });

  test('rights are judged before reserved bits of the same entry', () => {
    const bench = sound().put(LEVEL[1], 2n | (1n << 46n));
    expect(bench.walk(0n)).toMatchObject({ reason: 0x06 });
    expect(bench.walk(0n, WRITE)).toMatchObject({ reason: 0x0c });
  });

  test('with FPD, no fault is recorded that comes after the context entry', () => {
    const bench = sound().legacy({ FPD: 1 });
    expect(bench.walk(0x1000n)).toMatchObject({ reason: 0x06, silent: true });
    bench.put(CONTEXTS, LEVEL[4] | 0x13n);
    expect(bench.walk(0n)).toMatchObject({ reason: 0x0b, silent: true });
  });

  test('the deciding entry is the last step', () => {
    const { steps } = sound().put(LEVEL[2], 0n).walk(0n);
    expect(steps.at(-1)).toMatchObject({ what: 'L2 entry', outcome: 'stop', rights: 0 });
    expect(steps.at(-1)?.entry?.address).toBe(LEVEL[2]);
  });
});

describe('modes', () => {
  test('abort DMA mode refuses everything', () => {
    const bench = sound();
    bench.facts = { ...bench.facts, mode: 'abort' };
    expect(bench.walk(0n)).toMatchObject({ result: 'fault', reason: 0x33 });
    expect(bench.walk(0n)).not.toHaveProperty('silent');
  });

  test('a unit without abort DMA mode takes it for an invalid root table address', () => {
    const bench = sound();
    bench.facts = { ...bench.facts, mode: 'abort', ecap: bench.facts.ecap! & ~(1n << 52n) };
    expect(bench.walk(0n)).toMatchObject({ result: 'fault', reason: 0x30 });
  });

  test('without a root table or its mode, nothing is guessed', () => {
    const bench = sound();
    bench.facts = { ...bench.facts, rootTable: undefined };
    expect(bench.walk(0n)).toMatchObject({ result: 'unknown', why: 'no root table' });
    bench.facts = { ...bench.facts, rootTable: ROOT, mode: undefined };
    expect(bench.walk(0n)).toMatchObject({ result: 'unknown', why: 'no root table' });
  });
});

describe('pages that are not there', () => {
  const NOWHERE = 0x3f_0000_0000n;

  test('in a dump, the walk cannot be decided and says where it ended', () => {
    const walked = sound()
      .put(LEVEL[3], NOWHERE | 3n)
      .walk(0n);
    expect(walked).toMatchObject({ result: 'unknown', why: 'absent', address: NOWHERE });
    expect(walked.steps.at(-1)).toMatchObject({
      what: 'L2 entry',
      entry: undefined,
      missing: 'absent',
      outcome: 'unknown',
    });
  });

  test.each([
    [
      'root table',
      (bench: Bench): void => void (bench.facts = { ...bench.facts, rootTable: NOWHERE }),
      0x08,
    ],
    ['context table', (bench: Bench): void => void bench.put(ROOT + 32n, NOWHERE | 1n), 0x09],
    ['top page table', (bench: Bench): void => void bench.put(CONTEXTS, NOWHERE | 1n), 0x03],
    ['page table below', (bench: Bench): void => void bench.put(LEVEL[3], NOWHERE | 3n), 0x07],
  ] as const)(
    'in a simulated machine, an absent %s is an access error',
    (_what, break_, reason) => {
      const bench = sound();
      bench.facts = { ...bench.facts, from: 'simulated' };
      break_(bench);
      expect(bench.walk(0n)).toMatchObject({ result: 'fault', reason });
    },
  );
});
