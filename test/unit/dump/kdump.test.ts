import { describe, expect, it } from 'vitest';
import { Failure } from '../../../core/memory/failure.ts';
import type { Provenance } from '../../../core/memory/physical.ts';
import { ZERO_PAGE } from '../../../core/memory/physical.ts';
import { bytesSource } from '../../../core/memory/platform.ts';
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
  patternPage,
  sampleModel,
  SAMPLE_NOTES,
  VMCOREINFO_TEXT,
} from '../../support/dump-writer.ts';
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
