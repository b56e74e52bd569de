import { describe, expect, test } from 'vitest';
import { dte, host, ID, PageMemory, sized } from './tables.ts';
import { TOP, MIDDLE, LOW, RO, walk, ADDRESS, threeLevels, MODE_3, faults } from './walk-scene.ts';

const WO = 0x4000_0000_0000_0000n;

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
