import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeDmar } from '../../../core/acpi/dmar.ts';
import * as dmar from '../../../core/acpi/dmar-layouts.ts';
import { decodeIvrs } from '../../../core/acpi/ivrs.ts';
import * as ivrs from '../../../core/acpi/ivrs-layouts.ts';
import { deviceRanges } from '../../../core/acpi/ivhd-entries.ts';
import { formatBdf } from '../../../core/format/bdf.ts';
import { ascii, concat, structure, table } from './build.ts';

const bytes = (text: string): Uint8Array =>
  Uint8Array.from(Buffer.from(text.replace(/\s/g, ''), 'hex'));
const ids = (found: { findings: readonly { id: string }[] } | undefined): string[] =>
  (found?.findings ?? []).map((each) => each.id);
const DMAR_BODY = structure(dmar.DMAR, { 'Host Address Width': 0x26, INTR_REMAP: 1 });
const IVRS_BODY = structure(ivrs.IVRS, { PASize: 48, VASize: 64 });
const scope = (values: Record<string, number>, ...path: number[]): Uint8Array =>
  structure(dmar.DEVICE_SCOPE, values, Uint8Array.from(path));

/** The first bytes of QEMU's tables, as the captures have them. */
const QEMU_DMAR = bytes(`
  444d4152 38000000 01 00 424f43485320 4258504320202020 01000000 42585043 01000000
  26 01 00000000000000000000
  0000 1800 00 00 0000 0000d9fe00000000 0308000000ff0000`);

