import { spawnSync } from 'node:child_process';
import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Dump } from '../../../core/dump/dump.ts';
import { Failure } from '../../../core/memory/failure.ts';
import { bytesSource, type ByteSource } from '../../../core/memory/platform.ts';
import type { Investigation } from '../../../core/session/investigation.ts';
import { openInvestigation } from '../../../core/session/open-investigation.ts';
import { tablesDocument } from '../../../core/session/tables-document.ts';
import { trim, type Keep, type TrimResult } from '../../../core/session/trim.ts';
import { fileSource, nodePlatform } from '../../../electron/host/platform.ts';
import {
  captureBytes,
  captureJson,
  capturePath,
  expandedPaths,
  MISSING_CAPTURE,
  ROOT,
  WITH_VMCORE,
} from '../../support/captures.ts';
import { expectTruth, type Truth } from '../../support/truth.ts';

const folder = mkdtempSync(join(tmpdir(), 'faultline-trim-'));
afterAll(() => rmSync(folder, { recursive: true }));
const here = expandedPaths('intel-6.1', 'vmcore') !== undefined;
if (!here) console.warn(`trim: skipped, ${MISSING_CAPTURE}`);
const has = (program: string): boolean =>
  spawnSync(program, ['-h'], { stdio: 'ignore' }).error === undefined;
const readers = has('crash') && has('makedumpfile');
if (!readers)
  console.warn('trim: crash or makedumpfile is not installed; their opinion is not asked');

function open(path: string, registers?: string, as?: 'raw'): Investigation {
  return openInvestigation([fileSource(path)], {
    platform: nodePlatform,
    registers: registers ? fileSource(registers) : undefined,
    as,
  });
}

async function trimmed(
  source: Investigation,
  keep: Keep,
  name: string,
): Promise<{ path: string; result: TrimResult }> {
  const path = join(folder, name);
  const file = openSync(path, 'w');
  const result = await trim(source, {
    keep,
    output: {
      write: (bytes) => void writeSync(file, bytes),
      reopen: () => {
        closeSync(file);
        return fileSource(path);
      },
    },
  });
  return { path, result };
}

async function tables(source: Investigation) {
  return tablesDocument(source, source.units(), { leaves: true, segments: false });
}

/** The first processor's registers in an NT_PRSTATUS note of x86-64. */
const registersOf = (dump: Dump): Uint8Array =>
  dump.notes.find((note) => note.name === 'CORE')!.desc.subarray(112, 328);

