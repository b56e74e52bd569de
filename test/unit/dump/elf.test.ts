import { describe, expect, it } from 'vitest';
import { Failure } from '../../../core/memory/failure.ts';
import { PAGE_SIZE } from '../../../core/memory/physical.ts';
import {
  expectFormat,
  expectModel,
  expectRanges,
  findingIds,
  openBytes,
} from '../../support/dump-check.ts';
import type { ElfSpec, LoadSpec } from '../../support/dump-writer.ts';
import {
  elfProvenance,
  flatten,
  loadsOf,
  noisePage,
  patternPage,
  sampleModel,
  SAMPLE_NOTES,
  VMCOREINFO_TEXT,
  writeElf,
} from '../../support/dump-writer.ts';

const MODEL = sampleModel();
const LOADS = loadsOf(MODEL);

/** Ways to lay the same memory out in an ELF core. */
const LAYOUTS: readonly [string, Partial<ElfSpec>][] = [
  ['in the order of memory', {}],
  ['with PT_LOADs in any order', { loads: [...LOADS].reverse() }],
  ['with data in another order than PT_LOADs', { dataOrder: 'descending' }],
  ['with the count of program headers in section 0', { extended: true }],
  ['of 32 bits', { wide: false }],
  ['of 32 bits, with the count in section 0', { wide: false, extended: true }],
];

