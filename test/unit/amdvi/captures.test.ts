import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { amdFacts } from '../../../core/amdvi/facts.ts';
import { amdUnit } from '../../../core/amdvi/unit.ts';
import { hex } from '../../../core/format/hex.ts';
import { rightsText } from '../../../core/iommu/leaves.ts';
import type { Device, Unit } from '../../../core/iommu/unit.ts';
import { DEFAULT_BUDGET } from '../../../core/iommu/unit.ts';
import { RegisterWords } from '../../../core/memory/mmio.ts';
import { captureBytes, captureJson } from '../../support/captures.ts';
import { ElfMemory } from '../../support/elf-memory.ts';
import { leafLines } from '../../support/leaf-lines.ts';

type Row = Record<string, unknown>;
interface Truth {
  readonly units: readonly (Row & {
    readonly devices: readonly Row[];
    readonly entryKinds: readonly [readonly string[], number][];
    readonly interrupts: {
      readonly format: number;
      readonly tables: readonly {
        readonly table: string;
        readonly capacity: number;
        readonly entries: readonly Row[];
      }[];
    };
  })[];
  readonly missingPages: readonly string[];
}
interface Registers {
  readonly units: readonly { readonly base: string; readonly registers: Record<string, string> }[];
}

const CASES = (['amd-6.1', 'amd-7.2-reuse'] as const).flatMap((name) =>
  (['before', 'crash'] as const).map((moment) => ({ name, moment })),
);

function open(name: 'amd-6.1' | 'amd-7.2-reuse', moment: 'before' | 'crash'): Unit {
  const [unit] = captureJson<Registers>(name, `regs.${moment}.json`).units;
  const words = new Map(
    Object.entries(unit.registers).map(([offset, value]) => [Number(offset), Number(value)]),
  );
  const registers = new RegisterWords(words, 'file', true);
  const facts = amdFacts(registers, {
    name: 'ivhd0',
    segment: 0,
    base: BigInt(unit.base),
    from: 'file',
  });
  return amdUnit(facts, new ElfMemory(captureBytes(name, `tables.${moment}.elf`)));
}

/** A row as the truth writes it. */
function row(unit: Unit, device: Device): Row {
  const { amd } = device;
  const hash = createHash('sha256');
  let first = '';
  const swept = unit.sweep(
    device,
    (batch) => {
      const text = leafLines(batch);
      first ||= text;
      hash.update(text);
    },
    DEFAULT_BUDGET,
  );
  expect(swept.incomplete).toEqual([]);
  return {
    bdf: device.bdf,
    raw: device.entry.words.map(hex),
    valid: amd?.valid,
    translationValid: amd?.translationValid,
    mode: amd?.mode,
    domain: device.domain,
    rights: rightsText(amd?.rights ?? 0),
    interruptMapValid: amd?.interruptMapValid,
    ...(device.pageTable === undefined
      ? {}
      : {
          pageTable: hex(device.pageTable),
          leaves: swept.leaves,
          mappedBytes: swept.mappedBytes,
          leafSizes: Object.fromEntries([...swept.leafSizes].map(([k, v]) => [hex(k), v])),
          tablePages: swept.tablePages,
          leafHash: hash.digest('hex'),
          first: first ? first.split('\n').slice(0, 2) : [],
        }),
    ...(amd?.interruptTable === undefined
      ? {}
      : {
          interruptTable: hex(amd.interruptTable),
          interruptCapacity: amd.interruptCapacity,
        }),
  };
}

describe.each(CASES)('$name, $moment the crash', ({ name, moment }) => {
  const truth = captureJson<Truth>(name, `truth.${moment}.json`).units[0];
  const unit = open(name, moment);

  test('the unit is as the truth says', () => {
    const { facts } = unit;
    if (facts.vendor !== 'amd') throw new Error('not an AMD unit');
    expect({
      base: hex(facts.base ?? 0),
      vendor: facts.vendor,
      deviceTable: hex(facts.deviceTable ?? 0),
      capacity: facts.capacity,
      control: hex(facts.control ?? 0),
      extendedFeatures: hex(facts.extendedFeatures ?? 0),
      translationEnabled: facts.translationEnabled,
    }).toEqual({
      base: truth['base'],
      vendor: truth['vendor'],
      deviceTable: truth['deviceTable'],
      capacity: truth['capacity'],
      control: truth['control'],
      extendedFeatures: truth['extendedFeatures'],
      translationEnabled: truth['translationEnabled'],
    });
  });

  test('every device row equals the truth in every field', () => {
    const { devices } = unit.devices();
    expect(devices.map((device) => row(unit, device))).toEqual(truth.devices);
  });

  test('the other entries are grouped by value', () => {
    const { same } = unit.devices();
    const own = new Set(truth.devices.map((device) => String(device['raw'])));
    const expected = truth.entryKinds.filter(([raw]) => !own.has(String(raw)));
    expect(same.map(({ words, count }) => [words.map(hex), count])).toEqual(expected);
    expect(same[0].bdfs).toHaveLength(same[0].count);
  });

  test('every interrupt remapping table equals the truth', () => {
    const { format, tables } = truth.interrupts;
    const { facts } = unit;
    expect(facts.vendor === 'amd' && facts.interruptFormat).toBe(format);
    expect(
      unit.interrupts(false).map(({ table, capacity, entries }) => ({
        table: hex(table),
        capacity,
        entries: entries.map(({ index, entry, vector, destination }) => ({
          index,
          raw: entry.words.map(hex),
          vector,
          destination,
        })),
      })),
    ).toEqual(tables);
  });

  test('asked for all entries, a table gives its whole capacity', () => {
    const whole = unit.interrupts(true);
    expect(whole.length).toBeGreaterThan(0);
    for (const table of whole) {
      expect(table.entries).toHaveLength(table.capacity);
      expect(table.entries.filter((each) => each.present)).toHaveLength(table.present);
    }
  });

  test('each leaf of a device is what a walk of its address comes to', () => {
    for (const device of unit.devices().devices) {
      if (device.translation !== 'v1') continue;
      unit.sweep(
        device,
        (batch) => {
          for (let index = 0; index < batch.count; index += 7) {
            const address = BigInt(batch.iova[index]) * 4096n + 0x123n;
            const walked = unit.walk({
              id: device.id,
              pasid: undefined,
              address,
              access: batch.rights[index] & 1 ? 'read' : 'write',
            });
            expect(walked).toMatchObject({
              result: 'translated',
              pa: BigInt(batch.pa[index]) * 4096n + 0x123n,
              size: BigInt(batch.pages[index]) * 4096n,
              rights: batch.rights[index],
              untranslated: false,
            });
          }
        },
        DEFAULT_BUDGET,
      );
    }
  });

  test('every entry that a walk or the tree names is found again by its path', () => {
    const seen: string[] = [];
    const visit = (node: ReturnType<Unit['tree']>, depth: number): void => {
      if (node.entry) {
        expect(unit.entry(node.entry.path)).toEqual(node.entry);
        seen.push(node.entry.path);
      }
      const children = node.children(false);
      expect(node.childCount).toBe(children.length);
      if (depth < 7) for (const child of children.slice(0, 40)) visit(child, depth + 1);
    };
    visit(unit.tree(), 0);
    expect(seen.filter((path) => /L1\[/.test(path)).length).toBeGreaterThan(50);
    expect(new Set(seen.map((path) => path.split('/')[1]))).toContain('irq');
    expect(new Set(seen.map((path) => path.split('/')[1]))).toContain('cmd');
  });
});
