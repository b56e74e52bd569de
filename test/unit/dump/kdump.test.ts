import { describe, expect, it } from 'vitest';
import { Failure } from '../../../core/memory/failure.ts';
import type { Provenance } from '../../../core/memory/physical.ts';
import { ZERO_PAGE } from '../../../core/memory/physical.ts';
import { bytesSource } from '../../../core/memory/platform.ts';
import type { Dump } from '../../../core/dump/dump.ts';
import { openDump } from '../../../core/dump/open.ts';
import { nodePlatform } from '../../../electron/host/platform.ts';
import {
  expectFormat,
  expectModel,
  expectRanges,
  findingIds,
  openBytes,
} from '../../support/dump-check.ts';
import type { Model, ModelPage } from '../../support/dump-writer.ts';
import {
  flatten,
  noisePage,
  patternPage,
  sampleModel,
  SAMPLE_NOTES,
  VMCOREINFO_TEXT,
} from '../../support/dump-writer.ts';
import type { KdumpSpec } from '../../support/kdump-writer.ts';
import { CODECS, writeKdump, writeSplit } from '../../support/kdump-writer.ts';

const MODEL = sampleModel();

function provenanceOf(page: ModelPage | undefined): Provenance {
  if (page === undefined) return 'absent';
  return page instanceof Uint8Array ? 'present' : page;
}

function counts(model: Model): { held: number; excluded: number; missing: number } {
  const excluded = [...model.values()].filter((page) => page === 'excluded').length;
  return { held: model.size - excluded, excluded, missing: 0 };
}

describe('kdump-compressed: the same memory in every form', () => {
  const versions = [0, 1, 2, 3, 4, 5, 6];

  it.each(CODECS)('pages of codec %s', (codec) => {
    const dump = openBytes(writeKdump(MODEL, { codec }));
    expectFormat(dump, 'kdump');
    expect(dump.compression).toEqual(codec === 'none' ? [] : [codec]);
    expect(dump.findings).toEqual([]);
    expect(dump.incomplete).toBe(false);
    expectModel(dump.memory, MODEL, provenanceOf);
    expectRanges(dump.memory, MODEL);
    expect(dump.counts()).toEqual(counts(MODEL));
    dump.close();
  });

  it.each(versions)('header version %i', (version) => {
    const dump = openBytes(writeKdump(MODEL, { version, notes: SAMPLE_NOTES }));
    expect(dump.findings).toEqual([]);
    expectModel(dump.memory, MODEL, provenanceOf);
    expect(dump.facts).toMatchObject({
      headerVersion: version,
      blockSize: 4096,
      maxPfn: 0x9001,
      machine: 'x86_64',
      nrCpus: 2,
      time: 1_795_300_163,
      physBase: -440_401_920n,
      dumpLevel: version >= 1 ? 31 : undefined,
      split: undefined,
      eraseinfo: version >= 5 ? 'erase secret.key size 32\n' : undefined,
      utsname: { sysname: 'Linux', nodename: 'rig', release: '6.1.0-test', machine: 'x86_64' },
    });
    expect(dump.vmcoreinfo).toBe(version >= 3 ? VMCOREINFO_TEXT : undefined);
    expect(dump.notes.map((note) => note.name)).toEqual(version >= 4 ? ['CORE', 'VMCOREINFO'] : []);
  });

  it.each(versions)('header version %i of a 32-bit kernel', (version) => {
    const dump = openBytes(writeKdump(MODEL, { version, wide: false }));
    expect(dump.findings).toEqual([]);
    expectModel(dump.memory, MODEL, provenanceOf);
    expect(dump.facts).toMatchObject({
      headerVersion: version,
      machine: 'i686',
      nrCpus: 2,
      time: 1_795_300_163,
      physBase: 0x100_0000n,
    });
    expect(dump.vmcoreinfo).toBe(version >= 3 ? VMCOREINFO_TEXT : undefined);
  });

  it('a later header version than any that is known: read as the newest, with a word', () => {
    const dump = openBytes(writeKdump(MODEL, { version: 7 }));
    expectModel(dump.memory, MODEL, provenanceOf);
    expect(findingIds(dump)).toEqual(['header-version']);
  });

  it.each([8192, 65_536])('blocks of %i bytes, handed out as pages of 4 KiB', (blockSize) => {
    const ratio = blockSize / 4096;
    const model = new Map<number, ModelPage>();
    for (let block = 1; block < 20; block++)
      for (let page = 0; page < ratio; page++) {
        const pfn = block * ratio + page;
        model.set(pfn, block === 5 ? 'excluded' : block === 6 ? 'zero' : patternPage(pfn));
      }
    for (const codec of CODECS) {
      const dump = openBytes(writeKdump(model, { codec, blockSize }));
      expectModel(dump.memory, model, provenanceOf);
      expectRanges(dump.memory, model);
      expect(dump.facts).toMatchObject({ blockSize, maxPfn: 20 * ratio });
      expect(dump.counts()).toEqual(counts(model));
    }
  });

  it.each(['zlib', 'none'] as const)('a flattened stream of %s pages', (codec) => {
    for (const arrange of [
      undefined,
      (records: { offset: number; data: Uint8Array }[]) => records.reverse(),
    ]) {
      const dump = openBytes(flatten(writeKdump(MODEL, { codec }), { record: 3000, arrange }));
      expectFormat(dump, 'kdump', true);
      expect(dump.findings).toEqual([]);
      expectModel(dump.memory, MODEL, provenanceOf);
    }
  });

  it('a dump of old, with one bitmap for both', () => {
    const model = new Map([...MODEL].filter(([, page]) => page !== 'excluded'));
    const dump = openBytes(writeKdump(model, { version: 1, oneBitmap: true }));
    expectModel(dump.memory, model, provenanceOf);
  });

  it('max_mapnr that wrapped at 32 bits: the bitmaps of version 5 and the sub-header of 6 tell', () => {
    const frames = 0x1_0000_9001;
    const huge = hugeKdump({ version: 5, frames, narrow: 0x9001 });
    expect(openDump([huge], { platform: nodePlatform }).facts.maxPfn).toBe(frames);
    const newer = hugeKdump({ version: 6, frames, narrow: 0x9001 });
    expect(openDump([newer], { platform: nodePlatform }).facts.maxPfn).toBe(frames);
  });
});

