import { hex } from '../format/hex.ts';
import type { FaultRecord } from '../iommu/fault.ts';
import type { Evidence } from '../iommu/finding.ts';
import type { Unit, WalkRequest, WalkResult } from '../iommu/unit.ts';
import { explainDma } from './dma.ts';
import { explainInterrupt } from './interrupt.ts';
import { matchKnowledge, type KnowledgeEntry } from './knowledge.ts';
import { VERDICTS, type VerdictId } from './verdicts.ts';

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

export interface Explanation extends Judgement {
  /** Who, what, where. */
  readonly sentence: string;
  readonly hardwareSaid: string;
  readonly confidence: 'strong' | 'fair' | 'weak';
  readonly fixes: readonly KnowledgeEntry[];
}

/**
 * Says why one fault happened, by doing the walk that the unit did over the tables at hand and
 * comparing: what the tables say, what the hardware said, and what lies between.
 */
export function explainFault(fault: FaultRecord, context: ExplainContext): Explanation {
  const judgement =
    fault.type === 'interrupt' ? explainInterrupt(fault, context) : explainDma(fault, context);
  return {
    ...judgement,
    sentence: sentence(fault, context),
    hardwareSaid: hardwareSaid(fault),
    confidence: confidence(judgement),
    fixes: matchKnowledge(context.knowledge, { fault, verdict: judgement.verdict }),
  };
}

function sentence(fault: FaultRecord, context: ExplainContext): string {
  const driver = fault.bdf && context.driverOf(fault.bdf);
  const who = fault.bdf ? `${fault.bdf}${driver ? ` (${driver})` : ''}` : 'A device';
  if (fault.type === 'interrupt')
    return `${who} was refused an interrupt${fault.index === undefined ? '' : ` of index ${fault.index}`}`;
  const where = fault.address === undefined ? '' : ` at ${hex(fault.address)}`;
  if (fault.type === 'event' && fault.event !== 'IO_PAGE_FAULT')
    return `The unit logged ${fault.event ?? 'an event'} for ${who}${where}`;
  return `${who} was refused a DMA ${fault.access ?? 'request'}${where}`;
}

function hardwareSaid(fault: FaultRecord): string {
  if (fault.vendor === 'amd')
    return `${fault.event ?? 'event'}${fault.flagNames?.length ? `, ${fault.flagNames.join(' ')}` : ''}`;
  const what = fault.type === 'interrupt' ? 'interrupt' : (fault.access ?? 'request');
  return `${what} refused${fault.reason === undefined ? '' : `, reason ${hex(fault.reason)}`}`;
}

/** Strong: every check passed. Fair: none failed. Weak: one failed, or the data is missing. */
function confidence(judgement: Judgement): Explanation['confidence'] {
  if (judgement.verdict === 'undecided' || judgement.checks.some((check) => check.passed === false))
    return 'weak';
  return judgement.checks.every((check) => check.passed) ? 'strong' : 'fair';
}

/** The verdict of a fault alone, for lists that show many. */
export function verdictTitle(id: VerdictId): string {
  return VERDICTS[id].title;
}
