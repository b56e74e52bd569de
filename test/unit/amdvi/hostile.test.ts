/** Whatever stands in memory: no exception, no hang, only findings and missing pages. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { amdFacts } from '../../../core/amdvi/facts.ts';
import { amdRegisters } from '../../../core/amdvi/registers.ts';
import { amdUnit } from '../../../core/amdvi/unit.ts';
import { decodeEvent } from '../../../core/amdvi/events.ts';
import type { TreeNode } from '../../../core/iommu/unit.ts';
import { RegisterWords } from '../../../core/memory/mmio.ts';
import { dteAddress, facts, ID, PageMemory } from './tables.ts';

const word = fc.oneof(
  fc.bigInt(0n, (1n << 64n) - 1n),
  // Words that look like pointers into the few pages there are.
  fc
    .tuple(fc.integer({ min: 0, max: 15 }), fc.bigInt(0n, 0xfffn), fc.bigInt(0n, 0xfffn))
    .map(([page, low, high]) => (BigInt(page) << 12n) | low | (high << 52n)),
);
const writes = fc.array(
  fc.tuple(fc.integer({ min: 1, max: 15 }), fc.integer({ min: 0, max: 511 }), word),
  { maxLength: 60 },
);
const BUDGET = { tablePages: 2000 };

test('random tables under random device table entries', () => {
  fc.assert(
    fc.property(
      writes,
      fc.tuple(word, word, word, word),
      fc.bigInt(0n, (1n << 64n) - 1n),
      fc.option(fc.integer({ min: 0, max: 0xfffff }), { nil: undefined }),
      fc.constantFrom(32, 128, undefined),
      fc.option(word, { nil: undefined }),
      (entries, dte, address, pasid, interruptFormat, control) => {
        const memory = new PageMemory(16);
        for (const [page, index, value] of entries) memory.put(0x1000 * page + 8 * index, value);
        memory.put(dteAddress(ID), ...dte);
        const unit = amdUnit(
          { ...facts({ control, registers: new Map() }), interruptFormat },
          memory,
        );
        const { devices } = unit.devices();
        for (const device of devices.slice(0, 4)) {
          const result = unit.sweep(device, () => {}, BUDGET);
          expect(result.tablePages).toBeLessThanOrEqual(16);
        }
        for (const access of ['read', 'write'] as const) {
          const walked = unit.walk({ id: ID, pasid, address, access });
          expect(['translated', 'fault', 'unknown']).toContain(walked.result);
        }
        unit.interrupts(false);
        unit.interrupt(ID, Number(address & 0xffffn));
        let rows = 0;
        const visit = (node: TreeNode, depth: number): void => {
          if (++rows > 300 || depth > 12) return;
          for (const child of node.children(depth % 2 === 1).slice(0, 20)) visit(child, depth + 1);
        };
        visit(unit.tree(), 0);
      },
    ),
    { numRuns: 300 },
  );
});

test('random registers', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 0x1050 }), fc.nat(0xffffffff)), {
        maxLength: 40,
      }),
      fc.boolean(),
      (values, absentIsZero) => {
        const words = new Map(values.map(([index, value]) => [4 * index, value]));
        const registers = new RegisterWords(words, 'file', absentIsZero);
        amdRegisters(registers);
        const found = amdFacts(registers, { name: 'ivhd0', segment: 0, base: 0n, from: 'file' });
        expect(found.capacity ?? 0).toBeLessThanOrEqual(65536);
        amdUnit(found, new PageMemory(16)).devices();
      },
    ),
    { numRuns: 200 },
  );
});

test('random events', () => {
  fc.assert(
    fc.property(word, word, (first, second) => {
      const { code, flags } = decodeEvent([first, second]);
      expect(code).toBe(Number(first >> 60n));
      expect(flags).toBeLessThan(4096);
    }),
  );
});