describe('kdump-compressed: pages of zeros', () => {
  it('recognises the page that all of them share, and hands out one page for all', () => {
    const { memory } = openBytes(writeKdump(MODEL, { codec: 'zlib' }));
    expect(memory.provenance(0x180)).toBe('zero');
    expect(memory.page(0x181)).toBe(ZERO_PAGE);
    expect(memory.describe(0x181)).toMatch(/page of zeros/);
  });

  it.each(CODECS)('recognises a compressed page of zeros of its own: %s', (codec) => {
    const model = new Map<number, ModelPage>([
      [1, new Uint8Array(4096)],
      [2, patternPage(2)],
    ]);
    const { memory } = openBytes(writeKdump(model, { codec }));
    expect(memory.provenance(1)).toBe('zero');
    expect(memory.page(1)).toBe(ZERO_PAGE);
    expect(memory.provenance(2)).toBe('present');
  });

  it('does not take a page for zeros that is not, however small it is', () => {
    const almost = new Uint8Array(4096);
    almost[4000] = 1;
    const model = new Map<number, ModelPage>([[1, almost]]);
    for (const codec of CODECS) {
      const { memory } = openBytes(writeKdump(model, { codec }));
      expect(memory.provenance(1)).toBe('present');
      expect(memory.page(1)).toEqual(almost);
    }
  });
});

