/**
 * Every form that one guest page table entry can have, at every level, against the readers that
 * judge it each by itself: walk, sweep, tree and path; and guest CR3 tables behind a host table.
 */
import { describe, expect, test } from 'vitest';
import { amdUnit } from '../../../core/amdvi/unit.ts';
import type { Device, Unit, WalkResult } from '../../../core/iommu/unit.ts';
import type { FactOptions } from './tables.ts';
import { dte, dteAddress, facts, host, ID, leavesOf, PageMemory, sized } from './tables.ts';

const GCR3 = 0x30000;
/** Table of each level: level 1 at 0x31000, up to level 5 at 0x35000. */
const tableAt = (level: number): number => 0x30000 + 0x1000 * level;
const p = (address: number | bigint, flags = 7n): bigint => BigInt(address) | flags;
const OWN = [0n, 1n << 12n, 1n << 21n, 1n << 30n];
const HOST = 0x60000;
const RO = 0x2000_0000_0000_0000n;
const WO = 0x4000_0000_0000_0000n;
const V2 = { GV: 1, GIoV: 1, GCR3TableRoot: GCR3 >> 12, DomainID: 9 };

/** Five levels; the first entry of `level` is `entry`, level 1 maps page 0xabc000. */
function tables(level: number, entry?: bigint): PageMemory {
  const memory = new PageMemory(0x1000000).put(GCR3, p(tableAt(5), 1n));
  for (let each = 5; each > 1; each--) memory.put(tableAt(each), p(tableAt(each - 1)));
  memory.put(tableAt(1), p(0xabc000));
  if (entry !== undefined) memory.put(tableAt(level), entry);
  return memory;
}

const short = (walk: WalkResult): unknown =>
  walk.result === 'translated'
    ? { pa: walk.pa, size: walk.size, rights: walk.rights }
    : walk.result === 'fault'
      ? walk.flags
      : walk.why;

const walkOf = (unit: Unit, access: 'read' | 'write' = 'read'): unknown =>
  short(unit.walk({ id: ID, pasid: undefined, address: 0x123n, access }));

function readers(memory: PageMemory, values = {}, options: FactOptions = {}) {
  memory.put(dteAddress(ID), ...dte({ ...V2, GuestPagingMode: 1, ...values }));
  const unit = amdUnit(facts(options), memory);
  const { lines, result } = leavesOf(unit);
  const step = (count: number): string =>
    [5, 4, 3, 2, 1].slice(0, count).reduce((path, level) => `${path}/L${level}[0]`, '');
  return {
    walk: walkOf(unit),
    written: walkOf(unit, 'write'),
    lines,
    findings: result.findings.map((each) => each.id),
    /** How many levels a path reaches. */
    reach: [1, 2, 3, 4, 5].filter((count) => unit.entry(`ivhd0/00:04.0/pasid.0${step(count)}`))
      .length,
  };
}

const flagged = (walk: unknown): boolean => walk === 0x91;

describe.each([1, 2, 3, 4, 5])('level %i', (level) => {
  const leaf = level === 1;
  const base = p(leaf ? 0xabc000 : tableAt(level - 1));
  const whole = { pa: 0xabc123n, size: 0x1000n, rights: 3 };

  test.each(Array.from({ length: 12 }, (_, bit) => bit).concat([52, 55, 59, 62, 63]))(
    'bit %i of an entry that leads on',
    (bit) => {
      const found = readers(tables(level, base ^ (1n << BigInt(bit))));
      if (bit === 0) {
        expect([found.walk, found.written, found.lines]).toEqual([0x01, 0x21, []]);
        expect(found.reach).toBe(6 - level);
      } else if (bit === 1) {
        expect([found.walk, found.written]).toEqual([{ ...whole, rights: 1 }, 0x71]);
        expect(found.lines).toEqual(['0 abc000 1000 r']);
      } else if (bit === 7 && level > 3) {
        expect(flagged(found.walk)).toBe(true);
        expect([found.lines, found.findings]).toEqual([[], ['reserved-bits']]);
        expect(found.reach).toBe(6 - level);
      } else if (bit === 7 && !leaf) {
        // The next table's address has bits that a page of this size can't have.
        expect(flagged(found.walk)).toBe(true);
        expect(found.lines).toEqual([`0 0 ${OWN[level].toString(16)} rw`]);
        expect(found.findings).toEqual(['reserved-bits']);
        expect(found.reach).toBe(6 - level);
      } else {
        expect(found.walk).toEqual(whole);
        expect(found.lines).toEqual(['0 abc000 1000 rw']);
        const told =
          leaf && bit === 2 ? ['supervisor-only'] : leaf && bit === 63 ? ['no-execute'] : [];
        expect(found.findings).toEqual(told);
        expect(found.reach).toBe(5);
      }
    },
  );
});