describe.skipIf(!here).each(WITH_VMCORE)('trim %s, keeping the kernel', (name) => {
  test('answers as the whole dump does, in a tenth of its pages', async () => {
    const [path] = expandedPaths(name, 'vmcore')!;
    const whole = open(path);
    const { path: out, result } = await trimmed(whole, 'kernel', `${name}.vmcore`);
    expect(result.differences).toEqual([]);
    expect(result.compared).toEqual(
      expect.arrayContaining(['inspect', 'tables', 'irq', 'dmesg', 'acpi']),
    );
    expect(result.bytes).toBeLessThan(8_500_000);
    const again = open(out);
    expectTruth((await tables(again)) as never, captureJson<Truth>(name, 'truth.vmcore.json'), {
      fromKernel: true,
    });
    expect(again.kernel()!.dmesg()).toEqual(whole.kernel()!.dmesg());
    expect(again.dump!.counts().held).toBe(result.pages);
    expect(result.pages * 10).toBeLessThan(whole.dump!.counts().held);
    // Memory that exists still exists; what was no memory is none.
    const known = again.dump!.counts();
    const before = whole.dump!.counts();
    expect(known.held + known.excluded).toBe(before.held + before.excluded);
    whole.close();
    again.close();
  });

  test('processors stay, their registers go', async () => {
    const whole = open(expandedPaths(name, 'vmcore')![0]);
    const { path } = await trimmed(whole, 'kernel', `${name}.notes`);
    const again = open(path);
    const count = (dump: Dump): number => dump.notes.filter((note) => note.name === 'CORE').length;
    expect(count(again.dump!)).toBe(count(whole.dump!));
    expect(registersOf(whole.dump!).some((byte) => byte !== 0)).toBe(true);
    expect(registersOf(again.dump!).every((byte) => byte === 0)).toBe(true);
    expect(again.dump!.vmcoreinfo).toBe(whole.dump!.vmcoreinfo);
    whole.close();
    again.close();
  });

  test.skipIf(!readers)('released readers read it as they read the whole', async () => {
    const [path] = expandedPaths(name, 'vmcore')!;
    const whole = open(path);
    const { path: out } = await trimmed(whole, 'kernel', `${name}.readers`);
    expect(spawnSync('crash', ['--osrelease', out], { encoding: 'utf8' }).stdout.trim()).toBe(
      whole.kernel()!.release,
    );
    const logs = [path, out].map((core, i) => {
      const log = join(folder, `${name}.dmesg${i}`);
      spawnSync('makedumpfile', ['--message-level', '0', '--dump-dmesg', core, log]);
      return readFileSync(log, 'utf8');
    });
    expect(logs[1]).toBe(logs[0]);
    whole.close();
  });

  test('tables alone: no kernel, the same tables', async () => {
    const whole = open(expandedPaths(name, 'vmcore')![0]);
    const { path, result } = await trimmed(whole, 'tables', `${name}.tables`);
    expect(result.differences).toEqual([]);
    expect(result.bytes).toBeLessThan(1_500_000);
    const again = open(path);
    expect(again.kernel()).toBeUndefined();
    expect(readFileSync(path).includes('Linux version')).toBe(false);
    whole.close();
    again.close();
  });
});

test.skipIf(!here)('a raw image: found by scan, none of the scanned pages kept', async () => {
  const raw = open(expandedPaths('intel-6.1', 'raw')![0], undefined, 'raw');
  const { result } = await trimmed(raw, 'kernel', 'raw.vmcore');
  expect(result.differences).toEqual([]);
  // The tables' pages that read as zero there are kept as well, and the firmware's first MiB.
  expect(result.pages).toBeLessThan(2000);
  raw.close();
});

describe('tables of a snapshot, with registers', () => {
  const snapshot = () =>
    open(capturePath('amd-6.1', 'tables.before.elf'), capturePath('amd-6.1', 'regs.before.json'));

  test('are kept, and answer with the same registers', async () => {
    const source = snapshot();
    const { path, result } = await trimmed(source, 'tables', 'snapshot.elf');
    expect(result.differences).toEqual([]);
    const again = open(path, capturePath('amd-6.1', 'regs.before.json'));
    expectTruth((await tables(again)) as never, captureJson<Truth>('amd-6.1', 'truth.before.json'));
    source.close();
    again.close();
  });

  test('an output that does not hold what was written is told', async () => {
    const source = snapshot();
    const parts: Uint8Array[] = [];
    const result = await trim(source, {
      keep: 'tables',
      output: {
        write: (bytes) => void parts.push(bytes.slice()),
        reopen: (): ByteSource => {
          const bytes = Buffer.concat(parts);
          // A leaf of some page table turns into another one.
          for (let at = bytes.length - 4096 * 20; at < bytes.length; at += 8)
            if ((bytes[at] & 1) === 1) bytes[at + 2] ^= 1;
          return bytesSource('damaged', bytes);
        },
      },
    });
    expect(result.differences).toContain('tables');
    source.close();
  });

  test('has no kernel to keep: said, with what to do instead', async () => {
    const source = snapshot();
    const failure = await trimmed(source, 'kernel', 'none').catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Failure);
    expect((failure as Failure).line()).toContain('--keep tables');
    source.close();
  });

  test('stops when it is told to', async () => {
    const source = snapshot();
    const stop = new AbortController();
    stop.abort();
    const output = { write() {}, reopen: () => bytesSource('', new Uint8Array(0)) };
    await expect(trim(source, { keep: 'tables', output, signal: stop.signal })).rejects.toThrow(
      /abort/i,
    );
    source.close();
  });
});

