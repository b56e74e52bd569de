import { describe, expect, test } from 'vitest';
import { amdUnit } from '../../../core/amdvi/unit.ts';
import type { WalkResult } from '../../../core/iommu/unit.ts';
import type { FactOptions } from './tables.ts';
import { dte, dteAddress, facts, host, ID, PageMemory, sized } from './tables.ts';

const TOP = 0x10000;
const MIDDLE = 0x11000;
const LOW = 0x12000;
const RO = 0x2000_0000_0000_0000n;
const WO = 0x4000_0000_0000_0000n;

/** The entry of ID, over tables that `put` wrote. */
function walk(
  memory: PageMemory,
  entry: readonly bigint[],
  address: bigint,
  access: 'read' | 'write' = 'read',
  options: FactOptions & { pasid?: number } = {},
): WalkResult {
  memory.put(dteAddress(ID), ...entry);
  return amdUnit(facts(options), memory).walk({ id: ID, pasid: options.pasid, address, access });
}

/** Three levels down to a 4 KiB page at 0xabc000 for IOVA 0x4020_1000. */
const ADDRESS = 0x4020_1000n;
const threeLevels = (): PageMemory =>
  new PageMemory()
    .put(TOP + 8 * 1, host(MIDDLE, 2))
    .put(MIDDLE + 8 * 1, host(LOW, 1))
    .put(LOW + 8 * 1, host(0xabc000));
const MODE_3 = dte({ Mode: 3, HostPageTableRoot: TOP >> 12, DomainID: 7 });

const faults = (name: string, reason: number, flags: number) => ({
  result: 'fault',
  name,
  reason,
  flags,
});

