import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { plainSearch } from '../../../core/log/byte-search.ts';
import { ANCHORS } from '../../../core/log/read-line.ts';
import { AnchorScanner } from '../../../core/log/scan.ts';
import { vectorSearch } from '../../../core/log/vector-search.ts';

const encoder = new TextEncoder();
const BLOCK = 4096;
const ANCHOR_TEXTS = ANCHORS.map((anchor) => anchor.text);
const scanner = new AnchorScanner(ANCHOR_TEXTS, BLOCK);

const CAPACITY = 1 << 16;
/** The reference, and the same with vectors where the platform has them. */
const plain = plainSearch(scanner.tables, CAPACITY, CAPACITY);
const vectors = vectorSearch(scanner.tables, CAPACITY, CAPACITY)!;
const SEARCHES = { plain, vectors };

/** Puts a text where a search looks for it; what another one left behind it stays. */
function put(search: typeof plain, text: Uint8Array): void {
  search.bytes.set(text);
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

test('this platform has the search with vectors', () => {
  expect(vectors).toBeDefined();
});

test.each(Object.entries(SEARCHES))(
  '%s: every anchor is found where it stands, at any place in a block',
  (_, search) => {
    fc.assert(
      fc.property(
        fc.constantFrom(...ANCHOR_TEXTS.keys()),
        fc.string({ maxLength: 700 }),
        fc.string({ maxLength: 700 }),
        (anchor, before, after) => {
          const head = encoder.encode(before);
          const text = encoder.encode(ANCHOR_TEXTS[anchor]);
          const all = encoder.encode(before + ANCHOR_TEXTS[anchor] + after);
          put(search, all);
          const count = scanner.scan(search, 0, all.length);
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
  },
);

test.each(Object.entries(SEARCHES))(
  '%s: a scan in pieces finds what a scan at once finds, in order',
  (_, search) => {
    fc.assert(
      fc.property(
        rich,
        fc.array(fc.integer({ min: 1, max: 900 }), { maxLength: 8 }),
        (text, cuts) => {
          put(search, text);
          const at = (from: number, to: number): string[] => {
            const count = scanner.scan(search, from, to);
            return Array.from(
              { length: count },
              (_each, i) => `${scanner.hits[i]} ${scanner.found[i]}`,
            );
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
  },
);

test('what stands in a text is found, and nothing else', () => {
  fc.assert(
    fc.property(rich, (raw) => {
      const text = String.fromCharCode(...raw);
      put(plain, raw);
      const count = scanner.scan(plain, 0, raw.length);
      const found = Array.from({ length: count }, (_, i) => [scanner.hits[i], scanner.found[i]]);
      for (const [end, window] of found) {
        const nine = text.slice(end - 8, end + 1);
        for (const anchor of scanner.anchorsOf[window])
          expect(ANCHOR_TEXTS[anchor]).toContain(nine);
      }
    }),
    { numRuns: 500 },
  );
});

test('with vectors the same places are candidates as without', () => {
  fc.assert(
    fc.property(rich, fc.nat(), fc.nat(), (text, a, b) => {
      put(plain, text);
      put(vectors, text);
      // Nothing stands before the first place that a window can begin at.
      const [from, end] = [a % (text.length + 1), b % (text.length + 1)].sort((x, y) => x - y);
      const first = Math.max(4, from);
      const places = [plain, vectors].map((search) => [
        ...search.places.subarray(0, search.candidates(first, Math.max(first, end - 3))),
      ]);
      expect(places[1]).toEqual(places[0]);
    }),
    { numRuns: 1000 },
  );
});

test('an anchor that is too short is a mistake that shows at once', () => {
  expect(() => new AnchorScanner(['DMAR: [D'], BLOCK)).toThrow(RangeError);
});

test.each(Object.entries(SEARCHES))(
  '%s: newlines are counted as a plain loop counts them, from any byte to any other',
  (_, search) => {
    const bytes = fc.uint8Array({ maxLength: 9000 }).map((raw) => raw.map((byte) => byte % 13));
    fc.assert(
      fc.property(bytes, fc.nat(), fc.nat(), (raw, a, b) => {
        put(search, raw);
        const [from, to] = [a % (raw.length + 1), b % (raw.length + 1)].sort((x, y) => x - y);
        const expected = raw
          .subarray(from, to)
          .reduce((sum, byte) => sum + (byte === 10 ? 1 : 0), 0);
        expect(search.newlines(from, to)).toBe(expected);
      }),
      { numRuns: 1000 },
    );
    put(search, new Uint8Array(CAPACITY).fill(10));
    expect(search.newlines(1, CAPACITY)).toBe(CAPACITY - 1);
  },
);
