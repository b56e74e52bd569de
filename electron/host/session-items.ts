import { hex } from '../../core/format/hex.ts';
import type { UnitFacts } from '../../core/iommu/facts.ts';
import type { UnitInfo } from '../../core/protocol/contract.ts';

/** A unit in the shape of the contract. */
export function unitInfo(facts: UnitFacts): UnitInfo {
  return {
    name: facts.name,
    vendor: facts.vendor,
    mode: facts.vendor === 'intel' ? (facts.mode ?? 'mode unknown') : 'AMD-Vi',
    segment: facts.segment,
    base: facts.base === undefined ? undefined : hex(facts.base),
    from: facts.from,
    translationEnabled: facts.translationEnabled,
  };
}
