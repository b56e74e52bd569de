import { MARK } from '../../../core/explain/address-map.ts';
import type { MappedRegion } from '../../../core/explain/mappings/summary.ts';
import { hex } from '../../../core/format/hex.ts';
import { rightsText } from '../../../core/iommu/leaves.ts';
import type { MapTarget } from '../../../core/protocol/contract-map.ts';
import type { CallOutput } from '../../../core/protocol/server.ts';

const PAGE = 4096n;

/** First and last address of frames. */
export function edges(span: { readonly from: number; readonly to: number }): {
  from: string;
  to: string;
} {
  return { from: hex(BigInt(span.from) * PAGE), to: hex(BigInt(span.to) * PAGE - 1n) };
}

/** A region as the contract has it. */
export function regionItem(region: MappedRegion): CallOutput<'map.regions'>['regions'][number] {
  return {
    ...edges(region),
    mapped: hex(BigInt(region.pages) * PAGE),
    ranges: region.ranges,
    pa: region.pa === undefined ? undefined : hex(BigInt(region.pa) * PAGE),
    rights: rightsText(region.marks),
    targets: targetsOf(region.marks),
    shared: (region.marks & MARK.shared) !== 0,
  };
}

const TARGETS: readonly (readonly [number, MapTarget])[] = [
  [MARK.crashKernel, 'crash-kernel'],
  [MARK.kernelText, 'kernel-text'],
  [MARK.mmio, 'mmio'],
  [MARK.memory, 'memory'],
  [MARK.unknown, 'unknown'],
];

/** What marks say that a region leads to. */
export function targetsOf(marks: number): MapTarget[] {
  return TARGETS.filter(([mark]) => (marks & mark) !== 0).map(([, target]) => target);
}
