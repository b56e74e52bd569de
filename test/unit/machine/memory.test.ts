import { describe, expect, test } from 'vitest';
import { SimulatedMemory } from '../../../core/machine/memory.ts';
import type { MemoryRange } from '../../../core/machine/memory.ts';
import { readBytes, readWords } from '../../../core/memory/physical.ts';

const MAP: readonly MemoryRange[] = [
  { from: 0x10_0000n, to: 0x20_0000n, kind: 'ram', owner: 'crash kernel' },
  { from: 0n, to: 0x10_0000n, kind: 'ram', owner: 'old kernel' },
  { from: 0xfed9_0000n, to: 0xfed9_1000n, kind: 'mmio', owner: 'dmar0' },
];

describe('simulated memory', () => {
  test('RAM that nobody wrote reads as zero, registers and holes are absent', () => {
    const memory = new SimulatedMemory(MAP);
    expect(memory.provenance(0)).toBe('zero');
    expect(readWords(memory, 0x1f_fff8n, 1)).toEqual([0n]);
    expect(memory.page(0x200)).toBe('absent');
    expect(memory.page(0xfed90)).toBe('absent');
    expect(memory.describe(0xfed90)).toContain('registers of dmar0');
    expect(memory.describe(0x200)).toContain('no memory');
  });

  test('a store stays within its page and is seen by observers', () => {
    const memory = new SimulatedMemory(MAP);
    const seen: string[] = [];
    memory.observe(({ address, text }) => seen.push(`${text} at ${address}`));
    const change = memory.writeWords(0x1000n, [0x1122n, 0x3344n], 'root entry');
    expect(change).toMatchObject({ address: 0x1000n, text: 'root entry' });
    expect(readWords(memory, 0x1000n, 3)).toEqual([0x1122n, 0x3344n, 0n]);
    expect(memory.provenance(1)).toBe('present');
    expect(seen).toEqual(['root entry at 4096']);
    expect(() => memory.write(0x1ffcn, new Uint8Array(8), 'crossing')).toThrow(RangeError);
  });

  test('a store where no memory is changes nothing', () => {
    const memory = new SimulatedMemory(MAP);
    expect(memory.write(0x20_0000n, new Uint8Array(1), 'hole')).toBe('absent');
    expect(memory.write(0xfed9_0000n, new Uint8Array(1), 'registers')).toBe('absent');
    expect(memory.generation).toBe(0);
  });

  test('a page that a reader holds does not change under it', () => {
    const memory = new SimulatedMemory(MAP);
    memory.write(0x1000n, Uint8Array.of(1), 'first');
    const held = memory.page(1) as Uint8Array;
    memory.write(0x1000n, Uint8Array.of(2), 'second');
    expect(held[0]).toBe(1);
    expect(readBytes(memory, 0x1000n, 1)).toEqual(Uint8Array.of(2));
  });

  test('owners are told by address', () => {
    const memory = new SimulatedMemory(MAP);
    expect(memory.rangeAt(0xf_ffffn)?.owner).toBe('old kernel');
    expect(memory.rangeAt(0x10_0000n)?.owner).toBe('crash kernel');
    expect(memory.rangeAt(0x20_0000n)).toBeUndefined();
    expect([...memory.ranges()]).toEqual([
      { from: 0, to: 0x100 },
      { from: 0x100, to: 0x200 },
    ]);
  });

  test.each([
    ['an overlap', [MAP[0], { ...MAP[1], to: 0x10_1000n }]],
    ['an empty range', [{ ...MAP[0], to: MAP[0].from }]],
    ['a part of a page', [{ ...MAP[0], to: 0x10_0800n }]],
  ] as const)('%s is refused', (_what, ranges) => {
    expect(() => new SimulatedMemory(ranges)).toThrow(RangeError);
  });
});
