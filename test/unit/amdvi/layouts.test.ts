import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as commands from '../../../core/amdvi/commands.ts';
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
import {
  decodeIrte,
  IRTE_128_GUEST,
  IRTE_128_REMAPPED,
  IRTE_32,
  irteLayout,
} from '../../../core/amdvi/irte.ts';
import * as logs from '../../../core/amdvi/logs.ts';
import {
  encodedPages,
  hostEntryLayout,
  levelPages,
  PDE,
  PTE,
  sizeFits,
} from '../../../core/amdvi/page-table.ts';
import { counterRegisters } from '../../../core/amdvi/registers-counters.ts';
import {
  AMD_REGISTERS,
  amdRegisters,
  COMPLETION_STORE_REGISTERS,
} from '../../../core/amdvi/registers.ts';
import type { Layout } from '../../../core/bits/layout.ts';
import {
  addressOf,
  decode,
  encode,
  fieldValue,
  reservedSet,
  valueOf,
} from '../../../core/bits/layout.ts';
import { RegisterWords } from '../../../core/memory/mmio.ts';
import { sized } from './tables.ts';

const ALL_LAYOUTS: readonly Layout[] = [
  DTE,
  PTE,
  PDE,
  IRTE_32,
  IRTE_128_REMAPPED,
  IRTE_128_GUEST,
  guest.GCR3_ENTRY,
  guest.GUEST_PTE,
  guest.GUEST_PDE,
  guest.GUEST_PDE_2M,
  guest.GUEST_PDPE_1G,
  ...commands.COMMANDS.values(),
  commands.UNKNOWN_COMMAND,
  ...events.EVENTS.values(),
  events.UNKNOWN_EVENT,
  logs.PAGE_SERVICE_REQUEST,
  logs.UNKNOWN_PPR,
  logs.GUEST_NR,
  logs.UNKNOWN_GA,
  ...AMD_REGISTERS.map((each) => each.layout),
  ...COMPLETION_STORE_REGISTERS.map((each) => each.layout),
  ...counterRegisters(1, 1).map((each) => each.layout),
];

/** Widths by the specification: a field in a wrong place would change the width of another. */
test('every structure has the width that the specification gives it', () => {
  const widths = new Map(ALL_LAYOUTS.map((each) => [each.name, each.width]));
  expect(widths.get('DTE')).toBe(256);
  expect(widths.get('IRTE')).toBe(32);
  for (const each of ALL_LAYOUTS) {
    expect(each.width % 8).toBe(0);
    expect(each.spec).toMatch(/48882/);
  }
  for (const each of commands.COMMANDS.values()) expect(each.width).toBe(128);
  for (const each of events.EVENTS.values()) expect(each.width).toBe(128);
});

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

/** A golden vector: raw words and the fields that are not zero, with where it comes from. */
interface Golden {
  readonly from: string;
  readonly of: Layout;
  readonly words: readonly bigint[];
  readonly fields: Readonly<Record<string, bigint | number>>;
}

const register = (name: string): Layout => {
  const found = AMD_REGISTERS.find((each) => each.name === name);
  if (!found) throw new Error(`no register ${name}`);
  return found.layout;
};

