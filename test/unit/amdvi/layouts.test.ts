import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeDte, DTE } from '../../../core/amdvi/dte.ts';
import * as events from '../../../core/amdvi/event-layouts.ts';
import {
  decodeEvent,
  eventFlagNames,
  eventLayout,
  eventName,
  pageFaultMeaning,
} from '../../../core/amdvi/events.ts';
import * as guest from '../../../core/amdvi/guest-page-table.ts';
import { decodeIrte, IRTE_128_GUEST, IRTE_32, irteLayout } from '../../../core/amdvi/irte.ts';
import {
  encodedPages,
  hostEntryLayout,
  levelPages,
  PDE,
  PTE,
  sizeFits,
} from '../../../core/amdvi/page-table.ts';
import { counterRegisters } from '../../../core/amdvi/registers-counters.ts';
import { AMD_REGISTERS, amdRegisters } from '../../../core/amdvi/registers.ts';
import type { Layout } from '../../../core/bits/layout.ts';
import { addressOf, encode, fieldValue, reservedSet, valueOf } from '../../../core/bits/layout.ts';
import { RegisterWords } from '../../../core/memory/mmio.ts';
import { VECTORS } from './golden/vectors.ts';
import { sized } from './tables.ts';

const ALL_LAYOUTS: readonly Layout[] = VECTORS.map((each) => each.of);

test('what is encoded is decoded again, field by field', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...ALL_LAYOUTS),
      fc.infiniteStream(fc.bigInt(0n, (1n << 64n) - 1n)),
      (of, stream) => {
        const values = Object.fromEntries(
          of.fields.map((each) => [
            each.name,
            (stream.next().value as bigint) & ((1n << BigInt(each.width)) - 1n),
          ]),
        );
        const words = encode(of, values);
        for (const each of of.fields) expect(fieldValue(words, each)).toBe(values[each.name]);
      },
    ),
    { numRuns: 300 },
  );
});

describe('the device table entry', () => {
  test('its pointers are put together', () => {
    const words = encode(DTE, {
      HostPageTableRoot: 0x12345,
      GCR3TableRoot: 0xfedcb_a9876n,
      IntTabRoot: 0x1_0002n,
    });
    expect(addressOf(DTE, words, 'HostPageTableRoot')).toBe(0x12345000n);
    expect(addressOf(DTE, words, 'GCR3TableRoot')).toBe(0xfedcba9876000n);
    expect(decodeDte(words).interruptTable).toBe(0x400080n);
  });

  test.each([
    ['IR', 61],
    ['IW', 62],
    ['GV', 55],
    ['EX', 103],
    ['SATS', 106],
    ['IV', 128],
    ['Lint1Pass', 191],
    ['vImuEn', 207],
    ['AttrV', 246],
    ['Mode0FC', 247],
  ])('%s is bit %i', (name, bit) => {
    const words = Array.from({ length: 4 }, (_, index) =>
      index === Math.floor(bit / 64) ? 1n << BigInt(bit % 64) : 0n,
    );
    expect(valueOf(DTE, words, name)).toBe(1n);
  });

  test('reserved bits are told apart from fields', () => {
    expect(reservedSet(DTE, [1n << 63n, 0n, 0n, 1n]).map((each) => each.name)).toEqual([
      'reserved 63',
      'reserved 206:192',
    ]);
    expect(reservedSet(DTE, [0n, ~0n & ((1n << 64n) - 1n), 0n, 1n << 53n])).toEqual([]);
  });
});

describe('page sizes of NextLevel 7 (§2.2.3, table of page sizes)', () => {
  const address = (entry: bigint): [number, number] => [
    Number((entry >> 12n) & 0xfffffn),
    Number((entry >> 32n) & 0xfffffn),
  ];
  test.each([
    // Address with the size in its low bits, from the specification's table.
    [0x0000_0000_0000n, 2],
    [0x0000_0000_1000n, 4],
    [0x0000_0000_7000n, 16],
    [0x0000_000f_f000n, 512],
    [0x0000_7fff_f000n, 2 ** 20],
    [0x0000_ffff_f000n, 2 ** 21],
    [0x0001_ffff_f000n, 2 ** 22],
    [0x7_ffff_ffff_f000n, 2 ** 40],
    [0xf_ffff_ffff_f000n, 0],
  ])('address bits %s stand for %i page frames', (bits, pages) => {
    expect(encodedPages(...address(bits))).toBe(pages);
  });

  test('what is encoded for a size is read back, for all sizes and addresses', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 13, max: 51 }),
        fc.bigInt(0n, (1n << 40n) - 1n),
        (bits, frame) => {
          const size = 1n << BigInt(bits);
          const entry = sized((frame << 12n) & ~(size - 1n) & 0xf_ffff_ffff_f000n, size);
          expect(encodedPages(...address(entry))).toBe(Number(size >> 12n));
        },
      ),
    );
  });

  test('a size must lie between those of its level and of the level above', () => {
    expect(levelPages(1)).toBe(1);
    expect(sizeFits(1, 1)).toBe(false);
    expect(sizeFits(2, 1)).toBe(true);
    expect(sizeFits(256, 1)).toBe(true);
    expect(sizeFits(512, 1)).toBe(false);
    expect(sizeFits(512, 2)).toBe(false);
    expect(sizeFits(1024, 2)).toBe(true);
    expect(sizeFits(2 ** 40, 5)).toBe(true);
  });
});

test('an entry is a page by NextLevel 0 or 7, else it leads to a table', () => {
  expect(hostEntryLayout([0x1n])).toBe(PTE);
  expect(hostEntryLayout([0xe01n])).toBe(PTE);
  for (let next = 1; next <= 6; next++)
    expect(hostEntryLayout([(BigInt(next) << 9n) | 1n])).toBe(PDE);
});

