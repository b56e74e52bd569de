/** What decides before any page table: the device table entry, special ranges, the exclusion range. */
import { describe, expect, test } from 'vitest';
import { amdUnit } from '../../../core/amdvi/unit.ts';
import { dte, facts, ID, PageMemory } from './tables.ts';
import { TOP, walk, ADDRESS, threeLevels, MODE_3, faults } from './walk-scene.ts';

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
