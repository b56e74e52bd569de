import { describe, expect, it } from 'vitest';
import { Failure } from '../../../core/memory/failure.ts';
import type { Provenance } from '../../../core/memory/physical.ts';
import {
  expectFormat,
  expectModel,
  expectRanges,
  findingIds,
  openBytes,
} from '../../support/dump-check.ts';
import type { ModelPage } from '../../support/dump-writer.ts';
import {
  concat,
  flatten,
  noisePage,
  patternPage,
  rangesOf,
  sampleModel,
  writeAvml,
  writeElf,
  writeLime,
} from '../../support/dump-writer.ts';

/** A machine without filtered pages: these formats have no filter. */
const MODEL = new Map(
  [...sampleModel()].map(([pfn, page]) => [pfn, page === 'excluded' ? 'zero' : page]),
);
const RANGES = rangesOf(MODEL);

function provenanceOf(page: ModelPage | undefined): Provenance {
  return page === undefined ? 'absent' : 'present';
}

describe('LiME', () => {
  it('holds the memory that was written', () => {
    const dump = openBytes(writeLime(RANGES));
    expectFormat(dump, 'lime');
    expect(dump.findings).toEqual([]);
    expectModel(dump.memory, MODEL, provenanceOf);
    expectRanges(dump.memory, MODEL);
    expect(dump.counts()).toEqual({ held: MODEL.size, excluded: 0, missing: 0 });
    expect(dump.memory.describe(0x200)).toMatch(/no range of the LiME file covers/);
  });

  it('reads ranges in any order', () => {
    const dump = openBytes(writeLime([...RANGES].reverse()));
    expectModel(dump.memory, MODEL, provenanceOf);
  });

  it('reads a range that ends within a page, as a map of memory can', () => {
    const dump = openBytes(writeLime([{ start: 0x1000, data: noisePage(1).subarray(0, 0xc00) }]));
    expect(dump.memory.provenance(1)).toBe('present');
    expect((dump.memory.page(1) as Uint8Array).subarray(0, 0xc00)).toEqual(
      noisePage(1).subarray(0, 0xc00),
    );
    expect(dump.memory.describe(1)).toMatch(/1024 bytes of this page are no memory/);
  });

  it('reads a flattened one', () => {
    const dump = openBytes(flatten(writeLime(RANGES)));
    expectFormat(dump, 'lime', true);
    expectModel(dump.memory, MODEL, provenanceOf);
  });

  it('reads what a cut file still has, and says what it lacks', () => {
    const whole = writeLime(RANGES);
    const dump = openBytes(whole.subarray(0, Math.floor(whole.length / 2)));
    expect(dump.incomplete).toBe(true);
    expect(findingIds(dump)).toEqual(['dump-truncated']);
    expect(dump.memory.page(1)).toEqual(MODEL.get(1));
    expect(dump.memory.page(0x19f)).toBe('failed');
    expect(dump.counts().missing).toBeGreaterThan(0);
  });

  it.each<[string, (bytes: Uint8Array) => void]>([
    ['no header where the next should be', (bytes) => bytes.fill(0, at(1), at(1) + 4)],
    [
      'a range that ends before it starts',
      (bytes) => new DataView(bytes.buffer).setBigUint64(at(1) + 16, 5n, true),
    ],
    [
      'a range above 52 bits',
      (bytes) => new DataView(bytes.buffer).setBigUint64(at(1) + 16, 2n ** 60n, true),
    ],
  ])('keeps the ranges before damage: %s', (_, damage) => {
    const bytes = writeLime(RANGES);
    damage(bytes);
    const dump = openBytes(bytes);
    expect(findingIds(dump)).toEqual(['dump-truncated']);
    expect(dump.memory.page(1)).toEqual(MODEL.get(1));
    expect(dump.memory.page(0x101)).toBe('absent');
  });

  it('refuses a file without a whole range header', () => {
    expect(() => openBytes(writeLime(RANGES).subarray(0, 20), { as: 'lime' })).toThrow(Failure);
  });

  /** Offset of a range's header. */
  function at(range: number): number {
    return RANGES.slice(0, range).reduce((sum, { data }) => sum + 32 + data.length, 0);
  }
});

