/**
 * Every form that one host page table entry can have, at every level, against the readers that
 * judge it each by itself: walk, sweep, look-up of nested tables, tree and path.
 */
import { describe, expect, test } from 'vitest';
import { AmdContext } from '../../../core/amdvi/context.ts';
import { decodeDte } from '../../../core/amdvi/dte.ts';
import { HostTable } from '../../../core/amdvi/host-lookup.ts';
import { amdUnit } from '../../../core/amdvi/unit.ts';
import type { TreeNode } from '../../../core/iommu/unit.ts';
import type { FactOptions } from './tables.ts';
import { dte, dteAddress, facts, host, ID, leavesOf, PageMemory, sized } from './tables.ts';

const TOP = 0x10000;
const LOW = 0x11000;
const PAGE = 0x0800_0000_0000n;
const LEVELS = [1, 2, 3, 4, 5, 6] as const;
/** Pages of a level, from the table of §2.2.3: 4 KiB, 2 MiB, 1 GiB, 512 GiB, 256 TiB, 128 PiB. */
const OWN = [0n, 1n << 12n, 1n << 21n, 1n << 30n, 1n << 39n, 1n << 48n, 1n << 57n];

/** What each reader says of the first entry of a table at `level`; its next table maps page 0. */
function readers(level: number, entry: bigint, options: FactOptions = {}, repeats = 1) {
  const top = dte({ Mode: level, HostPageTableRoot: TOP >> 12, DomainID: 1 });
  const memory = new PageMemory(0x1000000)
    .put(dteAddress(ID), ...top)
    .put(TOP, ...Array.from({ length: repeats }, () => entry))
    .put(LOW, host(0x5000));
  const unit = amdUnit(facts(options), memory);
  const walk = unit.walk({ id: ID, pasid: undefined, address: 0x123n, access: 'read' });
  const { lines, result } = leavesOf(unit);
  const lookup = new HostTable(new AmdContext(facts(options), memory), decodeDte(top));
  const found = lookup.find(0);
  const rows = unit
    .tree()
    .children(false)
    .find((each) => each.label === 'Device table')!
    .children(false)[0]
    .children(false);
  return {
    walk:
      walk.result === 'translated'
        ? { pa: walk.pa, size: walk.size, rights: walk.rights }
        : walk.result === 'fault'
          ? { flags: walk.flags }
          : walk.why,
    lines,
    findings: result.findings.map((each) => each.id),
    lookup:
      found === 'page'
        ? { pa: BigInt(lookup.pa) << 12n, size: BigInt(lookup.pages) << 12n, rights: lookup.rights }
        : found,
    tree: rows[0] as TreeNode | undefined,
    own: unit.entry(`ivhd0/00:04.0/L${level}[0]`),
    below: unit.entry(`ivhd0/00:04.0/L${level}[0]/L1[0]`)?.address,
  };
}

const line = (pa: bigint, size: bigint, rights = 'rw'): string =>
  `0 ${pa.toString(16)} ${size.toString(16)} ${rights}`;

