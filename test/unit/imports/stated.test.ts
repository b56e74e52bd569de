import { describe, expect, it } from 'vitest';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eachLeaf } from '../../../core/session/mapping-filter.ts';
import { bytesSource } from '../../../core/memory/platform.ts';
import { isPlaceholder } from '../../../core/imports/stated/pages.ts';
import { DEFAULT_BUDGET, type Device, type Unit } from '../../../core/iommu/unit.ts';
import type { Investigation } from '../../../core/session/investigation.ts';
import { openInvestigation } from '../../../core/session/open-investigation.ts';
import { nodePlatform } from '../../../electron/host/platform.ts';
import { captureBytes, type CaptureName } from '../../support/captures.ts';
import {
  deviceTable,
  dmarTranslation,
  domainTranslation,
  interruptTable,
  interruptTranslation,
  invalidationQueue,
  regset,
} from '../../support/debugfs-text.ts';
import { runCli, runJson } from '../../support/run-cli.ts';

const source = (name: string, text: string | Uint8Array): ReturnType<typeof bytesSource> =>
  bytesSource(name, typeof text === 'string' ? new TextEncoder().encode(text) : text);

function open(...texts: (string | Uint8Array)[]): Investigation {
  return openInvestigation(
    texts.map((text, index) => source(`paste ${index}`, text)),
    { platform: nodePlatform },
  );
}

/** A capture's first unit as its tables and registers show it. */
function real(name: CaptureName): { unit: Unit; memory: NonNullable<Investigation['memory']> } {
  const investigation = open(
    captureBytes(name, 'tables.before.elf'),
    captureBytes(name, 'regs.before.json'),
  );
  return { unit: investigation.units()[0], memory: investigation.memory! };
}

function leaves(unit: Unit, device: Device): string[] {
  const out: string[] = [];
  const sink = eachLeaf(({ iova, pa, pages, rights }) => {
    out.push(`${iova} ${pa} ${pages} ${rights}`);
    return true;
  });
  expect(unit.sweep(device, sink, DEFAULT_BUDGET).incomplete).toEqual([]);
  return out;
}

const same = (of: Unit, pick: (device: Device) => unknown): unknown[] =>
  of.devices().devices.map((device) => [device.bdf, device.pasid, pick(device)]);

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