describe('kdump-compressed: split sets', () => {
  const borders = [0, 0x80, 0x150, 0x8001, 0x9001];

  it('reads the parts in any order', () => {
    const [a, b, c, d] = writeSplit(MODEL, borders);
    for (const order of [
      [a, b, c, d],
      [d, b, a, c],
    ]) {
      const dump = openBytes(order);
      expect(dump.findings).toEqual([]);
      expectModel(dump.memory, MODEL, provenanceOf);
      expectRanges(dump.memory, MODEL);
      expect(dump.counts()).toEqual(counts(MODEL));
      expect(dump.facts.split?.map(({ from, to }) => [from, to])).toEqual([
        [0, 0x80],
        [0x80, 0x150],
        [0x150, 0x8001],
        [0x8001, 0x9001],
      ]);
    }
  });

  it.each([2, 3, 4, 5])('reads parts of header version %i', (version) => {
    const dump = openBytes(writeSplit(MODEL, borders, { version }));
    expectModel(dump.memory, MODEL, provenanceOf);
  });

  it('allows parts without a single frame', () => {
    const dump = openBytes(writeSplit(MODEL, [0, 0x9001, 0x9001, 0x9001]));
    expect(dump.findings).toEqual([]);
    expectModel(dump.memory, MODEL, provenanceOf);
  });

  it('says what is missing when a part was not given', () => {
    const [a, , c, d] = writeSplit(MODEL, borders);
    const dump = openBytes([a, c, d]);
    expect(findingIds(dump)).toEqual(['split-part-missing']);
    const lost = (pfn: number): boolean => pfn >= 0x80 && pfn < 0x150;
    expectModel(dump.memory, MODEL, (page, pfn) => {
      const whole = provenanceOf(page);
      return lost(pfn) && (whole === 'present' || whole === 'zero') ? 'failed' : whole;
    });
    expect(dump.memory.describe(0x81)).toMatch(/split set that was not given/);
    const missing = [...MODEL].filter(([pfn, page]) => lost(pfn) && page !== 'excluded').length;
    expect(dump.counts()).toEqual({
      ...counts(MODEL),
      held: counts(MODEL).held - missing,
      missing,
    });
  });

  it.each<[string, (parts: Uint8Array[]) => Uint8Array[], RegExp]>([
    ['a part given twice', ([a, b]) => [a, b, a], /hold the same pages/],
    [
      'parts of different machines',
      ([a]) => [a, writeSplit(MODEL, borders, { nodename: 'other' })[1]],
      /different dumps.*machine/,
    ],
    [
      'parts of different moments',
      ([a]) => [a, writeSplit(MODEL, borders, { time: 5 })[1]],
      /different dumps.*time/,
    ],
    ['a whole dump among parts', ([a]) => [a, writeKdump(MODEL)], /no part of a split one/],
  ])('refuses %s', (_, choose, reason) => {
    const files = choose(writeSplit(MODEL, borders));
    expect(() => openBytes(files)).toThrow(reason);
    expect(() => openBytes(files)).toThrow(Failure);
  });
});

