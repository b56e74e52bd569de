import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Dump } from '../../../core/dump/dump.ts';
import type { Kernel } from '../../../core/linux/kernel.ts';
import { MISSING_CAPTURE, WITH_VMCORE } from '../../support/captures.ts';
import { capturedKernel } from '../../support/linux/open-kernel.ts';

const here = capturedKernel('intel-6.1') !== undefined;
if (!here) console.warn(`page frames: skipped, ${MISSING_CAPTURE}`);

/**
 * The oracle is makedumpfile, which judged every page by the same records when it wrote the dump
 * (`-d 31`): it kept what the kernel allocated and left out what was free or a process's.
 */
describe.skipIf(!here).each(WITH_VMCORE)('%s: the records of page frames', (name) => {
  let dump: Dump;
  let kernel: Kernel;
  beforeAll(() => ({ dump, kernel } = capturedKernel(name)!));
  afterAll(() => dump.close());

  /** Every seventh frame of the machine's memory. */
  function counts(): Map<string, { all: number; kept: number }> {
    const found = new Map<string, { all: number; kept: number }>();
    const end = Math.max(...[...dump.memory.ranges()].map(({ to }) => to));
    for (let pfn = 0; pfn < end; pfn += 7) {
      const use = kernel.pageFrame(pfn)?.use;
      if (use === undefined) continue;
      const count = found.get(use) ?? { all: 0, kept: 0 };
      count.all++;
      if (dump.memory.provenance(pfn) === 'present') count.kept++;
      found.set(use, count);
    }
    return found;
  }

  test('agree with what the dump kept and left out', () => {
    const found = counts();
    const slab = found.get('slab')!;
    expect(slab.all).toBeGreaterThan(300);
    // Objects of the kernel are kept, always.
    expect(slab.kept).toBe(slab.all);
    const free = found.get('free')!;
    expect(free.all).toBeGreaterThan(10_000);
    // Pages on a processor's own list have no user and are no part of the buddy's.
    expect(free.kept / free.all).toBeLessThan(0.05);
    const cache = found.get('page cache')!;
    expect(cache.kept / cache.all).toBeLessThan(0.15);
  });

  test('there is none where the machine has no memory', () => {
    expect(kernel.pageFrame(0xfed90)).toBeUndefined();
    expect(kernel.pageFrame(2 ** 39)).toBeUndefined();
  });
});
