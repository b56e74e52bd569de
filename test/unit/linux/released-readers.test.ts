import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { messageLines } from '../../../core/linux/printk.ts';
import { expandedPaths, MISSING_CAPTURE, WITH_VMCORE } from '../../support/captures.ts';
import { capturedKernel } from '../../support/linux/open-kernel.ts';

/** The same questions to readers that others wrote: crash, makedumpfile, libkdumpfile. */
const here = expandedPaths('intel-6.1', 'vmcore') !== undefined;
const runs = (program: string, ...args: string[]): boolean =>
  spawnSync(program, args, { stdio: 'ignore' }).status === 0;
const programs = {
  crash: runs('crash', '--version'),
  makedumpfile: runs('makedumpfile', '-v'),
  kdumpfile: runs('/usr/bin/python3', '-c', 'import kdumpfile'),
};
if (!here) console.warn(`released readers: skipped, ${MISSING_CAPTURE}`);
for (const [program, there] of Object.entries(programs))
  if (!there) console.warn(`released readers: ${program} is not installed; its comparisons skip`);

/** Reads words at kernel virtual addresses that come as arguments. */
const READ_WORDS = `
import sys, kdumpfile
dump = kdumpfile.kdumpfile(sys.argv[1])
dump.attr['addrxlat.ostype'] = 'linux'
for address in sys.argv[2:]:
    data = dump.read(kdumpfile.KDUMP_KVADDR, int(address, 16), 8)
    print(int.from_bytes(data, 'little'))
`;

const folder = mkdtempSync(join(tmpdir(), 'faultline-readers-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe.skipIf(!here).each(WITH_VMCORE)('%s', (name) => {
  const [path] = expandedPaths(name, 'vmcore') ?? [''];

  test.skipIf(!programs.crash)('crash names the same release', () => {
    const { dump, kernel } = capturedKernel(name)!;
    const said = spawnSync('crash', ['--osrelease', path], { encoding: 'utf8' });
    expect(said.stdout.trim()).toBe(kernel.release);
    dump.close();
  });

  test.skipIf(!programs.makedumpfile)("makedumpfile's dmesg has the same text", () => {
    const { dump, kernel } = capturedKernel(name)!;
    const out = join(folder, `${name}.dmesg`);
    spawnSync('makedumpfile', ['--message-level', '0', '--dump-dmesg', path, out]);
    const theirs = readFileSync(out, 'utf8').split('\n').slice(0, -1);
    const ours = kernel.dmesg().flatMap(messageLines);
    // It indents a record's further lines, where the kernel repeats the time.
    const plain = (line: string): string => line.replace(/^(\[[ \d.]{12,}\] | {15})/, '');
    expect(ours.map(plain)).toEqual(theirs.map(plain));
    expect(ours.filter((line, i) => line !== theirs[i]).length).toBeLessThan(8);
    dump.close();
  });

  test.skipIf(!programs.kdumpfile)('libkdumpfile reads the same words at kernel addresses', () => {
    const { dump, kernel } = capturedKernel(name)!;
    const { memory } = kernel;
    const unit = kernel.kernelUnits()[0].address;
    const module = kernel.modules()[0];
    const addresses = [
      kernel.info.symbol('prb')!,
      kernel.symbols()!.address('iommu_device_list')!,
      kernel.symbols()!.address('linux_banner')!,
      ...Array.from({ length: 16 }, (_, i) => unit + BigInt(8 * i)),
      ...kernel.devices().map((device) => device.address),
      module.base!,
      module.address,
    ];
    const said = spawnSync(
      '/usr/bin/python3',
      ['-c', READ_WORDS, path, ...addresses.map((each) => each.toString(16))],
      { encoding: 'utf8' },
    );
    expect(said.stderr).toBe('');
    expect(said.stdout.trim().split('\n').map(BigInt)).toEqual(
      addresses.map((each) => memory.u64(each)),
    );
    dump.close();
  });
});
