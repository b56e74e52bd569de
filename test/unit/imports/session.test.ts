import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bytesSource } from '../../../core/memory/platform.ts';
import { isKnown, type PhysicalMemory } from '../../../core/memory/physical.ts';
import { identify } from '../../../core/session/identify.ts';
import { openInvestigation } from '../../../core/session/open-investigation.ts';
import { parseRegisters } from '../../../core/session/register-file.ts';
import { tablesDocument } from '../../../core/session/tables-document.ts';
import { nodePlatform } from '../../../electron/host/platform.ts';
import { captureBytes, captureJson, CAPTURES, type CaptureName } from '../../support/captures.ts';
import { regset } from '../../support/debugfs-text.ts';
import { runJson } from '../../support/run-cli.ts';
import { ElfMemory } from '../../support/elf-memory.ts';

const source = (name: string, text: string): ReturnType<typeof bytesSource> =>
  bytesSource(name, new TextEncoder().encode(text));

/** A capture's registers as Linux prints them in AMD's mmio, an offset at a time. */
function mmio(name: CaptureName): string {
  const [unit] = parseRegisters(captureBytes(name, 'regs.before.json').toString()).units;
  return [0x0, 0x8, 0x10, 0x18, 0x30, 0x2000, 0x2008, 0x2010, 0x2018, 0x2020]
    .map((offset) => {
      const { value } = unit.registers.read(offset, 64)!;
      return `Offset:0x${offset.toString(16)} Value:0x${value.toString(16).padStart(16, '0')}`;
    })
    .join('\n');
}

/** Pages as QEMU's `xp /2gx`-wide lines. */
function xp(memory: PhysicalMemory, keep: (pfn: number) => boolean = () => true): string {
  const lines: string[] = [];
  for (const { from, to } of memory.ranges())
    for (let pfn = from; pfn < to; pfn++) {
      const page = memory.page(pfn);
      if (!isKnown(page) || !keep(pfn)) continue;
      const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
      for (let at = 0; at < 4096; at += 16) {
        const words = [at, at + 8].map(
          (each) => `0x${view.getBigUint64(each, true).toString(16).padStart(16, '0')}`,
        );
        lines.push(`${(pfn * 4096 + at).toString(16).padStart(16, '0')}: ${words.join(' ')}`);
      }
    }
  return `${lines.join('\n')}\n`;
}

/** Pages as xxd writes them, lines that repeat folded as with `xxd -a`. */
function xxd(memory: PhysicalMemory): string {
  const lines: string[] = [];
  let folding = false;
  for (const { from, to } of memory.ranges())
    for (let pfn = from; pfn < to; pfn++) {
      const page = memory.page(pfn);
      if (!isKnown(page)) continue;
      for (let at = 0; at < 4096; at += 16) {
        const line = page.subarray(at, at + 16);
        const inner = at > 0 && at < 4080 && line.every((byte) => byte === 0);
        const before = page.subarray(at - 16, at);
        if (inner && before.every((byte) => byte === 0)) {
          if (!folding) lines.push('*');
          folding = true;
          continue;
        }
        folding = false;
        const digits = Buffer.from(line).toString('hex').match(/.{4}/g)!.join(' ');
        const shown = [...line]
          .map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.'))
          .join('');
        lines.push(`${(pfn * 4096 + at).toString(16).padStart(8, '0')}: ${digits}  ${shown}`);
      }
    }
  return `${lines.join('\n')}\n`;
}

interface TruthDevice {
  readonly bdf: string;
  readonly pasid?: number;
}

const FIELDS = [
  'raw',
  'translation',
  'domain',
  'levels',
  'pageTable',
  'leaves',
  'mappedBytes',
  'leafSizes',
  'tablePages',
  'leafHash',
];

function pick(row: object, fields: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).filter(([key]) => fields.includes(key)));
}

interface Row {
  readonly bdf: string;
  readonly pasid?: number;
  readonly incomplete?: boolean;
  readonly leafHash?: string;
}

interface Answer {
  readonly incomplete: readonly unknown[];
  readonly units: readonly { readonly devices: readonly Row[] }[];
}

async function answer(texts: readonly string[]): Promise<Answer> {
  const investigation = openInvestigation(
    texts.map((text, index) => source(`paste ${index}`, text)),
    { platform: nodePlatform },
  );
  const document = await tablesDocument(investigation, investigation.units(), {
    leaves: true,
    segments: false,
  });
  return JSON.parse(JSON.stringify(document)) as Answer;
}

const CASES: readonly (readonly [CaptureName, typeof regset])[] = [
  ['intel-6.1', regset],
  ['intel-5.10', regset],
  ['intel-6.12-sm', regset],
  ['amd-6.1', mmio],
];

