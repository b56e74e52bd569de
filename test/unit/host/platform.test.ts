import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import zlib from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { Failure } from '../../../core/memory/failure.ts';
import { decoder, inflate, unzstd } from '../../../electron/host/decompress.ts';
import { fileSource, nodePlatform } from '../../../electron/host/platform.ts';
import { noisePage, patternPage } from '../../support/dump-writer.ts';

const PAGE = 4096;

/** Codecs, each with a compressor, on the native stream and on the documented call alone. */
const DECODERS = [
  { name: 'zlib', decode: inflate, pack: (bytes: Uint8Array) => zlib.deflateSync(bytes) },
  { name: 'zstd', decode: unzstd, pack: (bytes: Uint8Array) => zlib.zstdCompressSync(bytes) },
  {
    name: 'zlib where Node looks otherwise inside',
    decode: decoder({
      name: 'zlib',
      create: () => ({ _handle: { reset: 'gone' } }),
      finish: 0,
      reset: true,
      documented: (data, into) => {
        const out = zlib.inflateSync(data, { maxOutputLength: into.length });
        into.set(out);
        return out.length;
      },
    }),
    pack: (bytes: Uint8Array) => zlib.deflateSync(bytes),
  },
];

describe.each(DECODERS)('$name', ({ decode, pack }) => {
  it('unpacks page after page', () => {
    const into = new Uint8Array(PAGE);
    for (let seed = 0; seed < 50; seed++) {
      const page = seed % 2 ? noisePage(seed) : patternPage(seed);
      expect(decode(pack(page), into)).toBe(PAGE);
      expect(into).toEqual(page);
    }
  });

  it('writes into a part of a larger buffer, and only there', () => {
    const room = new Uint8Array(PAGE + 16).fill(0xee);
    expect(decode(pack(patternPage(1)), room.subarray(8, 8 + PAGE))).toBe(PAGE);
    expect(room.subarray(8, 8 + PAGE)).toEqual(patternPage(1));
    expect([...room.subarray(0, 8), ...room.subarray(8 + PAGE)]).toEqual(Array(16).fill(0xee));
  });

  it('says how much there was when it is less than a page', () => {
    const into = new Uint8Array(PAGE);
    expect(decode(pack(patternPage(1).subarray(0, 100)), into)).toBe(100);
  });

  it.each<[string, (packed: Uint8Array) => Uint8Array]>([
    ['data that is cut off', (packed) => packed.subarray(0, packed.length - 10)],
    ['a damaged start', (packed) => packed.fill(0x55, 0, 4)],
    ['nothing', () => new Uint8Array(0)],
  ])('throws on %s, and unpacks the next page all the same', (_, damage) => {
    const into = new Uint8Array(PAGE);
    expect(() => decode(damage(new Uint8Array(pack(noisePage(1)))), into)).toThrow(Error);
    expect(decode(pack(patternPage(2)), into)).toBe(PAGE);
    expect(into).toEqual(patternPage(2));
  });

  it('throws on more than fits, and unpacks the next page all the same', () => {
    const into = new Uint8Array(PAGE);
    const two = pack(new Uint8Array([...patternPage(1), ...patternPage(2)]));
    expect(() => decode(two, into)).toThrow(Error);
    expect(decode(pack(patternPage(3)), into)).toBe(PAGE);
    expect(into).toEqual(patternPage(3));
  });
});

describe('zlib', () => {
  it('checks the checksum at the end', () => {
    const packed = new Uint8Array(zlib.deflateSync(patternPage(1)));
    packed[packed.length - 1] ^= 1;
    expect(() => inflate(packed, new Uint8Array(PAGE))).toThrow(/check/);
  });

  it('keeps one native stream: this version of Node has what that needs', () => {
    let made = 0;
    const decode = decoder({
      name: 'zlib',
      create: () => {
        made++;
        return zlib.createInflate();
      },
      finish: zlib.constants.Z_FINISH,
      reset: true,
      documented: () => {
        throw new Error('the native stream was not used');
      },
    });
    for (let seed = 0; seed < 20; seed++)
      expect(decode(zlib.deflateSync(patternPage(seed)), new Uint8Array(PAGE))).toBe(PAGE);
    expect(made).toBe(1);
  });
});

describe('fileSource', () => {
  const folder = mkdtempSync(join(tmpdir(), 'faultline-'));
  const path = join(folder, 'file');
  writeFileSync(path, patternPage(1));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('reads from anywhere, and less at the end', () => {
    const source = fileSource(path);
    expect(source.size).toBe(PAGE);
    const into = new Uint8Array(100);
    expect(source.read(1000, into)).toBe(100);
    expect(into).toEqual(patternPage(1).slice(1000, 1100));
    expect(source.read(PAGE - 10, into)).toBe(10);
    expect(source.read(PAGE + 10, into)).toBe(0);
    source.close();
    source.close();
  });

  it.each([
    ['a file that is not there', join(folder, 'none')],
    ['a folder', folder],
  ])('fails in words for %s', (_, name) => {
    expect(() => fileSource(name)).toThrow(Failure);
  });
});

describe('sha256', () => {
  it('is the digest of all parts (FIPS 180-2, "abc")', () => {
    const digest = nodePlatform.sha256();
    digest.update(new TextEncoder().encode('a'));
    digest.update(new TextEncoder().encode('bc'));
    expect(digest.hex()).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });
});