describe('the device table entry decides (§2.2.2)', () => {
  test('IommuEn = 0: everything is forwarded, nothing is read', () => {
    expect(
      walk(new PageMemory(), dte(), 0x1000n, 'write', { translationEnabled: false }),
    ).toMatchObject({ result: 'translated', pa: 0x1000n, untranslated: true, steps: [] });
  });

  test.each([
    [
      'V = 0: forwarded',
      [0n, 0n, 0n, 0n],
      'read',
      { result: 'translated', pa: 0x1234n, untranslated: true },
    ],
    [
      'V = 0 with other bits: forwarded',
      [0x6000000000000602n, 1n, 0n, 0n],
      'write',
      { result: 'translated', untranslated: true },
    ],
    ['V = 1, TV = 0: refused', dte({ TV: 0 }), 'read', faults('IO_PAGE_FAULT', 2, 0)],
    [
      'Mode 0 with IR and IW: forwarded',
      dte(),
      'write',
      { result: 'translated', untranslated: true, rights: 3 },
    ],
    ['Mode 0, write without IW', dte({ IW: 0 }), 'write', faults('IO_PAGE_FAULT', 2, 0x70)],
    ['Mode 0, read without IR', dte({ IR: 0 }), 'read', faults('IO_PAGE_FAULT', 2, 0x50)],
    ['Mode 0, neither right', dte({ IR: 0, IW: 0 }), 'read', faults('IO_PAGE_FAULT', 2, 0x50)],
    [
      'a reserved bit of the first half',
      dte({ 'reserved 63': 1 }),
      'write',
      faults('ILLEGAL_DEV_TABLE_ENTRY', 1, 0xa0),
    ],
    [
      'a reserved bit of the interrupt half does not matter here',
      dte({ 'reserved 206:192': 1 }),
      'read',
      { result: 'translated' },
    ],
    ['Mode 7 is reserved', dte({ Mode: 7 }), 'read', faults('ILLEGAL_DEV_TABLE_ENTRY', 1, 0)],
    ['GLX 3 is reserved', dte({ GV: 1, GLX: 3 }), 'read', faults('ILLEGAL_DEV_TABLE_ENTRY', 1, 0)],
  ] as const)('%s', (_, entry, access, expected) => {
    expect(walk(new PageMemory(), entry, 0x1234n, access)).toMatchObject(expected);
  });

  test.each([
    [dte({ Mode: 0, DomainID: 9 }), 'Domain 9; the device may do rw.'],
    [
      dte({ Mode: 1, HostPageTableRoot: TOP >> 12, DomainID: 7, IW: 0 }),
      'Domain 7; the device may do r; host page table of 1 level at 0x10000.',
    ],
    [
      dte({ Mode: 3, HostPageTableRoot: TOP >> 12, GV: 1, GCR3TableRoot: 0x77, IR: 0, IW: 0 }),
      'Domain 0; the device may do nothing; guest CR3 table at 0x77000; host page table of 3 levels at 0x10000.',
    ],
    [dte({ TV: 0 }), 'The entry is valid, its translation information is not.'],
  ])('its step says what it is: %#', (entry, text) => {
    expect(walk(new PageMemory(), entry, 0n).steps[0].text).toContain(text);
  });

  test('SA: page faults are refused without an event, other events are not kept back', () => {
    expect(walk(new PageMemory(), dte({ SA: 1, IR: 0 }), 0n)).toMatchObject({
      ...faults('IO_PAGE_FAULT', 2, 0x50),
      silent: true,
    });
    const illegal = walk(new PageMemory(), dte({ SA: 1, Mode: 7 }), 0n);
    expect(illegal).toMatchObject(faults('ILLEGAL_DEV_TABLE_ENTRY', 1, 0));
    expect(illegal).not.toHaveProperty('silent');
    expect(walk(new PageMemory(), dte({ SE: 1, IR: 0 }), 0n)).not.toHaveProperty('silent');
  });

  test('a Mode above what the unit supports is refused', () => {
    const four = 0n;
    const entry = dte({ Mode: 5, HostPageTableRoot: TOP >> 12 });
    expect(walk(new PageMemory(), entry, 0n, 'read', { features: four })).toMatchObject(
      faults('ILLEGAL_DEV_TABLE_ENTRY', 1, 0),
    );
    expect(walk(new PageMemory(), entry, 0n, 'read', { features: 1n << 10n })).toMatchObject(
      faults('IO_PAGE_FAULT', 2, 0),
    );
  });

  test('a DeviceID beyond the table is refused', () => {
    const unit = amdUnit(facts(), new PageMemory());
    expect(unit.walk({ id: 0x100, pasid: undefined, address: 0n, access: 'read' })).toMatchObject(
      faults('IO_PAGE_FAULT', 2, 0),
    );
  });

  test('a device table page that is not known decides nothing', () => {
    const memory = new PageMemory();
    memory.forget(0x1000, 'excluded');
    const unit = amdUnit(facts(), memory);
    const found = unit.walk({ id: ID, pasid: undefined, address: 0n, access: 'read' });
    expect(found).toMatchObject({ result: 'unknown', why: 'excluded', address: 0x1400n });
    expect(found.steps).toMatchObject([
      { what: 'device table entry', missing: 'excluded', outcome: 'unknown' },
    ]);
  });

  test('where all memory is known, an absent page is a hardware error', () => {
    const memory = new PageMemory();
    memory.forget(0x1000, 'absent');
    const unit = amdUnit(facts({ from: 'simulated' }), memory);
    expect(unit.walk({ id: ID, pasid: undefined, address: 0n, access: 'write' })).toMatchObject(
      faults('DEV_TAB_HARDWARE_ERROR', 3, 0x220),
    );
  });

  test('without a device table there is nothing to walk', () => {
    const unit = amdUnit({ ...facts(), deviceTable: undefined }, new PageMemory());
    expect(unit.walk({ id: ID, pasid: undefined, address: 0n, access: 'read' })).toMatchObject({
      result: 'unknown',
      why: 'no root table',
    });
  });
});

