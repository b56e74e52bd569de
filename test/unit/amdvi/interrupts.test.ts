import { describe, expect, test } from 'vitest';
import { amdUnit } from '../../../core/amdvi/unit.ts';
import { dte, dteAddress, facts, ID, PageMemory } from './tables.ts';

const TABLE = 0x40000;
const REMAP = { IV: 1, IntCtl: 2, IntTabLen: 4, IntTabRoot: TABLE >> 6 };

function unitOf(memory: PageMemory, format: 32 | 128 | undefined = 128, values = {}) {
  memory.put(dteAddress(ID), ...dte({ DomainID: 1, ...REMAP, ...values }));
  return amdUnit({ ...facts(), interruptFormat: format }, memory);
}

describe('interrupt remapping tables', () => {
  test('128-bit entries', () => {
    const memory = new PageMemory()
      .put(TABLE + 16, 0x141n, 0x22n)
      .put(TABLE + 32, 0x34567801n, (0x12n << 56n) | 0x31n)
      .put(TABLE + 48, 0x140n, 0x23n);
    const [table, ...rest] = unitOf(memory).interrupts(false);
    expect(rest).toEqual([]);
    expect(table).toMatchObject({
      table: BigInt(TABLE),
      capacity: 16,
      devices: ['00:04.0'],
      present: 2,
    });
    expect(table.entries).toMatchObject([
      { index: 1, vector: 0x22, destination: 1, present: true, posted: false, source: undefined },
      { index: 2, vector: 0x31, destination: 0x12345678 },
    ]);
    expect(table.entries[0].entry).toMatchObject({
      path: 'ivhd0/irq/00:04.0/1',
      address: BigInt(TABLE + 16),
    });
    expect(unitOf(memory).interrupts(true)[0].entries).toHaveLength(16);
  });

  test('guest mode: posted to a virtual APIC', () => {
    const memory = new PageMemory().put(TABLE, 0x81n, 0x61n);
    expect(unitOf(memory).interrupts(false)[0].entries[0]).toMatchObject({
      posted: true,
      vector: 0x61,
    });
  });

  test('32-bit entries, two in a word', () => {
    const memory = new PageMemory().put(TABLE, 0x00420401_00410301n);
    const [table] = unitOf(memory, 32).interrupts(false);
    expect(
      table.entries.map(({ index, vector, destination, entry }) => [
        index,
        vector,
        destination,
        entry.words,
      ]),
    ).toEqual([
      [0, 0x41, 3, [0x00410301n]],
      [1, 0x42, 4, [0x00420401n]],
    ]);
  });

  test('devices that share a table are one table, as long as the longest', () => {
    const memory = new PageMemory().put(dteAddress(ID + 1), ...dte({ ...REMAP, IntTabLen: 9 }));
    const tables = unitOf(memory).interrupts(false);
    expect(tables).toMatchObject([{ capacity: 512, devices: ['00:04.0', '00:04.1'] }]);
  });

  test('tables are in order of their address', () => {
    const memory = new PageMemory().put(
      dteAddress(1),
      ...dte({ ...REMAP, IntTabRoot: 0x80000 >> 6 }),
    );
    expect(
      unitOf(memory)
        .interrupts(false)
        .map(({ table }) => table),
    ).toEqual([0x40000n, 0x80000n]);
  });

  test('a page that is missing is named once, the rest is read', () => {
    const memory = new PageMemory().put(TABLE + 0x1000, 0x141n, 0x22n);
    memory.forget(TABLE, 'excluded');
    const [table] = unitOf(memory, 128, { IntTabLen: 9 }).interrupts(false);
    expect(table.entries.map(({ index }) => index)).toEqual([256]);
    expect(table.incomplete).toMatchObject([{ address: BigInt(TABLE), at: 'ivhd0/irq/00:04.0/0' }]);
  });

  test('without the control register the width of entries is not guessed', () => {
    const memory = new PageMemory().put(TABLE, 0x141n, 0x22n);
    memory.put(dteAddress(ID), ...dte({ DomainID: 1, ...REMAP }));
    const [table] = amdUnit({ ...facts(), interruptFormat: undefined }, memory).interrupts(true);
    expect(table).toMatchObject({ present: 0, entries: [] });
    expect(table.incomplete).toHaveLength(1);
  });
});

