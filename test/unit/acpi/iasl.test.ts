import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { DmarTable } from '../../../core/acpi/dmar.ts';
import { decodeDmar } from '../../../core/acpi/dmar.ts';
import * as dmar from '../../../core/acpi/dmar-layouts.ts';
import { findAcpiTables } from '../../../core/acpi/find.ts';
import type { IvrsTable } from '../../../core/acpi/ivrs.ts';
import { decodeIvrs } from '../../../core/acpi/ivrs.ts';
import * as ivrs from '../../../core/acpi/ivrs-layouts.ts';
import type { AcpiStructure } from '../../../core/acpi/structures.ts';
import { bits } from '../../../core/bits/layout.ts';
import { captureBytes, CAPTURES } from '../../support/captures.ts';
import { ElfMemory } from '../../support/elf-memory.ts';
import type { Values } from './build.ts';
import { ascii, structure, table } from './build.ts';

/** Debian's acpica-tools: an independent reader of the same tables. */
const version = spawnSync('iasl', ['-v'], { encoding: 'utf8' });
const here = version.status === 0;
if (!here)
  console.warn('iasl (Debian package acpica-tools) is not installed: ACPI is not compared');
const folder = mkdtempSync(join(tmpdir(), 'faultline-iasl-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Line {
  readonly offset: number;
  readonly length: number;
  readonly name: string;
  readonly value: string;
}

let serial = 0;
/** The disassembler's lines `[030h 0048   2]  Subtable Type : 0000 [...]`, and its whole text. */
function disassemble(bytes: Uint8Array): { lines: Line[]; text: string } {
  const path = join(folder, `table${serial++}.dat`);
  writeFileSync(path, bytes);
  const run = spawnSync('iasl', ['-d', path], { encoding: 'utf8', cwd: folder });
  const text = readFileSync(path.replace('.dat', '.dsl'), 'utf8');
  const lines: Line[] = [];
  for (const each of text.split('\n')) {
    const match = /^\[([0-9A-F]+)h \d+ +(\d+)\] +(.+?) : (.*)$/.exec(each);
    if (match)
      lines.push({
        offset: Number.parseInt(match[1], 16),
        length: Number(match[2]),
        name: match[3],
        value: match[4],
      });
  }
  return { lines, text: `${text}${run.stdout}${run.stderr}` };
}

/** Every structure of a decoded table, the innermost last. */
function structures(decoded: DmarTable | IvrsTable): AcpiStructure[] {
  const inner =
    'structures' in decoded
      ? decoded.structures.flatMap((each) => [each, ...each.scopes])
      : decoded.blocks.flatMap((each) => [each, ...(each.kind === 'IVHD' ? each.entries : [])]);
  return [decoded.header, decoded.body, ...inner];
}

/**
 * Compares every hexadecimal line with the decoded structure at its place: the same value, and no
 * field of ours across the edges of theirs.
 * @returns lines compared
 */
function compare(lines: readonly Line[], decoded: DmarTable | IvrsTable): number {
  const all = structures(decoded);
  let compared = 0;
  for (const { offset, length, name, value } of lines) {
    const number = /^([0-9A-F]{1,16})(?: \[.*\])?$/.exec(value);
    if (!number) continue;
    const within = all.filter(
      (each) => offset >= each.offset && offset + length <= each.offset + each.layout.width / 8,
    );
    const owner = within.at(-1);
    if (!owner) continue;
    const low = 8 * (offset - owner.offset);
    const high = low + 8 * length - 1;
    expect(bits(owner.words, high, low), `${name} at ${offset}`).toBe(BigInt(`0x${number[1]}`));
    for (const field of owner.layout.fields)
      for (const piece of field.pieces) {
        const apart = piece.high < low || piece.low > high;
        const inside = piece.low >= low && piece.high <= high;
        const around = piece.low <= low && piece.high >= high;
        expect(apart || inside || around, `${owner.layout.name}.${field.name} and ${name}`).toBe(
          true,
        );
      }
    compared++;
  }
  return compared;
}

describe.skipIf(!here)('captures’ tables, as iasl reads them', () => {
  test.each(CAPTURES)('%s', (name) => {
    const found = findAcpiTables(new ElfMemory(captureBytes(name, 'tables.before.elf')));
    const bytes = found.tables.find((each) => /DMAR|IVRS/.test(each.signature))!.bytes;
    const decoded = (name.startsWith('intel') ? found.dmar : found.ivrs)!;
    expect(decoded.findings).toEqual([]);
    const { lines } = disassemble(bytes);
    expect(compare(lines, decoded)).toBeGreaterThan(30);
    const paths = lines.filter((line) => line.name === 'PCI Path').map((line) => line.value);
    if ('structures' in decoded)
      expect(
        decoded.structures.flatMap((each) =>
          each.scopes.flatMap((scope) =>
            scope.path.map((hop) =>
              [hop.device, hop.function]
                .map((part) => part.toString(16).toUpperCase().padStart(2, '0'))
                .join(),
            ),
          ),
        ),
      ).toEqual(paths);
  });
});

const scope = (values: Values, ...path: number[]): Uint8Array =>
  structure(dmar.DEVICE_SCOPE, values, Uint8Array.from(path));

const DMAR_CASES: readonly (readonly [string, Uint8Array])[] = [
  [
    'DRHD',
    structure(
      dmar.DRHD,
      { Type: 0, 'Segment Number': 0x12, 'Register Base Address': 0x3_fed9_0000n },
      scope({ Type: 3, 'Enumeration ID': 8, 'Start Bus Number': 0xf0 }, 0x1f, 7),
      scope({ Type: 2, 'Start Bus Number': 0 }, 0x1c, 0, 0, 1),
    ),
  ],
  [
    'RMRR',
    structure(
      dmar.RMRR,
      {
        Type: 1,
        'Reserved Memory Region Base Address': 0xbdf6_e000n,
        'Reserved Memory Region Limit Address': 0xbdf8_4fffn,
      },
      scope({ Type: 1 }, 0x1d, 0),
    ),
  ],
  ['ATSR', structure(dmar.ATSR, { Type: 2, ALL_PORTS: 1, 'Segment Number': 1 })],
  [
    'RHSA',
    structure(dmar.RHSA, {
      Type: 3,
      'Register Base Address': 0xfbff_e000n,
      'Proximity Domain': 0x1234_5678,
    }),
  ],
  [
    'ANDD',
    structure(dmar.ANDD, { Type: 4, 'ACPI Device Number': 3 }, ascii('\\_SB.PCI0.I2C0\0\0')),
  ],
  [
    'SATC',
    structure(dmar.SATC, { Type: 5, ATC_REQUIRED: 1 }, scope({ Type: 1, Flags: 0x11 }, 2, 0)),
  ],
  ['SIDP', structure(dmar.SIDP, { Type: 6 }, scope({ Type: 1, Flags: 1 }, 3, 0))],
];

const UNIT = {
  HtTunEn: 1,
  Coherent: 1,
  DeviceID: 2,
  'Capability Offset': 0x40,
  'IOMMU Base Address': 0xfeb8_0000n,
  'PCI Segment Group': 3,
  MsiNum: 5,
};
const entry = (
  layout: (typeof ivrs)['ENTRY_ALL'],
  values: Values,
  rest: Uint8Array = new Uint8Array(),
) => structure(layout, values, rest);

const IVRS_CASES: readonly (readonly [string, Uint8Array])[] = [
  [
    'IVHD 10h with 4-byte entries',
    structure(
      ivrs.IVHD_10,
      { ...UNIT, Type: 0x10, PPRSup: 1, HATS: 2, PNBanks: 2, PASMax: 15 },
      entry(ivrs.ENTRY_SELECT, { Type: 2, DeviceID: 8, NMIPass: 1 }),
      entry(ivrs.ENTRY_RANGE, { Type: 3, DeviceID: 0x18, SysMgt: 3 }),
      entry(ivrs.ENTRY_RANGE_END, { Type: 4, DeviceID: 0xfffe }),
      entry(ivrs.ENTRY_ALL, { Type: 1, Lint1Pass: 1 }),
      entry(ivrs.ENTRY_PAD4, { Type: 0 }),
    ),
  ],
  [
    'IVHD 10h with 8-byte entries',
    structure(
      ivrs.IVHD_10,
      { ...UNIT, Type: 0x10 },
      entry(ivrs.ENTRY_ALIAS, { Type: 0x42, DeviceID: 0x500, 'Source DeviceID': 0x4a4 }),
      entry(ivrs.ENTRY_ALIAS_RANGE, { Type: 0x43, DeviceID: 0x600, 'Source DeviceID': 0xa5 }),
      entry(ivrs.ENTRY_RANGE_END, { Type: 4, DeviceID: 0x6ff }),
      entry(ivrs.ENTRY_EXTENDED, { Type: 0x46, DeviceID: 0x98, AtsDisabled: 1 }),
      entry(ivrs.ENTRY_EXTENDED_RANGE, { Type: 0x47, DeviceID: 0xa0 }),
      entry(ivrs.ENTRY_RANGE_END, { Type: 4, DeviceID: 0xa7 }),
      entry(ivrs.ENTRY_SPECIAL, {
        Type: 0x48,
        Lint0Pass: 1,
        Handle: 0x21,
        'Source DeviceID': 0xa0,
        Variety: 1,
      }),
      entry(ivrs.ENTRY_PAD8, { Type: 0x40 }),
    ),
  ],
  [
    'IVHD 11h',
    structure(
      ivrs.IVHD_11,
      { ...UNIT, Type: 0x11, PNCounters: 9, 'EFR Image': 0x246577efa2254afan, 'EFR2 Image': 0x10n },
      entry(ivrs.ENTRY_SELECT, { Type: 2, DeviceID: 8 }),
    ),
  ],
  [
    'IVHD 40h with an ACPI device',
    structure(
      ivrs.IVHD_40,
      { ...UNIT, Type: 0x40, 'EFR Image': 0x58f77ef22294aden },
      entry(
        ivrs.ENTRY_HID,
        {
          Type: 0xf0,
          DeviceID: 0xa5,
          SysMgt: 1,
          'Hardware ID': 0x3034_3030_4944_4d41n,
          'UID Format': 2,
          'UID Length': 9,
        },
        ascii('\\_SB.FUR0'),
      ),
    ),
  ],
  [
    'IVMD for all',
    structure(ivrs.IVMD, {
      Type: 0x20,
      Unity: 1,
      IR: 1,
      'Start Address': 0x1000n,
      'Memory Length': 0x2000n,
    }),
  ],
  [
    'IVMD for one',
    structure(ivrs.IVMD, {
      Type: 0x21,
      DeviceID: 0x98,
      'Exclusion range': 1,
      'Memory Length': 0x1000n,
    }),
  ],
  [
    'IVMD for a range',
    structure(ivrs.IVMD, { Type: 0x22, IW: 1, DeviceID: 0x10, 'Auxiliary data': 0x1f }),
  ],
];

/** Whether iasl of this version knows the structure; it says so where it does not. */
function known(text: string): boolean {
  return !/unknown|invalid|\*\*\*\*/i.test(text);
}

describe.skipIf(!here)('generated tables, as iasl reads them', () => {
  const unknown: string[] = [];
  afterAll(() => {
    if (unknown.length > 0)
      console.log(
        `iasl ${/version (\d+)/.exec(version.stdout)?.[1]} does not know: ${unknown.join('; ')}`,
      );
  });

  test.each(DMAR_CASES)('%s', (name, bytes) => {
    const whole = table(
      'DMAR',
      structure(dmar.DMAR, { 'Host Address Width': 0x2e, INTR_REMAP: 1 }),
      bytes,
    );
    const decoded = decodeDmar(whole)!;
    expect(decoded.structures.map((each) => each.name)).toEqual([name]);
    expect(decoded.findings).toEqual([]);
    const { lines, text } = disassemble(whole);
    if (!known(text)) unknown.push(name);
    else expect(compare(lines, decoded)).toBeGreaterThanOrEqual(10);
  });

  test.each(IVRS_CASES)('%s', (name, bytes) => {
    const whole = table('IVRS', structure(ivrs.IVRS, { PASize: 48, VASize: 64 }), bytes);
    const decoded = decodeIvrs(whole)!;
    expect(decoded.blocks).toHaveLength(1);
    expect(decoded.findings).toEqual([]);
    const { lines, text } = disassemble(whole);
    if (!known(text)) unknown.push(name);
    else expect(compare(lines, decoded)).toBeGreaterThanOrEqual(12);
  });
});
