import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openDump } from '../../../core/dump/open.ts';
import { PAGE_SIZE } from '../../../core/memory/physical.ts';
import { fileSource, nodePlatform } from '../../../electron/host/platform.ts';
import { concat, noisePage, patternPage } from '../../support/dump-writer.ts';

/**
 * Dumps that QEMU takes from outside (dump-guest-memory), of a machine that never ran: memory
 * below and above a hole, with known bytes in both. The truth is QEMU's own pmemsave.
 */
const QEMU = 'qemu-system-x86_64';
const here = spawnSync(QEMU, ['--version']).status === 0;
if (!here) console.log('skipped: dumps by QEMU: needs qemu-system-x86 (Debian package)');

const LOW = { start: 0, size: 32 << 20 };
const HIGH = { start: 2 ** 32, size: 16 << 20 };
const FORMATS = ['elf', 'kdump-zlib', 'kdump-lzo', 'kdump-snappy', 'kdump-raw-zlib'] as const;

const folder = mkdtempSync(join(tmpdir(), 'faultline-qemu-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Starts a stopped machine, takes every dump that this QEMU can, and ends it. */
function takeDumps(): void {
  const data = Array.from({ length: 64 }, (_, at) => (at % 2 ? noisePage(at) : patternPage(at)));
  writeFileSync(join(folder, 'data'), concat(data));
  const commands = [
    ['qmp_capabilities'],
    ...FORMATS.map((format) => [
      'dump-guest-memory',
      { paging: false, protocol: `file:${format}`, format },
    ]),
    ['dump-guest-memory', { paging: true, protocol: 'file:elf-paging' }],
    ['pmemsave', { val: LOW.start, size: LOW.size, filename: 'low' }],
    ['pmemsave', { val: HIGH.start, size: HIGH.size, filename: 'high' }],
    ['quit'],
  ].map(([execute, argument]) => JSON.stringify({ execute, arguments: argument }));
  const machine = '-M q35,max-ram-below-4g=32M -accel tcg -m 48M -S -nodefaults -no-user-config';
  const places = [0x40_0000, HIGH.start + 0x20_0000];
  const loaders = places.flatMap((at) => ['-device', `loader,file=data,addr=${at},force-raw=on`]);
  const run = spawnSync(QEMU, [...`${machine} -display none -qmp stdio`.split(' '), ...loaders], {
    cwd: folder,
    input: `${commands.join('\n')}\n`,
    encoding: 'utf8',
    timeout: 60_000,
  });
  if (run.status !== 0) throw new Error(`QEMU failed: ${run.stderr}${run.stdout}`);
}

describe.skipIf(!here)('a dump that QEMU took', () => {
  if (here) takeDumps();
  const truth = here
    ? [LOW, HIGH].map((part, index) => ({
        ...part,
        bytes: readFileSync(join(folder, index === 0 ? 'low' : 'high')),
      }))
    : [];
  const taken = [...FORMATS, 'elf-paging'].filter((format) => existsSync(join(folder, format)));

  it('exists as ELF and as kdump', () => {
    expect(taken).toContain('elf');
    expect(taken).toContain('kdump-zlib');
  });

  it.each(taken)('%s holds the memory as it is', (format) => {
    const dump = openDump([fileSource(join(folder, format))], { platform: nodePlatform });
    const kdump = format.startsWith('kdump');
    expect(dump.format).toBe(kdump ? 'kdump' : 'elf');
    expect(dump.flattened).toBe(kdump && !format.includes('raw'));
    expect(dump.findings).toEqual([]);
    expect(dump.incomplete).toBe(false);
    // A note of QEMU per processor, whose CR3 finds the kernel where there is no VMCOREINFO.
    expect(dump.notes.filter((note) => note.name === 'QEMU').length).toBe(1);
    const wrong: string[] = [];
    for (const { start, size, bytes } of truth)
      for (let at = 0; at < size; at += PAGE_SIZE) {
        const page = dump.memory.page((start + at) / PAGE_SIZE);
        if (typeof page === 'string' || bytes.compare(page, 0, PAGE_SIZE, at, at + PAGE_SIZE) !== 0)
          wrong.push((start + at).toString(16));
      }
    expect(wrong.slice(0, 8)).toEqual([]);
    expect(dump.memory.page((HIGH.start + 0x20_0000) / PAGE_SIZE)).toEqual(patternPage(0));
    if (kdump) expect(dump.memory.provenance(0x1000)).toBe('zero');
    expect(dump.memory.page((3 << 30) / PAGE_SIZE)).toBe('absent');
    dump.close();
  });
});
