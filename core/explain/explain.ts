import { hex } from '../format/hex.ts';
import type { FaultRecord } from '../iommu/fault.ts';
import { explainDma } from './dma.ts';
import { explainInterrupt } from './interrupt.ts';
import type { ExplainContext, Judgement } from './judgement.ts';
import { matchKnowledge, type KnowledgeEntry } from './knowledge.ts';
import { VERDICTS, type VerdictId } from './verdicts.ts';

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
