/**
 * Memory full of anything: whatever stands there, every question is answered, in bounded time and
 * without an exception.
 */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DEFAULT_BUDGET } from '../../../core/iommu/unit.ts';
import type { TreeNode } from '../../../core/iommu/unit.ts';
import { RegisterWords } from '../../../core/memory/mmio.ts';
import type {
  PfnRange,
  PhysicalMemory,
  Provenance,
  UnknownPage,
} from '../../../core/memory/physical.ts';
import { intelFactsFromRegisters } from '../../../core/vtd/facts.ts';
import { readRegisters } from '../../../core/vtd/registers.ts';
import { intelUnit } from '../../../core/vtd/unit.ts';
import { Random } from '../../differential/random.ts';

const FRAMES = 16;
const SWEEP_PAGES = 3000;
const WHY = ['excluded', 'absent', 'failed', 'pending'] as const;

/** A small machine whose pages hold pointers into itself, noise, or nothing that can be known. */
class Noise implements PhysicalMemory {
  readonly #pages: (Uint8Array | UnknownPage)[];

  constructor(random: Random) {
    this.#pages = Array.from({ length: FRAMES }, () =>
      random.chance(10) ? random.pick(WHY) : noisePage(random),
    );
  }

  page(pfn: number): Uint8Array | UnknownPage {
    return this.#pages[pfn] ?? 'absent';
  }

  provenance(pfn: number): Provenance {
    const page = this.page(pfn);
    return typeof page === 'string' ? page : 'present';
  }

  ranges(): Iterable<PfnRange> {
    return [{ from: 0, to: FRAMES }];
  }

  describe(): string {
    return 'noise';
  }
}

function noisePage(random: Random): Uint8Array {
  const page = new Uint8Array(4096);
  const words = new DataView(page.buffer);
  const dense = random.below(100);
  for (let at = 0; at < 4096; at += 8) {
    if (!random.chance(dense)) continue;
    const pointer = (BigInt(random.below(FRAMES + 2)) << 12n) | random.bits(4);
    words.setBigUint64(at, random.chance(70) ? pointer : random.bits(64), true);
  }
  return page;
}

function visit(node: TreeNode, budget: { rows: number }): void {
  if (budget.rows-- <= 0) return;
  expect(node.childCount).toBeGreaterThanOrEqual(0);
  for (const child of node.children(budget.rows % 2 === 0)) {
    if (budget.rows <= 0) return;
    visit(child, budget);
  }
}

describe('hostile memory and registers', () => {
  test('every question ends with an answer', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const random = new Random(seed);
        const memory = new Noise(random);
        const registers = new Map<number, number>();
        for (let offset = 0; offset < 0x240; offset += 4)
          if (random.chance(60)) registers.set(offset, Number(random.bits(32)));
        const page = (): number => random.below(FRAMES) << 12;
        const mode = random.pick([0, 0x400, 0x800, 0xc00]);
        registers.set(0x20, page() | mode).set(0x24, 0);
        registers.set(0xb8, page() | random.below(0x1000)).set(0xbc, 0);
        registers.set(0x90, page() | random.below(0x1000)).set(0x94, 0);
        const mmio = new RegisterWords(registers, 'file', random.chance(50));
        readRegisters(mmio);
        const facts = intelFactsFromRegisters(mmio, { name: 'dmar0', segment: 0, base: 0n });
        const unit = intelUnit(
          { ...facts, from: random.pick(['file', 'simulated']), translationEnabled: true },
          memory,
        );
        const { devices } = unit.devices();
        for (const device of devices.slice(0, 3))
          unit.sweep(device, () => {}, { ...DEFAULT_BUDGET, tablePages: SWEEP_PAGES });
        for (let at = 0; at < 20; at++)
          unit.walk({
            id: at % 2 === 0 ? (devices[at]?.id ?? 0) : random.below(0x10000),
            pasid: random.chance(30) ? Number(random.bits(20)) : undefined,
            address: random.bits(random.pick([12, 21, 30, 48, 64])),
            access: random.pick(['read', 'write']),
          });
        unit.interrupts(random.chance(20));
        visit(unit.tree(), { rows: 200 });
        const bdf = devices[0]?.bdf ?? '00:00.0';
        for (const rest of [
          'context',
          'pasid.1',
          'pasid-dir.7',
          'L4[3]/L3[4]/L2[5]/L1[6]',
          'L9[1]',
        ])
          unit.entry(`dmar0/${bdf}/${rest}`);
        unit.entry('dmar0/irq/7');
        unit.entry('dmar0/queue/7');
      }),
      { numRuns: 60 },
    );
  });
});
