/** One rule of the audit over one state. */
import { RULES } from '../../../core/explain/audit/audit.ts';
import type { Outcome } from '../../../core/explain/audit/rule.ts';
import type { AuditFacts } from '../../../core/explain/audit/state.ts';
import { auditState } from '../../../core/explain/audit/sweep.ts';
import { Intervals } from '../../../core/explain/mappings/intervals.ts';
import type { UnitFacts } from '../../../core/iommu/facts.ts';
import type { PageMemory } from './state.ts';
import { ID, L1, PA, intelFacts, intelState } from './state.ts';

export type Prepare = (memory: PageMemory) => void;

export interface AuditCase {
  readonly facts?: Partial<AuditFacts>;
  readonly unit?: Parameters<typeof intelFacts>[0];
  readonly prepare?: Prepare;
}

export function check(
  id: string,
  facts: readonly UnitFacts[],
  memory: PageMemory,
  about: AuditFacts,
): Outcome {
  const rule = RULES.find((each) => each.id === id)!;
  return rule.check(auditState(facts, memory, about));
}

export function intel(id: string, { facts, unit, prepare }: AuditCase = {}): Outcome {
  const { memory } = intelState();
  prepare?.(memory);
  return check(id, [intelFacts(unit)], memory, { map: {}, ...facts });
}

export const frames = (from: bigint, to: bigint): Intervals =>
  new Intervals([{ from: Number(from >> 12n), to: Number(to >> 12n) }]);

/** A range of frames that holds what the one mapping maps, and one right behind it. */
export const AT = frames(PA, PA + 0x1000n);
export const BEHIND = frames(PA + 0x1000n, PA + 0x2000n);
export const region = {
  kind: 'RMRR' as const,
  segment: 0,
  start: 0xe000n,
  end: 0xefffn,
  devices: [{ first: ID, last: ID }],
  rights: 3,
  from: 'DMAR',
};
export const leaf =
  (iova: bigint, entry: bigint): Prepare =>
  (memory) =>
    void memory.put(L1 + 8 * Number(iova >> 12n), entry);
