import { decodeDte, pointsToInterruptTable } from '../amdvi/dte.ts';
import { parseBdf } from '../format/bdf.ts';
import { hex } from '../format/hex.ts';
import type { FaultRecord } from '../iommu/fault.ts';
import type { Evidence } from '../iommu/finding.ts';
import type { Unit } from '../iommu/unit.ts';
import { explainDma, servingUnit } from './dma.ts';
import { sameKernel, undecided, type ExplainContext, type Judgement } from './judgement.ts';
import { meaningOf } from './meaning.ts';
import type { VerdictId } from './verdicts.ts';

/** Flags of an IO_PAGE_FAULT: bits 59:48 of the entry. */
const FLAG = { I: 0x008, PR: 0x010, PE: 0x040, RZ: 0x080 };

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
      evidence: dumped(fault),
      unit: undefined,
      walk: undefined,
    };
  const flags = Number((fault.flags ?? 0n) & 0xfffn);
  if (fault.event === 'IO_PAGE_FAULT' && flags & FLAG.I)
    return explainInterrupt(fault, context, flags);
  return explainDma(fault, context);
}

/** Entries and commands that the kernel printed with the event. */
function dumped(fault: FaultRecord): Evidence[] {
  return (fault.dump ?? []).map((each) => ({
    what: `${each.what}, as the kernel printed it`,
    words: each.words,
  }));
}

/** An interrupt that was refused: the event names the device, not the entry. */
function explainInterrupt(fault: FaultRecord, context: ExplainContext, flags: number): Judgement {
  const meaning = `The unit says: ${meaningOf(fault) ?? 'an interrupt was refused'}. `;
  const bdf = fault.bdf === undefined ? undefined : parseBdf(fault.bdf);
  const unit = bdf && servingUnit(context.units, bdf, fault.unit);
  const entry = unit?.entry(`${unit.facts.name}/${fault.bdf}/dte`);
  if (!unit || !entry)
    return undecided(`${meaning}The device's entry in the device table is not at hand.`, unit);
  const dte = decodeDte(entry.words);
  const evidence: Evidence[] = [
    {
      what: 'device table entry',
      address: entry.address,
      words: entry.words,
      field: 'IntCtl',
      meaning: dte.interruptValid ? `IntCtl ${dte.interruptControl}` : 'IV = 0',
    },
    ...dumped(fault),
  ];
  const judge = (
    verdict: VerdictId,
    text: string,
    tablesSay: string,
    agrees?: boolean,
  ): Judgement => ({
    verdict,
    text,
    tablesSay,
    checks: [
      { text: 'the device table entry explains what the hardware reported', passed: agrees },
      sameKernel(fault, context),
    ],
    evidence,
    unit,
    walk: undefined,
  });
  if (!pointsToInterruptTable(dte))
    return judge(
      dte.interruptValid && dte.interruptControl === 0
        ? 'request-blocked'
        : 'interrupt-stale-cache',
      dte.interruptValid && dte.interruptControl === 0
        ? 'The entry aborts all fixed interrupts of this device (IntCtl = 00b), as Linux sets it for devices that it has not given interrupts.'
        : 'The entry lets interrupts of this device through unmapped: the unit answered from an older entry.',
      dte.interruptValid ? `IntCtl ${dte.interruptControl}` : 'IV = 0: not remapped',
      undefined,
    );
  const { text, room } = tableText(unit, fault.bdf!);
  if (flags & FLAG.PR)
    return judge(
      flags & FLAG.RZ ? 'reserved-bits' : flags & FLAG.PE ? 'permission-missing' : 'damaged-table',
      `An enabled entry of the device's interrupt table refuses the interrupt (${flags & FLAG.RZ ? 'a reserved bit is set' : 'its type is not allowed'}). ${text}`,
      text,
    );
  return judge(
    'interrupt-entry-absent',
    `The entry that the device's message names is not enabled, or lies beyond its table: the kernel that owned the interrupt is gone, or freed it while the device still sent it. ${text}`,
    text,
    room,
  );
}

/** What is known of a device's interrupt table. */
function tableText(unit: Unit, bdf: string): { text: string; room: boolean | undefined } {
  const table = unit.interrupts(false).find(({ devices }) => devices.includes(bdf));
  if (!table) return { text: 'Its table is not at hand.', room: undefined };
  return {
    text: `Its table at ${hex(table.table)} has ${table.capacity} entries, ${table.present} of them enabled.`,
    room: table.incomplete.length > 0 ? undefined : table.present < 2048,
  };
}