describe('pasted texts answer as the truth of the capture says', () => {
  for (const [name, registers] of CASES)
    it.each([
      ['xp', xp],
      ['xxd', xxd],
    ] as const)(`${name}: tables as %s, registers as debugfs prints them`, async (_, print) => {
      const memory = new ElfMemory(captureBytes(name, 'tables.before.elf'));
      const texts = [print(memory), registers(name)];
      expect(texts.map((text) => identify(source('paste', text)))).toEqual([
        'hexdump',
        'registers',
      ]);
      const document = await answer(texts);
      const truth = captureJson<{ units: { devices: TruthDevice[] }[] }>(name, 'truth.before.json');
      expect(document.incomplete).toEqual([]);
      let hashes = 0;
      for (const [index, unit] of truth.units.entries()) {
        expect(unit.devices.length).toBeGreaterThan(0);
        for (const device of unit.devices) {
          const row = document.units[index].devices.find(
            (each) =>
              each.bdf === device.bdf &&
              (device.pasid === undefined || each.pasid === device.pasid),
          );
          const fields = FIELDS.filter((field) => field in device);
          expect(row, device.bdf).toBeDefined();
          expect(pick(row!, fields)).toEqual(pick(device, fields));
          if (fields.includes('leafHash')) hashes++;
        }
      }
      expect(hashes).toBeGreaterThan(3);
    });

  it('devices whose pages were not pasted are incomplete, the others answer', async () => {
    const memory = new ElfMemory(captureBytes('intel-6.1', 'tables.before.elf'));
    const truth = captureJson<{
      units: { devices: { bdf: string; pageTable: string; leafHash: string; leaves: number }[] }[];
    }>('intel-6.1', 'truth.before.json');
    const { devices } = truth.units[0];
    const left = devices.find(({ leaves }) => leaves > 0)!;
    const gone = Number(BigInt(left.pageTable) >> 12n);
    const document = await answer([xp(memory, (pfn) => pfn !== gone), regset('intel-6.1')]);
    expect(document.incomplete).not.toEqual([]);
    for (const row of document.units[0].devices) {
      const expected = devices.find(({ bdf }) => bdf === row.bdf)!;
      if (expected.pageTable === left.pageTable) expect(row.incomplete).toBe(true);
      else expect(row.leafHash).toBe(expected.leafHash);
    }
  });
});

describe('several hex dumps', () => {
  it('are one memory: two halves of a page make it known', () => {
    const lines = (from: number): string =>
      Array.from(
        { length: 128 },
        (_, at) =>
          `${(from + at * 16).toString(16).padStart(8, '0')}: 0x0000000000000001 0x0000000000000002`,
      ).join('\n');
    const open = (...texts: string[]): ReturnType<typeof openInvestigation> =>
      openInvestigation(
        texts.map((text, index) => source(`paste ${index}`, text)),
        { platform: nodePlatform },
      );
    const half = open(lines(0x5000));
    expect(half.memory?.provenance(5)).toBe('excluded');
    expect(half.findings().map(({ id }) => id)).toEqual(['partial-page']);
    const whole = open(lines(0x5000), lines(0x5800));
    expect(whole.memory?.provenance(5)).toBe('present');
    expect(whole.findings()).toEqual([]);
  });
});

describe('what is no paste', () => {
  it.each(CAPTURES)('the console log of %s stays a log', (name) => {
    expect(identify(bytesSource('log', captureBytes(name, 'console.log')))).toBe('log');
  });
});

describe('the command line', () => {
  it('answers from files of pasted texts', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'paste-'));
    const [pages, registers] = [join(folder, 'a'), join(folder, 'b')];
    writeFileSync(pages, xxd(new ElfMemory(captureBytes('intel-6.1', 'tables.before.elf'))));
    writeFileSync(registers, regset('intel-6.1'));
    type Document = Answer & { readonly source: { readonly format: string } };
    const ways = [
      ['tables', pages, registers],
      ['tables', pages, '--registers', registers],
    ];
    for (const way of ways) {
      const { code, json } = await runJson<Document>(way);
      expect(code).toBe(0);
      expect(json.source.format).toBe('hexdump');
      expect(json.units[0]).toMatchObject({
        name: 'dmar0',
        base: '0xfed90000',
        registersFrom: 'file',
        translationEnabled: true,
      });
    }
  });
});

describe('--registers takes what debugfs prints', () => {
  it('iommu_regset: names, base, and what it does not state is unknown', () => {
    const document = parseRegisters(regset('intel-6.1'));
    expect(document.vendor).toBe('intel');
    expect(document.units).toHaveLength(1);
    const [unit] = document.units;
    expect([unit.name, unit.base]).toEqual(['dmar0', 0xfed9_0000n]);
    expect(unit.registers.read(0x1c, 32)?.value).toBe(0xc700_0000n);
    expect(unit.registers.read(0xf00, 32)).toBeUndefined();
  });
});
