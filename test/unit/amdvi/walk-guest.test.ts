import { describe, expect, test } from 'vitest';
import { dte, host, PageMemory } from './tables.ts';
import { RO, walk, ADDRESS, threeLevels, MODE_3, faults } from './walk-scene.ts';

describe('guest page tables (§2.2.6)', () => {
  const GCR3 = 0x30000;
  const PML4 = 0x31000;
  const PDPT = 0x32000;
  const PD = 0x33000;
  const PT = 0x34000;
  const p = (address: number, flags = 7n): bigint => BigInt(address) | flags;
  const tables = (): PageMemory =>
    new PageMemory()
      .put(GCR3, p(PML4, 1n))
      .put(PML4, p(PDPT))
      .put(PDPT, p(PD))
      .put(PD, p(PT))
      .put(PT + 8 * 3, p(0xabc000));
  const V2 = { GV: 1, GIoV: 1, GCR3TableRoot: GCR3 >> 12, DomainID: 9 };

  test('a request without PASID uses PASID 0 when GIoV = 1', () => {
    const found = walk(tables(), dte(V2), 0x3010n, 'write');
    expect(found).toMatchObject({ result: 'translated', pa: 0xabc010n, size: 0x1000n, rights: 3 });
    expect(found.steps.map(({ what }) => what)).toEqual([
      'device table entry',
      'guest CR3 table entry',
      'guest L4 entry',
      'guest L3 entry',
      'guest L2 entry',
      'guest L1 entry',
    ]);
    expect(found.steps.at(-1)?.entry?.path).toBe('ivhd0/00:04.0/pasid.0/L4[0]/L3[0]/L2[0]/L1[3]');
  });

  test('without GIoV it is not translated (Mode 0)', () => {
    expect(walk(tables(), dte({ ...V2, GIoV: 0 }), 0x3010n)).toMatchObject({ untranslated: true });
  });

  test.each([
    ['a PASID without an entry', { pasid: 1 }, 'read', 0x001],
    ['a PASID beyond a table of one level', { pasid: 512 }, 'read', 0x001],
  ] as const)('%s', (_, options, access, flags) => {
    expect(walk(tables(), dte(V2), 0x3000n, access, options)).toMatchObject(
      faults('IO_PAGE_FAULT', 2, flags),
    );
  });

  test('a request with PASID to a device without guest translation is refused', () => {
    expect(walk(threeLevels(), MODE_3, ADDRESS, 'read', { pasid: 1 })).toMatchObject(
      faults('IO_PAGE_FAULT', 2, 0x001),
    );
  });

  test.each([1, 2, 3])('a guest CR3 table of %i levels', (levels) => {
    const pasid = levels === 3 ? 0x40203 : levels === 2 ? 0x403 : 3;
    const memory = tables();
    let table = 0x40000;
    for (let level = levels; level > 1; level--, table += 0x1000)
      memory.put(table + 8 * ((pasid >> (9 * (level - 1))) & 0x1ff), p(table + 0x1000, 1n));
    memory.put(table + 8 * (pasid & 0x1ff), p(PML4, 1n));
    const entry = dte({ ...V2, GLX: levels - 1, GCR3TableRoot: 0x40 });
    expect(walk(memory, entry, 0x3000n, 'read', { pasid })).toMatchObject({
      result: 'translated',
      pa: 0xabc000n,
    });
  });

  test.each([
    ['2 MiB', PD, p(0x40000000, 0x87n), 0x40003000n, 1n << 21n],
    ['1 GiB', PDPT, p(0x80000000, 0x87n), 0x80003000n, 1n << 30n],
  ])('a page of %s', (_, at, entry, pa, size) => {
    expect(walk(tables().put(at, entry), dte(V2), 0x3000n)).toMatchObject({ pa, size });
  });

  test('five levels', () => {
    const memory = tables().put(GCR3, p(0x35000, 1n)).put(0x35000, p(PML4));
    expect(walk(memory, dte({ ...V2, GuestPagingMode: 1 }), 0x3000n)).toMatchObject({
      pa: 0xabc000n,
    });
  });

  test.each([
    ['not present', PT + 24, 0n, 'write', 0x21],
    ['no write permission', PD, p(PT, 5n), 'write', 0x71],
    ['a reserved bit of a large page', PD, p(0x40002000, 0x87n), 'read', 0x91],
    ['PS at level 4', PML4, p(PDPT, 0x87n), 'read', 0x91],
    ['a reserved bit of the guest CR3 table', GCR3, p(PML4, 1n) | (1n << 60n), 'read', 0x91],
  ] as const)('%s', (_, at, entry, access, flags) => {
    expect(walk(tables().put(at, entry), dte(V2), 0x3000n, access)).toMatchObject(
      faults('IO_PAGE_FAULT', 2, flags),
    );
  });

  test('an address that is not canonical is not mapped', () => {
    expect(walk(tables(), dte(V2), 0x8000_0000_3000n)).toMatchObject(faults('IO_PAGE_FAULT', 2, 1));
    const memory = tables().put(PML4 + 8 * 511, p(PDPT));
    expect(walk(memory, dte(V2), 0xffff_ff80_0000_3000n)).toMatchObject({ pa: 0xabc000n });
  });

  test('the DTE limits rights too', () => {
    expect(walk(tables(), dte({ ...V2, IW: 0 }), 0x3000n, 'write')).toMatchObject(
      faults('IO_PAGE_FAULT', 2, 0x71),
    );
  });

  test('nested: guest tables and pages are led through the host table', () => {
    // Guest physical 0x100000 up is system physical 0x10000 up, in pages of 4 KiB.
    const memory = new PageMemory();
    memory.put(0x60000, host(0x61000, 1));
    for (let index = 0; index < 64; index++)
      memory.put(0x61000 + 8 * (0x100 + index), host(0x10000 + 0x1000 * index));
    const gpa = (address: number): number => address - 0x10000 + 0x100000;
    memory
      .put(GCR3, p(gpa(PML4), 1n))
      .put(PML4, p(gpa(PDPT)))
      .put(PDPT, p(gpa(PD)))
      .put(PD, p(gpa(PT)))
      .put(PT + 24, p(gpa(0x15000)));
    const entry = dte({ ...V2, Mode: 2, HostPageTableRoot: 0x60 });
    const found = walk(memory, entry, 0x3008n, 'write');
    expect(found).toMatchObject({ result: 'translated', pa: 0x15008n, size: 0x1000n, rights: 3 });
    expect(found.steps.filter(({ what }) => what.startsWith('host '))).toHaveLength(10);
    memory.put(0x61000 + 8 * 0x105, host(0x15000, 0, RO));
    expect(walk(memory, entry, 0x3008n, 'write')).toMatchObject(faults('IO_PAGE_FAULT', 2, 0x71));
  });
});