const GOLDEN: readonly Golden[] = [
  {
    from: 'capture amd-6.1: CONTROL before the crash',
    of: register('IOMMU Control'),
    words: [0x3f48fn],
    fields: {
      IommuEn: 1,
      HtTunEn: 1,
      EventLogEn: 1,
      EventIntEn: 1,
      InvTimeOut: 4,
      Coherent: 1,
      CmdBufEn: 1,
      PPRLogEn: 1,
      PPRIntEn: 1,
      PPREn: 1,
      GTEn: 1,
      GAEn: 1,
    },
  },
  {
    from: 'Linux debugfs document: Offset:0x18 Value:0x000c22000003f48d (XTEn, IntCapXTEn, EPHEn)',
    of: register('IOMMU Control'),
    words: [0x000c22000003f48dn],
    fields: {
      IommuEn: 1,
      EventLogEn: 1,
      EventIntEn: 1,
      InvTimeOut: 4,
      Coherent: 1,
      CmdBufEn: 1,
      PPRLogEn: 1,
      PPRIntEn: 1,
      PPREn: 1,
      GTEn: 1,
      GAEn: 1,
      BlkStopMrkEn: 1,
      EPHEn: 1,
      XTEn: 1,
      IntCapXTEn: 1,
    },
  },
  {
    from: 'capture amd-6.1: Linux prints 0x29d3 as PreF PPR GT IA GA HE',
    of: register('IOMMU Extended Feature'),
    words: [0x29d3n],
    fields: { PreFSup: 1, PPRSup: 1, GTSup: 1, IASup: 1, GASup: 1, HESup: 1, HATS: 2, GATS: 2 },
  },
  {
    from: 'Ryzen 7000 log: (0x58f77ef22294ade, 0x0): PPR X2APIC NX GT IA GA PC GA_vAPIC',
    of: register('IOMMU Extended Feature'),
    words: [0x58f77ef22294aden],
    fields: {
      PPRSup: 1,
      XTSup: 1,
      NXSup: 1,
      GTSup: 1,
      IASup: 1,
      GASup: 1,
      PCSup: 1,
      HATS: 2,
      GLXSup: 1,
      SmiFSup: 1,
      SmiFRC: 2,
      GAMSup: 1,
      DualPprLogSup: 2,
      DualEventLogSup: 2,
      PASMax: 15,
      USSup: 1,
      DevTblSegSup: 3,
      PprOvrflwEarlySup: 1,
      PPRAutoRspSup: 1,
      MarcSup: 1,
      BlkStopMrkSup: 1,
      PerfOptSup: 1,
      MsiCapMmioSup: 1,
      GIoSup: 1,
      HASup: 1,
      EPHSup: 1,
      AttrFWSup: 1,
      vIommuSup: 1,
      VmGuardIOSup: 1,
      // Real units set bits that the public specification does not name.
      'reserved 60:57': 2,
    },
  },
  {
    from: 'capture amd-6.1: device table base, 256 entries',
    of: register('Device Table Base Address'),
    words: [0x11c2001n],
    fields: { Size: 1, DevTabBase: 0x11c2 },
  },
  {
    from: 'capture amd-6.1: command buffer base, 512 entries',
    of: register('Command Buffer Base Address'),
    words: [0x9000000011c4000n],
    fields: { ComBase: 0x11c4, ComLen: 9 },
  },
  {
    from: 'capture amd-6.1: DTE of 00:03.0 (domain 2, 3 levels, interrupts remapped)',
    of: DTE,
    words: [0x6000000001b71603n, 0x2n, 0x200000002200a013n, 0n],
    fields: {
      V: 1,
      TV: 1,
      Mode: 3,
      HostPageTableRoot: 0x1b71,
      IR: 1,
      IW: 1,
      DomainID: 2,
      IV: 1,
      IntTabLen: 9,
      IntTabRoot: 0x2200a000 >> 6,
      IntCtl: 2,
    },
  },
  {
    from: '§2.2.2.1: the three pieces of the GCR3 table pointer, 0xabcde12345000',
    of: DTE,
    words: [
      0x80000000000003n | (0x5n << 58n),
      (0x2468n << 16n) | (0x1579bcn << 43n),
      0x40000000000000n,
      0x55000001_0002_8000n,
    ],
    fields: {
      V: 1,
      TV: 1,
      GV: 1,
      GCR3TableRoot: 0x5n | (0x2468n << 3n) | (0x1579bcn << 19n),
      GuestPagingMode: 1,
      vImuEn: 1,
      GDeviceID: 2,
      GuestID: 1,
      SnoopAttribute: 0x55,
    },
  },
  {
    from: 'capture amd-6.1: 128-bit IRTE 1 of the I/O APIC',
    of: IRTE_128_REMAPPED,
    words: [0x141n, 0x22n],
    fields: { RemapEn: 1, DM: 1, Destination: 1, Vector: 0x22 },
  },
  {
    from: '§2.2.5.2: x2APIC destination 0x12345678 in two pieces, guest mode off',
    of: IRTE_128_REMAPPED,
    words: [0x34567801n, (0x12n << 56n) | 0x31n],
    fields: { RemapEn: 1, Destination: 0x12345678, Vector: 0x31 },
  },
  {
    from: '§2.2.5.2: guest mode, virtual APIC page 0x8765432100 pages, tag 0xcafe',
    of: IRTE_128_GUEST,
    words: [(0xcafen << 32n) | 0x5c5n, (0x8765432100n << 12n) | 0x61n],
    fields: {
      RemapEn: 1,
      GALogIntr: 1,
      IsRun: 1,
      GuestMode: 1,
      Destination: 5,
      GATag: 0xcafe,
      Vector: 0x61,
      GuestVirtualAPICTableRoot: 0x8765432100n,
    },
  },
  {
    from: '§2.2.5.1: 32-bit IRTE, arbitrated, logical, APIC 3, vector 0x41',
    of: IRTE_32,
    words: [0x00410345n],
    fields: { RemapEn: 1, IntType: 1, DM: 1, Destination: 3, Vector: 0x41 },
  },
  {
    from: 'field notes §1: cmdbuf row 00835001 10000001 00003c00 00000000 (debugfs)',
    of: commands.COMPLETION_WAIT,
    words: [0x10000001_00835001n, 0x3c00n],
    fields: {
      S: 1,
      StoreAddress: 0x1_00835000n >> 3n,
      OpCode: 1,
      StoreData: 0x3c00,
    },
  },
  {
    from: '§2.4.3: all pages of domain 4, as Linux writes it',
    of: commands.INVALIDATE_IOMMU_PAGES,
    words: [0x30000004_00000000n, 0x7fffffff_fffff003n],
    fields: { DomainID: 4, OpCode: 3, S: 1, PDE: 1, Address: 0x7ffffffffffffn },
  },
  {
    from: '§2.4.4: device 02:00.0, PASID 0xabcde in its three pieces, queue 0x200',
    of: commands.INVALIDATE_IOTLB_PAGES,
    words: [0x4ade0200_20bc0200n, 0x1005n],
    fields: {
      DeviceID: 0x200,
      PASID: 0xabcde,
      MaxPend: 0x20,
      QueueID: 0x200,
      OpCode: 4,
      S: 1,
      GN: 1,
      Address: 1,
    },
  },
  {
    from: '§2.5.3: IO_PAGE_FAULT of 00:14.1, domain 0xd, flags 0x0070 (kernel log, kexec list 2010)',
    of: events.IO_PAGE_FAULT,
    words: [0x2070000d_000000a1n, 0x245a0c0n],
    fields: {
      DeviceID: 0xa1,
      DomainID: 0xd,
      PR: 1,
      RW: 1,
      PE: 1,
      EventCode: 2,
      Address: 0x245a0c0,
    },
  },
  {
    from: '§2.5.2: ILLEGAL_DEV_TABLE_ENTRY of c0:00.1 for an interrupt (flags 0x0008, lore 1dfaf07e)',
    of: events.ILLEGAL_DEV_TABLE_ENTRY,
    words: [0x10080000_0000c001n, 0xfffffffdf8140000n],
    fields: { DeviceID: 0xc001, I: 1, EventCode: 1, Address: 0xfffffffdf8140000n >> 2n },
  },
  {
    from: '§2.5.10: INVALID_PPR_REQUEST with PASID 0xabcde, tag 0x155',
    of: events.INVALID_PPR_REQUEST,
    words: [(9n << 60n) | (0x104n << 48n) | (0xan << 42n) | (0x155n << 32n) | 0xbcde0200n, 0x1000n],
    fields: {
      DeviceID: 0x200,
      PASID: 0xabcde,
      Tag: 0x155,
      RD: 1,
      GN: 1,
      EventCode: 9,
      Address: 0x1000,
    },
  },
  {
    from: '§2.6.1: page request of 02:00.0, PASID 1, read and write of 0x7f0000001000',
    of: logs.PAGE_SERVICE_REQUEST,
    words: [0x1124_0201_0001_0200n, 0x7f0000001000n],
    fields: {
      DeviceID: 0x200,
      PASID: 1,
      Tag: 0x201,
      RD: 1,
      WR: 1,
      GN: 1,
      PPRCode: 1,
      Address: 0x7f0000001,
    },
  },
  {
    from: '§2.7: guest not running, tag 0xcafe, device 02:00.0',
    of: logs.GUEST_NR,
    words: [0x1000_0200_0000_cafen],
    fields: { GATag: 0xcafe, DeviceID: 0x200, GACode: 1 },
  },
];

