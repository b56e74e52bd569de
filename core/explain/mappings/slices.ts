import type { Finding, Incomplete } from '../../iommu/finding.ts';
import type { LeafSink } from '../../iommu/leaves.ts';
import type { Budget, Device, Unit } from '../../iommu/unit.ts';

/** Leaves of one slice. */
const LEAVES_A_SLICE = 1 << 16;

/** What the slices of one sweep gave together. */
export interface SlicedSweep {
  readonly leaves: number;
  readonly findings: readonly Finding[];
  readonly incomplete: readonly Incomplete[];
}

/**
 * Sweeps a page table in slices and yields between them. The slices hand over the same leaves in
 * the same order as one sweep would.
 * @param budget bounds each slice; its `from` is not looked at
 */
export function* sweepSlices(
  unit: Unit,
  device: Device,
  sink: LeafSink,
  budget: Budget,
): Generator<undefined, SlicedSweep> {
  const findings = new Map<string, Finding>();
  const incomplete = new Map<string, Incomplete>();
  let [from, leaves] = [0, 0];
  for (;;) {
    let [inSlice, next] = [0, from];
    let [full, over] = [false, false];
    const result = unit.sweep(
      device,
      (batch) => {
        const last = batch.count - 1;
        next = batch.iova[last] + batch.pages[last];
        inSlice += batch.count;
        over = sink(batch) === false;
        full = inSlice >= LEAVES_A_SLICE;
        return !over && !full;
      },
      { ...budget, from },
    );
    leaves += inSlice;
    // A table on the way to two slices is read for both.
    for (const finding of result.findings)
      findings.set(`${finding.at}\n${finding.id}\n${finding.text}`, finding);
    for (const each of result.incomplete)
      incomplete.set(`${each.address ?? ''}\n${each.at}\n${each.text}`, each);
    if (over || !full || next <= from || budget.signal?.aborted)
      return { leaves, findings: [...findings.values()], incomplete: [...incomplete.values()] };
    from = next;
    yield undefined;
  }
}