describe('kdump-compressed: damage', () => {
  const spec: KdumpSpec = { codec: 'zlib', notes: SAMPLE_NOTES };
  const whole = writeKdump(MODEL, spec);
  const held = [...MODEL].filter(([, page]) => page !== 'excluded');

  it('an incomplete dump: pages without a descriptor are missing, the others are read', () => {
    const last = 0x150;
    const bytes = writeKdump(MODEL, {
      ...spec,
      status: 0x1 | 0x8,
      descriptor: (descriptor, frame) =>
        frame < last ? descriptor : { offset: 0, size: 0, flags: 0 },
    });
    const dump = openBytes(bytes);
    expect(dump.incomplete).toBe(true);
    expect(findingIds(dump)).toContain('dump-incomplete');
    expectModel(dump.memory, MODEL, (page, pfn) =>
      pfn >= last && page !== undefined && page !== 'excluded' ? 'failed' : provenanceOf(page),
    );
    expect(dump.memory.describe(0x151)).toMatch(/never written/);
    expect(dump.counts().missing).toBe(held.filter(([pfn]) => pfn >= last).length);
  });

  it('empty descriptors without the flag: the writer was killed, and the file says so', () => {
    const bytes = writeKdump(MODEL, {
      ...spec,
      descriptor: (descriptor, frame) =>
        frame < 0x150 ? descriptor : { offset: 0, size: 0, flags: 0 },
    });
    const dump = openBytes(bytes);
    expect(dump.incomplete).toBe(true);
    expect(findingIds(dump)).toEqual(['dump-truncated']);
    expect(dump.memory.page(0x9000)).toBe('failed');
  });

  it.each([0.999, 0.9, 0.5, 0.12])('a file cut at %f of its length', (part) => {
    const dump = openBytes(whole.subarray(0, Math.floor(whole.length * part)));
    expect(dump.incomplete).toBe(part < 0.999);
    let failed = 0;
    for (const [pfn, wanted] of MODEL) {
      const got = dump.memory.page(pfn);
      if (got === 'failed') failed++;
      else if (wanted instanceof Uint8Array) expect(got).toEqual(wanted);
      else expect(got).toBe(wanted === 'zero' ? ZERO_PAGE : 'excluded');
    }
    expect(dump.counts().missing).toBe(failed);
    expect(failed > 0).toBe(part < 0.999);
  });

  it('a file that ends within its bitmaps: what it does not know is not called absent', () => {
    const dump = openBytes(whole.subarray(0, 2 * 4096 + 100));
    expect(dump.incomplete).toBe(true);
    expect(dump.memory.page(0x8000)).toBe('failed');
    expect(dump.memory.describe(0x8000)).toMatch(/ends before the bitmap says/);
    expect(dump.memory.page(0x9001)).toBe('absent');
  });

  it.each<[string, (bytes: Uint8Array, at: number) => void, RegExp]>([
    ['damaged data', (bytes, at) => bytes.fill(0xff, at + 4, at + 12), /zlib data is damaged/],
    ['a bad checksum', (bytes, at) => (bytes[at + 3] ^= 0x01), /damaged/],
  ])('%s: that page alone fails, and is named once', (_, damage, reason) => {
    let at = 0;
    writeKdump(MODEL, {
      ...spec,
      descriptor: (descriptor, frame) => {
        if (frame === 0x42) at = descriptor.offset;
        return descriptor;
      },
    });
    const bytes = whole.slice();
    damage(bytes, at);
    const dump = openBytes(bytes);
    expect(dump.memory.page(0x42)).toBe('failed');
    expect(dump.memory.page(0x42)).toBe('failed');
    expect(dump.memory.provenance(0x42)).toBe('failed');
    expect(dump.memory.page(0x41)).toEqual(patternPage(0x41));
    expect(dump.memory.page(0x43)).toEqual(patternPage(0x43));
    expect(dump.memory.describe(0x42)).toMatch(reason);
    expect(findingIds(dump)).toEqual(['page-damaged']);
    expect(dump.findings[0].text).toContain('0x42000');
  });

  it.each<[string, Parameters<NonNullable<KdumpSpec['descriptor']>>[0], RegExp]>([
    [
      'an offset past the end',
      { offset: 2 ** 40, size: 100, flags: 1 },
      /past the end of the file/,
    ],
    ['a size of nothing', { offset: 8192, size: 0, flags: 1 }, /impossible size/],
    ['a size of gigabytes', { offset: 8192, size: 2 ** 31, flags: 1 }, /impossible size/],
    ['raw bytes of another size', { offset: 8192, size: 100, flags: 0 }, /instead of 4096/],
    ['an offset of 64 bits', { offset: 2 ** 63, size: 100, flags: 1 }, /past the end of the file/],
    ['another codec than its data', { offset: 8192, size: 100, flags: 2 }, /lzo data is damaged/],
  ])('a descriptor with %s fails its page', (_, wrong, reason) => {
    const bytes = writeKdump(MODEL, {
      ...spec,
      descriptor: (descriptor, frame) => (frame === 0x42 ? wrong : descriptor),
    });
    const { memory } = openBytes(bytes);
    expect(memory.page(0x42)).toBe('failed');
    expect(memory.describe(0x42)).toMatch(reason);
    expect(memory.page(0x43)).toEqual(patternPage(0x43));
  });

  it.each(['zlib', 'zstd', 'snappy', 'lzo'] as const)(
    '%s data that unpacks to less or more than a page fails',
    (codec) => {
      const long = new Map<number, ModelPage>();
      for (let pfn = 0; pfn < 4; pfn++) long.set(pfn, patternPage(pfn));
      const descriptors: { offset: number; size: number; flags: number }[] = [];
      const blocks = writeKdump(long, {
        codec,
        blockSize: 8192,
        descriptor: (descriptor) => {
          descriptors.push(descriptor);
          return descriptor;
        },
      });
      const [{ offset, size, flags }] = descriptors;
      const model = new Map<number, ModelPage>([
        [1, patternPage(1)],
        [2, patternPage(2)],
      ]);
      const plain = writeKdump(model, { codec });
      const bytes = writeKdump(model, {
        codec,
        descriptor: (descriptor, frame) =>
          frame === 2 ? { offset: plain.length, size, flags } : descriptor,
      });
      const joined = Buffer.concat([bytes, blocks.subarray(offset, offset + size)]);
      const { memory } = openBytes(joined);
      expect(memory.page(2)).toBe('failed');
      expect(memory.page(1)).toEqual(patternPage(1));
    },
  );

  it('does not name more than a screenful of damaged pages', () => {
    const many = new Map<number, ModelPage>();
    for (let pfn = 0; pfn < 500; pfn++) many.set(pfn, noisePage(pfn));
    const bytes = writeKdump(many, {
      descriptor: (descriptor) => ({ ...descriptor, flags: 1, size: 4096 }),
    });
    const dump = openBytes(bytes);
    for (let pfn = 0; pfn < 500; pfn++) expect(dump.memory.page(pfn)).toBe('failed');
    expect(dump.findings.length).toBe(65);
    expect(dump.findings.at(-1)?.text).toMatch(/only the first 64/);
  });

  it.each<[string, (view: DataView) => void]>([
    ['a block size that is no power of two', (view) => view.setUint32(428, 5000, true)],
    ['a block size of nothing', (view) => view.setUint32(428, 0, true)],
    ['no sub-header', (view) => view.setUint32(432, 0, true)],
    ['a sub-header past the end of the file', (view) => view.setUint32(432, 0x7fff_ffff, true)],
  ])('refuses a header with %s', (_, change) => {
    const bytes = whole.slice();
    change(new DataView(bytes.buffer));
    expect(() => openBytes(bytes)).toThrow(/block sizes are impossible/);
  });

  it('says so when notes stand outside of the file', () => {
    const bytes = whole.slice();
    new DataView(bytes.buffer).setBigUint64(4096 + 48, 2n ** 50n, true);
    const dump = openBytes(bytes);
    expect(findingIds(dump)).toEqual(['region-truncated']);
    expect(dump.vmcoreinfo).toBe(VMCOREINFO_TEXT);
    expectModel(dump.memory, MODEL, provenanceOf);
  });

  it('does not take a hole of a flattened stream for a page of zeros', () => {
    const bytes = writeKdump(MODEL, { codec: 'none' });
    const lost = Math.floor(bytes.length / 2 / 4096);
    const stream = flatten(bytes, { arrange: (all) => all.filter((_, at) => at !== lost) });
    const { memory } = openBytes(stream);
    const failed = held.filter(([pfn]) => memory.page(pfn) === 'failed');
    expect(failed.length).toBeGreaterThan(0);
    expect(failed.length).toBeLessThanOrEqual(2);
  });
});

