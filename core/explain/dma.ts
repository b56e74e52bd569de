import { fieldValue, reservedSet } from '../bits/layout.ts';
import { parseBdf } from '../format/bdf.ts';
import { hex } from '../format/hex.ts';
import type { FaultRecord } from '../iommu/fault.ts';
import type { Evidence } from '../iommu/finding.ts';
import { rightsText } from '../iommu/leaves.ts';
import type { Unit, WalkRequest, WalkResult, WalkStep } from '../iommu/unit.ts';
import type { Check, ExplainContext, Judgement } from './judgement.ts';
import type { VerdictId } from './verdicts.ts';

const MISSING: Readonly<Record<string, string>> = {
  excluded: "was left out by the dump's filter",
  absent: 'is not in this dump',
  failed: 'is damaged in the dump',
  pending: 'has not been read yet',
  'no root table': 'is not known',
};

/** Explains a refused DMA request: the walk over the tables at hand, beside what was reported. */
export function explainDma(fault: FaultRecord, context: ExplainContext): Judgement {
  const bdf = fault.bdf === undefined ? undefined : parseBdf(fault.bdf);
  if (!bdf || fault.address === undefined)
    return undecided(
      'The record names no requester or no address, so no walk can be done.',
      undefined,
    );
  const unit = servingUnit(context.units, bdf.id, bdf.segment);
  if (!unit)
    return undecided(
      'No unit with tables is at hand. Load the dump, or register values and memory.',
      undefined,
    );
  const request: WalkRequest = {
    id: bdf.id,
    pasid: fault.pasid,
    address: fault.address,
    access: fault.access ?? 'read',
  };
  const result = unit.walk(request);
  const walk = { request, result };
  const steps = stepEvidence(result.steps);
  if (result.result === 'unknown') {
    const last = result.steps.at(-1);
    return {
      ...undecided(
        `The page of the ${last?.what ?? 'root table'}${result.address === undefined ? '' : ` at ${hex(result.address)}`} ${MISSING[result.why]}, so the walk can't be followed to its end.`,
        unit,
      ),
      walk,
      evidence: steps,
    };
  }
  const checks: Check[] = [
    { text: 'every entry of the walk could be read', passed: true },
    sameKernel(fault, context),
  ];
  if (result.result === 'translated')
    return stale(fault, context, unit, walk, checks, steps, result);
  return refused(fault, unit, walk, checks, steps, result);
}

/** The unit with an entry for a requester, else the first of its segment. */
function servingUnit(units: readonly Unit[], id: number, segment: number): Unit | undefined {
  const candidates = units.filter(
    (unit) => unit.facts.segment === segment && unit.facts.from !== 'simulated',
  );
  return (
    candidates.find((unit) => unit.devices().devices.some((device) => device.id === id)) ??
    candidates[0]
  );
}

function sameKernel(fault: FaultRecord, context: ExplainContext): Check {
  return {
    text: 'the tables belong to the kernel that printed the fault',
    passed: context.tablesOf === undefined ? undefined : context.tablesOf === fault.kernel,
  };
}

type Walked = { readonly request: WalkRequest; readonly result: WalkResult };

/** Reasons that say that a root, context or PASID entry is not present. */
const ABSENT_REASONS: ReadonlySet<number> = new Set([0x1, 0x2, 0x39, 0x41, 0x51, 0x59]);

/** The tables allow the request, and the hardware refused it. */
function stale(
  fault: FaultRecord,
  context: ExplainContext,
  unit: Unit,
  walk: Walked,
  checks: Check[],
  evidence: Evidence[],
  result: Extract<WalkResult, { result: 'translated' }>,
): Judgement {
  const tablesSay = `${rightsText(result.rights)} → ${hex(result.pa)}`;
  const otherKernel = context.tablesOf !== undefined && context.tablesOf !== fault.kernel;
  const says = result.untranslated
    ? 'The tables let this requester pass untranslated'
    : `The tables translate this ${walk.request.access} to ${hex(result.pa)}`;
  if (otherKernel && fault.reason !== undefined && ABSENT_REASONS.has(fault.reason))
    return {
      verdict: 'entry-cleared',
      text: `${says}, but they are those of the first kernel. The kernel that printed the fault had put its own root or context table in place, without an entry for this device, whose DMA was still in flight.`,
      tablesSay,
      checks: [
        { text: 'every entry of the walk could be read', passed: true },
        {
          text: "the fault was printed after another kernel's tables were put in place",
          passed: true,
        },
      ],
      evidence,
      unit,
      walk,
    };
  return {
    verdict: 'stale-cache',
    text: `${says}. The unit refused it all the same, so it answered from an older entry that it had cached: an invalidation is missing after the tables were changed.`,
    tablesSay,
    checks: [
      ...checks,
      { text: `the walk grants the ${walk.request.access} at every level`, passed: true },
    ],
    evidence,
    unit,
    walk,
  };
}