describe.each(LEVELS)('level %i', (level) => {
  const own = OWN[level];
  const refused = (id: string, found: ReturnType<typeof readers>): void => {
    expect(found.walk).toEqual({ flags: 0x10 });
    expect(found.lines).toEqual([]);
    expect(found.findings).toEqual([id]);
    expect(found.lookup).toBe('hole');
    expect(found.tree?.findings.map((each) => each.id)).toEqual([id]);
    expect(found.tree?.childCount).toBe(0);
    expect(found.below).toBeUndefined();
  };

  test.each([0, 1, 2, 3, 4, 5, 6])('NextLevel %i', (next) => {
    const found = readers(level, host(next === 0 ? 0 : LOW, next));
    expect(found.own).toMatchObject({
      address: BigInt(TOP),
      layout: { name: next === 0 ? 'PTE' : 'PDE' },
    });
    if (next === 0) {
      expect(found.walk).toEqual({ pa: 0x123n, size: own, rights: 3 });
      expect(found.lines).toEqual([line(0n, own)]);
      expect(found.lookup).toEqual({ pa: 0n, size: own, rights: 3 });
      expect(found.below).toBeUndefined();
      return;
    }
    if (next >= level) return refused('illegal-level', found);
    expect(found.walk).toEqual({
      pa: (0x5123n & ~(OWN[next] - 1n)) | 0x123n,
      size: OWN[next],
      rights: 3,
    });
    expect(found.lines).toEqual([line(0x5000n & ~(OWN[next] - 1n), OWN[next])]);
    expect(found.lookup).toMatchObject({ size: OWN[next] });
    expect(found.tree?.childCount).toBe(1);
    expect(found.below).toBe(next === 1 ? BigInt(LOW) : undefined);
  });

  test.each(Array.from({ length: 40 }, (_, index) => 13 + index))('a page of 2^%i bytes', (bit) => {
    const size = 1n << BigInt(bit);
    const pa = PAGE & ~(size - 1n);
    const fits = size > own && size < own << 9n;
    const found = readers(level, sized(pa, size), {}, fits ? Number(size / own) : 1);
    if (!fits) return refused('illegal-page-size', found);
    expect(found.walk).toEqual({ pa: pa | 0x123n, size, rights: 3 });
    expect(found.lines).toEqual([line(pa, size)]);
    expect(found.lookup).toEqual({ pa, size, rights: 3 });
    expect(found.findings).toEqual([]);
    // Where it does not repeat in the entries that it spans, each stands for its own part.
    const alone = readers(level, sized(pa, size));
    expect(alone.findings).toEqual(['page-not-repeated']);
    expect(alone.walk).toEqual(found.walk);
    expect(alone.lookup).toEqual({ pa, size: own, rights: 3 });
  });

  test('an address of ones alone encodes no size', () => {
    refused('illegal-page-size', readers(level, host(0xf_ffff_ffff_f000n, 7)));
  });

  test.each([
    ['none', 0n, 0],
    ['read', 1n, 1],
    ['write', 2n, 2],
    ['both', 3n, 3],
  ])('rights of the entry: %s', (_, bits, rights) => {
    const found = readers(level, host(0, 0, bits << 61n));
    expect(found.lines).toEqual(rights === 0 ? [] : [line(0n, own, ['', 'r', 'w', 'rw'][rights])]);
    expect(found.lookup).toEqual({ pa: 0n, size: own, rights });
    expect(found.walk).toEqual(rights & 1 ? { pa: 0x123n, size: own, rights } : { flags: 0x50 });
  });

  test('an SME bit of the entry is taken out of it by each of them', () => {
    for (const bit of [30n, 47n, 51n]) {
      const smeMask = 1n << bit;
      const page = readers(level, host(smeMask), { smeMask });
      expect(page.walk).toEqual({ pa: 0x123n, size: own, rights: 3 });
      expect(page.lines).toEqual([line(0n, own)]);
      expect(page.lookup).toEqual({ pa: 0n, size: own, rights: 3 });
      expect(page.tree?.pointsTo).toBe(0n);
      if (level === 1) continue;
      const table = readers(level, host(BigInt(LOW) | smeMask, 1), { smeMask });
      expect(table.walk).toEqual({ pa: 0x5123n, size: 0x1000n, rights: 3 });
      expect(table.lines).toEqual([line(0x5000n, 0x1000n)]);
      expect(table.lookup).toEqual({ pa: 0x5000n, size: 0x1000n, rights: 3 });
      expect(table.tree?.pointsTo).toBe(BigInt(LOW));
      expect(table.tree?.children(false).map((each) => each.kind)).toEqual(['leaf']);
      expect(table.below).toBe(BigInt(LOW));
    }
  });
});

/** Reserved by §2.2.3: of a page 56:52, of a table 60:52. */
describe.each([
  ['page', 2, 0, 52, 56],
  ['page of its own size', 2, 7, 52, 56],
  ['table', 2, 1, 52, 60],
] as const)('each bit of a %s', (_, level, next, first, last) => {
  const base = next === 7 ? sized(0, 1n << 22n) : host(next === 1 ? LOW : 0, next);
  const without = readers(level, base);
  const bits = Array.from({ length: 64 }, (__, bit) => bit).filter(
    (bit) => bit !== 0 && !(bit >= 9 && bit < 52) && bit !== 61 && bit !== 62,
  );

  test.each(bits)('%i', (bit) => {
    const found = readers(level, base | (1n << BigInt(bit)));
    const reserved = bit >= first && bit <= last;
    expect(found.walk).toEqual(reserved ? { flags: 0x90 } : without.walk);
    expect(found.lines).toEqual(without.lines);
    expect(found.findings.includes('reserved-bits')).toBe(reserved);
    expect(found.tree?.findings.map((each) => each.id)).toEqual(reserved ? ['reserved-bits'] : []);
    expect(found.lookup).toEqual(without.lookup);
  });
});

test('a look-up through skipped levels needs zeros for their address bits', () => {
  const entry = dte({ Mode: 3, HostPageTableRoot: TOP >> 12, DomainID: 1 });
  const memory = new PageMemory().put(TOP, host(LOW, 1)).put(LOW + 8 * 511, host(0x7000));
  const table = new HostTable(new AmdContext(facts(), memory), decodeDte(entry));
  expect(table.find(511)).toBe('page');
  expect([table.pa, table.pages]).toEqual([7, 1]);
  expect(table.find(512)).toBe('hole');
  expect(table.pages).toBe(512 * 512);
  expect(table.find(1023)).toBe('hole');
  expect(table.find(512 * 512)).toBe('hole');
  expect(table.find(2 ** 27)).toBe('hole');
  // All that is beyond the table is one hole: a guest page of 1 GiB is not cut into its frames.
  expect(table.pages).toBe(2 ** 27);
});
