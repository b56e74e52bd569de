import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { openDump } from '../../../core/dump/open.ts';
import { PAGE_SIZE } from '../../../core/memory/physical.ts';
import { fileSource, nodePlatform } from '../../../electron/host/platform.ts';
import type { CaptureName } from '../../support/captures.ts';
import { expandedPaths, MISSING_CAPTURE, WITH_VMCORE } from '../../support/captures.ts';

/**
 * An independent reader of the same files: libkdumpfile, through its Python module
 * (Debian: python3-libkdumpfile). It says per page frame "-" or an MD5 of the content. It is asked
 * for all pages that our reader has, and for one in SAMPLE of the others.
 */
const PYTHON = '/usr/bin/python3';
const SCRIPT = `
import hashlib, sys, kdumpfile
context = kdumpfile.kdumpfile(sys.argv[1])
print(context.attr['max_pfn'])
for pfn in map(int, sys.stdin.read().split()):
    try:
        page = context.read(kdumpfile.KDUMP_MACHPHYSADDR, pfn * 4096, 4096)
        print(hashlib.md5(page).hexdigest())
    except kdumpfile.exceptions.NoDataException:
        print('-')
`;
const SAMPLE = 16;

/** MD5 of 4096 zero bytes. */
const ZEROS = '620f0b67a91f7f74151bc5be745b7110';

const probe = spawnSync(PYTHON, ['-c', 'import kdumpfile'], { encoding: 'utf8' });
const here = probe.status === 0;
if (!here) console.log('skipped: libkdumpfile: needs python3-libkdumpfile (Debian package)');

const CASES: { name: CaptureName; format: string }[] = [
  ...['vmcore', 'kdump.none', 'kdump.zlib', 'kdump.lzo', 'kdump.snappy', 'kdump.zstd'].map(
    (format) => ({ name: 'amd-6.1' as const, format }),
  ),
  ...WITH_VMCORE.filter((name) => name.startsWith('intel-6')).map((name) => ({
    name,
    format: 'vmcore',
  })),
];

describe('libkdumpfile reads the same', () => {
  const missing = CASES.some(({ name, format }) => !expandedPaths(name, format));
  if (missing) console.log(`skipped: libkdumpfile: ${MISSING_CAPTURE}`);

  it.skipIf(!here || missing).each(CASES)('$name, $format', ({ name, format }) => {
    const paths = expandedPaths(name, format)!;
    const dump = openDump([fileSource(paths[0])], { platform: nodePlatform });
    const frames: number[] = [];
    for (let pfn = 0; pfn < dump.facts.maxPfn; pfn++)
      if (pfn % SAMPLE === 0 || typeof dump.memory.page(pfn) !== 'string') frames.push(pfn);
    const run = spawnSync(PYTHON, ['-c', SCRIPT, paths[0]], {
      encoding: 'utf8',
      input: frames.join(' '),
      maxBuffer: 1 << 28,
    });
    expect(run.stderr).toBe('');
    const [maxPfn, ...theirs] = run.stdout.trim().split('\n');
    expect(Number(maxPfn)).toBe(dump.facts.maxPfn);
    expect(theirs.length).toBe(frames.length);
    // libkdumpfile 0.5.1 gives zeros for the page before each PT_LOAD, which the file lacks.
    const before = new Set(
      dump.facts.loads?.map((load) => Number(load.physical / BigInt(PAGE_SIZE)) - 1),
    );
    const wrong: string[] = [];
    let compared = 0;
    theirs.forEach((digest, index) => {
      const pfn = frames[index];
      const page = dump.memory.page(pfn);
      const mine = typeof page === 'string' ? '-' : createHash('md5').update(page).digest('hex');
      if (mine !== '-') compared++;
      if (mine === digest) return;
      if (mine === '-' && digest === ZEROS && before.has(pfn)) return;
      wrong.push(`${pfn.toString(16)}: ${mine} and ${digest}`);
    });
    expect(wrong.slice(0, 8)).toEqual([]);
    expect(compared).toBe(dump.counts().held);
    expect(compared).toBeGreaterThan(10_000);
  });
});
