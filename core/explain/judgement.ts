import type { Evidence } from '../iommu/finding.ts';
import type { Unit, WalkRequest, WalkResult } from '../iommu/unit.ts';
import type { KnownFunction } from './functions.ts';
import type { KnowledgeEntry } from './knowledge.ts';
import type { FirmwareRegion } from './regions.ts';
import type { LogStory } from './story.ts';
import type { VerdictId } from './verdicts.ts';

/** What explain may look at besides the fault itself. */
export interface ExplainContext {
  readonly units: readonly Unit[];
  /** Which kernel of the log the tables belong to (0: the first); undefined when not known. */
  readonly tablesOf: number | undefined;
  /** The driver bound to a device, when a kernel told. */
  readonly driverOf: (bdf: string) => string | undefined;
  readonly knowledge: readonly KnowledgeEntry[];
  /** The console log that the fault is of. */
  readonly story?: LogStory;
  /** Every PCI function of the machine, when somebody knows. */
  readonly functions?: readonly KnownFunction[];
  /** RMRR and IVMD ranges, when somebody knows. */
  readonly regions?: readonly FirmwareRegion[];
  /** Memory set aside for the crash kernel, last addresses included. */
  readonly reserved?: readonly { readonly start: bigint; readonly end: bigint }[];
}

/** One check behind the confidence; `passed` is undefined where it could not be made. */
export interface Check {
  readonly text: string;
  readonly passed: boolean | undefined;
}

/** What a vendor's part of explain finds; `explainFault` makes the whole of it. */
export interface Judgement {
  readonly verdict: VerdictId;
  readonly text: string;
  readonly tablesSay: string;
  readonly checks: readonly Check[];
  readonly evidence: readonly Evidence[];
  readonly unit: Unit | undefined;
  readonly walk: { readonly request: WalkRequest; readonly result: WalkResult } | undefined;
}

/** A judgement that could not be come to. */
export function undecided(
  text: string,
  unit: Unit | undefined,
  evidence: readonly Evidence[] = [],
): Judgement {
  return {
    verdict: 'undecided',
    text,
    tablesSay: "can't be read",
    checks: [],
    evidence,
    unit,
    walk: undefined,
  };
}

/** Whether the tables are those of the kernel that printed the fault, as a check. */
export function sameKernel(fault: { readonly kernel: number }, context: ExplainContext): Check {
  return {
    text: 'the tables belong to the kernel that printed the fault',
    passed: context.tablesOf === undefined ? undefined : context.tablesOf === fault.kernel,
  };
}