describe.each([2, 3])('a large page at level %i', (level) => {
  const own = OWN[level];
  const width = level === 2 ? 21 : 30;
  const base = p(own, 0x87n);
  const whole = { pa: own | 0x123n, size: own, rights: 3 };

  test('as it is', () => {
    const found = readers(tables(level, base));
    expect(found).toEqual({
      walk: whole,
      written: whole,
      lines: [`0 ${own.toString(16)} ${own.toString(16)} rw`],
      findings: [],
      reach: 6 - level,
    });
  });

  test('bit 12 is PAT', () => {
    const found = readers(tables(level, base | (1n << 12n)));
    expect([found.walk, found.findings]).toEqual([whole, []]);
  });

  test.each(Array.from({ length: width - 13 }, (_, index) => 13 + index))(
    'bit %i is reserved',
    (bit) => {
      const found = readers(tables(level, base | (1n << BigInt(bit))));
      expect([found.walk, found.written]).toEqual([0x91, 0xb1]);
      expect(found.lines).toEqual([`0 ${own.toString(16)} ${own.toString(16)} rw`]);
      expect(found.findings).toEqual(['reserved-bits']);
    },
  );
});

test('an SME bit is taken out of every pointer', () => {
  const bit = 1n << 47n;
  const memory = tables(1, p(0xabc000n | bit)).put(GCR3, p(BigInt(tableAt(5)) | bit, 1n));
  for (let level = 5; level > 1; level--)
    memory.put(tableAt(level), p(BigInt(tableAt(level - 1)) | bit));
  const root = (BigInt(GCR3) | bit) >> 12n;
  const found = readers(memory, { GCR3TableRoot: root }, { smeMask: bit });
  expect(found.walk).toEqual({ pa: 0xabc123n, size: 0x1000n, rights: 3 });
  expect(found.lines).toEqual(['0 abc000 1000 rw']);
  expect(found.reach).toBe(5);
  const rows = (
    nodes = amdUnit(facts({ smeMask: bit }), memory)
      .tree()
      .children(false),
  ): string[] => nodes.flatMap((each) => [each.label, ...rows(each.children(false))]);
  expect(rows()).toEqual(
    ['Device table', '00:04.0', 'Guest CR3, PASID 0'].concat(
      [5, 4, 3, 2, 1].map((level) => `L${level}[0]`),
    ),
  );
});

describe('behind a host table', () => {
  /** Guest physical pages of 4 KiB up to 2 MiB, one to one, all with `rights`. */
  function nested(values: { at?: number; entry?: bigint } = {}): PageMemory {
    const memory = tables(1, p(0x50000)).put(HOST, host(0x61000, 1));
    for (let frame = 0; frame < 512; frame++) memory.put(0x61000 + 8 * frame, host(0x1000 * frame));
    if (values.at !== undefined) memory.put(values.at, values.entry!);
    return memory;
  }
  const NESTED = { Mode: 2, HostPageTableRoot: HOST >> 12 };
  const page = 0x61000 + 8 * 0x50;
  const whole = { pa: 0x50123n, size: 0x1000n, rights: 3 };

  test('as it is', () => {
    const found = readers(nested(), NESTED);
    expect([found.walk, found.lines, found.findings, found.reach]).toEqual([
      whole,
      ['0 50000 1000 rw'],
      [],
      5,
    ]);
  });

  test.each([
    ['reads', host(0x50000, 0, RO), 'r', { ...whole, rights: 1 }, 0x71],
    ['writes', host(0x50000, 0, WO), 'w', 0x51, { ...whole, rights: 2 }],
    ['nothing', host(0x50000, 0, 0n), '', 0x51, 0x71],
  ])('a host page that permits %s', (_, entry, rights, walk, written) => {
    const found = readers(nested({ at: page, entry }), NESTED);
    expect(found.walk).toEqual(walk);
    expect(found.written).toEqual(written);
    expect(found.lines).toEqual(rights ? [`0 50000 1000 ${rights}`] : []);
    expect(found.findings).toEqual(rights ? [] : ['rights-none']);
  });

  test.each([1, 2, 3, 4, 5])('the guest table of level %i can’t be reached', (level) => {
    const at = 0x61000 + 8 * (0x30 + level);
    for (const [entry, flags] of [
      [0n, 0x01],
      [host(tableAt(level), 0, WO), 0x51],
    ] as const) {
      const found = readers(nested({ at, entry }), NESTED);
      expect([found.walk, found.lines]).toEqual([flags, []]);
      expect(found.findings).toEqual(['guest-table-unmapped']);
      if (entry === 0n) expect(found.reach).toBe(5 - level);
    }
  });

  test('a sized host page cuts a guest page; its illegal size is a hole', () => {
    const memory = tables(2, p(0, 0x87n)).put(0x34000, p(0x33000)).put(0x33000, p(0x32000));
    // The guest's tables stand in the host's second 2 MiB, the page in the first.
    for (let level = 5; level > 2; level--)
      memory.put(tableAt(level), p(0x200000 + tableAt(level - 1)));
    memory.put(GCR3, p(0x200000 + tableAt(5), 1n));
    memory.put(HOST, host(0x61000, 1), host(0));
    for (let index = 0; index < 4; index++)
      memory.put(0x61000 + 8 * (4 + index), sized(0x70000, 0x4000n));
    memory.put(0x61000 + 8 * 16, sized(0x80000, 1n << 21n));
    const found = readers(memory, NESTED);
    expect(found.lines).toEqual(['4000 70000 4000 rw']);
    expect(found.findings).toEqual(['host-unmapped']);
  });

  test.each([0, 1])('GCR3TRPMode %i: whose address the guest CR3 table has', (mode) => {
    const options = { control: BigInt(mode) << 58n };
    // Two levels: system physical 0x40000 is guest physical 0x140000, and 0x41000 is 0x141000.
    const memory = nested();
    memory.put(0x61000 + 8 * 0x140, host(0x40000), host(0x41000));
    const offset = mode === 0 ? 0 : 0x100000;
    memory.put(0x40000, p(0x41000 + offset, 1n), p(0x9000, 1n));
    memory.put(0x41000, p(tableAt(5), 1n), 0n, p(tableAt(5), 1n));
    memory.put(0x61000 + 8 * 9, 0n);
    const values = { ...NESTED, GLX: 1, GCR3TableRoot: (0x40000 + offset) >> 12 };
    const found = readers(memory, values, options);
    expect([found.walk, found.lines, found.reach]).toEqual([whole, ['0 50000 1000 rw'], 5]);
    const unit = amdUnit(facts(options), memory);
    const rows: readonly Device[] = unit.devices().devices;
    expect(rows.map((each) => each.pasid)).toEqual([undefined, 2]);
    expect(unit.entry('ivhd0/00:04.0/gcr3/L2[0]')?.address).toBe(0x40000n);
    expect(unit.entry('ivhd0/00:04.0/pasid.2')?.address).toBe(0x41010n);
    const beyond = unit.entry('ivhd0/00:04.0/pasid.512')?.address;
    expect(beyond).toBe(mode === 0 ? 0x9000n : undefined);
    expect(short(unit.walk({ id: ID, pasid: 2, address: 0x123n, access: 'write' }))).toEqual(whole);
  });
});

