import { afterAll, describe, expect, it } from 'vitest';
import type { Dump } from '../../../core/dump/dump.ts';
import { identifyDump } from '../../../core/dump/identify.ts';
import { openDump } from '../../../core/dump/open.ts';
import type { Provenance } from '../../../core/memory/physical.ts';
import { ZERO_PAGE } from '../../../core/memory/physical.ts';
import { fileSource, nodePlatform } from '../../../electron/host/platform.ts';
import type { CaptureName } from '../../support/captures.ts';
import {
  CAPTURES,
  capturePath,
  expandedPaths,
  FORMATS,
  MISSING_CAPTURE,
  WITH_VMCORE,
} from '../../support/captures.ts';

/**
 * The same memory in every format, page for page, against the ELF vmcore that the crash kernel
 * saved. The first capture is compared whole; of the others every page's provenance, and the
 * content of one page in PART.
 */
const WHOLE: CaptureName = 'intel-6.1';
const PART = 8;

function open(paths: readonly string[], format: string): Dump {
  return openDump(paths.map(fileSource), {
    platform: nodePlatform,
    cacheBytes: 64 << 20,
    as: format === 'raw' ? 'raw' : undefined,
  });
}

/**
 * What a format may say of a page that the ELF vmcore has or lacks. An ELF dump keeps filtered
 * pages where there are only a few between others; makedumpfile wrote the kdumps from it with
 * -d 31, and there those are left out. Of pages of zeros a kdump can tell that they are zero.
 * The raw image has zeros in every hole.
 */
function allowed(format: string, elf: Provenance, isZero: boolean): readonly Provenance[] {
  if (format === 'raw') return ['present'];
  const kdump = format !== 'lime' && format !== 'flat.elf';
  if (elf === 'present') return kdump ? [isZero ? 'zero' : 'present', 'excluded'] : ['present'];
  if (format === 'lime') return ['absent'];
  // 0x9f000 to 0x9fc00 is memory: kdump has no word for a part of a page.
  return elf === 'excluded' ? ['excluded', 'absent'] : [elf];
}

const missing = WITH_VMCORE.filter((name) => !expandedPaths(name, 'vmcore'));
if (missing.length > 0) console.log(`skipped: ${missing.join(', ')}: ${MISSING_CAPTURE}`);

describe.each(WITH_VMCORE.filter((name) => !missing.includes(name)))('%s', (name) => {
  const elf = open(expandedPaths(name, 'vmcore')!, 'vmcore');
  afterAll(() => elf.close());

  it('is an ELF vmcore without damage', () => {
    expect(elf).toMatchObject({ format: 'elf', flattened: false, incomplete: false, findings: [] });
    expect(elf.facts.machine).toBe('x86_64');
    expect(elf.vmcoreinfo).toMatch(/^OSRELEASE=\d+\.\d+/);
    expect(elf.notes.filter((note) => note.name === 'CORE').length).toBe(2);
    const { held, excluded, missing: lost } = elf.counts();
    expect(lost).toBe(0);
    expect(held).toBeGreaterThan(10_000);
    expect(excluded).toBeGreaterThan(held);
  });

  for (const format of FORMATS) {
    const paths = expandedPaths(name, format);
    if (!paths) console.log(`skipped: ${name}, ${format}: ${MISSING_CAPTURE}`);

    it.skipIf(!paths)(`is the same memory as ${format}`, () => {
      const dump = open(paths!, format);
      const [kind, codec] = format.split('.');
      const wanted = kind === 'split' || codec === 'zlib' ? 'zlib' : codec;
      expect(identifyDump(fileSource(paths![0]))).toBe(kind === 'raw' ? undefined : dump.format);
      expect(dump.flattened).toBe(kind === 'flat');
      if (dump.format === 'kdump')
        expect(dump.compression).toEqual(wanted === 'none' ? [] : [wanted]);
      expect(dump.findings).toEqual([]);
      expect(dump.incomplete).toBe(false);
      if (dump.format === 'elf' || dump.format === 'kdump') {
        expect(dump.vmcoreinfo).toBe(elf.vmcoreinfo);
        expect(dump.notes).toEqual(elf.notes);
      }
      const wrong: string[] = [];
      const tally = { held: 0, excluded: 0, missing: 0 };
      const step = name === WHOLE ? 1 : PART;
      for (let pfn = 0; pfn < elf.facts.maxPfn; pfn++) {
        const said = dump.memory.provenance(pfn);
        if (said === 'present' || said === 'zero') tally.held++;
        if (said === 'excluded') tally.excluded++;
        const truth = elf.memory.provenance(pfn);
        const known = truth === 'present';
        if (known && pfn % step !== 0 && said === 'present') continue;
        const page = known ? (elf.memory.page(pfn) as Uint8Array) : ZERO_PAGE;
        const zero = !known || Buffer.compare(page, ZERO_PAGE) === 0;
        if (!allowed(format, truth, zero).includes(said))
          wrong.push(`${pfn.toString(16)}: ${said}, in the vmcore ${truth}`);
        if (format === 'raw' && pfn % 64 !== 0 && !known) continue;
        const got = dump.memory.page(pfn);
        if (got === 'excluded' && said === 'excluded') continue;
        if (typeof got === 'string' ? got !== said : Buffer.compare(got, page) !== 0)
          wrong.push(`${pfn.toString(16)}: other content`);
      }
      expect(wrong.slice(0, 8)).toEqual([]);
      expect(tally.held).toBeGreaterThan(elf.counts().held * 0.9);
      if (format !== 'raw') expect(dump.counts()).toEqual(tally);
      dump.close();
    });
  }
});

describe.each(CAPTURES)('%s: snapshot of the tables', (name) => {
  it.each(['tables.before.elf', 'tables.crash.elf'])('%s opens without a kernel', (file) => {
    const dump = open([capturePath(name, file)], 'elf');
    expect(dump).toMatchObject({ format: 'elf', findings: [], notes: [], vmcoreinfo: undefined });
    const { held, excluded, missing: lost } = dump.counts();
    expect({ excluded, lost }).toEqual({ excluded: 0, lost: 0 });
    // The first MiB and the tables: every one of them is read.
    let read = 0;
    for (const { from, to } of dump.memory.ranges())
      for (let pfn = from; pfn < to; pfn++) if (typeof dump.memory.page(pfn) !== 'string') read++;
    expect(read).toBe(held);
    expect(held).toBeGreaterThan(256);
    dump.close();
  });
});