describe('golden vectors', () => {
  test.each(GOLDEN)('$from', ({ of, words, fields }) => {
    const found = Object.fromEntries(
      decode(of, words)
        .filter(({ value }) => value !== 0n)
        .map(({ field, value }) => [field.name, value]),
    );
    const expected = Object.entries(fields)
      .filter(([, value]) => BigInt(value) !== 0n)
      .map(([name, value]) => [name, BigInt(value)]);
    expect(found).toEqual(Object.fromEntries(expected));
    expect(encode(of, fields)).toEqual(words);
  });
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

  test.each([
    ['Device Table Base Address', 0x0000],
    ['IOMMU Control', 0x0018],
    ['PPR Log Base Address', 0x0038],
    ['SMI Filter 15', 0x00d8],
    ['Guest Virtual APIC Log Base Address', 0x00e0],
    ['Device Table Segment 7 Base Address', 0x0130],
    ['XT IOMMU General Interrupt Control', 0x0170],
    ['IOMMU Extended Feature 2', 0x01a0],
    ['MARC Aperture 3 Length', 0x0258],
    ['Event Log Tail Pointer', 0x2018],
    ['IOMMU Status', 0x2020],
    ['IOMMU Counter Configuration', 0x4000],
  ])('%s stands at %i', (name, offset) => {
    expect(AMD_REGISTERS.find((each) => each.name === name)?.offset).toBe(offset);
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
