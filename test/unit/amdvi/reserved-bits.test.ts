/**
 * Each single bit of a device table entry and of an interrupt remapping entry: the reserved ones
 * (§2.2.2.1, §2.2.5), and no other, refuse the request with RZ and are told of the device.
 */
import { describe, expect, test } from 'vitest';
import { amdUnit } from '../../../core/amdvi/unit.ts';
import { dte, dteAddress, facts, ID, PageMemory } from './tables.ts';

const TABLE = 0x40000;
const REMAP = { IV: 1, IntCtl: 2, IntTabLen: 4, IntTabRoot: TABLE >> 6, DomainID: 1 };
const good = (): PageMemory => new PageMemory().put(TABLE, 0x141n, 0x22n);
const range = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

function toggled(words: readonly bigint[], bit: number): bigint[] {
  return words.map((word, index) => (index === bit >> 6 ? word ^ (1n << BigInt(bit & 63)) : word));
}

function refusals(entry: readonly bigint[]) {
  const unit = amdUnit(facts(), good().put(dteAddress(ID), ...entry));
  const walk = unit.walk({ id: ID, pasid: undefined, address: 0x1000n, access: 'read' });
  const interrupt = unit.interrupt(ID, 0);
  return {
    findings: unit
      .devices()
      .devices.flatMap((each) => each.findings)
      .filter((each) => each.id === 'reserved-bits').length,
    walk:
      walk.result === 'fault' && walk.name === 'ILLEGAL_DEV_TABLE_ENTRY' ? (walk.flags ?? 0) : 0,
    interrupt:
      interrupt.result === 'aborted' && interrupt.event === 'ILLEGAL_DEV_TABLE_ENTRY'
        ? interrupt.flags
        : 0,
  };
}

describe('a device table entry', () => {
  const REQUESTS = [2, 3, 63];
  const INTERRUPTS = [180, 181, ...range(192, 206), ...range(240, 244)];

  test.each(REQUESTS)('bit %i refuses requests', (bit) => {
    expect(refusals(toggled(dte(REMAP), bit))).toEqual({ findings: 1, walk: 0x80, interrupt: 0 });
    // With V = 0 bits 127:1 are not looked at.
    expect(refusals(toggled(dte({ ...REMAP, V: 0 }), bit))).toMatchObject({ findings: 0, walk: 0 });
  });

  test.each(INTERRUPTS)('bit %i refuses interrupts', (bit) => {
    expect(refusals(toggled(dte(REMAP), bit))).toEqual({ findings: 1, walk: 0, interrupt: 0x88 });
    expect(refusals(toggled(dte({ ...REMAP, IV: 0 }), bit))).toMatchObject({
      findings: 0,
      interrupt: 0,
    });
  });

  test('no other bit does', () => {
    const reserved = new Set([...REQUESTS, ...INTERRUPTS]);
    for (const bit of range(0, 255).filter((each) => !reserved.has(each))) {
      const { findings, walk, interrupt } = refusals(toggled(dte(REMAP), bit));
      expect([bit, findings, walk & 0x80, interrupt & 0x80]).toEqual([bit, 0, 0, 0]);
    }
  });

  test.each([
    ['Mode', { Mode: 7 }, 'illegal-mode', 'Mode'],
    ['GLX', { GV: 1, GLX: 3, GIoV: 1 }, 'illegal-guest-levels', 'GLX'],
    ['GuestPagingMode 2', { GV: 1, GuestPagingMode: 2 }, 'illegal-guest-levels', 'GuestPagingMode'],
    ['GuestPagingMode 3', { GV: 1, GuestPagingMode: 3 }, 'illegal-guest-levels', 'GuestPagingMode'],
    ['IntCtl', { IntCtl: 3 }, 'illegal-interrupt-control', 'IntCtl'],
    ['IntTabLen', { IntTabLen: 12 }, 'illegal-interrupt-length', 'IntTabLen'],
  ])('a reserved value of %s is told with its field', (_, values, id, field) => {
    const memory = good().put(dteAddress(ID), ...dte({ ...REMAP, ...values }));
    const [row] = amdUnit(facts(), memory).devices().devices;
    const finding = row.findings.find((each) => each.id === id);
    expect(finding).toMatchObject({ severity: 'error', evidence: [{ field }] });
  });

  test('the longest legal interrupt table has 2,048 entries', () => {
    const memory = good().put(dteAddress(ID), ...dte({ ...REMAP, IntTabLen: 11 }));
    const unit = amdUnit(facts(), memory);
    expect(unit.devices().devices[0].findings).toEqual([]);
    expect(unit.interrupt(ID, 0)).toMatchObject({ result: 'remapped' });
    expect(unit.interrupt(ID, 2047)).toMatchObject({ result: 'aborted', flags: 8 });
  });
});

describe.each([
  ['32 bits', 32, [0x00220101n], [7, ...range(24, 31)]],
  ['128 bits', 128, [0x141n, 0x22n], range(72, 119)],
  ['guest mode', 128, [0x181n, 0x22n], [3, 4, ...range(72, 75), ...range(116, 119)]],
] as const)('an interrupt remapping entry of %s', (_, format, words, reserved) => {
  const outcome = (entry: readonly bigint[]) => {
    const memory = new PageMemory().put(TABLE, ...entry).put(dteAddress(ID), ...dte(REMAP));
    return amdUnit({ ...facts(), interruptFormat: format }, memory).interrupt(ID, 0);
  };

  test('as it is, it remaps', () => {
    expect(outcome(words)).toMatchObject({ result: 'remapped', entry: { vector: 0x22 } });
  });

  test.each([...reserved])('bit %i refuses the interrupt', (bit) => {
    expect(outcome(toggled(words, bit))).toMatchObject({
      result: 'aborted',
      event: 'IO_PAGE_FAULT',
      flags: 0x98,
    });
  });

  test('no other bit is reserved', () => {
    // Bit 0 is RemapEn; IntType has reserved values above 1; GuestMode changes what is reserved.
    const values = [0, 3, 4, 7];
    for (const bit of range(1, format - 1)) {
      if (values.includes(bit) || (reserved as readonly number[]).includes(bit)) continue;
      expect([bit, outcome(toggled(words, bit)).result]).toEqual([bit, 'remapped']);
    }
  });

  test('IntType', () => {
    if (reserved[0] === 3) return;
    for (const type of range(0, 7))
      expect([type, outcome([words[0] | BigInt(type << 2), ...words.slice(1)]).result]).toEqual([
        type,
        type > 1 ? 'aborted' : 'remapped',
      ]);
  });
});
