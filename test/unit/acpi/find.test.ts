import { describe, expect, test } from 'vitest';
import { findAcpiTables } from '../../../core/acpi/find.ts';
import * as dmar from '../../../core/acpi/dmar-layouts.ts';
import { checksum } from '../../../core/acpi/structures.ts';
import type { PhysicalMemory, UnknownPage } from '../../../core/memory/physical.ts';
import { PAGE_SIZE, ZERO_PAGE } from '../../../core/memory/physical.ts';
import { ascii, concat, structure, table } from './build.ts';

const PAGES = 0x200;

/** Memory of 2 MiB that bytes can be put into. */
class Bytes implements PhysicalMemory {
  readonly #bytes = new Uint8Array(PAGES * PAGE_SIZE);
  readonly #unknown = new Map<number, UnknownPage>();

  page(pfn: number): Uint8Array | UnknownPage {
    if (pfn >= PAGES) return 'absent';
    return this.#unknown.get(pfn) ?? this.#bytes.subarray(pfn * PAGE_SIZE, (pfn + 1) * PAGE_SIZE);
  }

  provenance(pfn: number) {
    const page = this.page(pfn);
    return typeof page === 'string' ? page : page === ZERO_PAGE ? 'zero' : 'present';
  }

  ranges() {
    return [{ from: 0, to: PAGES }];
  }

  describe(): string {
    return 'made by a test';
  }

  put(address: number, bytes: Uint8Array): this {
    this.#bytes.set(bytes, address);
    return this;
  }

  forget(address: number, why: UnknownPage): this {
    this.#unknown.set(address / PAGE_SIZE, why);
    return this;
  }
}

function rsdp(rsdt: number, xsdt = 0): Uint8Array {
  const bytes = new Uint8Array(36);
  bytes.set(ascii('RSD PTR '));
  bytes.set(ascii('FAULTL'), 9);
  bytes[15] = xsdt ? 2 : 0;
  const view = new DataView(bytes.buffer);
  view.setUint32(16, rsdt, true);
  view.setUint32(20, 36, true);
  view.setUint32(24, xsdt, true);
  bytes[8] = -checksum(bytes, 0, 20) & 0xff;
  bytes[32] = -checksum(bytes) & 0xff;
  return bytes;
}

const words = (size: 4 | 8, ...addresses: number[]): Uint8Array => {
  const out = new Uint8Array(size * addresses.length);
  const view = new DataView(out.buffer);
  addresses.forEach((address, index) => view.setUint32(index * size, address, true));
  return out;
};

const DMAR = table(
  'DMAR',
  structure(dmar.DMAR, { 'Host Address Width': 38 }),
  structure(dmar.DRHD, { INCLUDE_PCI_ALL: 1, 'Register Base Address': 0xfed90000 }),
);
const OTHER = table('APIC', new Uint8Array(8));

describe('the way to the tables (ACPI 6.5 §5.2.5)', () => {
  test('RSDP in the BIOS area, RSDT', () => {
    const memory = new Bytes()
      .put(0xf59c0, rsdp(0x100000))
      .put(0x100000, table('RSDT', words(4, 0x101000, 0x102000)))
      .put(0x101000, OTHER)
      .put(0x102000, DMAR);
    const found = findAcpiTables(memory);
    expect(found.rsdp).toMatchObject({
      address: 0xf59c0n,
      revision: 0,
      oemId: 'FAULTL',
      rsdt: 0x100000n,
    });
    expect(found.tables.map(({ signature, address }) => [signature, address])).toEqual([
      ['APIC', 0x101000n],
      ['DMAR', 0x102000n],
    ]);
    expect(found.dmar?.structures).toHaveLength(1);
    expect(found).toMatchObject({ ivrs: undefined, findings: [], incomplete: [] });
  });

  test('RSDP in the extended BIOS data area, XSDT before RSDT', () => {
    const memory = new Bytes()
      .put(0x40e, Uint8Array.of(0xc0, 0x9f))
      .put(0x9fc10, rsdp(0x100000, 0x110000))
      .put(0x100000, table('RSDT', words(4, 0x101000)))
      .put(0x110000, table('XSDT', words(8, 0x102000)))
      .put(0x101000, OTHER)
      .put(0x102000, DMAR);
    const found = findAcpiTables(memory);
    expect(found.rsdp).toMatchObject({ address: 0x9fc10n, revision: 2, xsdt: 0x110000n });
    expect(found.tables.map(({ signature }) => signature)).toEqual(['DMAR']);
  });

  test('an RSDP that somebody knows of is taken first', () => {
    const memory = new Bytes()
      .put(0x1f0000, rsdp(0x100000))
      .put(0x100000, table('RSDT', words(4, 0x102000)))
      .put(0x102000, DMAR);
    expect(findAcpiTables(memory).rsdp).toBeUndefined();
    expect(findAcpiTables(memory, { rsdp: 0x1f0000n }).dmar).toBeDefined();
  });

  test('an RSDP with a wrong checksum, or off the 16-byte grid, is none', () => {
    const wrong = rsdp(0x100000);
    wrong[8] ^= 1;
    expect(findAcpiTables(new Bytes().put(0xf0000, wrong)).rsdp).toBeUndefined();
    expect(findAcpiTables(new Bytes().put(0xf0008, rsdp(0x100000))).rsdp).toBeUndefined();
  });

  test('pages that are not known are passed over or named', () => {
    const memory = new Bytes()
      .forget(0xe0000, 'excluded')
      .put(0xf0000, rsdp(0x100000))
      .put(0x100000, table('RSDT', words(4, 0x101000, 0x102000, 0x400000)))
      .put(0x101000, OTHER)
      .put(0x102000, DMAR)
      .forget(0x101000, 'excluded');
    const found = findAcpiTables(memory);
    expect(found.tables.map(({ signature }) => signature)).toEqual(['DMAR']);
    expect(found.incomplete.map(({ address }) => address)).toEqual([0x101000n, 0x400000n]);
  });

  test('a table whose end is missing is decoded as far as it is known', () => {
    const memory = new Bytes()
      .put(0xf0000, rsdp(0x100000))
      .put(0x100000, table('RSDT', words(4, 0x102fc8)))
      .put(0x102fc8, DMAR)
      .forget(0x103000, 'failed');
    const found = findAcpiTables(memory);
    expect(found.dmar?.findings.map(({ id }) => id)).toContain('table-cut');
    expect(found.incomplete).toMatchObject([{ address: 0x103000n, at: 'acpi/DMAR' }]);
  });

  test.each([
    ['no RSDT where it should be', OTHER],
    ['an RSDT of no length', concat(ascii('RSDT'), new Uint8Array(40))],
    [
      'an RSDT of four gigabytes',
      concat(ascii('RSDT'), Uint8Array.of(255, 255, 255, 255), new Uint8Array(40)),
    ],
  ])('%s', (_, root) => {
    const memory = new Bytes().put(0xf0000, rsdp(0x100000)).put(0x100000, root);
    const found = findAcpiTables(memory);
    expect(found.tables).toEqual([]);
    expect(found.findings).toMatchObject([{ id: 'acpi-root', severity: 'error' }]);
  });

  test('a root table that lists itself is read once for each time it is listed', () => {
    const memory = new Bytes()
      .put(0xf0000, rsdp(0x100000))
      .put(0x100000, table('RSDT', words(4, 0x100000, 0x100000)));
    expect(findAcpiTables(memory).tables.map(({ signature }) => signature)).toEqual([
      'RSDT',
      'RSDT',
    ]);
  });
});