describe.each(['amd-6.1', 'amd-7.2-reuse'] as const)('device tables of %s', (name) => {
  test.each(['before', 'crash'] as const)(
    '%s: the trim answers as the snapshot',
    async (moment) => {
      const registers = capturePath(name, `regs.${moment}.json`);
      const source = open(capturePath(name, `tables.${moment}.elf`), registers);
      const { path, result } = await trimmed(source, 'tables', `${name}.${moment}.elf`);
      expect(result.differences).toEqual([]);
      expect(result.compared).toEqual(expect.arrayContaining(['tables', 'irq']));
      const again = open(path, registers);
      expect(await tables(again)).toEqual(await tables(source));
      source.close();
      again.close();
    },
  );

  test('damaged entries: the trim says of them what the whole does', async () => {
    const registers = capturePath(name, 'regs.before.json');
    const bytes = readFileSync(capturePath(name, 'tables.before.elf'));
    const whole = open(capturePath(name, 'tables.before.elf'), registers);
    const row = whole
      .units()[0]
      .devices()
      .devices.find((each) => each.pageTable !== undefined)!;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    // A snapshot holds pages as they are: the entry's 32 bytes tell its place.
    const wanted = Buffer.from(new BigUint64Array(row.entry.words).buffer);
    const at = bytes.indexOf(wanted);
    whole.close();
    const results = [0x3ffff000n, 0xf_0000_0000_0000n].map(async (pointer, index) => {
      const damaged = row.entry.words[0] & ~0xf_ffff_ffff_f000n;
      view.setBigUint64(at, damaged | pointer, true);
      view.setBigUint64(at + 24, row.entry.words[3] | (1n << 50n), true);
      const file = join(folder, `${name}.damaged${index}`);
      writeFileSync(file, bytes);
      const source = open(file, registers);
      const { path, result } = await trimmed(source, 'tables', `${name}.trim${index}`);
      expect(result.differences).toEqual([]);
      const again = open(path, registers);
      const document = await tables(again);
      expect(document).toEqual(await tables(source));
      source.close();
      again.close();
      return document;
    });
    const texts = (await Promise.all(results)).map((each) => JSON.stringify(each));
    for (const text of texts) expect(text).toContain('reserved-bits');
    expect(texts[1]).toContain('pointer-outside-memory');
  });
});

test('a log has nothing to trim', async () => {
  const log = openInvestigation([bytesSource('log', captureBytes('intel-6.1', 'console.log'))], {
    platform: nodePlatform,
  });
  await expect(trimmed(log, 'kernel', 'log')).rejects.toThrow('There is no memory to trim.');
});

describe('the bundled sample', () => {
  const sample = join(ROOT, 'resources/samples/intel-6.1');

  test('answers as the whole dump did', async () => {
    const source = open(join(sample, 'vmcore'));
    expectTruth(
      (await tables(source)) as never,
      captureJson<Truth>('intel-6.1', 'truth.vmcore.json'),
      { fromKernel: true },
    );
    const kernel = source.kernel()!;
    expect(kernel.release).toBe('6.1.0-50-amd64');
    expect(kernel.panic()?.reason).toBe('sysrq triggered crash');
    expect(kernel.dmesg().length).toBe(546);
    expect(kernel.devices()).toHaveLength(11);
    expect(kernel.checks().every((check) => check.holds)).toBe(true);
    expect([...kernel.findings, ...kernel.incomplete, ...source.dump!.findings]).toEqual([]);
    source.close();
  });

  test('takes 8 MB at most, with the recording', () => {
    const sizes = ['vmcore', 'console.cast.zst'].map(
      (file) => readFileSync(join(sample, file)).length,
    );
    expect(sizes[0] + sizes[1]).toBeLessThan(8_000_000);
  });
});
