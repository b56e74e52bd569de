import { describe, expect, test } from 'vitest';
import { amdUnit } from '../../../core/amdvi/unit.ts';
import { hex } from '../../../core/format/hex.ts';
import { OverlayMemory } from '../../../core/memory/overlay.ts';
import { dte, dteAddress, facts, ID, PageMemory } from './tables.ts';

const one = (entry: readonly bigint[], options = {}) => {
  const memory = new PageMemory().put(dteAddress(ID), ...entry);
  return amdUnit(facts(options), memory).devices();
};

describe('rows of the device list', () => {
  test.each([
    ['V = 0', dte({ V: 0, Mode: 3 }), 'pass-through', undefined],
    ['V = 1, TV = 0', dte({ TV: 0, Mode: 3 }), 'blocked', undefined],
    ['Mode 1', dte({ Mode: 1, HostPageTableRoot: 0x77 }), 'v1', 1],
    ['Mode 6', dte({ Mode: 6, HostPageTableRoot: 0x77 }), 'v1', 6],
    ['Mode 7, reserved', dte({ Mode: 7 }), 'blocked', undefined],
    ['Mode 0, IR', dte({ IW: 0, DomainID: 1 }), 'pass-through', undefined],
    ['Mode 0, IW', dte({ IR: 0, DomainID: 1 }), 'pass-through', undefined],
    ['Mode 0, neither', dte({ IR: 0, IW: 0, DomainID: 1 }), 'blocked', undefined],
    ['GV = 1, Mode 0', dte({ GV: 1 }), 'v2', 4],
    ['GV = 1, Mode 0, five levels', dte({ GV: 1, GuestPagingMode: 1 }), 'v2', 5],
    ['GV = 1, Mode 4', dte({ GV: 1, Mode: 4 }), 'nested', 4],
  ] as const)('%s is %s', (_, entry, translation, levels) => {
    const { devices } = one(entry);
    expect(devices).toHaveLength(1);
    expect(devices[0]).toMatchObject({ translation, levels });
  });

  test('a row has the entry, the domain and AMD-Vi’s own part', () => {
    const { devices } = one(
      dte({
        Mode: 3,
        HostPageTableRoot: 0x1b71,
        DomainID: 2,
        IV: 1,
        IntTabLen: 9,
        IntTabRoot: 0x2200a000 >> 6,
        IntCtl: 2,
      }),
    );
    expect(devices[0]).toMatchObject({
      id: ID,
      bdf: '00:04.0',
      pasid: undefined,
      domain: 2,
      pageTable: 0x1b71000n,
      entry: { path: 'ivhd0/00:04.0/dte', address: BigInt(dteAddress(ID)) },
      amd: {
        valid: true,
        translationValid: true,
        mode: 3,
        rights: 3,
        interruptMapValid: true,
        interruptTable: 0x2200a000n,
        interruptCapacity: 512,
      },
      findings: [],
    });
  });

  test('a segment other than 0 is part of the name', () => {
    expect(one(dte({ Mode: 1 }), { segment: 1 }).devices[0].bdf).toBe('0001:00:04.0');
  });
});

describe('which entries are rows, which are grouped', () => {
  test.each([
    ['Mode', { Mode: 1 }, true],
    ['GV', { GV: 1 }, true],
    ['DomainID', { DomainID: 0x8000 }, true],
    ['IV with IntCtl = 10b', { IV: 1, IntCtl: 2 }, true],
    ['IV with IntCtl = 01b', { IV: 1, IntCtl: 1 }, false],
    ['IV with IntCtl = 11b', { IV: 1, IntCtl: 3 }, false],
    ['IntCtl = 10b without IV', { IntCtl: 2 }, false],
    ['rights alone', {}, false],
  ])('%s', (_, values, row) => {
    const { devices, same } = one(dte(values));
    expect(devices).toHaveLength(row ? 1 : 0);
    expect(same).toHaveLength(row ? 0 : 1);
  });

  test('equal entries are one group, zero entries are left out', () => {
    const memory = new PageMemory();
    const unused = [3n, 0n, 1n, 0n];
    for (let id = 0; id < 256; id++) if (id % 8 < 2) memory.put(dteAddress(id), ...unused);
    memory.put(dteAddress(9), 1n, 0n, 0n, 0n);
    const { devices, same } = amdUnit(facts(), memory).devices();
    expect(devices).toEqual([]);
    expect(same.map(({ words, count, bdfs }) => [words.map(hex), count, bdfs.slice(0, 3)])).toEqual(
      [
        [['0x3', '0x0', '0x1', '0x0'], 63, ['00:00.0', '00:00.1', '00:01.0']],
        [['0x1', '0x0', '0x0', '0x0'], 1, ['00:01.1']],
      ],
    );
  });
});

