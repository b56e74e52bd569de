/** What the hardware says of one request, rule by rule (VT-d 4.1 §3.4 to §3.8, §7.1.3). */
import { describe, expect, test } from 'vitest';
import type { WalkRequest } from '../../../core/iommu/unit.ts';
import { Bench, CONTEXTS, DEVICE, DIRECTORY, LEVEL, PASIDS, ROOT } from './bench-unit.ts';

const WRITE: Partial<WalkRequest> = { access: 'write' };

interface Refusal {
  readonly name: string;
  readonly make: () => Bench;
  readonly address?: bigint;
  readonly request?: Partial<WalkRequest>;
  readonly reason: number;
}

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
    reason: 0x0e,
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

  test('with FPD, a qualified fault is not recorded; an unqualified one is', () => {
    const bench = sound().legacy({ FPD: 1 });
    expect(bench.walk(0x1000n)).toMatchObject({ reason: 0x06, silent: true });
    bench.put(CONTEXTS, LEVEL[4] | 0x13n);
    expect(bench.walk(0n)).toMatchObject({ reason: 0x0b });
    expect(bench.walk(0n)).not.toHaveProperty('silent');
  });

  test('the deciding entry is the last step', () => {
    const { steps } = sound().put(LEVEL[2], 0n).walk(0n);
    expect(steps.at(-1)).toMatchObject({ what: 'L2 entry', outcome: 'stop', rights: 0 });
    expect(steps.at(-1)?.entry?.address).toBe(LEVEL[2]);
  });
});

const first = (): Bench => new Bench().scalable().chain(4, 7n).put(LEVEL[1], 0x20_0007n);
const second = (): Bench =>
  new Bench()
    .scalable({ PGTT: 2, SSPTPTR: LEVEL[4] >> 12n, FSPTPTR: 0 })
    .chain(4, 3n)
    .put(LEVEL[1], 0x20_0003n);

describe('scalable mode, what passes', () => {
  test('first stage, four levels', () => {
    const walked = first().walk(0x123n, WRITE);
    expect(walked).toMatchObject({ result: 'translated', pa: 0x20_0123n, rights: 3 });
    expect(walked.steps.map(({ what }) => what)).toEqual([
      'root entry',
      'context entry',
      'PASID directory entry',
      'PASID table entry',
      'L4 entry',
      'L3 entry',
      'L2 entry',
      'L1 entry',
    ]);
    expect(walked.steps.at(-1)?.entry?.path).toBe('dmar0/02:00.0/pasid.0/L4[0]/L3[0]/L2[0]/L1[0]');
  });

  test('first stage, five levels', () => {
    const bench = new Bench().scalable({ FSPM: 1, FSPTPTR: LEVEL[5] >> 12n });
    bench.chain(5, 7n).put(LEVEL[1], 0x20_0007n);
    expect(bench.walk(0x40n)).toMatchObject({ pa: 0x20_0040n });
  });

  test('first stage: the upper half of the address space is sign-extended', () => {
    const bench = new Bench().scalable();
    for (let level = 4; level > 1; level--)
      bench.put(LEVEL[level] + 8n * 511n, LEVEL[level - 1] | 7n);
    bench.put(LEVEL[1] + 8n * 511n, 0x30_0007n);
    expect(bench.walk(0xffff_ffff_ffff_f010n)).toMatchObject({ pa: 0x30_0010n });
  });

  test('second stage', () => {
    expect(second().walk(0x123n, WRITE)).toMatchObject({ pa: 0x20_0123n, rights: 3 });
  });

  test('pass-through', () => {
    expect(new Bench().scalable({ PGTT: 4 }).walk(0x9000n)).toMatchObject({
      pa: 0x9000n,
      untranslated: true,
    });
  });

  test('nested: first-stage tables and pages go through the second stage', () => {
    // The second stage maps guest addresses from 0x100000000 on to memory from 0 on, by 1 GiB.
    const bench = new Bench().scalable({ PGTT: 3, SSPTPTR: 0x20n, FSPTPTR: 0x10_0014n });
    bench.put(0x20_000n, 0x21_003n).put(0x21_000n + 8n * 4n, 0x83n);
    for (let level = 4; level > 1; level--)
      bench.put(LEVEL[level], (1n << 32n) | LEVEL[level - 1] | 7n);
    bench.put(LEVEL[1], (1n << 32n) | 0x20_0007n);
    expect(bench.walk(0x321n)).toMatchObject({ result: 'translated', pa: 0x20_0321n, size: 4096n });
  });

  test('requests with PASID use their own entry', () => {
    const bench = first();
    bench.scalable({}, { PASIDE: 1 }).pasid(5, { PGTT: 4 });
    expect(bench.walk(0x7000n, { pasid: 5 })).toMatchObject({ pa: 0x7000n, untranslated: true });
    expect(bench.walk(0x123n, { pasid: 0 })).toMatchObject({ pa: 0x20_0123n });
  });

  test('RID_PASID serves requests without PASID where the unit has it', () => {
    const bench = first().scalable({}, { RID_PASID: 3 }).pasid(3, { PGTT: 4 });
    expect(bench.walk(0x123n)).toMatchObject({ pa: 0x123n });
    bench.facts = { ...bench.facts, ecap: bench.facts.ecap! & ~(1n << 49n) };
    expect(bench.walk(0x123n)).toMatchObject({ pa: 0x20_0123n });
  });

  test('devices 16 to 31 are served by the upper half of the root entry', () => {
    const bench = first();
    bench.put(ROOT + 40n, 0x5001n).put(0x5000n, DIRECTORY | 1n, 0n, 0n, 0n);
    expect(bench.walk(0x123n, { id: DEVICE | 0x80 })).toMatchObject({ pa: 0x20_0123n });
  });
});