describe('guest entries', () => {
  test.each([
    [0x80n, 1, guest.GUEST_PTE],
    [0x00n, 2, guest.GUEST_PDE],
    [0x80n, 2, guest.GUEST_PDE_2M],
    [0x80n, 3, guest.GUEST_PDPE_1G],
    [0x80n, 4, guest.GUEST_PDE],
  ])('%s at level %i', (word, level, expected) => {
    expect(guest.guestEntryLayout([word], level)).toBe(expected);
  });
});

test('interrupt remapping entries by format', () => {
  expect(irteLayout([0x81n], 32)).toBe(IRTE_32);
  expect(irteLayout([0x81n, 0n], 128)).toBe(IRTE_128_GUEST);
  expect(decodeIrte([0x00410345n], 32)).toEqual({
    present: true,
    vector: 0x41,
    destination: 3,
    guest: false,
    type: 1,
    quiet: false,
  });
});

describe('events', () => {
  test.each(Object.entries(events.EVENT))('%s is code %i', (name, code) => {
    expect(eventName(code)).toBe(name);
    expect(eventLayout([BigInt(code) << 60n, 0n]).name).toBe(name);
  });

  test.each([
    ['IO_PAGE_FAULT', 0x0070, ['PR', 'RW', 'PE'], 'write to a present page without permission'],
    ['IO_PAGE_FAULT', 0x0050, ['PR', 'PE'], 'read to a present page without permission'],
    ['IO_PAGE_FAULT', 0x0000, [], 'read to a page that is not present'],
    ['IO_PAGE_FAULT', 0x0020, ['RW'], 'write to a page that is not present'],
    ['IO_PAGE_FAULT', 0x0090, ['PR', 'RZ'], 'read to a present page with a reserved bit set'],
    [
      'IO_PAGE_FAULT',
      0x0030,
      ['PR', 'RW'],
      'write to a present page with an illegal level encoding',
    ],
    ['IO_PAGE_FAULT', 0x0008, ['I'], 'interrupt request without a remapping entry that is enabled'],
    ['IO_PAGE_FAULT', 0x0101, ['GN', 'TR'], 'translation request to a page that is not present'],
    ['IO_PAGE_FAULT', 0x0804, ['US', 'bit 11'], 'read to a page that is not present'],
  ] as const)('%s flags %i', (event, flags, names, meaning) => {
    expect(eventFlagNames(event, flags)).toEqual(names);
    expect(pageFaultMeaning(flags)).toBe(meaning);
  });

  test('a type is written with its value', () => {
    expect(eventFlagNames('PAGE_TAB_HARDWARE_ERROR', 0x0420)).toEqual(['RW', 'Type=2']);
    expect(eventFlagNames('RMP_PAGE_FAULT', 0x0020)).toEqual(['RW']);
    expect(eventFlagNames('ILLEGAL_COMMAND_ERROR', 0x0001)).toEqual(['bit 0']);
  });

  test('an IO_PAGE_FAULT is decoded for a fault record', () => {
    expect(decodeEvent([0x2070000d_000000a1n, 0x245a0c0n])).toMatchObject({
      code: 2,
      name: 'IO_PAGE_FAULT',
      device: 0xa1,
      domain: 0xd,
      pasid: undefined,
      address: 0x245a0c0n,
      flags: 0x70,
      flagNames: ['PR', 'RW', 'PE'],
    });
  });

  test('with GN = 1 the domain field holds the PASID', () => {
    expect(decodeEvent([0x2001_1234_0005_0200n, 0n])).toMatchObject({
      domain: undefined,
      pasid: 0x51234,
      flagNames: ['GN'],
    });
  });

  test('an undefined code has no name and keeps its words', () => {
    expect(decodeEvent([0xf000_0000_0000_0001n, 5n])).toMatchObject({
      code: 15,
      name: undefined,
      flags: 0,
    });
    expect(decodeEvent([0n, 0n]).name).toBeUndefined();
  });
});

describe('the register list', () => {
  test('no two registers share an offset, and all lie within the MMIO space', () => {
    const offsets = [...AMD_REGISTERS, ...counterRegisters(4, 16)].map((each) => each.offset);
    expect(new Set(offsets).size).toBe(offsets.length);
    expect(Math.max(...offsets)).toBeLessThan(0x80000);
  });

  test('a unit with counters lists its banks', () => {
    const words = new Map([[0x4000, (2 << 12) | (4 << 7)]]);
    const shown = amdRegisters(new RegisterWords(words, 'file', true));
    expect(shown.length).toBe(AMD_REGISTERS.length + 2 * 4 * 6);
    expect(shown.at(-1)?.definition.offset).toBe(0x40000 + 0x1000 + 0x300 + 0x28);
  });

  test('under SNP the exclusion registers bound completion stores', () => {
    const snp = new RegisterWords(new Map([[0x34, 0x80000000]]), 'file', true);
    const name = (mmio: RegisterWords): string | undefined =>
      amdRegisters(mmio).find((each) => each.definition.offset === 0x20)?.definition.name;
    expect(name(snp)).toBe('Completion Store Base');
    expect(name(new RegisterWords(new Map(), 'file', true))).toBe('Exclusion Base');
    expect(
      name(
        new RegisterWords(
          new Map([
            [0x34, 0x80000000],
            [0x20, 1],
          ]),
          'file',
          true,
        ),
      ),
    ).toBe('Exclusion Base');
  });

  test('a register that nobody read has no value', () => {
    const shown = amdRegisters(new RegisterWords(new Map([[0x18, 1]]), 'file', false));
    expect(shown.every((each) => each.reading === undefined)).toBe(true);
  });
});
