import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { COMMANDS } from '../../../electron/cli/commands.ts';
import { captureJson, capturePath, ROOT } from '../../support/captures.ts';
import { runCli, runJson } from '../../support/run-cli.ts';
import { expectInterruptEntries, expectTruth, type Truth } from '../../support/truth.ts';

/** The bundled sample: a trimmed vmcore and the recording of its console. */
const SAMPLE = join(ROOT, 'resources/samples/intel-6.1');
const VMCORE = join(SAMPLE, 'vmcore');
const CONSOLE = join(SAMPLE, 'console.cast.zst');
const TABLES = [
  capturePath('intel-6.1', 'tables.before.elf'),
  '--registers',
  capturePath('intel-6.1', 'regs.before.json'),
];

const folder = mkdtempSync(join(tmpdir(), 'faultline-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

describe('the bundled sample', () => {
  const truth = captureJson<Truth>('intel-6.1', 'truth.vmcore.json');

  test('answers as the whole dump does', async () => {
    const tables = await runJson<never>(['tables', VMCORE, '--leaves']);
    expectTruth(tables.json, truth, { fromKernel: true });
    expect(tables.code).toBe(4);
    expectInterruptEntries((await runJson<never>(['irq', VMCORE])).json, truth);
  });

  test('tells what it is', async () => {
    const { json, code } = await runJson(['inspect', VMCORE]);
    expect(json).toMatchObject({
      schema: 'faultline.inspect/1',
      release: '6.1.0-50-amd64',
      panic: { reason: 'sysrq triggered crash' },
      crashkernel: { start: '0xf000000', end: '0x1effffff' },
      units: [{ name: 'dmar0', vendor: 'intel', base: '0xfed90000', mode: 'legacy' }],
    });
    expect(code).toBe(0);
  });

  test('holds the kernel’s log', async () => {
    const { out } = await runCli(['dmesg', VMCORE]);
    expect(out.split('\n')[0]).toMatch(/^\[ {4}0\.000000\] Linux version 6\.1\.0-50-amd64 /);
    expect(out).toContain('Kernel panic - not syncing: sysrq triggered crash');
  });

  test('its console gives the three faults of 00:06.0', async () => {
    const { out } = await runCli(['faults', CONSOLE, '--ndjson']);
    const faults = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(faults).toMatchObject([
      { type: 'dma', access: 'read', bdf: '00:06.0', address: '0x1f00000', reason: 6, kernel: 0 },
      { type: 'dma', access: 'write', bdf: '00:06.0', address: '0xdead000', reason: 5, kernel: 0 },
      { type: 'dma', access: 'write', bdf: '00:06.0', address: '0xdeaf000', reason: 5, kernel: 0 },
    ]);
  });

  test('its console has two kernels, and the second took the first one’s tables over', async () => {
    const { json } = await runJson<{ kernels: object[]; phases: Record<string, unknown>[] }>([
      'phases',
      CONSOLE,
    ]);
    expect(json.kernels).toMatchObject([{ role: 'first' }, { role: 'capture' }]);
    expect(
      json.phases.some((phase) => phase['phase'] === 'hand-off' && phase['unit'] === 'dmar0'),
    ).toBe(true);
  });
});

test('--segments writes PCI segments even when they are 0', async () => {
  const tables = await runJson<{ units: { devices: { bdf: string }[] }[] }>([
    'tables',
    ...TABLES,
    '--segments',
  ]);
  expect(tables.json.units[0].devices[0].bdf).toBe('0000:00:00.0');
  const walk = await runJson(['walk', ...TABLES, '00:06.0', '0x0', '--segments']);
  expect(walk.json['bdf']).toBe('0000:00:06.0');
});

describe('walk', () => {
  test('ends as the hardware would, step by step', async () => {
    const { json, code } = await runJson(['walk', VMCORE, '00:06.0', '0x1f00000']);
    expect(json).toMatchObject({ result: 'fault', reason: 6, unit: 'dmar0' });
    expect((json['steps'] as { what: string }[]).map((step) => step.what)).toEqual([
      'root entry',
      'context entry',
      'L3 entry',
    ]);
    expect(code).toBe(0);
  });

  test('takes a whole kernel line', async () => {
    const line =
      'DMAR: [DMA Write NO_PASID] Request device [00:06.0] fault addr 0xdead000 [fault reason 0x05] PTE Write access is not set';
    expect((await runJson(['walk', VMCORE, line])).json).toMatchObject({
      address: '0xdead000',
      access: 'write',
      reason: 5,
    });
  });

  test('a batch gives the ends alone, in order', async () => {
    const leaf = (
      await runCli(['mappings', ...TABLES, '--device', '00:07.0', '--plain', '--limit', '1'])
    ).out.split(' ');
    const batch = file(
      'batch',
      `00:07.0 0x${leaf[0]} r\n# a comment\n00:06.0 1f00000 w\nff:1f.7 0 r\n`,
    );
    const { out } = await runCli(['walk', ...TABLES, '--batch', batch]);
    expect(
      out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as object),
    ).toEqual([
      { result: 'translated', pa: `0x${leaf[1]}` },
      { result: 'fault', reason: 5 },
      { result: 'fault', reason: 1 },
    ]);
  });
});

describe('mappings', () => {
  test('the plain lines are those of the hash, the merged ranges cover the same bytes', async () => {
    const { json } = await runJson<{ units: { devices: Record<string, string | number>[] }[] }>([
      'tables',
      ...TABLES,
      '--leaves',
    ]);
    const device = json.units[0].devices.find((each) => Number(each['leaves']) > 1000)!;
    const plain = await runCli([
      'mappings',
      ...TABLES,
      '--device',
      String(device['bdf']),
      '--plain',
    ]);
    expect(createHash('sha256').update(plain.out).digest('hex')).toBe(device['leafHash']);
    const merged = await runJson<{ mappings: { size: string }[] }>([
      'mappings',
      ...TABLES,
      '--device',
      String(device['bdf']),
      '--merge',
    ]);
    expect(merged.json.mappings.length).toBeLessThan(Number(device['leaves']));
    expect(merged.json.mappings.reduce((sum, range) => sum + Number(range.size), 0)).toBe(
      device['mappedBytes'],
    );
  });

  test('an interruption keeps what was found, marks it, and is exit 130', async () => {
    const abort = new AbortController();
    abort.abort();
    const { out, code } = await runCli(
      ['mappings', ...TABLES, '--device', '00:1f.2', '--json'],
      abort.signal,
    );
    expect(code).toBe(130);
    expect((JSON.parse(out) as { incomplete: unknown[] }).incomplete).not.toHaveLength(0);
  });

  test('--reaches keeps what touches a physical range', async () => {
    const all = (await runCli(['mappings', ...TABLES, '--device', '00:07.0', '--plain'])).out
      .trim()
      .split('\n');
    const [, pa] = all[2].split(' ');
    const { out } = await runCli([
      'mappings',
      ...TABLES,
      '--device',
      '00:07.0',
      '--plain',
      '--reaches',
      `0x${pa}+0x10`,
    ]);
    expect(out.trim()).toBe(all[2]);
  });
});

describe('regs', () => {
  test('its document is an input of --registers that gives the same answer', async () => {
    const regs = await runCli(['regs', ...TABLES, '--json']);
    const again = file('regs.json', regs.out);
    const answer = await runJson<never>(['tables', TABLES[0], '--registers', again, '--leaves']);
    expectTruth(answer.json, captureJson<Truth>('intel-6.1', 'truth.before.json'));
  });

  test('OFFSET VALUE lines are an input too', async () => {
    const lines = file(
      'regs.txt',
      '# VT-d\n0x8 0x22260206\n0x0c 0xd2008c\n0x10 f00f4a\n0x1c 0xc7000000\n0x20 25d1000\n',
    );
    const { json } = await runJson(['tables', TABLES[0], '--registers', lines]);
    expect(json).toMatchObject({
      units: [{ rootTable: '0x25d1000', cap: '0xd2008c22260206', translationEnabled: true }],
    });
  });

  test('decodes a single value with no source', async () => {
    const { json } = await runJson(['regs', '--decode', 'GSTS=0xc7000000']);
    expect(json).toMatchObject({ name: 'GSTS', fields: { TES: '0x1', RTPS: '0x1', IRES: '0x1' } });
  });
});

describe('trim', () => {
  test.each(['kernel', 'tables'])('--keep %s is smaller and answers alike', async (keep) => {
    const out = join(folder, `trimmed.${keep}`);
    const source = keep === 'kernel' ? [VMCORE] : TABLES;
    const { json, code } = await runJson(['trim', ...source, '-o', out, '--keep', keep]);
    expect(code).toBe(0);
    expect(json['bytes']).toBe(readFileSync(out).length);
    const registers = keep === 'kernel' ? [] : TABLES.slice(1);
    const before = await runCli(['tables', ...source, '--leaves', '--json']);
    const after = await runCli(['tables', out, ...registers, '--leaves', '--json']);
    expect(after.out).toBe(before.out);
  });

  test('never writes over a file unasked', async () => {
    const there = file('there', 'precious');
    expect((await runCli(['trim', VMCORE, '-o', there])).code).toBe(2);
    expect(readFileSync(there, 'utf8')).toBe('precious');
  });
});

describe('run', () => {
  test('the script that finds and changes the faulting device’s context entry', async () => {
    const before = createHash('sha256').update(readFileSync(VMCORE)).digest('hex');
    const { out, code } = await runCli([
      'run',
      join(ROOT, 'resources/scripts/faulting-device.ts'),
      VMCORE,
      CONSOLE,
    ]);
    expect(out).toContain('first fault: 00:06.0 read 0x1f00000, reason 0x6');
    expect(out).toContain('walk now: Present bit in context entry is clear');
    expect(out).toContain('walk after undo: PTE Read access is not set');
    expect(code).toBe(0);
    expect(createHash('sha256').update(readFileSync(VMCORE)).digest('hex')).toBe(before);
  });

  test('an error names the line of the TypeScript, and is exit 3', async () => {
    const script = file('broken.ts', 'const a: number = 1;\n\nentry("nowhere0");\n');
    const { notes, code } = await runCli(['run', script, VMCORE]);
    expect(notes).toMatch(/broken\.ts:3/);
    expect(code).toBe(3);
  });
});

describe('handoff', () => {
  test('the hpsa story, without and with the flush', async () => {
    const { json } = await runJson<{ stories: Record<string, unknown>[] }>([
      'handoff',
      'run',
      'hpsa-stale-cache',
    ]);
    const [without, flushed] = json.stories;
    expect(without).toMatchObject({ strategy: 'copy-tables', outcome: 'device lost' });
    expect(without['console']).toContain(
      'DMAR: [DMA Read] Request device [02:00.0] fault addr fffff000 [fault reason 06] PTE Read access is not set',
    );
    expect(flushed).toMatchObject({
      strategy: 'copy-tables-flush',
      outcome: 'dump saved',
      faults: [],
    });
  });
});

describe('what can go wrong is said in one line, with the right exit', () => {
  const random = file('random', createHash('sha512').update('random').digest());
  const cut = file('cut', readFileSync(VMCORE).subarray(0, 300_000));
  test.each([
    ['no command', [], 2],
    ['an unknown command', ['frobnicate'], 2],
    ['an unknown option', ['tables', VMCORE, '--nope'], 2],
    ['no source', ['tables'], 2],
    ['a file that is not there', ['tables', join(folder, 'nothing')], 3],
    ['a folder', ['tables', folder], 3],
    ['a file of no known kind', ['tables', random], 3],
    ['a log where tables are asked', ['tables', CONSOLE], 3],
    ['a dump without kernel or registers', ['tables', TABLES[0]], 3],
    ['a truncated vmcore', ['tables', cut], 3],
    ['a BDF that is none', ['walk', VMCORE, '2.0', '0x0'], 2],
    ['a device without an entry', ['mappings', VMCORE, '--device', '7f:00.0'], 3],
  ] as const)('%s', async (_, argv, code) => {
    const result = await runCli(argv);
    expect(result.code).toBe(code);
    if (argv.length > 0) {
      expect(result.notes).toMatch(/^faultline/);
      expect(result.notes).not.toMatch(/\n\s+at |undefined|\[object/);
    }
  });

  test('a table that points to itself ends as a finding', async () => {
    // The L3 entry of 00:07.0's own table is made to point back to that table.
    const bytes = Buffer.from(readFileSync(TABLES[0]));
    const { json } = await runJson<{ units: { devices: { bdf: string; pageTable: string }[] }[] }>([
      'tables',
      ...TABLES,
    ]);
    const top = BigInt(json.units[0].devices.find((device) => device.bdf === '00:07.0')!.pageTable);
    for (let at = 64; at < 64 + 56 * bytes.readUInt16LE(56); at += 56) {
      const [offset, start, size] = [8, 24, 32].map((each) => bytes.readBigUInt64LE(at + each));
      if (top >= start && top < start + size)
        bytes.writeBigUInt64LE(top | 3n, Number(offset + top - start) + 3 * 8);
    }
    const looped = file('looped', bytes);
    const answer = await runJson<{
      units: { devices: { bdf: string; findings: { id: string }[] }[] }[];
    }>(['tables', looped, ...TABLES.slice(1), '--leaves']);
    const device = answer.json.units[0].devices.find((each) => each.bdf === '00:07.0')!;
    expect(device.findings.map((finding) => finding.id)).toContain('table-loop');
  });
});

test('every command says what it does and what each of its options does', async () => {
  for (const [name, load] of Object.entries(COMMANDS)) {
    const command = await load();
    expect(command.summary.length, name).toBeGreaterThan(10);
    for (const option of Object.keys(command.options))
      expect(command.help[option], `${name} --${option}`).toBeTruthy();
    const { out, code } = await runCli([name, '--help']);
    expect(code).toBe(0);
    expect(out).toContain(command.summary);
  }
});
