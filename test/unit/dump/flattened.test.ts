import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FlattenedImage, isFlattened } from '../../../core/dump/flattened.ts';
import { Failure } from '../../../core/memory/failure.ts';
import { bytesSource } from '../../../core/memory/platform.ts';
import type { FlattenOptions, FlatRecord } from '../../support/dump-writer.ts';
import { flatten, noisePage } from '../../support/dump-writer.ts';

const FILE = new Uint8Array(20_000);
for (let at = 0; at < FILE.length; at += 4096)
  FILE.set(noisePage(at).subarray(0, FILE.length - at), at);

function open(options: FlattenOptions = {}, file = FILE): FlattenedImage {
  return new FlattenedImage(bytesSource('flat', flatten(file, options)));
}

function all(image: FlattenedImage): Uint8Array {
  const bytes = new Uint8Array(image.size);
  expect(image.read(0, bytes)).toBe(image.size);
  return bytes;
}

/** Which orders and repeats of records describe the same file. */
const ARRANGEMENTS: readonly [string, (records: FlatRecord[]) => FlatRecord[]][] = [
  ['in order', (records) => records],
  ['backwards', (records) => records.reverse()],
  ['the header last, as makedumpfile writes it', ([first, ...rest]) => [...rest, first]],
  [
    'written twice, the second time right',
    (records) => [...records.map((r) => ({ ...r, data: noisePage(1) })), ...records].slice(0),
  ],
  [
    'with records of no length between',
    (records) => records.flatMap((record) => [{ offset: 5, data: new Uint8Array(0) }, record]),
  ],
];

describe('flattened stream', () => {
  it('is known by its first 16 bytes', () => {
    expect(isFlattened(flatten(FILE))).toBe(true);
    expect(isFlattened(new TextEncoder().encode('makedumpfile'))).toBe(false);
    expect(isFlattened(new TextEncoder().encode('makedumpfile-1.7'))).toBe(false);
  });

  it.each(ARRANGEMENTS)('is the file that it describes: %s', (_, arrange) => {
    const image = open({ arrange, record: 1000 });
    expect(image.damage).toBeUndefined();
    expect(all(image).subarray(0, FILE.length)).toEqual(FILE);
  });

  it('lets later records overwrite earlier ones, wherever they overlap', () => {
    const record = fc
      .tuple(fc.nat(200), fc.uint8Array({ minLength: 1, maxLength: 60 }))
      .map(([offset, data]): FlatRecord => ({ offset, data }));
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 20 }), (records) => {
        const expected = new Uint8Array(300);
        const written = new Set<number>();
        for (const { offset, data } of records) {
          expected.set(data, offset);
          for (let at = 0; at < data.length; at++) written.add(offset + at);
        }
        const image = open({ arrange: () => records });
        expect(image.size).toBe(Math.max(...written) + 1);
        expect(all(image)).toEqual(expected.subarray(0, image.size));
        const holes = [...image.holes(3, 250)].flatMap(({ from, to }) =>
          Array.from({ length: to - from }, (_, index) => from + index),
        );
        const missing = Array.from({ length: 247 }, (_, index) => index + 3);
        expect(holes).toEqual(missing.filter((at) => !written.has(at)));
      }),
      { numRuns: 300 },
    );
  });

  it('reads parts from anywhere', () => {
    const image = open({ record: 777 });
    for (const [offset, length] of [
      [0, 1],
      [776, 2],
      [5000, 4096],
      [19_999, 1],
      [100, 19_900],
    ]) {
      const bytes = new Uint8Array(length);
      expect(image.read(offset, bytes)).toBe(length);
      expect(bytes).toEqual(FILE.slice(offset, offset + length));
    }
    expect(image.read(19_990, new Uint8Array(100))).toBe(10);
    expect(image.read(20_000, new Uint8Array(1))).toBe(0);
  });

  it('says so when the end mark is missing, and keeps what there is', () => {
    const image = open({ end: false });
    expect(image.damage).toMatch(/without its end mark/);
    expect(all(image)).toEqual(FILE);
  });

  it('keeps the part of a record that the end of the stream leaves', () => {
    const stream = flatten(FILE, { record: 4096 });
    const cut = stream.subarray(0, 4096 + 16 + 4096 + 16 + 100);
    const image = new FlattenedImage(bytesSource('cut', cut));
    expect(image.damage).toMatch(/ends within the record/);
    expect(all(image)).toEqual(FILE.slice(0, 4196));
  });

  it('stops at a record with an impossible offset', () => {
    const stream = flatten(FILE, { record: 4096 });
    new DataView(stream.buffer).setBigInt64(4096 + 16 + 4096, -7n);
    const image = new FlattenedImage(bytesSource('damaged', stream));
    expect(image.damage).toMatch(/impossible/);
    expect(image.size).toBe(4096);
  });

  it.each([
    ['a stream of another type', 16],
    ['a stream of another version', 24],
  ])('refuses %s', (_, at) => {
    const stream = flatten(FILE);
    new DataView(stream.buffer).setBigInt64(at, 2n);
    expect(() => new FlattenedImage(bytesSource('new', stream))).toThrow(Failure);
  });

  it('refuses a stream without content', () => {
    expect(() => open({ arrange: () => [] })).toThrow(/without content/);
  });
});
