import { FLAG } from '../amdvi/events.ts';
import type { FaultRecord } from '../iommu/fault.ts';
import { explainAmdInterrupt } from './amd-interrupt.ts';
import { explainDma } from './dma.ts';
import { dumpedEvidence } from './kernel-dump.ts';
import type { ExplainContext, Judgement } from './judgement.ts';
import type { VerdictId } from './verdicts.ts';

/** Events whose flag I says that the request was an interrupt, and that the tables decide. */
const WITH_INTERRUPT: ReadonlySet<string> = new Set(['IO_PAGE_FAULT', 'ILLEGAL_DEV_TABLE_ENTRY']);

/** Verdicts of events that are not about one request through the tables. */
const WITHOUT_WALK: Readonly<Record<string, { verdict: VerdictId; text: string }>> = {
  ILLEGAL_COMMAND_ERROR: {
    verdict: 'command-failed',
    text: 'The unit read a command that it does not know and stopped its queue: the command buffer was overwritten, or another kernel’s buffer was still in use. Every invalidation after it goes unheard, so cached translations stay as they are.',
  },
  COMMAND_HARDWARE_ERROR: {
    verdict: 'command-failed',
    text: 'The unit could not read its command buffer and stopped its queue: the address that it was given has no memory. Every invalidation after it goes unheard.',
  },
  IOTLB_INV_TIMEOUT: {
    verdict: 'invalidation-unanswered',
    text: 'The device keeps translations of its own (ATS) and did not answer when it was told to drop some: it is in reset, hangs, or has fallen off its bus. The unit waits for it, and completion waits of other devices time out behind it.',
  },
  INVALID_PPR_REQUEST: {
    verdict: 'request-blocked',
    text: 'The device sent a page request (PRI) that its device table entry does not allow, or with a PASID that it has not.',
  },
  GUEST_EVENT_FAULT: {
    verdict: 'undecided',
    text: 'The unit could not write an event into a guest’s log; the event itself is lost.',
  },
  RMP_PAGE_FAULT: {
    verdict: 'request-blocked',
    text: 'The page tables may allow the access; the reverse map table of SEV-SNP does not: the page belongs to a guest, or to firmware.',
  },
  RMP_HW_ERROR: {
    verdict: 'damaged-table',
    text: 'The unit could not read the reverse map table of SEV-SNP.',
  },
};

/** Explains an event of AMD-Vi's event log. */
export function explainEvent(fault: FaultRecord, context: ExplainContext): Judgement {
  const plain =
    fault.event === undefined
      ? undefined
      : WITHOUT_WALK[fault.event.replace('RMP_HARDWARE', 'RMP_HW')];
  if (plain)
    return {
      verdict: plain.verdict,
      text: plain.text,
      tablesSay: 'not asked: the event is about no translation',
      checks: [],
      evidence: dumpedEvidence(fault),
      unit: undefined,
      walk: undefined,
    };
  const flags = Number((fault.flags ?? 0n) & 0xfffn);
  if (flags & FLAG.I && WITH_INTERRUPT.has(fault.event ?? ''))
    return explainAmdInterrupt(fault, context, dumpedEvidence(fault));
  return explainDma(fault, context);
}
