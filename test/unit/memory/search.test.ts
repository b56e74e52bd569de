import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PhysicalMemory } from '../../../core/memory/physical.ts';
import { ZERO_PAGE } from '../../../core/memory/physical.ts';
import { readNeedle, searchMemory, type Needle } from '../../../core/memory/search.ts';

/** Pages by frame; the others of the range are excluded. */
function memoryOf(pages: ReadonlyMap<number, Uint8Array>, frames: number): PhysicalMemory {
  return {
    page: (pfn) => pages.get(pfn) ?? 'excluded',
    provenance: (pfn) => (pages.has(pfn) ? 'present' : 'excluded'),
    ranges: () => [{ from: 0, to: frames }],
    describe: () => '',
  };
}

const all = (memory: PhysicalMemory, needle: Needle, from = 0n): bigint[] =>
  [...searchMemory(memory, needle, from)].flatMap(({ found }) => found);

const needle = (...bytes: number[]): Needle => ({ bytes: Uint8Array.from(bytes), align: 1 });

describe('a search', () => {
  test('finds what a look at every byte would, across pages too', () => {
    const byte = fc.nat(2);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(3 * 4096 - 1), byte), { maxLength: 60 }),
        fc.array(fc.constantFrom(4094, 4095, 4096, 8191, 8192), { maxLength: 6 }),
        fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 4 }),
        fc.nat(3 * 4096),
        fc.constantFrom(1, 8),
        (spots, seams, wanted, from, align) => {
          fc.pre(wanted.some((each) => each !== 0));
          const bytes = new Uint8Array(3 * 4096);
          for (const [at, value] of spots) bytes[at] = value;
          for (const at of seams) bytes[at] = 1;
          const expected: bigint[] = [];
          for (let at = from; at + wanted.length <= bytes.length; at++)
            if (at % align === 0 && wanted.every((value, index) => bytes[at + index] === value))
              expected.push(BigInt(at));
          const pages = new Map([0, 1, 2].map((n) => [n, bytes.slice(n * 4096, (n + 1) * 4096)]));
          // A search that begins within a page still finds what begins after its start.
          const found = all(memoryOf(pages, 3), { ...needle(...wanted), align }, BigInt(from));
          expect(found.sort((a, b) => Number(a - b))).toEqual(expected);
        },
      ),
    );
  });

  test('does not join pages over one that is not known', () => {
    const page = new Uint8Array(4096);
    page[4095] = 1;
    const after = new Uint8Array(4096);
    after[0] = 2;
    const pages = new Map([
      [0, page],
      [2, after],
    ]);
    expect(all(memoryOf(pages, 3), needle(1, 2))).toEqual([]);
    const steps = [...searchMemory(memoryOf(pages, 3), needle(1), 0n)];
    expect(steps.map(({ known }) => known)).toEqual([true, false, true]);
  });

  test('goes over zero pages', () => {
    const memory = memoryOf(new Map([[0, ZERO_PAGE]]), 1);
    expect(all(memory, needle(1))).toEqual([]);
  });
});

test.each([
  ['bytes', 'de ad be ef', [0xde, 0xad, 0xbe, 0xef]],
  ['bytes', '0xdeadbeef', [0xde, 0xad, 0xbe, 0xef]],
  ['text', 'Linux', [0x4c, 0x69, 0x6e, 0x75, 0x78]],
  ['u64', '0xffff888000000001', [1, 0, 0, 0, 0x80, 0x88, 0xff, 0xff]],
] as const)('%s %s', (kind, text, bytes) => {
  expect(readNeedle(kind, text)).toEqual({
    bytes: Uint8Array.from(bytes),
    align: kind === 'u64' ? 8 : 1,
  });
});

test.each([
  ['bytes', 'xyz', 'Not bytes'],
  ['bytes', 'abc', 'Not bytes'],
  ['bytes', '', 'Nothing to look for'],
  ['u64', '12345678901234567', 'Not a 64-bit word'],
  ['u64', '0', 'Zeros stand in every empty page'],
  ['text', 'x'.repeat(257), 'At most 256 bytes'],
] as const)('%s %j is refused in words', (kind, text, words) => {
  expect(readNeedle(kind, text)).toContain(words);
});