describe('the DMAR table (VT-d 4.1 §8)', () => {
  test('a table as QEMU writes it', () => {
    QEMU_DMAR[4] = QEMU_DMAR.length;
    QEMU_DMAR[9] = 0;
    QEMU_DMAR[9] = -QEMU_DMAR.reduce((sum, byte) => sum + byte, 0) & 0xff;
    const found = decodeDmar(QEMU_DMAR);
    expect(found).toMatchObject({
      header: {
        signature: 'DMAR',
        revision: 1,
        oemId: 'BOCHS',
        oemTableId: 'BXPC',
        checksumValid: true,
      },
      hostAddressWidth: 39,
      interruptRemapping: true,
      x2apicOptOut: false,
      findings: [],
    });
    expect(found?.structures).toMatchObject([
      {
        name: 'DRHD',
        offset: 48,
        length: 24,
        base: 0xfed90000n,
        segment: 0,
        flag: false,
        scopes: [
          { typeName: 'IOAPIC', enumerationId: 0, startBus: 0xff, id: 0xff00, text: 'ff:00.0' },
        ],
      },
    ]);
  });

  test('all structures in one table, in order', () => {
    const found = decodeDmar(
      table(
        'DMAR',
        structure(dmar.DMAR, {
          X2APIC_OPT_OUT: 1,
          DMA_CTRL_PLATFORM_OPT_IN_FLAG: 1,
          DMA_REMAP_OPT_OUT: 1,
          'Host Address Width': 51,
        }),
        structure(dmar.DRHD, {
          Type: 0,
          INCLUDE_PCI_ALL: 1,
          Size: 1,
          'Register Base Address': 0xfed91000n,
        }),
        structure(
          dmar.RMRR,
          {
            Type: 1,
            'Reserved Memory Region Base Address': 0x1000,
            'Reserved Memory Region Limit Address': 0x2fff,
          },
          scope({ Type: 1 }, 0x14, 0),
        ),
        structure(dmar.ATSR, { Type: 2, 'Segment Number': 5 }, scope({ Type: 2 }, 0x1c, 0, 0, 3)),
        structure(dmar.RHSA, {
          Type: 3,
          'Register Base Address': 0xfed91000n,
          'Proximity Domain': 1,
        }),
        structure(dmar.ANDD, { Type: 4, 'ACPI Device Number': 2 }, ascii('\\_SB.I2C0\0')),
        structure(dmar.SATC, { Type: 5, ATC_REQUIRED: 1 }, scope({ Type: 1, Flags: 0x11 }, 2, 0)),
        structure(dmar.SIDP, { Type: 6 }, scope({ Type: 5, Flags: 2 }, 3, 1)),
        structure(dmar.UNKNOWN_DMAR, { Type: 9 }, Uint8Array.of(1, 2, 3, 4)),
      ),
    );
    expect(found).toMatchObject({
      hostAddressWidth: 52,
      x2apicOptOut: true,
      dmaControlOptIn: true,
      dmaRemapOptOut: true,
    });
    expect(found?.structures).toMatchObject([
      { name: 'DRHD', flag: true },
      { name: 'RMRR', base: 0x1000n, limit: 0x2fffn },
      {
        name: 'ATSR',
        segment: 5,
        flag: false,
        scopes: [{ text: '0005:00:1c.0/00.3', id: undefined }],
      },
      { name: 'RHSA', proximityDomain: 1 },
      { name: 'ANDD', objectName: '\\_SB.I2C0' },
      {
        name: 'SATC',
        flag: true,
        scopes: [{ flagNames: ['REQ_WO_PASID_NESTED_NOTALLOWED', 'ATC_REQUIRED'] }],
      },
      {
        name: 'SIDP',
        scopes: [
          { typeName: 'ACPI namespace device', flagNames: ['REQ_WO_PASID_PWSNP_NOTALLOWED'] },
        ],
      },
      { name: 'unknown', type: 9, length: 8 },
    ]);
    expect(ids(found)).toEqual(['unknown-structure']);
  });

  const drhd = (values: Record<string, number>, ...scopes: Uint8Array[]): Uint8Array =>
    structure(dmar.DRHD, { 'Register Base Address': 0xfed91000, ...values }, ...scopes);
  const rmrr = (from: number, to: number, ...scopes: Uint8Array[]): Uint8Array =>
    structure(
      dmar.RMRR,
      {
        Type: 1,
        'Reserved Memory Region Base Address': from,
        'Reserved Memory Region Limit Address': to,
      },
      ...scopes,
    );
  const endpoint = scope({ Type: 1 }, 2, 0);
  test.each([
    [
      'INCLUDE_PCI_ALL is not the last',
      [drhd({ INCLUDE_PCI_ALL: 1 }), drhd({}, endpoint)],
      ['drhd-order'],
    ],
    ['a base that is no page', [drhd({ 'Register Base Address': 0x123 }, endpoint)], ['drhd-base']],
    ['a unit without devices', [drhd({})], ['drhd-empty']],
    ['a region that covers no whole pages', [rmrr(0x1000, 0x1800, endpoint)], ['rmrr-alignment']],
    ['a region that ends before it begins', [rmrr(0x3000, 0x1fff, endpoint)], ['rmrr-empty']],
    ['a region for no device', [rmrr(0x1000, 0x1fff)], ['rmrr-empty']],
    ['a scope without a path', [drhd({}, scope({ Type: 1 }))], ['scope-path']],
    ['a device that PCI does not have', [drhd({}, scope({ Type: 1 }, 0x20, 0))], ['scope-path']],
    ['a scope type that is not known', [drhd({}, scope({ Type: 9 }, 2, 0))], ['scope-type']],
    [
      'scope flags where none are defined',
      [drhd({}, scope({ Type: 1, Flags: 1 }, 2, 0))],
      ['reserved-bits'],
    ],
    [
      'a scope longer than its structure',
      [drhd({}, scope({ Type: 1, Length: 40 }, 2, 0))],
      ['scope-length', 'drhd-empty'],
    ],
    ['a structure shorter than its kind', [drhd({ Length: 8 }, endpoint)], ['structure-length']],
    ['a structure of no length', [drhd({ Length: 0 }, endpoint)], ['structure-length']],
    ['a structure longer than the table', [drhd({ Length: 200 }, endpoint)], ['structure-length']],
    ['a structure’s head cut off', [Uint8Array.of(0, 0)], ['structure-cut']],
    ['reserved bits', [drhd({ 'reserved 39:33': 1 }, endpoint)], ['reserved-bits']],
  ] as const)('%s', (_, parts, expected) => {
    expect(ids(decodeDmar(table('DMAR', DMAR_BODY, ...parts)))).toEqual(expected);
  });

  test('a wrong checksum is judged, the table is decoded all the same', () => {
    const good = table('DMAR', DMAR_BODY, drhd({}, endpoint));
    good[9] ^= 1;
    const found = decodeDmar(good);
    expect(found?.header.checksumValid).toBe(false);
    expect(found?.structures).toHaveLength(1);
    expect(found?.findings).toMatchObject([
      { id: 'checksum', at: 'acpi/DMAR/0x9', severity: 'error' },
    ]);
  });

  test('a table that is cut is decoded as far as it goes', () => {
    const whole = table('DMAR', DMAR_BODY, drhd({}, endpoint), drhd({}, endpoint));
    const found = decodeDmar(whole.subarray(0, whole.length - 4));
    expect(found?.structures).toHaveLength(1);
    expect(ids(found)).toEqual(['table-cut', 'structure-length']);
    expect(found?.header.checksumValid).toBeUndefined();
  });

  test('bytes that are no DMAR table are none', () => {
    expect(decodeDmar(table('APIC', DMAR_BODY))).toBeUndefined();
    expect(decodeDmar(new Uint8Array(10))).toBeUndefined();
  });
});

