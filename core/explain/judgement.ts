import type { Evidence } from '../iommu/finding.ts';
import type { Unit, WalkRequest, WalkResult } from '../iommu/unit.ts';
import type { KnowledgeEntry } from './knowledge.ts';
import type { VerdictId } from './verdicts.ts';

/** What explain may look at besides the fault itself. */
export interface ExplainContext {
  readonly units: readonly Unit[];
  /** Which kernel of the log the tables belong to (0: the first); undefined when not known. */
  readonly tablesOf: number | undefined;
  /** The driver bound to a device, when a kernel told. */
  readonly driverOf: (bdf: string) => string | undefined;
  readonly knowledge: readonly KnowledgeEntry[];
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
