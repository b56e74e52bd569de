/** The invalidation queue, where its registers or the kernel tell of one (VT-d §6.5.2). */
import type { IntelFacts } from '../iommu/facts.ts';
import type { Entry } from '../iommu/unit.ts';
import type { PhysicalMemory } from '../memory/physical.ts';
import { descriptorLayout } from './descriptors.ts';
import { entryWords } from './reader.ts';

/** IQA's size field cannot say more: 128 pages. */
const MAX_BYTES = 4096 * 128;

/** Descriptors that the queue holds. */
export function queueCapacity(facts: IntelFacts): number {
  const { queue } = facts;
  if (!queue || (queue.descriptor !== 16 && queue.descriptor !== 32)) return 0;
  return Math.floor(Math.min(queue.length, MAX_BYTES) / queue.descriptor);
}

/** A descriptor by its index in the queue. */
export function queueEntry(
  facts: IntelFacts,
  memory: PhysicalMemory,
  index: number,
): Entry | undefined {
  const { queue } = facts;
  if (!queue || index >= queueCapacity(facts)) return undefined;
  const address = queue.base + BigInt(queue.descriptor * index);
  const words = entryWords(memory, address, queue.descriptor / 8);
  if (typeof words === 'string') return undefined;
  const layout = descriptorLayout(words, queue.descriptor);
  return { path: `${facts.name}/queue/${index}`, address, words, layout };
}