describe('what is wrong with an entry', () => {
  test.each([
    ['reserved bits of the first half', dte({ Mode: 3, 'reserved 63': 1 }), {}, 'reserved-bits'],
    [
      'reserved bits of the interrupt half',
      dte({ Mode: 3, IV: 1, 'reserved 181:180': 1 }),
      {},
      'reserved-bits',
    ],
    ['Mode 7', dte({ Mode: 7 }), {}, 'illegal-mode'],
    ['more levels than the unit has', dte({ Mode: 6 }), { features: 0n }, 'illegal-mode'],
    ['GLX 3', dte({ GV: 1, GLX: 3 }), {}, 'illegal-guest-levels'],
    ['GuestPagingMode 2', dte({ GV: 1, GuestPagingMode: 2, GIoV: 1 }), {}, 'illegal-guest-levels'],
    [
      'GV without GTSup',
      dte({ GV: 1, GIoV: 1 }),
      { features: 0n },
      'guest-translation-unsupported',
    ],
    ['GV without GIoV', dte({ GV: 1 }), {}, 'no-pasid-untranslated'],
    ['IntCtl 11b', dte({ Mode: 1, IV: 1, IntCtl: 3 }), {}, 'illegal-interrupt-control'],
    [
      'a table of 4,096 interrupts',
      dte({ IV: 1, IntCtl: 2, IntTabLen: 12 }),
      {},
      'illegal-interrupt-length',
    ],
  ] as const)('%s', (_, entry, options, id) => {
    expect(one(entry, options).devices[0].findings.map((each) => each.id)).toEqual([id]);
  });

  test('halves that are not valid are not judged', () => {
    expect(one(dte({ V: 0, Mode: 3, 'reserved 63': 1 })).devices[0].findings).toEqual([]);
    expect(one(dte({ Mode: 3, 'reserved 181:180': 1 })).devices[0].findings).toEqual([]);
  });

  test('an exclusion range in force is a note of the unit', () => {
    const registers = new Map([
      [0x20, 0x1003],
      [0x28, 0x3000],
    ]);
    expect(one(dte({ Mode: 1 }), { registers }).findings).toMatchObject([
      { id: 'exclusion-range', severity: 'note', at: 'ivhd0' },
    ]);
  });
});

test('a page of the device table that is missing is named; the rest is listed', () => {
  const memory = new PageMemory().put(dteAddress(200), ...dte({ Mode: 1 }));
  memory.forget(0x1000, 'failed');
  const { devices, incomplete } = amdUnit(facts(), memory).devices();
  expect(devices.map(({ bdf }) => bdf)).toEqual(['00:19.0']);
  expect(incomplete).toEqual([
    {
      address: 0x1000n,
      at: 'ivhd0/devices',
      text: 'Device table from 00:00.0 at 0x1000: page damaged.',
    },
  ]);
});

test('a guest CR3 table without end is listed up to a bound', () => {
  const memory = new PageMemory().put(
    dteAddress(ID),
    ...dte({ GV: 1, GIoV: 1, GLX: 2, GCR3TableRoot: 0x20 }),
  );
  for (let index = 0; index < 512; index++) memory.put(0x20000 + 8 * index, 0x20001n);
  const { devices } = amdUnit(facts(), memory).devices();
  expect(devices).toHaveLength(4096);
  expect(devices[0].findings.map((each) => each.id)).toEqual(['many-pasids']);
});

test('the list follows changes of the memory under it', () => {
  const memory = new OverlayMemory(new PageMemory().put(dteAddress(ID), ...dte({ Mode: 3 })));
  const unit = amdUnit(facts(), memory);
  expect(unit.devices().devices[0].amd?.mode).toBe(3);
  memory.write(BigInt(dteAddress(ID) + 1), Uint8Array.of(0x08), 'Mode 3 -> 4');
  expect(unit.devices().devices[0].amd?.mode).toBe(4);
  memory.undo();
  expect(unit.devices().devices[0].amd?.mode).toBe(3);
});

test('without a device table the list is empty', () => {
  const unit = amdUnit(
    { ...facts(), deviceTable: undefined, capacity: undefined },
    new PageMemory(),
  );
  expect(unit.devices()).toMatchObject({ devices: [], same: [], incomplete: [] });
});