describe('kdump-compressed: a flattened stream that lost a part of a bitmap', () => {
  const model = new Map(MODEL);
  for (let pfn = 0x9000; pfn < 0x1_4000; pfn += 5) model.set(pfn, patternPage(pfn));
  const bytes = writeKdump(model, { codec: 'none' });
  /** Opens it without the second KiB of a bitmap; the bitmaps are of 3 blocks each, from block 2. */
  const without = (block: number): Dump =>
    openBytes(
      flatten(bytes, {
        record: 1024,
        arrange: (all) => all.filter(({ offset }) => offset !== block * 4096 + 1024),
      }),
    );

  it('the second: no page behind the gap is given the bytes of another', () => {
    const dump = without(5);
    expect(dump.incomplete).toBe(true);
    for (const pfn of model.keys())
      expect(dump.memory.provenance(pfn)).toBe(
        pfn < 8192 ? provenanceOf(model.get(pfn)) : 'failed',
      );
    expect(dump.memory.page(0x9f)).toBe('absent');
    expect(dump.memory.page(0x42)).toEqual(model.get(0x42));
    expect(dump.memory.page(0x8000)).toBe('failed');
  });

  it('the first: pages are there, but excluded is not told from absent behind the gap', () => {
    const dump = without(2);
    expect(dump.incomplete).toBe(true);
    expect(dump.memory.page(0x8000)).toEqual(model.get(0x8000));
    expect(dump.memory.page(0x8fff)).toBe('failed');
    expect(dump.memory.page(0x9001)).toBe('failed');
    expect(dump.memory.page(0xa0)).toBe('absent');
  });
});

describe('kdump-compressed: size', () => {
  it('opens the dump of a machine of 64 TiB without reading its bitmaps', () => {
    const reads: number[] = [];
    const source = hugeKdump({ version: 6, frames: 2 ** 34, narrow: 0, reads });
    const dump = openDump([source], { platform: nodePlatform });
    expect(dump.memory.page(5)).toBe('absent');
    expect(reads.reduce((sum, length) => sum + length, 0)).toBeLessThan(32_768);
  });
});

/** A kdump of a huge machine without memory, of which only the headers stand anywhere. */
function hugeKdump(spec: { version: number; frames: number; narrow: number; reads?: number[] }) {
  const head = writeKdump(new Map([[1, 'excluded']]), {
    version: spec.version,
    maxMapnr: { narrow: spec.narrow, wide: spec.frames },
  }).slice(0, 8192);
  const half = Math.ceil(spec.frames / 8 / 4096);
  new DataView(head.buffer).setUint32(436, 2 * half, true);
  if (spec.version >= 3) head.fill(0, 4096 + 32, 4096 + 80);
  return {
    ...bytesSource('huge', head),
    size: 8192 + 2 * half * 4096,
    read(offset: number, into: Uint8Array) {
      spec.reads?.push(into.length);
      into.fill(0);
      if (offset < head.length) into.set(head.subarray(offset, offset + into.length));
      return into.length;
    },
  };
}
