/** What the rules look at: mapped frames, the kernel's own tables, reserved mappings. */
import { expect, test } from 'vitest';
import { kernelPageTables } from '../../../core/explain/audit/kernel-tables.ts';
import { MappedFrames } from '../../../core/explain/audit/mapped-frames.ts';
import { CONTEXTS, IOVA, PA, PageMemory, context } from './state.ts';
import { intel, AT, leaf } from './audit-check.ts';

test('frames that are mapped are remembered, small and large', () => {
  const mapped = new MappedFrames();
  mapped.add(5, 2);
  mapped.add(1 << 20, 512);
  mapped.add(2 ** 39, 1);
  const at = [4, 5, 6, 7, (1 << 20) - 1, 1 << 20, (1 << 20) + 511, (1 << 20) + 512, 2 ** 39];
  expect(at.map((frame) => mapped.has(frame))).toEqual([
    false,
    true,
    true,
    false,
    false,
    true,
    true,
    false,
    true,
  ]);
});

test("the kernel's page tables are found from their root, the lower half left out", () => {
  const memory = new PageMemory();
  memory.put(0x1000, 0x9003n).put(0x1000 + 8 * 511, 0x2003n);
  memory.put(0x2000, 0x3003n, 0x2003n);
  memory.put(0x3000, 0x4003n, 0x80_0083n);
  memory.put(0x4000, 0x5003n);
  const found = kernelPageTables(memory, 0x1000n, 4);
  expect([...found]).toEqual([{ from: 1, to: 5 }]);
});

test('a device whose page tables hold the reserved mapping twice is told once', () => {
  const outcome = intel('crash-memory', {
    facts: { map: { reserved: AT } },
    prepare: (memory) => {
      leaf(0x9000n, PA | 1n)(memory);
      memory.put(CONTEXTS + 16 * 0x18, ...context());
    },
  });
  expect(outcome).toMatchObject({ outcome: 'found', hits: [{ at: 'dmar0/00:02.0' }] });
  expect(outcome.outcome === 'found' && outcome.hits[0].text).toContain('00:02.0, 00:03.0');
  expect(outcome.outcome === 'found' && outcome.hits[0].evidence).toHaveLength(2);
  expect(IOVA).toBe(0x5000n);
});
