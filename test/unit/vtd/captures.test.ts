/**
 * Real tables: what a separate walker (captures/rig/truth.py) found in each capture's snapshots
 * is what this one finds, leaf lists included.
 */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { hex, parseHex } from '../../../core/format/hex.ts';
import type { Device, Unit } from '../../../core/iommu/unit.ts';
import { DEFAULT_BUDGET } from '../../../core/iommu/unit.ts';
import { RegisterWords } from '../../../core/memory/mmio.ts';
import { intelFactsFromRegisters } from '../../../core/vtd/facts.ts';
import { intelUnit } from '../../../core/vtd/unit.ts';
import type { CaptureName } from '../../support/captures.ts';
import { CAPTURES, captureBytes, captureJson } from '../../support/captures.ts';
import { ElfMemory } from '../../support/elf-memory.ts';
import { leafLines } from '../../support/leaf-lines.ts';

interface TruthDevice {
  readonly bdf: string;
  readonly pasid?: number;
  readonly raw: readonly string[];
  readonly translation: string;
  readonly domain: number;
  readonly levels?: number;
  readonly pageTable?: string;
  readonly leaves?: number;
  readonly mappedBytes?: number;
  readonly leafSizes?: Readonly<Record<string, number>>;
  readonly tablePages?: number;
  readonly leafHash?: string;
}
interface TruthUnit {
  readonly base: string;
  readonly rootTable: string;
  readonly mode: string;
  readonly cap: string;
  readonly ecap: string;
  readonly translationEnabled: boolean;
  readonly devices: readonly TruthDevice[];
  readonly interrupts?: {
    readonly table: string;
    readonly capacity: number;
    readonly extended: boolean;
    readonly entries: readonly {
      readonly index: number;
      readonly raw: readonly string[];
      readonly vector: number;
      readonly destination: number;
      readonly posted: boolean;
      readonly source: string;
      readonly sourceValidation: number;
    }[];
  };
}
interface Truth {
  readonly units: readonly TruthUnit[];
  readonly missingPages: readonly string[];
}
interface RegisterFile {
  readonly units: readonly {
    readonly base: string;
    readonly registers: Readonly<Record<string, string>>;
  }[];
}

/** The units of a capture's snapshot, from its registers alone. */
function unitsOf(name: CaptureName, moment: string): { unit: Unit; truth: TruthUnit }[] {
  const memory = new ElfMemory(captureBytes(name, `tables.${moment}.elf`));
  const truth = captureJson<Truth>(name, `truth.${moment}.json`);
  const file = captureJson<RegisterFile>(name, `regs.${moment}.json`);
  return file.units.map(({ base, registers }, index) => {
    const words = new Map(
      Object.entries(registers).map(([offset, value]) => [Number(offset), Number(value)]),
    );
    const facts = intelFactsFromRegisters(new RegisterWords(words, 'file', true), {
      name: `dmar${index}`,
      segment: 0,
      base: parseHex(base),
    });
    return { unit: intelUnit(facts, memory), truth: truth.units[index] };
  });
}

/** A row in the truth file's form, page tables swept. */
function row(unit: Unit, device: Device): TruthDevice {
  const hash = createHash('sha256');
  const swept = unit.sweep(device, (batch) => void hash.update(leafLines(batch)), DEFAULT_BUDGET);
  const tables = device.pageTable !== undefined && device.translation !== 'nested';
  return {
    bdf: device.bdf,
    ...(device.pasid === undefined ? {} : { pasid: device.pasid }),
    raw: device.entry.words.map(hex),
    translation: device.translation,
    domain: device.domain!,
    ...(device.levels === undefined ? {} : { levels: device.levels }),
    ...(tables
      ? {
          pageTable: hex(device.pageTable),
          leaves: swept.leaves,
          mappedBytes: swept.mappedBytes,
          leafSizes: Object.fromEntries(
            [...swept.leafSizes].map(([size, count]) => [hex(size), count]),
          ),
          tablePages: swept.tablePages,
          leafHash: hash.digest('hex'),
        }
      : {}),
  };
}

const snapshots = CAPTURES.filter((name) => name.startsWith('intel')).flatMap((name) =>
  (['before', 'crash'] as const).map((moment) => ({ name, moment })),
);

describe.each(snapshots)('tables of $name, $moment', ({ name, moment }) => {
  const units = unitsOf(name, moment);

  test('there are units, and devices in them', () => {
    expect(units.length).toBeGreaterThan(0);
    expect(units[0].truth.devices.length).toBeGreaterThan(0);
  });

  test('registers give base, mode, capabilities, root table and state', () => {
    for (const { unit, truth } of units) {
      const { facts } = unit;
      if (facts.vendor !== 'intel') throw new Error('not an Intel unit');
      expect({
        base: hex(facts.base!),
        rootTable: hex(facts.rootTable!),
        mode: facts.mode,
        cap: hex(facts.cap!),
        ecap: hex(facts.ecap!),
        translationEnabled: facts.translationEnabled,
      }).toEqual({
        base: truth.base,
        rootTable: truth.rootTable,
        mode: truth.mode,
        cap: truth.cap,
        ecap: truth.ecap,
        translationEnabled: truth.translationEnabled,
      });
    }
  });

  test('every device with its leaves, to the hash', () => {
    for (const { unit, truth } of units) {
      const list = unit.devices();
      const expected = truth.devices.map((device) => {
        const { first, ...rest } = device as TruthDevice & { first?: unknown };
        void first;
        return rest;
      });
      expect(list.devices.map((device) => row(unit, device))).toEqual(expected);
      expect(list.incomplete).toEqual([]);
      expect(list.findings).toEqual([]);
    }
  });

  test('every present interrupt remapping entry', () => {
    for (const { unit, truth } of units) {
      const [table] = unit.interrupts(false);
      expect(table?.table === undefined ? undefined : hex(table.table)).toBe(
        truth.interrupts?.table,
      );
      if (!truth.interrupts) continue;
      expect(table.capacity).toBe(truth.interrupts.capacity);
      expect(table.present).toBe(truth.interrupts.entries.length);
      expect(
        table.entries.map((entry) => ({
          index: entry.index,
          raw: entry.entry.words.map(hex),
          vector: entry.vector,
          destination: entry.destination,
          posted: entry.posted,
          source: entry.source,
        })),
      ).toEqual(
        truth.interrupts.entries.map(({ sourceValidation, source, ...rest }) => ({
          ...rest,
          source: sourceValidation === 0 ? undefined : source,
        })),
      );
      expect(unit.interrupts(true)[0].entries.length).toBe(truth.interrupts.capacity);
    }
  });

  test('the walk of every mapped page gives what the leaf list says', () => {
    for (const { unit, truth } of units) {
      if (!truth.translationEnabled) continue;
      for (const device of unit.devices().devices) {
        if (device.pasid !== undefined && device.pasid !== 0) continue;
        let seen = 0;
        unit.sweep(
          device,
          (batch) => {
            for (let at = 0; at < batch.count && seen < 64; at += 7, seen++) {
              const address = BigInt(batch.iova[at]) * 4096n + 0x10n;
              const walked = unit.walk({
                id: device.id,
                pasid: undefined,
                address,
                access: 'read',
              });
              const expected = BigInt(batch.pa[at]) * 4096n + 0x10n;
              if (batch.rights[at] & 1)
                expect(walked).toMatchObject({ result: 'translated', pa: expected });
              else expect(walked.result).toBe('fault');
            }
          },
          DEFAULT_BUDGET,
        );
      }
    }
  });
});
