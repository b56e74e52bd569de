import { describe, expect, it } from 'vitest';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isPlaceholder } from '../../../core/imports/stated/pages.ts';
import type { Device, Unit } from '../../../core/iommu/unit.ts';
import {
  deviceTable,
  dmarTranslation,
  domainTranslation,
  interruptTable,
  interruptTranslation,
  invalidationQueue,
} from '../../support/debugfs-text.ts';
import { runJson } from '../../support/run-cli.ts';
import { open, real, leaves, same } from './stated-texts.ts';

describe('debugfs texts of a real kernel answer as its tables do', () => {
  it.each(['intel-6.1', 'intel-5.10', 'intel-6.12-sm'] as const)(
    '%s: devices, mappings, walks, interrupts, the queue',
    (name) => {
      const { unit, memory } = real(name);
      const investigation = open(
        dmarTranslation(unit, memory),
        domainTranslation(unit, memory),
        interruptTranslation(unit),
        invalidationQueue(unit, memory),
      );
      const [stated] = investigation.units();
      expect(stated.facts).toMatchObject({
        name: 'dmar0',
        rootTable: (unit.facts as { rootTable?: bigint }).rootTable,
        mode: (unit.facts as { mode?: string }).mode,
        queue: (unit.facts as { queue?: unknown }).queue,
      });
      const about = ({ translation, domain, levels, pageTable }: Device): unknown => [
        translation,
        domain,
        levels,
        pageTable,
      ];
      expect(same(stated, about)).toEqual(same(unit, about));
      const pairs = unit.devices().devices.map((device, index) => ({
        device,
        own: stated.devices().devices[index],
      }));
      let count = 0;
      for (const { device, own } of pairs) {
        const expected = leaves(unit, device);
        expect(leaves(stated, own)).toEqual(expected);
        count += expected.length;
        if (expected.length === 0) continue;
        const iova = BigInt(expected[0].split(' ')[0]) << 12n;
        for (const address of [iova, iova ^ (1n << 37n)])
          for (const access of ['read', 'write'] as const) {
            const request = { id: device.id, pasid: undefined, address, access };
            const [a, b] = [unit.walk(request), stated.walk(request)];
            expect({ ...b, steps: [] }).toEqual({ ...a, steps: [] });
          }
      }
      expect(count).toBeGreaterThan(100);
      const entries = (of: Unit): unknown =>
        of
          .interrupts(false)
          .map(({ table, entries: all }) => [
            table,
            all.map(({ index, entry }) => [index, entry.address, entry.words]),
          ]);
      expect(entries(stated)).toEqual(entries(unit));
      expect(stated.entry('dmar0/queue/0')?.words).toEqual(unit.entry('dmar0/queue/0')?.words);
    },
  );

  it('amd-6.1: the entries that were asked for, and their interrupt tables', () => {
    const { unit, memory } = real('amd-6.1');
    const asked = unit.devices().devices.slice(0, 4);
    const investigation = open(
      deviceTable(
        unit,
        memory,
        asked.map(({ id }) => id),
      ),
      interruptTable(unit),
    );
    const [stated] = investigation.units();
    expect(stated.facts.name).toBe('ivhd0');
    const rows = stated.devices().devices;
    expect(rows.map(({ bdf, entry }) => [bdf, entry.words])).toEqual(
      asked.map(({ bdf, entry }) => [bdf, entry.words]),
    );
    const present = (of: Unit): number =>
      of.interrupts(false).reduce((sum, table) => sum + table.present, 0);
    expect(present(stated)).toBe(present(unit));
    // Nobody asked for the others: their entries are not known, and not absent.
    const other = { id: 0xff00, pasid: undefined, address: 0x1000n, access: 'read' } as const;
    expect(stated.walk(other)).toMatchObject({ result: 'unknown' });
  });
});