describe('ELF vmcore', () => {
  it.each(LAYOUTS)('holds the memory that was written: %s', (_, layout) => {
    const dump = openBytes(writeElf({ loads: LOADS, notes: SAMPLE_NOTES, ...layout }));
    expectFormat(dump, 'elf');
    expect(dump.findings).toEqual([]);
    expect(dump.incomplete).toBe(false);
    expectModel(dump.memory, MODEL, elfProvenance);
    expectRanges(dump.memory, MODEL);
    dump.close();
  });

  it('tells pages that the filter left out from memory that the machine does not have', () => {
    const { memory } = openBytes(writeElf({ loads: LOADS }));
    expect(memory.page(0x102)).toBe('excluded');
    expect(memory.describe(0x102)).toMatch(/left out by the dump's filter/);
    expect(memory.page(0xa0)).toBe('absent');
    expect(memory.describe(0xa0)).toMatch(/no PT_LOAD covers/);
    expect(memory.describe(0x101)).toMatch(/^in part 1 at 0x[0-9a-f]+$/);
  });

  it('counts held, excluded and missing pages', () => {
    const pages = [...MODEL.values()];
    const excluded = pages.filter((page) => page === 'excluded').length;
    const dump = openBytes(writeElf({ loads: LOADS }));
    expect(dump.counts()).toEqual({ held: pages.length - excluded, excluded, missing: 0 });
  });

  it('states the headers: notes, VMCOREINFO, machine, PT_LOADs', () => {
    const loads = [{ physical: 0x1000, virtual: 0xffff_8880_0000_1000n, data: patternPage(1) }];
    const dump = openBytes(writeElf({ loads, notes: SAMPLE_NOTES }));
    expect(dump.notes.map(({ name, type, desc }) => [name, type, desc.length])).toEqual([
      ['CORE', 1, 336],
      ['VMCOREINFO', 0, VMCOREINFO_TEXT.length],
    ]);
    expect(dump.vmcoreinfo).toBe(VMCOREINFO_TEXT);
    expect(dump.facts).toMatchObject({ machine: 'x86_64', maxPfn: 2, blockSize: 4096 });
    expect(dump.facts.loads).toMatchObject([
      { virtual: 0xffff_8880_0000_1000n, physical: 0x1000n, fileSize: 4096, memorySize: 4096 },
    ]);
    expect(dump.compression).toEqual([]);
  });
});

describe('ELF: several PT_LOADs over the same memory', () => {
  const page = (seed: number): Uint8Array => patternPage(seed);
  const two = (a: Uint8Array, b: Uint8Array): Uint8Array => Buffer.concat([a, b]);

  it.each<[string, LoadSpec[]]>([
    [
      'the kernel image first, shorter in the file than the direct map',
      [
        { physical: 0x4000, data: page(1), memory: 0x3000 },
        { physical: 0x4000, data: two(page(1), page(2)), memory: 0x3000 },
      ],
    ],
    [
      'the direct map first',
      [
        { physical: 0x4000, data: two(page(1), page(2)), memory: 0x3000 },
        { physical: 0x4000, data: page(1), memory: 0x3000 },
      ],
    ],
    [
      'one that covers a part of the other',
      [
        { physical: 0x4000, data: new Uint8Array(0), memory: 0x3000 },
        { physical: 0x4000, data: page(1) },
        { physical: 0x5000, data: page(2), memory: 0x2000 },
      ],
    ],
  ])('takes bytes from where there are some: %s', (_, loads) => {
    const dump = openBytes(writeElf({ loads }));
    const { memory } = dump;
    expect(memory.page(4)).toEqual(page(1));
    expect(memory.page(5)).toEqual(page(2));
    expect(memory.page(6)).toBe('excluded');
    expect(memory.page(7)).toBe('absent');
    expect(dump.counts()).toEqual({ held: 2, excluded: 1, missing: 0 });
  });
});

describe('ELF: memory that does not end at page borders', () => {
  it('joins a page whose halves stand in two PT_LOADs', () => {
    const page = noisePage(5);
    const loads = [
      { physical: 0x1000, data: Buffer.concat([patternPage(1), page.subarray(0, 0xc00)]) },
      { physical: 0x2c00, data: Buffer.concat([page.subarray(0xc00), patternPage(3)]) },
    ];
    const { memory } = openBytes(writeElf({ loads }));
    expect(memory.page(1)).toEqual(patternPage(1));
    expect(memory.page(2)).toEqual(page);
    expect(memory.page(3)).toEqual(patternPage(3));
    expect(memory.describe(2)).toMatch(/^in part 1 at 0x[0-9a-f]+ and part 1 at 0x[0-9a-f]+$/);
  });

  it('gives the part of a page that is memory, and says what is none', () => {
    const loads = [{ physical: 0x1000, data: noisePage(1).subarray(0, 0xc00) }];
    const { memory } = openBytes(writeElf({ loads }));
    const page = memory.page(1);
    expect(memory.provenance(1)).toBe('present');
    expect((page as Uint8Array).subarray(0, 0xc00)).toEqual(noisePage(1).subarray(0, 0xc00));
    expect(memory.describe(1)).toMatch(/1024 bytes of this page are no memory/);
  });

  it('calls a page excluded when the filter left out a part of it', () => {
    const loads = [{ physical: 0x1000, data: noisePage(1).subarray(0, 0xc00), memory: 0x1000 }];
    const dump = openBytes(writeElf({ loads }));
    const { memory } = dump;
    expect(memory.page(1)).toBe('excluded');
    expect(dump.counts()).toEqual({ held: 0, excluded: 1, missing: 0 });
  });
});

describe('ELF: damage', () => {
  const whole = writeElf({ loads: LOADS, notes: SAMPLE_NOTES });

  it.each([0.2, 0.5, 0.9, 0.999])('reads what is left of a file cut at %f', (part) => {
    const length = Math.floor(whole.length * part);
    const dump = openBytes(whole.subarray(0, length));
    expect(dump.incomplete).toBe(true);
    expect(findingIds(dump)).toContain('dump-truncated');
    let failed = 0;
    for (const [pfn, wanted] of MODEL) {
      const got = dump.memory.page(pfn);
      expect(dump.memory.provenance(pfn)).toBe(
        typeof got === 'string' ? got : elfProvenance(wanted),
      );
      if (got === 'failed') failed++;
      else if (typeof got !== 'string' && wanted instanceof Uint8Array) expect(got).toEqual(wanted);
    }
    expect(failed).toBeGreaterThan(0);
    expect(dump.counts().missing).toBe(failed);
    expect(dump.memory.describe(0x9000)).toMatch(/does not hold it/);
  });

  it('takes bytes of another PT_LOAD where the file lost those of one', () => {
    const loads = [
      { physical: 0x4000, data: patternPage(1) },
      { physical: 0x4000, data: patternPage(1) },
    ];
    const bytes = writeElf({ loads });
    const dump = openBytes(bytes.subarray(0, bytes.length - PAGE_SIZE));
    expect(dump.memory.page(4)).toEqual(patternPage(1));
    expect(dump.incomplete).toBe(true);
  });

  it("says so when makedumpfile's bit in e_flags marks it as incomplete", () => {
    const dump = openBytes(writeElf({ loads: LOADS, flags: 1 }));
    expect(dump.incomplete).toBe(true);
    expect(findingIds(dump)).toEqual(['dump-incomplete']);
    expectModel(dump.memory, MODEL, elfProvenance);
  });

  it('reads the program headers that the file still has', () => {
    const bytes = writeElf({ loads: [{ physical: 0x1000, data: patternPage(1) }, ...LOADS] });
    const cut = bytes.subarray(0, 64 + 56 * 3);
    const dump = openBytes(cut);
    expect(findingIds(dump)).toContain('elf-headers-missing');
    expect(dump.memory.page(1)).toBe('failed');
  });

  it('leaves out PT_LOADs at impossible addresses, as /proc/kcore has them', () => {
    const loads = [{ physical: -1, data: patternPage(9) }, ...LOADS];
    const dump = openBytes(writeElf({ loads }));
    expect(findingIds(dump)).toEqual(['load-misplaced']);
    expectModel(dump.memory, MODEL, elfProvenance);
  });

  it('reads notes up to the first that does not fit', () => {
    const bytes = writeElf({ loads: LOADS, notes: SAMPLE_NOTES });
    const notesAt = Number(new DataView(bytes.buffer).getBigUint64(64 + 8, true));
    const second = notesAt + 12 + 8 + 336;
    new DataView(bytes.buffer).setUint32(second + 4, 0x7fff_ffff, true);
    const dump = openBytes(bytes);
    expect(dump.notes.map((note) => note.name)).toEqual(['CORE']);
    expect(dump.vmcoreinfo).toBeUndefined();
    expect(findingIds(dump)).toEqual(['notes-damaged']);
  });
});

describe('ELF: files that are no dump of a machine', () => {
  const failure = (bytes: Uint8Array): Failure => {
    try {
      openBytes(bytes);
    } catch (error) {
      if (error instanceof Failure) return error;
    }
    throw new Error('it was opened');
  };

  it.each<[string, Uint8Array, RegExp]>([
    [
      'the core of a process',
      writeElf({
        loads: [1, 2].map((seed) => ({ physical: 0, data: patternPage(seed) })),
        notes: [{ name: 'CORE', type: 3, desc: new Uint8Array(136) }],
      }),
      /core of a process/,
    ],
    [
      'a core without physical addresses',
      writeElf({ loads: [1, 2].map((seed) => ({ physical: 0, data: patternPage(seed) })) }),
      /nobody can tell where/,
    ],
    ['a core without memory', writeElf({ loads: [] }), /Xen/],
    ['a big-endian core', writeElf({ loads: LOADS, bigEndian: true }), /neither VT-d nor AMD-Vi/],
    ['a core cut within its header', writeElf({ loads: LOADS }).subarray(0, 40), /ends too early/],
  ])('refuses %s, with the reason', (_, bytes, reason) => {
    const error = failure(bytes);
    expect(error.kind).toBe('unreadable');
    expect(error.line()).toMatch(reason);
    expect(error.advice.length).toBeGreaterThan(10);
  });

  it('opens a core of tables at physical address 0 alone', () => {
    const dump = openBytes(writeElf({ loads: [{ physical: 0, data: patternPage(4) }] }));
    expect(dump.memory.page(0)).toEqual(patternPage(4));
  });
});

describe('flattened ELF', () => {
  const whole = writeElf({ loads: LOADS, notes: SAMPLE_NOTES });

  it('is the same memory, whatever the order of its records', () => {
    for (const arrange of [
      undefined,
      (records: { offset: number; data: Uint8Array }[]) => records.reverse(),
    ]) {
      const dump = openBytes(flatten(whole, { record: 65_536, arrange }));
      expectFormat(dump, 'elf', true);
      expect(dump.findings).toEqual([]);
      expectModel(dump.memory, MODEL, elfProvenance);
    }
  });

  it('does not take a hole for zeros', () => {
    const lost = Math.floor(whole.length / 2 / 4096);
    const stream = flatten(whole, { arrange: (all) => all.filter((_, index) => index !== lost) });
    const dump = openBytes(stream);
    const failed = [...MODEL.keys()].filter((pfn) => dump.memory.page(pfn) === 'failed');
    expect(failed.length).toBeGreaterThan(0);
    expect(failed.length).toBeLessThanOrEqual(2);
    expect(dump.counts().missing).toBe(failed.length);
    expect(dump.incomplete).toBe(true);
  });

  it('says where a stream was cut off, and reads what came before', () => {
    const stream = flatten(whole, { record: 4096 });
    const dump = openBytes(stream.subarray(0, Math.floor(stream.length / 2)));
    expect(findingIds(dump)).toEqual(['flattened-damaged', 'dump-truncated']);
    expect(dump.memory.page(1)).toEqual(MODEL.get(1));
    expect(dump.memory.page(0x9000)).toBe('failed');
  });
});