const UNIT = { DeviceID: 2, 'Capability Offset': 0x40, 'IOMMU Base Address': 0xfeb80000n };

describe('the IVRS table (48882 §5)', () => {
  test('a unit in its three forms is one unit, by the highest type', () => {
    const found = decodeIvrs(
      table(
        'IVRS',
        IVRS_BODY,
        structure(ivrs.IVHD_10, { ...UNIT, Type: 0x10 }),
        structure(ivrs.IVHD_11, { ...UNIT, Type: 0x11, 'EFR Image': 0x246577efa2254afan }),
        structure(ivrs.IVHD_40, {
          ...UNIT,
          Type: 0x40,
          'EFR Image': 0x246577efa2254afan,
          'EFR2 Image': 0x10n,
        }),
      ),
    );
    expect(found?.blocks).toHaveLength(3);
    expect(found?.units).toMatchObject([
      {
        type: 0x40,
        base: 0xfeb80000n,
        deviceId: 2,
        segment: 0,
        features: 0x246577efa2254afan,
        features2: 0x10n,
      },
    ]);
    expect(found).toMatchObject({ physicalAddressBits: 48, virtualAddressBits: 64, findings: [] });
  });

  test('device entries become ranges of DeviceIDs', () => {
    const found = decodeIvrs(
      table(
        'IVRS',
        IVRS_BODY,
        structure(
          ivrs.IVHD_40,
          { ...UNIT, Type: 0x40 },
          structure(ivrs.ENTRY_RANGE, { Type: 3, DeviceID: 3 }),
          structure(ivrs.ENTRY_RANGE_END, { Type: 4, DeviceID: 0xfffe }),
          structure(ivrs.ENTRY_ALIAS_RANGE, {
            Type: 0x43,
            DeviceID: 0xff00,
            'Source DeviceID': 0xa5,
          }),
          structure(ivrs.ENTRY_RANGE_END, { Type: 4, DeviceID: 0xffff }),
          structure(ivrs.ENTRY_SELECT, { Type: 2, DeviceID: 8, NMIPass: 1, Lint0Pass: 1 }),
          structure(ivrs.ENTRY_PAD4, { Type: 0 }),
          structure(ivrs.ENTRY_SPECIAL, {
            Type: 0x48,
            Handle: 0x20,
            Variety: 1,
            'Source DeviceID': 0xa0,
            InitPass: 1,
            EIntPass: 1,
            NMIPass: 1,
            SysMgt: 1,
            Lint0Pass: 1,
            Lint1Pass: 1,
          }),
          structure(ivrs.ENTRY_SPECIAL, {
            Type: 0x48,
            Handle: 0,
            Variety: 2,
            'Source DeviceID': 0xa0,
          }),
          structure(
            ivrs.ENTRY_HID,
            {
              Type: 0xf0,
              DeviceID: 0xa5,
              'Hardware ID': 0x3032_3030_4944_4d41n,
              'UID Format': 2,
              'UID Length': 4,
            },
            ascii('ID03'),
          ),
          structure(
            ivrs.ENTRY_HID,
            { Type: 0xf0, DeviceID: 0xa6, 'UID Format': 1, 'UID Length': 8 },
            Uint8Array.of(0x34, 0x12, 0, 0, 0, 0, 0, 0),
          ),
        ),
      ),
    );
    const [unit] = found!.units;
    expect(
      deviceRanges(unit.entries).map(({ first, last, alias, settings }) => [
        formatBdf(first),
        formatBdf(last),
        alias,
        settings,
      ]),
    ).toEqual([
      ['00:00.3', 'ff:1f.6', undefined, 0],
      ['ff:00.0', 'ff:1f.7', 0xa5, 0],
      ['00:01.0', '00:01.0', undefined, 0x44],
      ['00:14.0', '00:14.0', undefined, 0xd7],
      ['00:14.0', '00:14.0', undefined, 0],
      ['00:14.5', '00:14.5', undefined, 0],
      ['00:14.6', '00:14.6', undefined, 0],
    ]);
    expect(unit.entries.slice(-4)).toMatchObject([
      { variety: 'IOAPIC', handle: 0x20 },
      { variety: 'HPET', handle: 0 },
      { hid: 'AMDI0020', uid: 'ID03' },
      { uid: '0x1234' },
    ]);
    expect(found?.findings).toEqual([]);
  });

  test.each([
    [0x20, {}, [0, 0xffff]],
    [0x21, { DeviceID: 0x98 }, [0x98, 0x98]],
    [0x22, { DeviceID: 0, 'Auxiliary data': 0xfff }, [0, 0xfff]],
  ])('memory for type %i', (type, values, [first, last]) => {
    const found = decodeIvrs(
      table(
        'IVRS',
        IVRS_BODY,
        structure(ivrs.IVMD, {
          ...values,
          Type: type,
          'Exclusion range': 1,
          Unity: 1,
          'Start Address': 0x947a5000n,
          'Memory Length': 0x1000n,
        }),
      ),
    );
    expect(found?.blocks).toMatchObject([
      {
        kind: 'IVMD',
        firstDevice: first,
        lastDevice: last,
        start: 0x947a5000n,
        size: 0x1000n,
        exclusion: true,
        unity: true,
        read: false,
      },
    ]);
    expect(found?.findings).toEqual([]);
  });

  const unit = (values: Record<string, number>, ...entries: Uint8Array[]): Uint8Array =>
    structure(ivrs.IVHD_10, { ...UNIT, Type: 0x10, ...values }, ...entries);
  test.each([
    [
      'a base that is no multiple of 16 KiB',
      [unit({ 'IOMMU Base Address': 0xfeb81000 })],
      ['ivhd-base'],
    ],
    [
      'a range without an end',
      [unit({}, structure(ivrs.ENTRY_RANGE, { Type: 3, DeviceID: 8 }))],
      ['range-open'],
    ],
    [
      'an end without a range',
      [unit({}, structure(ivrs.ENTRY_RANGE_END, { Type: 4, DeviceID: 8 }))],
      ['range-end'],
    ],
    [
      'a range that ends before it begins',
      [
        unit(
          {},
          structure(ivrs.ENTRY_RANGE, { Type: 3, DeviceID: 9 }),
          structure(ivrs.ENTRY_RANGE_END, { Type: 4, DeviceID: 8 }),
        ),
      ],
      ['range-end'],
    ],
    ['an entry beyond its block', [unit({}, Uint8Array.of(0x48, 0, 0, 0))], ['entry-length']],
    ['an ACPI entry cut off', [unit({}, Uint8Array.of(0xf0, 0, 0, 0))], ['entry-length']],
    ['an entry that is not known', [unit({}, Uint8Array.of(9, 0, 0, 0))], ['unknown-structure']],
    ['a block that is not known', [Uint8Array.of(0x30, 0, 4, 0)], ['unknown-structure']],
    ['a block of no length', [Uint8Array.of(0x10, 0, 0, 0)], ['structure-length']],
    [
      'memory that covers no whole pages',
      [structure(ivrs.IVMD, { Type: 0x20, 'Start Address': 0x10 })],
      ['ivmd-alignment'],
    ],
    [
      'memory for a range that is none',
      [structure(ivrs.IVMD, { Type: 0x22, DeviceID: 9, 'Auxiliary data': 8 })],
      ['ivmd-range'],
    ],
  ] as const)('%s', (_, parts, expected) => {
    expect(ids(decodeIvrs(table('IVRS', IVRS_BODY, ...parts)))).toEqual(expected);
  });
});

test('random bytes under a sound header never throw, and every structure lies within the table', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('DMAR', 'IVRS'),
      fc.uint8Array({ maxLength: 300 }),
      (signature, body) => {
        const whole = table(signature, new Uint8Array(12), body);
        const found =
          signature === 'DMAR' ? decodeDmar(whole)?.structures : decodeIvrs(whole)?.blocks;
        for (const each of found ?? []) {
          expect(each.length).toBeGreaterThanOrEqual(4);
          expect(each.offset + each.length).toBeLessThanOrEqual(whole.length);
        }
      },
    ),
    { numRuns: 1000 },
  );
});

test('a table with one byte changed never throws', () => {
  const whole = table(
    'IVRS',
    IVRS_BODY,
    structure(
      ivrs.IVHD_40,
      { ...UNIT, Type: 0x40 },
      structure(ivrs.ENTRY_HID, { Type: 0xf0, 'UID Format': 2, 'UID Length': 3 }, ascii('ABC')),
    ),
  );
  for (let at = 0; at < whole.length; at++)
    for (const value of [0, 1, 0x7f, 0xff]) {
      const changed = concat(whole);
      changed[at] = value;
      decodeIvrs(changed);
      decodeDmar(changed);
    }
});
