import { describe, expect, it } from 'vitest';
import { parseAcpidump } from '../../core/imports/acpidump.ts';
import {
  parseAmdCapability,
  parseAmdCommands,
  parseAmdDeviceTable,
  parseAmdInterrupts,
  parseAmdMmio,
} from '../../core/imports/amd.ts';
import { parseHexDump } from '../../core/imports/hex-dump.ts';
import { identifyImport } from '../../core/imports/identify.ts';
import {
  parseInterruptTranslation,
  parseInvalidationQueue,
} from '../../core/imports/intel-interrupts.ts';
import { parseIommuRegset } from '../../core/imports/intel-registers.ts';
import { parseDmarTranslation, parseDomainTranslation } from '../../core/imports/intel-tables.ts';
import { parseIomem } from '../../core/imports/iomem.ts';
import { parseLspci } from '../../core/imports/lspci.ts';
import { statedUnit, statedUnits } from '../../core/imports/stated/stated.ts';
import { Random } from '../support/mutate.ts';

const CASES = 10_000;
const LIMIT_MS = 15_000;

/** Pieces of every form, and what breaks readers: lone digits, huge numbers, near headings. */
const PIECES = [
  'IOMMU: dmar0 Register Base Address: fed90000\n',
  'GSTS            \t0x1c\t\t0x00000000c7000000\n',
  'IOMMU dmar0: Root Table Address: 0x25d1000\n',
  '02:00.0\t0x0000000000000000:0x0000000002a01001\t0x0000000000000a01:0x0000000002bb6001\t-1    \t0x0:0x0:0x0\n',
  'DMA Remapping is not enabled on dmar1\n',
  'Device 0000:00:02.0 with pasid 1a @0x1017f8000\n',
  '0x000000008d800 |\t0x0000000000000000\t0x00000001017f9003\t0x00000001017fa003\n',
  'Remapped Interrupt supported on IOMMU: dmar0\n',
  ' IR table address:100900000\n',
  ' 0     00:0a.0 00000080 24  0000000000040050\t000000800024000d\n',
  'Invalidation queue on IOMMU: dmar0\n Base: 0x10022e000\tHead: 20\tTail: 21\n',
  '    0\t0000000000000014\t0000000000000000\t0000000000000002\n',
  'Offset:0x18 Value:0x000c22000003f48d\n',
  'CMD Buffer Head Offset:339 Tail Offset:340\n  0: 00835001 10000001 00003c00 00000000\n',
  '0000:01:00.0 0000000000000000 20000001373b8013 0000000000000038 6000000114d7b603 iommu3\n',
  'DeviceId 0000:01:00.0\nIRT[0010] 0000000000000020 0000000000000241\n',
  '00001000-0009fbff : System RAM\n',
  '01:00.0 RAID bus controller [0104]: HP P420i [103c:323b] (rev 01)\n\tKernel driver in use: hpsa\n',
  'DMAR @ 0x00000000BFFE2000\n    0000: 44 4D 41 52 40 00 00 00 01 00 00 00 00 00 00 00  DMAR@...........\n',
  '00000000  01 70 5d 02 00 00 00 00  00 00 00 00 00 00 00 00  |.p].............|\n',
  '*\n',
  '000fffffffffffff\n',
  'ffffffffffffffff: 0xffffffffffffffff 0x0000000000000000\n',
  '0x0000000000001000-0x000fffffffffffff zero suppressed\n',
  '00001ff8: 0000 0000 5d02 0170  ....]..p\n',
  '\t'.repeat(3000),
  ' 0'.repeat(2000),
  '[',
  '\0\r\n',
  '0x',
  ':',
];

const PARSERS: readonly ((text: string) => unknown)[] = [
  identifyImport,
  parseIommuRegset,
  parseDmarTranslation,
  parseDomainTranslation,
  parseInterruptTranslation,
  parseInvalidationQueue,
  parseAmdMmio,
  parseAmdCapability,
  parseAmdCommands,
  parseAmdDeviceTable,
  parseAmdInterrupts,
  parseIomem,
  parseLspci,
  parseAcpidump,
  (text) => statedUnits([text], undefined)?.units.map(({ facts }) => facts),
];