describe('host page tables (§2.2.3)', () => {
  test('a page of 4 KiB through three levels, step by step', () => {
    const found = walk(threeLevels(), MODE_3, ADDRESS + 0x234n, 'write');
    expect(found).toMatchObject({
      result: 'translated',
      pa: 0xabc234n,
      size: 0x1000n,
      rights: 3,
      untranslated: false,
    });
    expect(
      found.steps.map(({ what, index, table, outcome }) => [what, index, table, outcome]),
    ).toEqual([
      ['device table entry', ID, 0x1000n, 'next'],
      ['L3 entry', 1, BigInt(TOP), 'next'],
      ['L2 entry', 1, BigInt(MIDDLE), 'next'],
      ['L1 entry', 1, BigInt(LOW), 'leaf'],
    ]);
    expect(found.steps.map(({ entry }) => entry?.path)).toEqual([
      'ivhd0/00:04.0/dte',
      'ivhd0/00:04.0/L3[1]',
      'ivhd0/00:04.0/L3[1]/L2[1]',
      'ivhd0/00:04.0/L3[1]/L2[1]/L1[1]',
    ]);
  });

  test.each([
    ['level 2: 2 MiB', MIDDLE + 8, host(0x40000000), 0x40001000n, 1n << 21n],
    ['level 3: 1 GiB', TOP + 8, host(0x80000000), 0x80201000n, 1n << 30n],
    ['NextLevel 7 at level 1: 16 KiB', LOW + 8, sized(0xab8000, 0x4000n), 0xab9000n, 0x4000n],
    [
      'NextLevel 7 at level 2: 4 MiB',
      MIDDLE + 8,
      sized(0x40000000, 1n << 22n),
      0x40201000n,
      1n << 22n,
    ],
  ])('%s', (_, at, entry, pa, size) => {
    expect(walk(threeLevels().put(at, entry), MODE_3, ADDRESS)).toMatchObject({
      result: 'translated',
      pa,
      size,
    });
  });

  test('all six modes reach a page of 4 KiB', () => {
    for (let mode = 1; mode <= 6; mode++) {
      const memory = new PageMemory();
      for (let level = mode; level > 1; level--)
        memory.put(0x20000 + 0x1000 * level, host(0x20000 + 0x1000 * (level - 1), level - 1));
      memory.put(0x21000 + 8 * 5, host(0x777000));
      expect(
        walk(memory, dte({ Mode: mode, HostPageTableRoot: 0x20 + mode }), 0x5008n),
      ).toMatchObject({ result: 'translated', pa: 0x777008n, size: 0x1000n });
    }
  });

  test('skipped levels: the address bits of the skipped level must be zero', () => {
    const memory = new PageMemory().put(TOP + 8, host(LOW, 1)).put(LOW + 8, host(0xabc000));
    expect(walk(memory, MODE_3, 0x4000_1000n)).toMatchObject({
      result: 'translated',
      pa: 0xabc000n,
    });
    expect(walk(memory, MODE_3, 0x4020_1000n)).toMatchObject(faults('IO_PAGE_FAULT', 2, 0x10));
  });

  test.each([
    ['absent leaf, read', LOW + 8, 0n, 'read', 0x00],
    ['absent leaf, write', LOW + 8, 0n, 'write', 0x20],
    ['PR = 0 with other bits set', LOW + 8, host(0xabc000) & ~1n, 'read', 0x00],
    ['absent directory', MIDDLE + 8, 0n, 'write', 0x20],
    ['leaf without IW', LOW + 8, host(0xabc000, 0, RO), 'write', 0x70],
    ['leaf without IR', LOW + 8, host(0xabc000, 0, WO), 'read', 0x50],
    ['directory without IW', MIDDLE + 8, host(LOW, 1, RO), 'write', 0x70],
    ['top directory without IR', TOP + 8, host(MIDDLE, 2, WO), 'read', 0x50],
    ['reserved bit of a PTE', LOW + 8, host(0xabc000) | (1n << 52n), 'read', 0x90],
    ['reserved bit of a PDE, written', MIDDLE + 8, host(LOW, 1) | (1n << 59n), 'write', 0xb0],
    ['NextLevel equal to the level', MIDDLE + 8, host(LOW, 2), 'read', 0x10],
    ['NextLevel above the level', MIDDLE + 8, host(LOW, 6), 'write', 0x30],
    ['NextLevel 7 with the level’s own size or less', MIDDLE + 8, sized(0, 0x2000n), 'read', 0x10],
    ['NextLevel 7 with the size of the level above', LOW + 8, sized(0, 1n << 21n), 'read', 0x10],
    ['NextLevel 7 without a zero bit', LOW + 8, host(0xf_ffff_ffff_f000n, 7), 'read', 0x10],
  ] as const)('%s', (_, at, entry, access, flags) => {
    expect(walk(threeLevels().put(at, entry), MODE_3, ADDRESS, access)).toMatchObject(
      faults('IO_PAGE_FAULT', 2, flags),
    );
  });

  test('rights are those of the DTE and of every level together', () => {
    const memory = threeLevels().put(MIDDLE + 8, host(LOW, 1, RO));
    expect(walk(memory, MODE_3, ADDRESS, 'read')).toMatchObject({
      result: 'translated',
      rights: 1,
    });
    const found = walk(
      memory,
      dte({ Mode: 3, HostPageTableRoot: TOP >> 12, IR: 0 }),
      ADDRESS,
      'write',
    );
    expect(found).toMatchObject(faults('IO_PAGE_FAULT', 2, 0x70));
    expect(found.steps.at(-1)).toMatchObject({ outcome: 'stop', rights: 0 });
  });

  test('an address above what the levels translate is not mapped', () => {
    expect(walk(threeLevels(), MODE_3, ADDRESS | (1n << 39n))).toMatchObject(
      faults('IO_PAGE_FAULT', 2, 0),
    );
  });

  test('U and FC of a page are no reserved bits', () => {
    const memory = threeLevels().put(LOW + 8, host(0xabc000) | (3n << 59n));
    expect(walk(memory, MODE_3, ADDRESS)).toMatchObject({ result: 'translated' });
  });

  test.each(['excluded', 'failed', 'pending', 'absent'] as const)(
    'a table page that is %s decides nothing',
    (why) => {
      const memory = threeLevels();
      memory.forget(LOW, why);
      const found = walk(memory, MODE_3, ADDRESS);
      expect(found).toMatchObject({ result: 'unknown', why, address: BigInt(LOW + 8) });
      expect(found.steps.at(-1)).toMatchObject({
        what: 'L1 entry',
        missing: why,
        entry: undefined,
      });
    },
  );

  test('in a machine whose memory is whole, a table outside of it is a hardware error', () => {
    const memory = threeLevels();
    memory.forget(LOW, 'absent');
    expect(walk(memory, MODE_3, ADDRESS, 'read', { from: 'simulated' })).toMatchObject(
      faults('PAGE_TAB_HARDWARE_ERROR', 4, 0x200),
    );
  });

  test('the encryption bit of SME is taken out of pointers and pages', () => {
    const bit = 1n << 47n;
    const memory = new PageMemory()
      .put(TOP + 8, host(MIDDLE, 2) | bit)
      .put(MIDDLE + 8, host(LOW, 1) | bit)
      .put(LOW + 8, host(0xabc000) | bit);
    const entry = dte({ Mode: 3, HostPageTableRoot: (BigInt(TOP) | bit) >> 12n });
    expect(walk(memory, entry, ADDRESS, 'read', { smeMask: bit })).toMatchObject({
      result: 'translated',
      pa: 0xabc000n,
    });
  });
});

