import { describe, expect, test } from 'vitest';
import { decodeIvrs } from '../../../core/acpi/ivrs.ts';
import * as ivrs from '../../../core/acpi/ivrs-layouts.ts';
import { deviceRanges } from '../../../core/acpi/ivhd-entries.ts';
import { formatBdf } from '../../../core/format/bdf.ts';
import { ascii, structure, table } from './build.ts';
import { ids, IVRS_BODY, UNIT } from './bodies.ts';

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
