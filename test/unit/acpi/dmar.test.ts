import { describe, expect, test } from 'vitest';
import { decodeDmar } from '../../../core/acpi/dmar.ts';
import * as dmar from '../../../core/acpi/dmar-layouts.ts';
import { ascii, structure, table } from './build.ts';
import { bytes, ids } from './bodies.ts';

const DMAR_BODY = structure(dmar.DMAR, { 'Host Address Width': 0x26, INTR_REMAP: 1 });
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