describe('what becomes of an interrupt (§2.2.5)', () => {
  const good = (): PageMemory => new PageMemory().put(TABLE + 16, 0x141n, 0x22n);
  const aborted = (event: string | undefined, flags: number) => ({
    result: 'aborted',
    event,
    flags,
  });
  test.each([
    [
      'remapped',
      good(),
      {},
      1,
      { result: 'remapped', entry: { index: 1, vector: 0x22, destination: 1 } },
    ],
    ['the index is 11 bits of the data', good(), {}, 0x801, { result: 'remapped' }],
    ['IV = 0: forwarded', good(), { IV: 0 }, 1, { result: 'forwarded' }],
    ['IntCtl = 01b: forwarded', good(), { IntCtl: 1 }, 1, { result: 'forwarded' }],
    ['IntCtl = 00b: target abort, no event', good(), { IntCtl: 0 }, 1, aborted(undefined, 0x08)],
    ['IntCtl = 11b', good(), { IntCtl: 3 }, 1, aborted('ILLEGAL_DEV_TABLE_ENTRY', 0x08)],
    ['reserved IntTabLen', good(), { IntTabLen: 12 }, 1, aborted('ILLEGAL_DEV_TABLE_ENTRY', 0x08)],
    [
      'a reserved bit of the half',
      good(),
      { 'reserved 206:192': 1 },
      1,
      aborted('ILLEGAL_DEV_TABLE_ENTRY', 0x88),
    ],
    ['beyond the table', good(), {}, 16, aborted('IO_PAGE_FAULT', 0x08)],
    ['RemapEn = 0', good(), {}, 2, aborted('IO_PAGE_FAULT', 0x08)],
    ['RemapEn = 0 with SupIOPF', good().put(TABLE + 32, 2n), {}, 2, aborted(undefined, 0x08)],
    ['RemapEn = 0 with IG', good(), { IG: 1 }, 2, aborted(undefined, 0x08)],
    ['beyond the table with IG', good(), { IG: 1 }, 16, aborted(undefined, 0x08)],
    [
      'a reserved IntType is logged in spite of IG',
      good().put(TABLE + 32, 0x9n),
      { IG: 1 },
      2,
      aborted('IO_PAGE_FAULT', 0x98),
    ],
    ['a reserved IntType', good().put(TABLE + 32, 0x9n), {}, 2, aborted('IO_PAGE_FAULT', 0x98)],
    [
      'a reserved bit of the entry',
      good().put(TABLE + 32, 1n, 1n << (72n - 64n)),
      {},
      2,
      aborted('IO_PAGE_FAULT', 0x98),
    ],
  ] as const)('%s', (_, memory, values, data, expected) => {
    expect(unitOf(memory, 128, values).interrupt(ID, data)).toMatchObject(expected);
  });

  test('guest mode in the 32-bit format is a reserved bit', () => {
    const memory = new PageMemory().put(TABLE, 0x81n);
    expect(unitOf(memory, 32).interrupt(ID, 0)).toMatchObject(aborted('IO_PAGE_FAULT', 0x98));
  });

  test('what is not known stays so', () => {
    const memory = good();
    memory.forget(TABLE, 'excluded');
    expect(unitOf(memory).interrupt(ID, 1)).toEqual({ result: 'unknown', why: 'excluded' });
    expect(amdUnit({ ...facts(), deviceTable: undefined }, memory).interrupt(ID, 1)).toEqual({
      result: 'unknown',
      why: 'no device table',
    });
  });

  test('with the unit off it is forwarded; a device beyond the table is refused', () => {
    const off = amdUnit(facts({ translationEnabled: false }), good());
    expect(off.interrupt(ID, 1)).toEqual({ result: 'forwarded' });
    expect(amdUnit(facts(), good()).interrupt(0x100, 1)).toMatchObject(
      aborted('IO_PAGE_FAULT', 0x08),
    );
  });
});
