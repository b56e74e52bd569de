import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { ANCHORS } from '../../../core/log/read-line.ts';
import { AnchorScanner, countNewlines } from '../../../core/log/scan.ts';

const encoder = new TextEncoder();
const BLOCK = 4096;
const ANCHOR_TEXTS = ANCHORS.map((anchor) => anchor.text);
const scanner = new AnchorScanner(ANCHOR_TEXTS, BLOCK);

/** Bytes with a few behind them, as the scanner asks for. */
function padded(bytes: Uint8Array): { bytes: Uint8Array; view: DataView } {
  const room = new Uint8Array(bytes.length + 8);
  room.set(bytes);
  return { bytes: room, view: new DataView(room.buffer) };
}

/** Text rich in anchors and in pieces of them. */
const rich = fc
  .array(
    fc.oneof(
      fc.constantFrom(...ANCHOR_TEXTS),
      fc.constantFrom(...ANCHOR_TEXTS).map((text) => text.slice(1, 9)),
      fc.string({ maxLength: 12 }),
      fc.constantFrom('\n', ' 0x', '[    1.000000] '),
    ),
    { maxLength: 60 },
  )
  .map((parts) => encoder.encode(parts.join('')).subarray(0, BLOCK));

test('every anchor is found where it stands, at any place in a block', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...ANCHOR_TEXTS.keys()),
      fc.string({ maxLength: 700 }),
      fc.string({ maxLength: 700 }),
      (anchor, before, after) => {
        const head = encoder.encode(before);
        const text = encoder.encode(ANCHOR_TEXTS[anchor]);
        const { bytes, view } = padded(encoder.encode(before + ANCHOR_TEXTS[anchor] + after));
        const count = scanner.scan(bytes, view, 0, bytes.length - 8);
        const here = [...scanner.hits.subarray(0, count)].findIndex(
          (hit, at) =>
            hit >= head.length &&
            hit < head.length + text.length &&
            scanner.anchorsOf[scanner.found[at]].includes(anchor),
        );
        expect(here).toBeGreaterThanOrEqual(0);
      },
    ),
    { numRuns: 2000 },
  );
});

test('a scan in pieces finds what a scan at once finds, in order', () => {
  fc.assert(
    fc.property(
      rich,
      fc.array(fc.integer({ min: 1, max: 900 }), { maxLength: 8 }),
      (text, cuts) => {
        const { bytes, view } = padded(text);
        const at = (from: number, to: number): string[] => {
          const count = scanner.scan(bytes, view, from, to);
          return Array.from({ length: count }, (_, i) => `${scanner.hits[i]} ${scanner.found[i]}`);
        };
        const whole = at(0, text.length);
        const pieces: string[] = [];
        let from = 0;
        for (const cut of [...cuts, text.length]) {
          const to = Math.min(text.length, from + cut);
          pieces.push(...at(from, to));
          from = to;
        }
        expect(pieces).toEqual(whole);
        const offsets = whole.map((each) => Number(each.split(' ')[0]));
        expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
      },
    ),
    { numRuns: 500 },
  );
});

test('an anchor that is too short is a mistake that shows at once', () => {
  expect(() => new AnchorScanner(['DMAR: [D'], BLOCK)).toThrow(RangeError);
});

test('newlines are counted as a plain loop counts them, from any byte to any other', () => {
  const bytes = fc.uint8Array({ maxLength: 5000 }).map((raw) => raw.map((byte) => byte % 13));
  fc.assert(
    fc.property(bytes, fc.nat(), fc.nat(), (raw, a, b) => {
      const room = new Uint8Array((raw.length + 3) & ~3);
      room.set(raw);
      const [from, to] = [a % (raw.length + 1), b % (raw.length + 1)].sort((x, y) => x - y);
      const expected = raw.subarray(from, to).reduce((sum, byte) => sum + (byte === 10 ? 1 : 0), 0);
      expect(countNewlines(room, new Uint32Array(room.buffer), from, to)).toBe(expected);
    }),
    { numRuns: 1000 },
  );
  const dense = new Uint8Array(1 << 16).fill(10);
  expect(countNewlines(dense, new Uint32Array(dense.buffer), 1, dense.length)).toBe((1 << 16) - 1);
});