describe.each([1, 2, 3])('a guest CR3 table of %i levels', (levels) => {
  const last = [0, 0x1ff, 0x3ffff, 0xfffff][levels];
  /** Every entry of each level leads on, so that nothing but the PASID's bits decides. */
  const memory = tables(1);
  for (let level = levels; level >= 1; level--)
    for (let index = 0; index < 512; index++)
      memory.put(
        0x40000 + 0x1000 * level + 8 * index,
        p(level === 1 ? tableAt(5) : 0x40000 + 0x1000 * (level - 1), 1n),
      );
  const values = { GuestPagingMode: 1, GLX: levels - 1, GCR3TableRoot: 0x40 + levels };
  memory.put(dteAddress(ID), ...dte({ ...V2, ...values }));
  const unit = amdUnit(facts(), memory);

  test.each([0, 1, 0x155, 0x1ff, 0x2aaaa, 0x3ffff, 0x55555, 0xfffff])('PASID 0x%x', (pasid) => {
    const walk = unit.walk({ id: ID, pasid, address: 0x123n, access: 'read' });
    if (pasid > last) {
      expect(short(walk)).toBe(0x01);
      expect(unit.entry(`ivhd0/00:04.0/pasid.${pasid}`)).toBeUndefined();
      return;
    }
    expect(short(walk)).toEqual({ pa: 0xabc123n, size: 0x1000n, rights: 3 });
    const read = walk.steps.slice(1, 1 + levels).map(({ entry }) => entry!);
    expect(read.map(({ address }) => address)).toEqual(
      [3, 2, 1]
        .slice(3 - levels)
        .map((level) =>
          BigInt(0x40000 + 0x1000 * level + 8 * ((pasid >> (9 * (level - 1))) & 0x1ff)),
        ),
    );
    // The path of each step leads to the entry that was read.
    for (const { path, address } of read) expect(unit.entry(path)?.address).toBe(address);
  });

  test('the list of address spaces is bounded, and says so', () => {
    const { devices } = unit.devices();
    expect(devices).toHaveLength(Math.min(last + 1, 4096));
    expect(devices.at(-1)!.pasid).toBe(Math.min(last, 4095));
    expect(devices[0].findings.map((each) => each.id)).toEqual(levels === 1 ? [] : ['many-pasids']);
  });
});

test('a reserved number of guest CR3 levels has no entries', () => {
  const memory = tables(1).put(dteAddress(ID), ...dte({ ...V2, GLX: 3 }));
  const unit = amdUnit(facts(), memory);
  expect(unit.entry('ivhd0/00:04.0/pasid.0')).toBeUndefined();
  expect(unit.devices().devices).toMatchObject([{ pageTable: undefined }]);
});
