import type { FaultRecord } from '../iommu/fault.ts';
import type { VerdictId } from './verdicts.ts';

/**
 * A known cause with its fix, one file each in `resources/knowledge`. `when` holds conditions that
 * must all hold; a condition that is left out always holds.
 */
export interface KnowledgeEntry {
  readonly id: string;
  /** What is done about it, and in which versions. */
  readonly text: string;
  /** Kernel commit and version, or the thread. */
  readonly source: string;
  readonly when: {
    readonly vendor?: 'intel' | 'amd';
    readonly verdicts?: readonly VerdictId[];
    /** VT-d fault reasons. */
    readonly reasons?: readonly number[];
    /** AMD-Vi event names. */
    readonly events?: readonly string[];
    /** Printed by a crash kernel (true) or by the first one (false). */
    readonly crashKernel?: boolean;
    /** Requesters, as a regular expression on the BDF. */
    readonly bdf?: string;
  };
}

export interface KnowledgeCase {
  readonly fault: FaultRecord;
  readonly verdict: VerdictId;
}

/** The entries whose conditions hold for a case, in the order given. */
export function matchKnowledge(
  entries: readonly KnowledgeEntry[],
  found: KnowledgeCase,
): KnowledgeEntry[] {
  const { fault, verdict } = found;
  return entries.filter(({ when }) => {
    if (when.vendor !== undefined && when.vendor !== fault.vendor) return false;
    if (when.verdicts && !when.verdicts.includes(verdict)) return false;
    if (when.reasons && !(fault.reason !== undefined && when.reasons.includes(fault.reason)))
      return false;
    if (when.events && !(fault.event !== undefined && when.events.includes(fault.event)))
      return false;
    if (when.crashKernel !== undefined && when.crashKernel !== fault.kernel > 0) return false;
    return (
      when.bdf === undefined || (fault.bdf !== undefined && new RegExp(when.bdf).test(fault.bdf))
    );
  });
}