describe('special address ranges (§2.1.2)', () => {
  test('a read in the interrupt range is an invalid request', () => {
    expect(walk(new PageMemory(), dte(), 0xfee00000n)).toMatchObject(
      faults('INVALID_DEVICE_REQUEST', 8, 0),
    );
  });

  test('a write there is an interrupt, whatever the page table says', () => {
    expect(walk(threeLevels(), MODE_3, 0xfee01000n, 'write')).toMatchObject({
      result: 'translated',
      untranslated: true,
    });
  });

  const hypertransport = { registers: new Map<number, number>() };
  test.each([
    [
      'port I/O, IoCtl = 00b',
      0xfd_fc00_0000n,
      {},
      'write',
      faults('INVALID_DEVICE_REQUEST', 8, 0x400),
    ],
    ['port I/O, IoCtl = 01b', 0xfd_fc00_0000n, { IoCtl: 1 }, 'write', { untranslated: true }],
    [
      'port I/O, IoCtl = 11b',
      0xfd_fc00_0000n,
      { IoCtl: 3 },
      'read',
      faults('ILLEGAL_DEV_TABLE_ENTRY', 1, 0),
    ],
    [
      'system management, SysMgt = 00b',
      0xfd_f910_0000n,
      {},
      'write',
      faults('INVALID_DEVICE_REQUEST', 8, 0x600),
    ],
    [
      'system management, SysMgt = 01b',
      0xfd_f910_0000n,
      { SysMgt: 1 },
      'write',
      { untranslated: true },
    ],
  ] as const)('%s', (_, address, values, access, expected) => {
    expect(walk(new PageMemory(), dte(values), address, access, hypertransport)).toMatchObject(
      expected,
    );
  });

  test('units that ignore the HyperTransport range translate it', () => {
    const ignore = new Map([[0x1a0, 1 << 11]]);
    expect(
      walk(new PageMemory(), dte({ Mode: 3 }), 0xfd_fc00_0000n, 'read', { registers: ignore }),
    ).toMatchObject(faults('IO_PAGE_FAULT', 2, 0));
  });
});

describe('the exclusion range (§2.2.4)', () => {
  const range = (flags: number): ReadonlyMap<number, number> =>
    new Map([
      [0x20, 0x4020_0000 | flags],
      [0x28, 0x4020_2000],
    ]);
  test.each([
    ['not enabled', 0, {}, ADDRESS, { pa: 0xabc000n }],
    ['for all devices', 3, {}, ADDRESS, { untranslated: true, pa: ADDRESS }],
    ['for devices with EX, without it', 1, {}, ADDRESS, { pa: 0xabc000n }],
    ['for devices with EX', 1, { EX: 1 }, ADDRESS, { untranslated: true }],
    ['its last byte', 3, {}, 0x4020_2fffn, { untranslated: true }],
    ['the byte after it', 3, {}, 0x4020_3000n, faults('IO_PAGE_FAULT', 2, 0)],
  ] as const)('%s', (_, flags, values, address, expected) => {
    const entry = dte({ Mode: 3, HostPageTableRoot: TOP >> 12, ...values });
    expect(walk(threeLevels(), entry, address, 'read', { registers: range(flags) })).toMatchObject(
      expected,
    );
  });
});

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
