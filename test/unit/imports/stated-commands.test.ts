import { describe, expect, it } from 'vitest';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { captureBytes } from '../../support/captures.ts';
import {
  deviceTable,
  dmarTranslation,
  domainTranslation,
  interruptTranslation,
  invalidationQueue,
  regset,
} from '../../support/debugfs-text.ts';
import { runCli, runJson } from '../../support/run-cli.ts';
import { real, leaves } from './stated-texts.ts';

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
