import { describe, expect, it } from 'vitest';
import type { Dump } from '../../../core/dump/dump.ts';
import type { Provenance } from '../../../core/memory/physical.ts';
import { ZERO_PAGE } from '../../../core/memory/physical.ts';
import { expectModel, findingIds, openBytes } from '../../support/dump-check.ts';
import type { ModelPage } from '../../support/dump-writer.ts';
import {
  flatten,
  noisePage,
  patternPage,
  sampleModel,
  SAMPLE_NOTES,
  VMCOREINFO_TEXT,
} from '../../support/dump-writer.ts';
import type { KdumpSpec } from '../../support/kdump-writer.ts';
import { writeKdump } from '../../support/kdump-writer.ts';

const MODEL = sampleModel();

function provenanceOf(page: ModelPage | undefined): Provenance {
  if (page === undefined) return 'absent';
  return page instanceof Uint8Array ? 'present' : page;
}

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