const SCALABLE: readonly Refusal[] = [
  {
    name: 'no lower context table',
    make: () => first().put(ROOT + 32n, 0n),
    reason: 0x39,
  },
  { name: 'no upper context table', make: first, request: { id: DEVICE | 0x80 }, reason: 0x39 },
  { name: 'root entry: bit 65', make: () => first().put(ROOT + 40n, 2n), reason: 0x3a },
  { name: 'no context entry', make: () => first().put(CONTEXTS, 0n), reason: 0x41 },
  { name: 'context entry: bit 128', make: () => first().put(CONTEXTS + 16n, 1n), reason: 0x42 },
  { name: 'PASID where PASIDE = 0', make: first, request: { pasid: 0 }, reason: 0x45 },
  {
    name: 'PASID beyond the directory',
    make: () => first().scalable({}, { PASIDE: 1 }),
    request: { pasid: 128 * 64 },
    reason: 0x46,
  },
  {
    name: 'RID_PASID beyond the directory',
    make: () => first().scalable({}, { RID_PASID: 128 * 64 }),
    reason: 0x48,
  },
  { name: 'no directory entry', make: () => first().put(DIRECTORY, 0n), reason: 0x51 },
  { name: 'directory entry: bit 2', make: () => first().put(DIRECTORY, PASIDS | 5n), reason: 0x52 },
  { name: 'no PASID table entry', make: () => first().put(PASIDS, 0n), reason: 0x59 },
  { name: 'PASID table entry: bit 10', make: () => first().put(PASIDS, 0x449n), reason: 0x5a },
  { name: 'PASID table entry: word 7', make: () => first().put(PASIDS + 56n, 1n), reason: 0x5a },
  { name: 'PGTT = 0', make: () => first().pasid(0, { PGTT: 0 }), reason: 0x5b },
  {
    name: 'first stage that ECAP.FSTS lacks',
    make: () => {
      const bench = first();
      bench.facts = { ...bench.facts, ecap: bench.facts.ecap! & ~(1n << 47n) };
      return bench;
    },
    reason: 0x5b,
  },
  {
    name: 'second stage with an AW that SAGAW lacks',
    make: () => second().pasid(0, { PGTT: 2, AW: 0 }),
    reason: 0x5b,
  },
  { name: 'first-stage mode 2', make: () => first().pasid(0, { FSPM: 2 }), reason: 0x5b },
  {
    name: 'supervisor request where SRE = 0',
    make: () => first().scalable({}, { RID_PRIV: 1 }),
    reason: 0x5d,
  },
  { name: 'first stage: not present', make: first, address: 0x1000n, reason: 0x71 },
  {
    name: 'first stage: not present at a table',
    make: () => first().put(LEVEL[3], 6n),
    reason: 0x71,
  },
  {
    name: 'first stage: PS at level 4',
    make: () => first().put(LEVEL[4], LEVEL[3] | 0x87n),
    reason: 0x72,
  },
  {
    name: 'first stage: address beyond the host address width',
    make: () => first().put(LEVEL[1], 7n | (1n << 46n)),
    reason: 0x72,
  },
  {
    name: 'first stage: bit 13 of a 2 MiB page',
    make: () => first().put(LEVEL[2], 0x4020_2087n),
    reason: 0x72,
  },
  { name: 'first stage: not canonical', make: first, address: 1n << 47n, reason: 0x80 },
  {
    name: 'first stage: U/S = 0 at a table',
    make: () => first().put(LEVEL[2], LEVEL[1] | 3n),
    reason: 0x81,
  },
  {
    name: 'first stage: write where R/W = 0',
    make: () => first().put(LEVEL[1], 0x20_0005n),
    request: WRITE,
    reason: 0x85,
  },
  {
    name: 'second stage: read of what is not mapped',
    make: second,
    address: 0x1000n,
    reason: 0x79,
  },
  {
    name: 'second stage: write without W',
    make: () => second().put(LEVEL[1], 0x20_0001n),
    request: WRITE,
    reason: 0x79,
  },
  {
    name: 'second stage: reserved bit',
    make: () => second().put(LEVEL[2], LEVEL[1] | 0x803n),
    reason: 0x7a,
  },
  { name: 'second stage: beyond its width', make: second, address: 1n << 48n, reason: 0x84 },
  {
    name: 'pass-through beyond the host address width',
    make: () => first().pasid(0, { PGTT: 4 }),
    address: 1n << 46n,
    reason: 0x83,
  },
  {
    name: 'a page inside the interrupt address range',
    make: () => first().put(LEVEL[1], 0xfee0_0007n),
    reason: 0x87,
  },
  {
    name: 'a PASID request into the interrupt address range',
    make: () => first().scalable({}, { PASIDE: 1 }),
    address: 0xfee0_0000n,
    request: { pasid: 0, access: 'write' },
    reason: 0x87,
  },
  {
    name: 'nested: a table where the second stage maps nothing',
    make: () => new Bench().scalable({ PGTT: 3, SSPTPTR: 0x20n }),
    reason: 0x75,
  },
  {
    name: 'nested: a table beyond the second stage',
    make: () => new Bench().scalable({ PGTT: 3, AW: 1, SSPTPTR: 0x20n, FSPTPTR: 1n << 28n }),
    reason: 0x74,
  },
];

