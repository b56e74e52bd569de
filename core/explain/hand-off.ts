/** What changes a verdict when the fault came around a hand-off from one kernel to the next. */
import { hex } from '../format/hex.ts';
import type { Evidence } from '../iommu/finding.ts';
import type { WalkResult } from '../iommu/unit.ts';
import type { Detail } from '../log/records.ts';
import { saysEntryAbsent } from './classify.ts';
import type { Check, Judgement } from './judgement.ts';
import { handOffBefore, lineEvidence, type HandOff } from './story.ts';
import type { VerdictId } from './verdicts.ts';
import type { Walked } from './walked.ts';

type Part = Pick<Judgement, 'verdict' | 'text' | 'checks'> & { readonly evidence?: Evidence[] };

/** Functions from here on use the upper half of a scalable-mode root entry. */
const UPPER_HALF = 0x80;

function handOffOf({ fault, context }: Walked): HandOff | undefined {
  return context.story && handOffBefore(context.story, fault);
}

function storyEvidence(handOff: HandOff | undefined): Evidence[] {
  return [handOff?.found, handOff?.tables].flatMap((phase) => (phase ? [lineEvidence(phase)] : []));
}

/**
 * The tables at hand translate the request, but they are not those of the kernel that printed the
 * fault: that kernel put others in their place.
 */
export function translatedAcrossKernels(
  walked: Walked<Extract<WalkResult, { result: 'translated' }>>,
  says: string,
): Part | undefined {
  const { fault, context, request } = walked;
  const { tablesOf } = context;
  if (tablesOf === undefined || tablesOf >= fault.kernel) return undefined;
  const handOff = handOffOf(walked);
  const evidence = storyEvidence(handOff);
  const copied = handOff?.outcome === 'copied' || handOff?.outcome === 'reused';
  const checks: Check[] = [
    { text: 'every entry of the walk could be read', passed: true },
    { text: "the fault was printed after another kernel's tables were put in place", passed: true },
  ];
  if (saysEntryAbsent(fault.reason)) {
    const upper = fault.reason === 0x39 && (request.id & 0xff) >= UPPER_HALF;
    const how = upper
      ? ' The device is one of those that the upper half of a scalable-mode root entry serves; kernels that store a copied table in the wrong half lose exactly these.'
      : copied
        ? ' It had copied the old tables before, and took this entry away since.'
        : handOff?.outcome === 'refused'
          ? ' It had refused to take over the old tables.'
          : '';
    return {
      verdict: 'entry-cleared',
      text: `${says}, but they are those of the first kernel. The kernel that printed the fault had put its own root or context table in place, without an entry for this device, whose DMA was still in flight.${how}`,
      checks: [
        ...checks,
        { text: 'the log says that the old tables were not taken over', passed: notTaken(handOff) },
      ],
      evidence,
    };
  }
  return {
    verdict: 'in-flight-dma',
    text: `${says}, but they are those of the first kernel: it had mapped this address for the device. The kernel that printed the fault attached the device to a domain of its own, where the address means nothing, while DMA that the first kernel started was still in flight.`,
    checks: [
      ...checks,
      {
        text: 'the log says that translation was found enabled at the hand-off',
        passed: handOff && (handOff.found || handOff.tables ? true : undefined),
      },
    ],
    evidence,
  };
}

function notTaken(handOff: HandOff | undefined): boolean | undefined {
  if (!handOff?.outcome) return undefined;
  return handOff.outcome === 'refused' ? true : undefined;
}

/** The tables at hand refuse the request; what the hand-off adds to that. */
export function refusedAcrossKernels(
  walked: Walked<Extract<WalkResult, { result: 'fault' }>>,
  verdict: VerdictId,
): Part | undefined {
  const { fault, context, request, result } = walked;
  const handOff = handOffOf(walked);
  if (!handOff?.capture) return undefined;
  const evidence = storyEvidence(handOff);
  if (context.tablesOf !== undefined && context.tablesOf < fault.kernel) {
    const attached = attachedBefore(walked);
    if (verdict !== 'not-mapped' || !attached || result.reason !== fault.reason) return undefined;
    return {
      verdict: 'stale-cache',
      text: `The first kernel's tables hold no translation for ${hex(request.address)}, and the unit answered just so. But the crash kernel had attached the device to a domain of its own before: the address is one that its driver maps, and the unit still knew the old tables. An invalidation of the old domain is missing after the context entry was replaced.`,
      checks: [
        { text: 'the crash kernel had attached the device before the fault', passed: true },
        { text: "the crash kernel's own tables map the address", passed: undefined },
      ],
      evidence: [...evidence, attached],
    };
  }
  if (context.tablesOf !== fault.kernel) return undefined;
  if (verdict === 'entry-absent' && handOff.outcome !== 'copied' && handOff.outcome !== 'reused')
    return {
      verdict: 'entry-cleared',
      text: `The crash kernel's tables have no entry for this device${handOff.outcome === 'refused' ? ': it had refused to take over those of the first kernel' : ', and the log does not say that it took over those of the first kernel'}. DMA that the first kernel started was still in flight.`,
      checks: [
        {
          text: 'the log says that the old tables were not taken over',
          passed: notTaken(handOff),
        },
      ],
      evidence,
    };
  if (verdict === 'not-mapped' && ownTables(walked, handOff))
    return {
      verdict: 'in-flight-dma',
      text: `The device's page table stands in the crash kernel's own memory and does not map ${hex(request.address)}: the crash kernel had attached the device to a domain of its own, while DMA that the first kernel started was still in flight.`,
      checks: [
        { text: "the page table is the crash kernel's own", passed: true },
        { text: "the first kernel's tables map the address", passed: undefined },
      ],
      evidence,
    };
  return undefined;
}

/** The line by which the crash kernel told, before the fault, that it attached the device itself. */
function attachedBefore({ fault, context }: Walked): Evidence | undefined {
  const plain = (text: Detail | undefined): string | undefined =>
    typeof text === 'string' ? text.replace(/^0000:/, '') : undefined;
  const phase = context.story?.phases.find(
    ({ kernel, line, event, details }) =>
      kernel === fault.kernel &&
      line < fault.line &&
      (event === 'identity-map' || event === 'pass-through') &&
      plain(details['device'] ?? details['bdf']) === fault.bdf,
  );
  return phase && lineEvidence(phase);
}

/** Whether the page tables that the walk went through stand in the crash kernel's own memory. */
function ownTables(walked: Walked, handOff: HandOff): boolean {
  const reserved = walked.context.reserved ?? handOff.reserved;
  const tables = walked.result.steps.filter(({ what }) => /^(?:host )?L\d/.test(what));
  return (
    tables.length > 0 &&
    tables.every(({ table }) => reserved.some(({ start, end }) => table >= start && table <= end))
  );
}

/** A sentence for a verdict of the first kernel's tables about a fault of the crash kernel. */
export function otherWay(walked: Walked): string {
  const { fault, context } = walked;
  if (context.tablesOf === undefined || context.tablesOf >= fault.kernel) return '';
  const handOff = handOffOf(walked);
  if (!handOff?.capture) return '';
  return handOff.outcome === 'copied' || handOff.outcome === 'reused'
    ? ' These are the first kernel’s tables, which the crash kernel had taken over: the request was wrong before the crash already, or came from a domain that the crash kernel made since.'
    : ' These are the first kernel’s tables; what the crash kernel’s own said is not known.';
}
