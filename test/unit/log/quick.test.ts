import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { readPrefix } from '../../../core/log/prefix.ts';
import { readQuick } from '../../../core/log/quick.ts';
import { readMessage } from '../../../core/log/read-line.ts';

const encoder = new TextEncoder();
const quickly = (bytes: Uint8Array, start: number, end: number) =>
  readQuick(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.length), start, end);

/** Lines that storms are made of; the quick reader takes each of them. */
const LINES = [
  '[   16.113477] DMAR: DRHD: handling fault status reg 2',
  'DRHD: handling fault status reg 102',
  '[    1.000000] dmar: DRHD: handling fault status reg 3',
  '[   16.113870] DMAR: [DMA Read NO_PASID] Request device [00:06.0] fault addr 0x1f00000 [fault reason 0x06] PTE Read access is not set',
  'DMAR: [DMA Write PASID 0x2] Request device [6a:01.7] fault addr 0x7fe0c9943000 [fault reason 0x3a] SM: Non-zero reserved field set in Root Entry',
  'DMAR: [DMA Read NO_PASID] Request device [0001:6a:01.7] fault addr 0x0 [fault reason 0x00] Software',
  'DMAR: [DMA Read] Request device [02:00.0] fault addr fffff000 [fault reason 06] PTE Read access is not set',
  'DMAR: [DMA Read] Request device [06:00.0] PASID ffffffff fault addr 1a5e05000 [fault reason 113] SM: Present bit in first-level paging entry is clear',
  'DMAR:[DMA Write] Request device [02:00.0] fault addr fff80000 ',
  'dmar: DMAR:[DMA Read] Request device [02:00.0] fault addr 0 ',
  '[ 1692.021403] DMAR: DMAR:[DMA Read] Request device [02:00.0] fault addr 1a45aa9000 ',
  '[ 1692.021403] DMAR:[fault reason 12] non-zero reserved fields in PTE',
  '[  221.565929] AMD-Vi: Event logged [IO_PAGE_FAULT device=05:00.0 domain=0x0012 address=0x00000000ff6101b0 flags=0x0070]',
  'AMD-Vi: Event logged [IO_PAGE_FAULT device=0000:05:00.0 domain=0x000e address=0xffffa000 flags=0x0021]',
];

/** A line as it may have come: a few characters of it dropped, doubled or changed. */
const damaged = fc
  .tuple(
    fc.constantFrom(...LINES),
    fc.array(
      fc.record({
        at: fc.nat({ max: 150 }),
        drop: fc.nat({ max: 2 }),
        put: fc.constantFrom('', '0', 'f', 'x', ' ', '[', ']', ':', '.', '0x', 'ff', 'DMAR: ', '~'),
      }),
      { maxLength: 3 },
    ),
  )
  .map(([line, edits]) =>
    edits.reduce(
      (text, { at, drop, put }) => text.slice(0, at) + put + text.slice(at + drop),
      line,
    ),
  );

test.each(LINES)('is read at once: %s', (line) => {
  const bytes = encoder.encode(line);
  expect(quickly(bytes, 0, bytes.length)).toBeDefined();
});

test('what the quick reader takes the full reader reads the same', () => {
  let taken = 0;
  fc.assert(
    fc.property(damaged, fc.nat({ max: 5 }), (line, offset) => {
      const bytes = encoder.encode(`${'x'.repeat(offset)}${line}\n`);
      const quick = quickly(bytes, offset, bytes.length - 1);
      if (!quick) return;
      taken++;
      const prefix = readPrefix(line);
      expect(quick.time).toBe(prefix.time);
      expect({ messages: [quick.message], broken: 'no' }).toEqual(
        readMessage(line.slice(prefix.length)),
      );
    }),
    { numRuns: 20_000 },
  );
  expect(taken).toBeGreaterThan(5000);
});