describe('a page table alone', () => {
  it.each(['intel-6.1', 'intel-6.12-sm'] as const)(
    '%s: domain_translation_struct answers mappings and walk, and nothing more',
    (name) => {
      const { unit, memory } = real(name);
      const [stated] = open(domainTranslation(unit, memory)).units();
      const mapped = unit
        .devices()
        .devices.filter((device) => device.pageTable !== undefined)
        .filter((device) => leaves(unit, device).length > 0);
      expect(mapped.length).toBeGreaterThan(2);
      const rows = stated.devices().devices;
      for (const device of mapped) {
        const own = rows.find(({ bdf }) => bdf === device.bdf)!;
        expect(own).toMatchObject({
          translation: device.translation,
          levels: device.levels,
          pageTable: device.pageTable,
          domain: undefined,
        });
        expect(own.entry.words).toEqual([]);
        const expected = leaves(unit, device);
        expect(leaves(stated, own)).toEqual(expected);
        const iova = BigInt(expected[0].split(' ')[0]) << 12n;
        const request = { id: device.id, pasid: undefined, address: iova, access: 'read' } as const;
        const [a, b] = [unit.walk(request), stated.walk(request)];
        expect(b.result).toBe(a.result);
        // Only the steps through the page table are told.
        expect(b.steps.map(({ table }) => table)).toEqual(
          a.steps.slice(-device.levels!).map(({ table }) => table),
        );
        expect(b.steps.some(({ table }) => isPlaceholder(table))).toBe(false);
      }
    },
  );
});

describe('what a text does not tell is not known', () => {
  const { unit, memory } = real('intel-6.1');
  const [stated] = open(dmarTranslation(unit, memory)).units();
  const buses = new Set(unit.devices().devices.map(({ id }) => id >> 8));
  it('a bus without a row: its root entry is not listed', () => {
    expect(buses.has(0xfe)).toBe(false);
    const request = { id: 0xfe00, pasid: undefined, address: 0n, access: 'read' } as const;
    expect(stated.walk(request)).toMatchObject({ result: 'unknown', steps: [] });
  });
  it('a function without a row on a bus with one: its entry is not present', () => {
    const [bus] = buses;
    const taken = new Set(unit.devices().devices.map(({ id }) => id));
    const id = Array.from({ length: 256 }, (_, at) => (bus << 8) | at).find(
      (each) => !taken.has(each),
    )!;
    const request = { id, pasid: undefined, address: 0n, access: 'read' } as const;
    expect(stated.walk(request)).toMatchObject({ result: 'fault', reason: 2 });
  });
  it('the page tables: not in the text', () => {
    const device = stated.devices().devices.find(({ pageTable }) => pageTable !== undefined)!;
    const request = { id: device.id, pasid: undefined, address: 0x1000n, access: 'read' } as const;
    expect(stated.walk(request)).toMatchObject({ result: 'unknown', why: 'absent' });
  });
});

describe("AMD's PCI capability block", () => {
  it('is decoded word by word, and tells the register base', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'capability-')), 'capability');
    writeFileSync(
      path,
      [
        ['0x0', '0x190b640f'],
        ['0x4', '0xfed80001'],
        ['0x8', '0x00000001'],
        ['0x10', '0x00203040'],
      ]
        .map(([offset, value]) => `Offset:${offset} Value:${value}\n`)
        .join(''),
    );
    const { json } = await runJson<{
      units: { base: string }[];
      capability: { name: string; fields: Record<string, string> }[];
    }>(['regs', path]);
    expect(json.units[0].base).toBe('0x1fed80000');
    const word = (name: string): Record<string, string> | undefined =>
      json.capability.find((each) => each.name === name)?.fields;
    expect(word('Capability Header')).toMatchObject({
      CapId: '0xf',
      CapType: '0x3',
      IotlbSup: '0x1',
      EFRSup: '0x1',
    });
    expect(word('Miscellaneous Information 0')).toMatchObject({ PAsize: '0x30', VAsize: '0x40' });
  });
});