describe('scalable mode, what is refused', () => {
  test.each(SCALABLE)('$name: $reason', ({ make, address = 0n, request, reason }) => {
    expect(make().walk(address, request)).toMatchObject({ result: 'fault', reason });
  });

  test('a supervisor request passes U/S = 0, and R/W = 0 unless WPE is set', () => {
    const make = (values: Record<string, number>): Bench =>
      first()
        .scalable({ SRE: 1, ...values }, { RID_PRIV: 1 })
        .put(LEVEL[1], 0x20_0001n);
    expect(make({}).walk(0n, WRITE)).toMatchObject({ result: 'translated' });
    expect(make({ WPE: 1 }).walk(0n, WRITE)).toMatchObject({ reason: 0x85 });
  });

  test('FPD of any of context, directory and PASID table entry silences', () => {
    expect(first().scalable({ FPD: 1 }).walk(0x1000n)).toMatchObject({ silent: true });
    expect(first().scalable({}, { FPD: 1 }).walk(0x1000n)).toMatchObject({ silent: true });
    expect(
      first()
        .put(DIRECTORY, PASIDS | 3n)
        .walk(0x1000n),
    ).toMatchObject({ silent: true });
  });
});

describe('modes', () => {
  test('abort DMA mode refuses everything and records nothing', () => {
    const bench = sound();
    bench.facts = { ...bench.facts, mode: 'abort' };
    expect(bench.walk(0n)).toMatchObject({ result: 'fault', reason: 0, silent: true });
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

  test.each([
    [
      'root table',
      (bench: Bench): void => void (bench.facts = { ...bench.facts, rootTable: NOWHERE }),
      0x38,
    ],
    ['context table', (bench: Bench): void => void bench.put(ROOT + 32n, NOWHERE | 1n), 0x40],
    ['PASID directory', (bench: Bench): void => void bench.put(CONTEXTS, NOWHERE | 1n), 0x50],
    ['PASID table', (bench: Bench): void => void bench.put(DIRECTORY, NOWHERE | 1n), 0x58],
    [
      'top first-stage table',
      (bench: Bench): void => void bench.pasid(0, { FSPTPTR: NOWHERE >> 12n }),
      0x73,
    ],
    ['first-stage table', (bench: Bench): void => void bench.put(LEVEL[3], NOWHERE | 7n), 0x70],
  ] as const)('scalable mode: an absent %s', (_what, break_, reason) => {
    const bench = first();
    bench.facts = { ...bench.facts, from: 'simulated' };
    break_(bench);
    expect(bench.walk(0n)).toMatchObject({ result: 'fault', reason });
  });
});