describe('AVML', () => {
  it('holds the memory that was written', () => {
    const dump = openBytes(writeAvml(RANGES));
    expectFormat(dump, 'avml');
    expect(dump.compression).toEqual(['snappy']);
    expect(dump.findings).toEqual([]);
    expectModel(dump.memory, MODEL, provenanceOf);
    expectRanges(dump.memory, MODEL);
    expect(dump.counts()).toEqual({ held: MODEL.size, excluded: 0, missing: 0 });
    expect(dump.memory.describe(0x101)).toMatch(/Snappy chunk of part 1/);
    expect(dump.memory.describe(0x200)).toMatch(/or all 16 MiB around it are zero/);
  });

  it.each([1000, 5000, 65_536])('reads chunks of %i bytes, with padding between', (chunk) => {
    const dump = openBytes(writeAvml(RANGES, { chunk, padding: true }));
    expect(dump.findings).toEqual([]);
    expectModel(dump.memory, MODEL, provenanceOf);
  });

  it('reads a range that ends within a page', () => {
    const dump = openBytes(writeAvml([{ start: 0x1000, data: noisePage(1).subarray(0, 0xc00) }]));
    expect(dump.memory.provenance(1)).toBe('present');
    expect(dump.memory.describe(1)).toMatch(/1024 bytes of this page are no memory/);
  });

  it.each([0.3, 0.6, 0.95])('reads what is left of a file cut at %f', (part) => {
    const whole = writeAvml(RANGES);
    const dump = openBytes(whole.subarray(0, Math.floor(whole.length * part)));
    expect(dump.incomplete).toBe(true);
    expect(findingIds(dump)).toEqual(['dump-truncated']);
    let present = 0;
    let missing = 0;
    for (const [pfn, wanted] of MODEL) {
      const got = dump.memory.page(pfn);
      expect(dump.memory.provenance(pfn)).toBe(typeof got === 'string' ? got : 'present');
      if (typeof got === 'string') missing++;
      else {
        present++;
        if (wanted instanceof Uint8Array) expect(got).toEqual(wanted);
      }
    }
    expect(present).toBeGreaterThan(0);
    expect(missing).toBeGreaterThan(0);
    expect(dump.counts().held).toBe(present);
  });

  it('fails the pages of a chunk whose checksum is wrong, and no others', () => {
    const whole = writeAvml(RANGES, { chunk: 8192 });
    // The first block's stream: identifier (10 bytes), then chunks; the third chunk's CRC.
    let at = 32 + 10;
    for (let chunk = 0; chunk < 2; chunk++) at += 4 + (le32(whole, at) >>> 8);
    whole[at + 4] ^= 1;
    const dump = openBytes(whole);
    expect(dump.findings).toEqual([]);
    const failed = [...MODEL.keys()].filter((pfn) => dump.memory.page(pfn) === 'failed');
    expect(failed).toEqual([5, 6]);
    expect(dump.memory.describe(5)).toMatch(/fails its CRC-32C/);
    expect(findingIds(dump)).toEqual(['page-damaged', 'page-damaged']);
  });

  it('fails the pages of a chunk whose data is damaged', () => {
    const whole = writeAvml([{ start: 0x1000, data: patternPage(1) }]);
    const at = 32 + 10 + 4 + 4;
    whole.fill(0xff, at + 2, at + 20);
    const dump = openBytes(whole);
    expect(dump.memory.page(1)).toBe('failed');
    expect(dump.memory.describe(1)).toMatch(/Snappy/);
  });

  it('stops at a chunk of a type that must not be skipped', () => {
    const whole = writeAvml(RANGES, { chunk: 8192 });
    whole[32 + 10 + 4 + (le32(whole, 42) >>> 8)] = 0x02;
    const dump = openBytes(whole);
    expect(dump.memory.page(1)).toEqual(MODEL.get(1));
    expect(dump.memory.page(4)).toBe('failed');
    expect(dump.memory.describe(4)).toMatch(/unknown type 0x2/);
  });

  it('refuses a file without a whole block header', () => {
    expect(() => openBytes(writeAvml(RANGES).subarray(0, 20), { as: 'avml' })).toThrow(Failure);
  });

  function le32(bytes: Uint8Array, at: number): number {
    return new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true);
  }
});

describe('raw image', () => {
  const image = concat([patternPage(0), noisePage(1), new Uint8Array(4096)]);

  it.each([0n, 0x4000_0000n, 0xf_ffff_f000n])('starts at its base, %s', (rawBase) => {
    const dump = openBytes(image, { as: 'raw', rawBase });
    expectFormat(dump, 'raw');
    const base = Number(rawBase >> 12n);
    const model = new Map<number, ModelPage>([
      [base, patternPage(0)],
      [base + 1, noisePage(1)],
      [base + 2, new Uint8Array(4096)],
    ]);
    expectModel(dump.memory, model, provenanceOf);
    expect([...dump.memory.ranges()]).toEqual([{ from: base, to: base + 3 }]);
    expect(dump.counts()).toEqual({ held: 3, excluded: 0, missing: 0 });
    expect(dump.facts.maxPfn).toBe(base + 3);
  });

  it('does not make up the rest of a page that the image cuts', () => {
    const dump = openBytes(image.subarray(0, 5000), { as: 'raw' });
    expect(dump.memory.page(0)).toEqual(patternPage(0));
    expect(dump.memory.page(1)).toBe('failed');
    expect(findingIds(dump)).toEqual(['dump-truncated']);
    expect(dump.incomplete).toBe(true);
  });

  it('is read as raw when that is said, whatever it holds', () => {
    const core = writeElf({ loads: [{ physical: 0x1000, data: patternPage(1) }] });
    const dump = openBytes(core.subarray(0, 4096), { as: 'raw' });
    expect((dump.memory.page(0) as Uint8Array).subarray(0, 4)).toEqual(
      Uint8Array.of(0x7f, 0x45, 0x4c, 0x46),
    );
    const flat = flatten(core);
    expect(openBytes(flat, { as: 'raw' }).flattened).toBe(false);
  });

  it.each([
    ['a base within a page', image, 0x123n],
    ['a base above 52 bits', image, 1n << 52n],
    ['a base below zero', image, -4096n],
    ['an empty file', new Uint8Array(0), 0n],
  ])('refuses %s', (_, bytes, rawBase) => {
    expect(() => openBytes(bytes, { as: 'raw', rawBase })).toThrow(Failure);
  });
});
