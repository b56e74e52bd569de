import { hex, hexByte } from '../format/hex.ts';
import type { FaultRecord } from '../iommu/fault.ts';
import { explainEvent } from './amd-events.ts';
import { explainDma } from './dma.ts';
import { explainInterrupt } from './interrupt.ts';
import type { ExplainContext, Judgement } from './judgement.ts';
import { matchKnowledge, type KnowledgeEntry } from './knowledge.ts';
import { flagNames, meaningOf } from './meaning.ts';
import { handOffBefore, lineEvidence, type HandOff } from './story.ts';
import { misleadingWords } from './wording.ts';

export interface Explanation extends Judgement {
  /** Who, what, where. */
  readonly sentence: string;
  readonly hardwareSaid: string;
  readonly confidence: 'strong' | 'fair' | 'weak';
  readonly fixes: readonly KnowledgeEntry[];
  /** Where the kernel's words mislead. */
  readonly notes: readonly string[];
  /** What the log says of the hand-off before the fault, in one sentence; empty when nothing. */
  readonly story: string;
}

/**
 * Says why one fault happened, by doing the walk that the unit did over the tables at hand and
 * comparing: what the tables say, what the hardware said, and what lies between.
 */
export function explainFault(fault: FaultRecord, context: ExplainContext): Explanation {
  const judgement = judge(fault, context);
  const handOff = context.story && handOffBefore(context.story, fault);
  return {
    ...judgement,
    evidence: [...judgement.evidence, ...storyEvidence(judgement, handOff)],
    sentence: sentence(fault, context),
    hardwareSaid: hardwareSaid(fault),
    confidence: confidence(judgement),
    fixes: matchKnowledge(context.knowledge, { fault, verdict: judgement.verdict, context }),
    notes: misleadingWords(fault, judgement.verdict, context.story),
    story: storyText(handOff),
  };
}

function judge(fault: FaultRecord, context: ExplainContext): Judgement {
  if (fault.vendor === 'amd') return explainEvent(fault, context);
  return fault.type === 'interrupt' ? explainInterrupt(fault, context) : explainDma(fault, context);
}

function sentence(fault: FaultRecord, context: ExplainContext): string {
  const driver = fault.driver ?? (fault.bdf && context.driverOf(fault.bdf));
  const who = fault.bdf ? `${fault.bdf}${driver ? ` (${driver})` : ''}` : 'A device';
  if (fault.type === 'interrupt')
    return `${who} was refused an interrupt${fault.index === undefined ? '' : ` of index ${fault.index}`}`;
  const where = fault.address === undefined ? '' : ` at ${hex(fault.address)}`;
  if (fault.type === 'event' && fault.event !== 'IO_PAGE_FAULT')
    return `The unit logged ${fault.event ?? 'an event'} for ${fault.bdf ? who : 'itself'}${where}`;
  if (flagNames(fault).includes('I')) return `${who} was refused an interrupt${where}`;
  const pasid = fault.pasid === undefined ? '' : ` with PASID ${hex(fault.pasid)}`;
  return `${who} was refused a DMA ${fault.access ?? 'request'}${where}${pasid}`;
}

function hardwareSaid(fault: FaultRecord): string {
  const meaning = meaningOf(fault);
  const words = meaning ? `: ${meaning[0].toLowerCase()}${meaning.slice(1)}` : '';
  if (fault.vendor === 'amd') {
    const names = flagNames(fault);
    const flags = names.length > 0 ? `, ${names.join(' ')}` : '';
    return `${fault.event ?? 'event'}${flags}${words}`;
  }
  const what = fault.type === 'interrupt' ? 'interrupt' : (fault.access ?? 'request');
  return `${what} refused${fault.reason === undefined ? '' : `, reason ${hexByte(fault.reason)}`}${words}`;
}

/** Strong: every check passed. Fair: none failed. Weak: one failed, or the data is missing. */
function confidence(judgement: Judgement): Explanation['confidence'] {
  if (judgement.verdict === 'undecided' || judgement.checks.some((check) => check.passed === false))
    return 'weak';
  return judgement.checks.every((check) => check.passed) ? 'strong' : 'fair';
}

const TAKEN: Readonly<Record<'copied' | 'reused' | 'refused', string>> = {
  copied: 'It had copied the tables of the kernel before it.',
  reused: 'It had gone on using the tables of the kernel before it.',
  refused: 'It had refused to take over the tables of the kernel before it.',
};

function storyText(handOff: HandOff | undefined): string {
  if (!handOff?.kernel) return '';
  const { kernel } = handOff;
  const release = kernel.release === undefined ? '' : `, Linux ${kernel.release},`;
  const { clock } = kernel;
  const which = clock.startsWith('kernel') ? `K${clock.slice(1)}` : `The ${clock}`;
  const who = `${which}${release} printed it.`;
  if (!handOff.capture) return who;
  const taken = handOff.outcome
    ? TAKEN[handOff.outcome]
    : handOff.found
      ? 'It had found translation enabled.'
      : 'Nothing before it says what became of the old tables.';
  return `${who} ${taken}`;
}

/** The hand-off's lines, unless the verdict named them already. */
function storyEvidence(
  judgement: Judgement,
  handOff: HandOff | undefined,
): Explanation['evidence'] {
  if (!handOff?.capture) return [];
  const named = new Set(judgement.evidence.map(({ what }) => what));
  return [handOff.found, handOff.tables, handOff.interrupts]
    .flatMap((phase) => (phase ? [lineEvidence(phase)] : []))
    .filter(({ what }) => !named.has(what));
}