/** The tables refuse the request too: the deciding entry says why. */
function refused(
  fault: FaultRecord,
  unit: Unit,
  walk: Walked,
  checks: Check[],
  evidence: Evidence[],
  result: Extract<WalkResult, { result: 'fault' }>,
): Judgement {
  const last = result.steps.at(-1);
  const verdict = judge(result, last);
  const agrees =
    fault.vendor === 'intel'
      ? fault.reason === undefined
        ? undefined
        : fault.reason === result.reason
      : fault.event === undefined
        ? undefined
        : fault.event === result.name;
  return {
    verdict,
    text: describe(verdict, result, last, walk.request, agrees === false ? fault : undefined),
    tablesSay:
      fault.vendor === 'intel'
        ? `refused, reason ${hex(result.reason)} ${result.name}`
        : `refused, ${result.name}`,
    checks: [...checks, { text: 'the walk ends with what the hardware reported', passed: agrees }],
    evidence,
    unit,
    walk,
  };
}

/** Present bits and rights by the vendors' own field names. */
function absent(step: WalkStep): boolean {
  const { entry } = step;
  if (!entry) return false;
  const value = (name: string): bigint | undefined => {
    const field = entry.layout.byName.get(name);
    return field && fieldValue(entry.words, field);
  };
  const present = value('P') ?? value('PR') ?? value('V');
  if (present !== undefined) return present === 0n;
  // A second-stage entry has no present bit: it is absent when it grants neither read nor write.
  const [read, write] = [value('R'), value('W')];
  return read === 0n && write === 0n;
}

function judge(
  result: Extract<WalkResult, { result: 'fault' }>,
  last: WalkStep | undefined,
): VerdictId {
  if (/width|MGAW|beyond|canonical|DMA hardware max/i.test(result.name)) return 'beyond-width';
  const entry = last?.entry;
  if (!last || !entry) return 'damaged-table';
  if (
    reservedSet(entry.layout, entry.words).length > 0 &&
    /reserved|illegal|invalid/i.test(result.name)
  )
    return 'reserved-bits';
  const isPageEntry = /^L\d|leaf|page/i.test(last.what);
  if (!isPageEntry) {
    if (absent(last)) return 'entry-absent';
    if (/reserved/i.test(result.name)) return 'reserved-bits';
    return /block|translation request|pass|enable/i.test(result.name)
      ? 'request-blocked'
      : 'damaged-table';
  }
  if (absent(last)) return 'not-mapped';
  if (/reserved/i.test(result.name)) return 'reserved-bits';
  return /access|permission|IO_PAGE_FAULT/i.test(result.name)
    ? 'permission-missing'
    : 'damaged-table';
}

function describe(
  verdict: VerdictId,
  result: Extract<WalkResult, { result: 'fault' }>,
  last: WalkStep | undefined,
  request: WalkRequest,
  disagrees: FaultRecord | undefined,
): string {
  const at = last?.entry ? `the ${last.what} at ${hex(last.entry.address)}` : 'the walk';
  const text: Partial<Record<VerdictId, string>> = {
    'not-mapped': `The device's tables hold no translation for ${hex(request.address)}: ${at} is not present. The driver never mapped this page, or had unmapped it.`,
    'permission-missing': `The page is mapped, but ${at} does not grant a ${request.access}.`,
    'entry-absent': `The requester has no translation at all: ${at} is not present.`,
    'reserved-bits': `${at[0].toUpperCase()}${at.slice(1)} has bits set that must be 0, so the unit refuses the whole table below it.`,
    'beyond-width': `${hex(request.address)} lies beyond the width that the domain's levels cover.`,
    'request-blocked': `${at[0].toUpperCase()}${at.slice(1)} does not allow this kind of request.`,
    'damaged-table': `${at[0].toUpperCase()}${at.slice(1)} does not lead to a sound table.`,
  };
  const said = disagrees
    ? ` The hardware reported ${disagrees.reason === undefined ? (disagrees.event ?? 'another event') : `reason ${hex(disagrees.reason)}`}, the tables give ${hex(result.reason)}: they changed since, or the unit had an older entry cached.`
    : '';
  return (text[verdict] ?? result.name) + said;
}

function stepEvidence(steps: readonly WalkStep[]): Evidence[] {
  return steps
    .filter((step) => step.entry)
    .map((step) => ({
      what: step.what,
      address: step.entry!.address,
      words: step.entry!.words,
      meaning: step.text,
    }));
}

function undecided(text: string, unit: Unit | undefined): Judgement {
  return {
    verdict: 'undecided',
    text,
    tablesSay: "can't be read",
    checks: [],
    evidence: [],
    unit,
    walk: undefined,
  };
}
