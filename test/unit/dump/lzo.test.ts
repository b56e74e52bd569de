import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DamagedData } from '../../../core/dump/codec.ts';
import { unlzo } from '../../../core/dump/lzo.ts';
import { ROOT } from '../../support/captures.ts';
import { noisePage } from '../../support/dump-writer.ts';
import { compressLzo } from '../../support/kdump-writer.ts';
import { LZO_PAGES } from '../../support/lzo-pages.ts';

/** The first block of a file of lzop: its length when unpacked, and its data. */
function lzopBlock(file: Buffer): { length: number; data: Uint8Array } {
  const nameLength = file.readUInt8(33);
  const at = 34 + nameLength + 4; // name, checksum of the header
  const length = file.readUInt32BE(at);
  const packed = file.readUInt32BE(at + 4);
  // One checksum of the content, as lzop writes it by default.
  return { length, data: file.subarray(at + 12, at + 12 + packed) };
}

const FILES = LZO_PAGES.flatMap(([name, page]) =>
  [1, 9].map((level) => ({ name: `${name}, level ${level}`, file: `${name}-${level}.lzo`, page })),
);

/** Streams that break a rule; the text of each error says which. */
const DAMAGED: readonly [string, number[], RegExp][] = [
  ['nothing', [], /without an end mark/],
  ['literals without an end mark', [21, 1, 2, 3, 4], /without an end mark/],
  ['literals that the data cuts off', [22, 1, 2, 3, 4], /within literals/],
  ['literals past the page', [0, 0, 100, ...Array<number>(373).fill(1)], /past the page/],
  ['a match before the page', [21, 1, 2, 3, 4, 64, 1, 0x11, 0, 0], /before the page/],
  ['a match past the page', [21, 1, 2, 3, 4, 32, 0, 200, 0, 0, 0x11, 0, 0], /past the page/],
  ['a match that the data cuts off', [21, 1, 2, 3, 4, 32 | 5, 0], /without an end mark/],
  ['a length that the data cuts off', [21, 1, 2, 3, 4, 32, 0], /within a length/],
  ['a length of nothing but zeros', [0, ...Array<number>(100).fill(0)], /larger than the page/],
  ['an end mark of a wrong length', [21, 1, 2, 3, 4, 0x12, 0, 0], /end mark is malformed/],
];

describe('LZO1X', () => {
  it.each(FILES)('reads what lzop wrote: $name', ({ file, page }) => {
    const { length, data } = lzopBlock(readFileSync(join(ROOT, 'test/fixtures/lzo', file)));
    expect(length).toBe(page.length);
    if (data.length === length) {
      // lzop stores what does not shrink; then there is no LZO data in the file.
      expect(new Uint8Array(data)).toEqual(page);
      return;
    }
    const into = new Uint8Array(length);
    expect(unlzo(data, into)).toBe(length);
    expect(into).toEqual(page);
  });

  it('has vectors that use every instruction', () => {
    const seen = new Set<string>();
    for (const { file } of FILES) {
      const { length, data } = lzopBlock(readFileSync(join(ROOT, 'test/fixtures/lzo', file)));
      if (data.length < length) for (const name of instructionsOf(data)) seen.add(name);
    }
    expect([...seen].sort()).toEqual([
      'end',
      'far match (16..31)',
      'first literals',
      'literals',
      'match of 2 after literals',
      'match of 3 after a run',
      'match of 3 or 4 (64..127)',
      'match of 5 to 8 (128..255)',
      'near match (32..63)',
    ]);
  });

  it.each(DAMAGED)('refuses %s', (_, stream, reason) => {
    const decode = (): number => unlzo(Uint8Array.from(stream), new Uint8Array(300));
    expect(decode).toThrow(DamagedData);
    expect(decode).toThrow(reason);
  });

  it('never reads or writes outside, whatever the data is', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const room = new Uint8Array(4096 + 16).fill(0xee);
        try {
          unlzo(bytes, room.subarray(8, 8 + 4096));
        } catch (error) {
          expect(error).toBeInstanceOf(DamagedData);
        }
        expect([...room.subarray(0, 8), ...room.subarray(4104)]).toEqual(Array(16).fill(0xee));
      }),
      { numRuns: 2000 },
    );
  });

  it('reads literals and runs of any lengths', () => {
    const parts = fc.array(
      fc.oneof(
        fc.integer({ min: 20, max: 900 }).map((length) => new Uint8Array(length).fill(9)),
        fc.integer({ min: 4, max: 600 }).map((length) => noisePage(length).subarray(0, length)),
      ),
      { minLength: 1, maxLength: 6 },
    );
    fc.assert(
      fc.property(parts, (all) => {
        const bytes = Uint8Array.from([...all.flatMap((part) => [...part]), 1, 2, 3, 4, 5, 6]);
        const into = new Uint8Array(bytes.length);
        expect(unlzo(compressLzo(bytes), into)).toBe(bytes.length);
        expect(into).toEqual(bytes);
      }),
      { numRuns: 300 },
    );
  });
});

/** Names of the instructions in a sound stream, walked apart from the decoder. */
function instructionsOf(data: Uint8Array): Set<string> {
  const names = new Set<string>();
  let at = 0;
  let state = 0;
  const long = (): number => {
    let length = 0;
    while (data[at] === 0) {
      length += 255;
      at++;
    }
    return length + data[at++];
  };
  if (data[0] > 17) {
    names.add('first literals');
    const count = data[at++] - 17;
    at += count;
    state = Math.min(4, count);
  }
  while (at < data.length) {
    const code = data[at++];
    let next: number;
    if (code >= 64) {
      names.add(code >= 128 ? 'match of 5 to 8 (128..255)' : 'match of 3 or 4 (64..127)');
      at++;
      next = code & 3;
    } else if (code >= 16) {
      if ((code & (code >= 32 ? 31 : 7)) === 0) long();
      next = data[at] & 3;
      const end = code < 32 && (code & 8) === 0 && data[at] >> 2 === 0 && data[at + 1] === 0;
      at += 2;
      if (end) {
        names.add('end');
        break;
      }
      names.add(code >= 32 ? 'near match (32..63)' : 'far match (16..31)');
    } else if (state === 0) {
      names.add('literals');
      at += code === 0 ? 18 + long() : 3 + code;
      state = 4;
      continue;
    } else {
      names.add(state === 4 ? 'match of 3 after a run' : 'match of 2 after literals');
      at++;
      next = code & 3;
    }
    at += next;
    state = next;
  }
  return names;
}
