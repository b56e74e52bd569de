/** What the hardware says of one request in scalable mode, rule by rule (VT-d §3.4 to §3.8, §7.1.3). */
import { describe, expect, test } from 'vitest';
import type { Refusal } from './bench-unit.ts';
import { Bench, CONTEXTS, DEVICE, DIRECTORY, LEVEL, PASIDS, ROOT, WRITE } from './bench-unit.ts';

const first = (): Bench => new Bench().scalable().chain(4, 7n).put(LEVEL[1], 0x20_0007n);
const second = (): Bench =>
  new Bench()
    .scalable({ PGTT: 2, SSPTPTR: LEVEL[4] >> 12n, FSPTPTR: 0 })
    .chain(4, 3n)
    .put(LEVEL[1], 0x20_0003n);

/** A second stage of three levels that maps the first 2 MiB onto itself, and first-stage tables in it. */
const nested = (): Bench =>
  new Bench()
    .scalable({ PGTT: 3, AW: 1, SSPTPTR: 0x20n })
    .put(0x20_000n, 0x21_003n)
    .put(0x21_000n, 0x83n)
    .chain(4, 7n)
    .put(LEVEL[1], 0x20_0007n);

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
    reason: 0x43,
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
    reason: 0x85,
  },
  {
    name: 'second stage: write without W at a table',
    make: () => second().put(LEVEL[3], LEVEL[2] | 1n),
    request: WRITE,
    reason: 0x85,
  },
  {
    name: 'second stage: read without R',
    make: () => second().put(LEVEL[3], LEVEL[2] | 2n),
    reason: 0x86,
  },
  {
    name: 'second stage: one level without R, another without W',
    make: () =>
      second()
        .put(LEVEL[3], LEVEL[2] | 2n)
        .put(LEVEL[2], LEVEL[1] | 1n),
    reason: 0x79,
  },
  {
    name: 'second stage: reserved bits below an entry without the right',
    make: () =>
      second()
        .put(LEVEL[3], LEVEL[2] | 2n)
        .put(LEVEL[1], 0x20_0003n | (1n << 46n)),
    reason: 0x7a,
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
    reason: 0x79,
  },
  {
    name: 'nested: a top table that the second stage lets nobody read',
    make: () => nested().put(0x21_000n, 0x82n),
    reason: 0x75,
  },
  {
    name: 'nested: a table that the second stage lets nobody read',
    make: () =>
      nested()
        .put(LEVEL[4], 0x20_0000n | LEVEL[3] | 7n)
        .put(0x21_008n, 0x82n),
    reason: 0x76,
  },
  {
    name: 'nested: a page that the second stage lets nobody write',
    make: () => nested().put(LEVEL[1], 0x20_0007n).put(0x21_008n, 0x81n),
    request: WRITE,
    reason: 0x85,
  },
  {
    name: 'nested: FSPTPTR beyond the second stage',
    make: () => new Bench().scalable({ PGTT: 3, AW: 1, SSPTPTR: 0x20n, FSPTPTR: 1n << 28n }),
    reason: 0x5b,
  },
  {
    name: 'nested: a table beyond the second stage',
    make: () => nested().put(LEVEL[4], (1n << 39n) | LEVEL[3] | 7n),
    reason: 0x74,
  },
  {
    name: 'nested: a page beyond the second stage',
    make: () => nested().put(LEVEL[1], (1n << 39n) | 7n),
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

  test('a table that cannot be read is recorded, whatever FPD says', () => {
    const bench = first().scalable({}, { FPD: 1 });
    bench.facts = { ...bench.facts, from: 'simulated' };
    bench.put(DIRECTORY, 0x3f_0000_0001n);
    expect(bench.walk(0n)).toMatchObject({ reason: 0x58 });
    expect(bench.walk(0n)).not.toHaveProperty('silent');
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

describe('scalable mode, tables that are not there', () => {
  const NOWHERE = 0x3f_0000_0000n;

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
