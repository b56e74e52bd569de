import { describe, expect, test } from 'vitest';
import { IovaAllocator, PageAllocator } from '../../../core/handoff/allocators.ts';
import { Random } from '../../../core/handoff/random.ts';
import { Stage } from '../../../core/handoff/story.ts';
import { domainOf, VtdDriver } from '../../../core/handoff/vtd-driver.ts';
import {
  hpsaMachine,
  CRASH_MEMORY,
  OLD_MEMORY,
} from '../../../core/handoff/scenarios/hpsa-platform.ts';
import { READ, WRITE } from '../../../core/iommu/leaves.ts';

const BOTH = READ | WRITE;

describe('I/O virtual addresses', () => {
  test('go from the top of 32 bits down, rounded up to powers of two and aligned to them', () => {
    const iovas = new IovaAllocator();
    expect(iovas.allocate(13)).toBe(0xffff_0000n);
    expect(iovas.allocate(1)).toBe(0xfffe_f000n);
    expect(iovas.allocate(2)).toBe(0xfffe_c000n);
    expect(iovas.allocate(1)).toBe(0xfffe_e000n);
  });

  test('a freed range is used again, a reserved one is not', () => {
    const iovas = new IovaAllocator();
    iovas.reserve(0xffff_f000n, 1);
    const first = iovas.allocate(1);
    expect(first).toBe(0xffff_e000n);
    iovas.free(first);
    expect(iovas.allocate(1)).toBe(first);
  });

  test('an exhausted allocator says so', () => {
    const iovas = new IovaAllocator();
    iovas.reserve(0n, 0x10_0000);
    expect(() => iovas.allocate(1)).toThrow(RangeError);
    const pages = new PageAllocator({ ...CRASH_MEMORY, to: CRASH_MEMORY.from + 0x1000n }, 0, 1);
    expect(pages.page()).toBe(CRASH_MEMORY.from);
    expect(() => pages.page()).toThrow(RangeError);
  });
});

describe('a seeded source', () => {
  test('repeats itself, stays within bounds and reaches them', () => {
    const draw = (seed: number): number[] => {
      const random = new Random(seed);
      return Array.from({ length: 200 }, () => random.between(3, 6));
    };
    expect(draw(0)).toEqual(draw(0));
    expect(draw(0)).not.toEqual(draw(1));
    expect(new Set(draw(0xffff_ffff))).toEqual(new Set([3, 4, 5, 6]));
  });
});

/** Two kernels, one after the other, on one machine. */
function kernels(): { stage: Stage; first: VtdDriver; second: VtdDriver } {
  const machine = hpsaMachine();
  const stage = new Stage(machine, () => []);
  return {
    stage,
    first: new VtdDriver(machine, new PageAllocator(OLD_MEMORY, 16, 1), stage),
    second: new VtdDriver(machine, new PageAllocator(CRASH_MEMORY, 16, 3), stage),
  };
}

describe("a kernel's VT-d driver", () => {
  test('copies context entries, marks them and reserves their domains', () => {
    const { first, second } = kernels();
    const ids = [0x0018, 0x0200, 0x02ff];
    for (const id of ids) first.attach(id, first.newDomain());
    first.setRootTable();
    first.enableTranslation();
    expect(second.translationEnabled()).toBe(true);
    expect(second.rootTableAddress()).toBe(first.root.root);
    expect(second.copyContextTables(second.rootTableAddress())).toEqual(ids);
    for (const id of ids) {
      const [low, high] = first.root.context(id);
      expect(second.copiedContext(id)).toEqual([low, high | 8n]);
      expect(first.copiedContext(id)).toBeUndefined();
    }
    expect(second.root.context(0x0201)).toEqual([0n, 0n]);
    expect(second.newDomain().id).toBe(4);
  });

  test('a device that it attaches itself is not a copied one', () => {
    const { first } = kernels();
    const domain = first.newDomain();
    first.attach(0x0200, domain);
    expect(first.copiedContext(0x0200)).toBeUndefined();
    expect(domainOf(first.root.context(0x0200))).toBe(domain.id);
  });

  test('unmapping invalidates what was cached of the page, and nothing else', () => {
    const { stage, first } = kernels();
    const domain = first.newDomain();
    first.attach(0x0200, domain);
    const pages = [first.pages.page(), first.pages.page()];
    const iova = first.map(domain, pages, BOTH);
    first.setRootTable();
    first.enableTranslation();
    const read = (address: bigint): boolean =>
      stage.machine.dma({ id: 0x0200, address, length: 4, access: 'read' }).ok;
    expect([read(iova), read(iova + 0x1000n)]).toEqual([true, true]);
    first.unmap(domain, iova, 1);
    expect([read(iova), read(iova + 0x1000n)]).toEqual([false, true]);
  });

  test('prints every fault that the unit recorded, clears them, and goes round the ring', () => {
    const { stage, first } = kernels();
    first.setRootTable();
    first.enableTranslation();
    const { machine } = stage;
    for (let round = 0; round < 3; round++) {
      for (let fn = 0; fn < 5; fn++)
        machine.dma({ id: 0x0200 + fn, address: 0x1000n, length: 4, access: 'write' });
      expect(first.handleFaults()).toBe(5);
    }
    expect(first.handleFaults()).toBe(0);
    expect(stage.console).toHaveLength(18);
    expect(stage.console.slice(0, 2)).toEqual([
      'DMAR: DRHD: handling fault status reg 2',
      'DMAR: [DMA Write] Request device [02:00.0] fault addr 1000 [fault reason 01] Present bit in root entry is clear',
    ]);
    expect(stage.console[6]).toBe('DMAR: DRHD: handling fault status reg 502');
    expect(stage.console[12]).toBe('DMAR: DRHD: handling fault status reg 202');
  });

  test('an overflow is told by the status register', () => {
    const { stage, first } = kernels();
    first.setRootTable();
    first.enableTranslation();
    for (let fn = 0; fn < 8; fn++)
      stage.machine.dma({ id: 0x0200 + fn, address: 0n, length: 4, access: 'read' });
    stage.machine.dma({ id: 0x0300, address: 0n, length: 4, access: 'read' });
    expect(first.handleFaults()).toBe(8);
    expect(stage.console[0]).toBe('DMAR: DRHD: handling fault status reg 3');
    stage.machine.dma({ id: 0x0300, address: 0n, length: 4, access: 'read' });
    expect(first.handleFaults()).toBe(1);
  });
});