function hostile(random: Random): string {
  let text = '';
  for (let count = 1 + random.below(10); count > 0; count--) {
    let piece = random.pick(PIECES);
    for (let changes = random.below(4); changes > 0; changes--) {
      const at = random.below(piece.length + 1);
      const byte = String.fromCharCode(random.pick([48, 57, 97, 102, 10, 32, 9, 0, 255, 124]));
      piece =
        random.below(3) === 0
          ? piece.slice(0, at) + piece.slice(at + random.below(9))
          : piece.slice(0, at) + byte + piece.slice(at);
    }
    text += piece;
  }
  return text;
}

/** Runs every import. @throws Error with the text that one of them threw on. */
function readAll(text: string): ReturnType<typeof parseHexDump> {
  try {
    for (const parse of PARSERS) parse(text);
    return parseHexDump(text);
  } catch (cause) {
    throw new Error(`thrown on ${JSON.stringify(text)}`, { cause });
  }
}

/** Asks every question of the units that a text states. */
function askStated(text: string): number {
  try {
    const stated = statedUnits([text], undefined);
    if (!stated) return 0;
    for (const each of stated.units) {
      const unit = statedUnit(each, stated.memory);
      for (const device of unit.devices().devices) {
        unit.sweep(device, () => true, { tablePages: 256 });
        const { id, pasid } = device;
        unit.walk({ id, pasid, address: 0x8d80_0000n, access: 'read' });
      }
      unit.interrupts(false);
      unit.tree().children(false);
    }
    return stated.units.length;
  } catch (cause) {
    throw new Error(`thrown on ${JSON.stringify(text)}`, { cause });
  }
}

describe('hostile texts', () => {
  it('the units that damaged texts state answer, none throws, and soon', () => {
    const random = new Random(0x5a7e);
    const started = performance.now();
    let units = 0;
    for (let number = 0; number < CASES; number++) units += askStated(hostile(random));
    expect(units).toBeGreaterThan(100);
    expect(performance.now() - started).toBeLessThan(LIMIT_MS);
  }, 60_000);

  it(`${CASES} damaged texts: every import answers, none throws, and soon`, () => {
    const random = new Random(0x1090);
    const started = performance.now();
    let known = 0;
    for (let number = 0; number < CASES; number++) {
      const text = hostile(random);
      const { memory, findings } = readAll(text);
      expect(findings.length).toBeLessThan(110);
      for (const { from } of memory.ranges()) {
        known++;
        expect(['present', 'zero']).toContain(memory.provenance(from));
      }
    }
    expect(known).toBeGreaterThan(100);
    expect(performance.now() - started).toBeLessThan(LIMIT_MS);
  }, 60_000);

  it('long lines and many lines take time in proportion', () => {
    const texts = [
      ' '.repeat(1 << 20),
      '0'.repeat(1 << 20),
      `00001000: ${'00 '.repeat(1 << 18)}`,
      '00001000: 0x0\n'.repeat(50_000),
      'DMAR @ 0x0\n'.repeat(50_000),
      `00:00.0 ${'['.repeat(1 << 18)}`,
      'Device 0000:00:02.0 @0x1000\n'.repeat(50_000),
      'IOMMU: dmar0 Register Base Address: 0\n'.repeat(50_000),
    ];
    const started = performance.now();
    for (const text of texts) {
      readAll(text);
    }
    expect(performance.now() - started).toBeLessThan(LIMIT_MS);
  }, 60_000);

  it('a text that touches more pages than are kept says so', () => {
    const rows: string[] = [];
    for (let pfn = 0; pfn < 20_000; pfn++)
      rows.push(`${(pfn * 4096).toString(16).padStart(8, '0')}: 0x00000001`);
    expect(parseHexDump(rows.join('\n')).findings.map(({ id }) => id)).toContain(
      'hexdump-too-large',
    );
  });
});