describe('pasted texts on the command line', () => {
  const folder = mkdtempSync(join(tmpdir(), 'stated-'));
  const file = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  const { unit, memory } = real('intel-6.1');
  const dmar = file('dmar', dmarTranslation(unit, memory));
  const domain = file('domain', domainTranslation(unit, memory));
  const irq = file('irq', interruptTranslation(unit));
  const queue = file('queue', invalidationQueue(unit, memory));
  const device = unit.devices().devices.find((each) => leaves(unit, each).length > 0)!;
  const [first] = leaves(unit, device);
  const [frame] = first.split(' ').map(Number);
  const lspci = file(
    'lspci',
    `${device.bdf} Ethernet controller [0200]: Intel Corporation Device [8086:10d3]\n\tKernel driver in use: e1000e\n`,
  );
  const iomem = file(
    'iomem',
    '00000000-00000fff : Reserved\n00001000-1fffffff : System RAM\n  01000000-01ffffff : Kernel code\n  10000000-17ffffff : Crash kernel\n',
  );

  it('inspect says what each is', async () => {
    const { code, json } = await runJson<{
      source: { format: string };
      sources: { kind: string; detail: string }[];
    }>(['inspect', dmar, domain, irq, queue, lspci, iomem]);
    expect(code).toBe(0);
    expect(json.source.format).toBe('debugfs');
    expect(json.sources.map(({ detail }) => detail.replace(/\d[\d,]*/g, 'N'))).toEqual([
      'debugfs: dmar_translation_struct (N entries)',
      'debugfs: domain_translation_struct (N mappings)',
      'debugfs: ir_translation_struct (N entries)',
      'debugfs: invalidation_queue (N descriptors)',
      'lspci, N device',
      '/proc/iomem, N ranges',
    ]);
  });

  it('tables, with names from lspci', async () => {
    const { code, json } = await runJson<{
      units: { devices: { bdf: string; driver?: string; leaves: number }[] }[];
    }>(['tables', dmar, domain, lspci, '--leaves']);
    expect(code).toBe(0);
    const row = json.units[0].devices.find(({ bdf }) => bdf === device.bdf)!;
    expect(row).toMatchObject({ driver: 'e1000e', leaves: leaves(unit, device).length });
    const people = await runCli(['tables', dmar, lspci]);
    expect(people.out).toContain('e1000e, Ethernet controller');
  });

  it('mappings, walk, irq, regs, reverse and audit answer', async () => {
    const mappings = await runCli(['mappings', domain, '--device', device.bdf, '--plain']);
    expect(mappings.code).toBe(0);
    expect(mappings.out.trim().split('\n')).toHaveLength(leaves(unit, device).length);
    const iova = `0x${(BigInt(frame) << 12n).toString(16)}`;
    const walk = await runJson<{ result: string }>(['walk', domain, device.bdf, iova]);
    expect(walk.json.result).toBe('translated');
    const entries = await runJson<{ units: { tables: { present: number }[] }[] }>(['irq', irq]);
    expect(entries.json.units[0].tables[0].present).toBe(unit.interrupts(false)[0].present);
    const regs = await runCli(['regs', queue]);
    expect(regs.code).toBe(0);
    expect(regs.out).toMatch(/^invalidation queue at 0x[0-9a-f]+, 256 entries, head \d+/m);
    expect(regs.out).toMatch(/ fetched +Invalidation Wait/i);
    const reverse = await runJson<{ places: { is: string }[]; reaches: unknown[] }>([
      'reverse',
      domain,
      iomem,
      '0x0-0xfffffffff',
    ]);
    expect(reverse.json.reaches.length).toBeGreaterThan(0);
    expect(reverse.json.places[0].is).toContain('Crash kernel');
    const audit = await runJson<{ rules: { id: string; outcome: string }[] }>([
      'audit',
      dmar,
      domain,
      iomem,
      lspci,
    ]);
    const outcome = (id: string): string | undefined =>
      audit.json.rules.find((rule) => rule.id === id)?.outcome;
    for (const id of ['tables-shared', 'tables-looped', 'domain-id-collision'])
      expect(outcome(id)).toBe('passed');
    expect(outcome('crash-memory')).not.toBe('skipped');
    expect(outcome('kernel-text')).not.toBe('skipped');
    expect(outcome('memory-not-there')).not.toBe('skipped');
    expect(outcome('mapped-without-driver')).not.toBe('skipped');
  });

  it('diff of a text with the dump that it was written from names nothing', async () => {
    const tables = file('tables.elf', '');
    writeFileSync(tables, captureBytes('intel-6.1', 'tables.before.elf'));
    const registers = file('regs.json', captureBytes('intel-6.1', 'regs.before.json').toString());
    const { code, json } = await runJson<{ equal: boolean; changes: unknown[] }>([
      'diff',
      dmar,
      domain,
      irq,
      file('regset', regset('intel-6.1')),
      '--',
      tables,
      registers,
    ]);
    expect(json.changes).toEqual([]);
    expect(json.equal).toBe(true);
    expect(code).toBe(0);
  });

  it('without the registers the interrupt mode is not known, and no difference', async () => {
    const tables = file('tables2.elf', '');
    writeFileSync(tables, captureBytes('intel-6.1', 'tables.before.elf'));
    const registers = file('regs2.json', captureBytes('intel-6.1', 'regs.before.json').toString());
    const { code, json } = await runJson<{ changes: unknown[]; missing: { text: string }[] }>([
      'diff',
      dmar,
      domain,
      irq,
      '--',
      tables,
      registers,
    ]);
    expect(json.changes.filter((each) => JSON.stringify(each).includes('/irq/'))).toEqual([]);
    expect(json.missing.map(({ text }) => text).join()).toContain('x2APIC mode');
    expect([1, 4]).toContain(code);
  });

  it('registers stand in the same text, wherever', async () => {
    const texts = [
      dmarTranslation(unit, memory),
      regset('intel-6.1'),
      domainTranslation(unit, memory),
    ];
    const orders = [
      [0, 1, 2],
      [1, 0, 2],
      [2, 0, 1],
    ];
    for (const order of orders) {
      const path = file('both', order.map((at) => texts[at]).join('\n'));
      const { json } = await runJson<{ units: Record<string, unknown>[] }>(['tables', path]);
      expect(json.units).toHaveLength(1);
      expect(json.units[0]).toMatchObject({
        name: 'dmar0',
        base: '0xfed90000',
        cap: '0xd2008c22260206',
      });
      expect(json.units[0]['devices']).toHaveLength(unit.devices().devices.length);
    }
  });

  it('the register files of several AMD units are units in order', async () => {
    const mmio = (at: string): string => `Offset:0x18 Value:0x${at.padStart(16, '0')}\n`;
    const { json } = await runJson<{ units: { name: string; registers: object }[] }>([
      'regs',
      file('mmio0', mmio('d')),
      file('mmio1', mmio('f')),
      file('devtbl', deviceTable(real('amd-6.1').unit, real('amd-6.1').memory, [0x18])),
    ]);
    expect(json.units.map(({ name }) => name)).toEqual(['ivhd0', 'ivhd1']);
  });

  it('several files of debugfs in one text are all read', async () => {
    const whole = file(
      'whole',
      [dmarTranslation(unit, memory), domainTranslation(unit, memory), interruptTranslation(unit)]
        .map((text, index) => `==> /sys/kernel/debug/iommu/intel/file${index} <==\n${text}`)
        .join('\n'),
    );
    const { json } = await runJson<{ units: { devices: object[]; interrupts: object }[] }>([
      'tables',
      whole,
      '--leaves',
    ]);
    expect(json.units).toHaveLength(1);
    expect(json.units[0].interrupts).toMatchObject({ present: unit.interrupts(false)[0].present });
  });
});
