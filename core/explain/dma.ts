import { parseBdf } from '../format/bdf.ts';
import { hex, hexByte } from '../format/hex.ts';
import type { FaultRecord } from '../iommu/fault.ts';
import type { Evidence } from '../iommu/finding.ts';
import type { Unit, WalkRequest, WalkResult, WalkStep } from '../iommu/unit.ts';
import { rightsText } from '../iommu/leaves.ts';
import { absent, classify, saysUnreadable } from './classify.ts';
import { otherWay, refusedAcrossKernels, translatedAcrossKernels } from './hand-off.ts';
import {
  sameKernel,
  undecided,
  type Check,
  type ExplainContext,
  type Judgement,
} from './judgement.ts';
import { byKernelDump, dumpedEvidence } from './kernel-dump.ts';
import { meaningOf } from './meaning.ts';
import { regionAt } from './regions.ts';
import type { VerdictId } from './verdicts.ts';
import { walkOfFault } from './fault-walk.ts';
import type { Walked } from './walked.ts';

const MISSING: Readonly<Record<string, string>> = {
  excluded: "was left out by the dump's filter",
  absent: 'is not in this dump',
  failed: 'is damaged in the dump',
  pending: 'has not been read yet',
};

const READABLE: Check = { text: 'every entry of the walk could be read', passed: true };
/** Flags of an IO_PAGE_FAULT that the tables decide: PR, PE, RZ. */
const TABLE_FLAGS = 0xd0;

/** Explains a refused DMA request: the walk over the tables at hand, beside what was reported. */
export function explainDma(fault: FaultRecord, context: ExplainContext): Judgement {
  const bdf = fault.bdf === undefined ? undefined : parseBdf(fault.bdf);
  const said = meaningOf(fault);
  const meaning = said ? `The unit says: ${said}. ` : '';
  if (!bdf || fault.address === undefined)
    return undecided(
      `${meaning}The record names no requester or no address, so no walk can be done.`,
      undefined,
    );
  const unit = servingUnit(context.units, bdf, fault.unit);
  if (!unit)
    return (
      byKernelDump(fault) ??
      undecided(
        `${meaning}No unit with tables is at hand. Load the dump, or register values and memory.`,
        undefined,
        dumpedEvidence(fault),
      )
    );
  const request: WalkRequest = {
    id: bdf.id,
    pasid: fault.pasid,
    address: fault.address,
    access: fault.access ?? 'read',
  };
  const walked = { fault, context, unit, ...walkOfFault(unit, request, fault.reason) };
  const { result } = walked;
  if (result.result === 'unknown') return missing({ ...walked, result }, meaning);
  if (result.result === 'translated') return translated({ ...walked, result });
  return refused({ ...walked, result });
}

/** The unit that the log names, else the one with an entry for a requester, else the first. */
export function servingUnit(
  units: readonly Unit[],
  bdf: { readonly id: number; readonly segment: number },
  name?: string,
): Unit | undefined {
  const candidates = units.filter(
    (unit) => unit.facts.segment === bdf.segment && unit.facts.from !== 'simulated',
  );
  return (
    (name === undefined ? undefined : candidates.find((unit) => unit.facts.name === name)) ??
    (candidates.length === 1
      ? candidates[0]
      : (candidates.find((unit) => unit.devices().devices.some((device) => device.id === bdf.id)) ??
        candidates[0]))
  );
}

function missing(
  walked: Walked<Extract<WalkResult, { result: 'unknown' }>>,
  meaning: string,
): Judgement {
  const { fault, unit, request, result } = walked;
  const evidence = stepEvidence(result.steps);
  const last = result.steps.at(-1);
  const what = last?.what ?? 'root table';
  const at = result.address === undefined ? '' : ` at ${hex(result.address)}`;
  if (result.why === 'no root table')
    return undecided(
      `${meaning}Where the unit's tables stand is not known: no register and no kernel structure tells it.`,
      unit,
    );
  // The unit, too, found no memory there.
  const unreadable =
    saysUnreadable(fault.reason) ||
    fault.event === 'DEV_TAB_HARDWARE_ERROR' ||
    fault.event === 'PAGE_TAB_HARDWARE_ERROR';
  if (result.why === 'absent' && unreadable)
    return {
      verdict: 'damaged-table',
      text: `The unit could not read the table of the ${what}${at}, and this source has no memory there either: the entry above it points to nothing.`,
      tablesSay: `points to ${result.address === undefined ? 'nothing' : hex(result.address)}, where no memory is known`,
      checks: [
        { text: 'the hardware reported a table that can not be read', passed: true },
        { text: 'the source describes all memory of the machine', passed: undefined },
        sameKernel(fault, walked.context),
      ],
      evidence,
      unit,
      walk: { request, result },
    };
  return {
    ...undecided(
      `${meaning}The page of the ${what}${at} ${MISSING[result.why]}, so the walk can't be followed to its end.`,
      unit,
      evidence,
    ),
    walk: { request, result },
  };
}

/** The tables allow the request, and the hardware refused it. */
function translated(walked: Walked<Extract<WalkResult, { result: 'translated' }>>): Judgement {
  const { fault, context, unit, request, result } = walked;
  const says = result.untranslated
    ? 'The tables let this requester pass untranslated'
    : `The tables translate this ${request.access} to ${hex(result.pa)}`;
  const common = {
    tablesSay: result.untranslated
      ? 'untranslated'
      : `${rightsText(result.rights)} → ${hex(result.pa)}`,
    evidence: [...stepEvidence(result.steps), ...dumpedEvidence(fault)],
    unit,
    walk: { request, result },
  };
  const across = translatedAcrossKernels(walked, says);
  if (across)
    return { ...common, ...across, evidence: [...common.evidence, ...(across.evidence ?? [])] };
  return {
    ...common,
    verdict: 'stale-cache',
    text: `${says}. The unit refused it all the same, so it answered from an older entry that it had cached: an invalidation is missing after the tables were changed.`,
    checks: [
      READABLE,
      sameKernel(fault, context),
      { text: `the walk grants the ${request.access} at every level`, passed: true },
      ...domainCheck(fault, walked),
      {
        text: 'the tables were already so when the fault came: the kernel dumped the entries then',
        passed: dumpedPresent(fault, request),
      },
    ],
  };
}

/**
 * Whether the entries that the kernel printed right after the fault already granted the access;
 * undefined where it printed none down to a page.
 */
function dumpedPresent(fault: FaultRecord, request: WalkRequest): boolean | undefined {
  const entries = fault.dump?.filter((each) => each.what === 'pte') ?? [];
  if (!entries.some((each) => each.level === 1)) return undefined;
  const bit = request.access === 'write' ? 2n : 1n;
  return entries.every((each) => ((each.words[0] ?? 0n) & bit) !== 0n);
}

/** The tables refuse the request too: the deciding entry says why. */
function refused(walked: Walked<Extract<WalkResult, { result: 'fault' }>>): Judgement {
  const { fault, context, unit, request, result } = walked;
  const last = result.steps.at(-1);
  const verdict = classify(fault.vendor, result, request.address);
  const agrees = agreement(fault, result);
  const common = {
    tablesSay:
      fault.vendor === 'intel'
        ? `refused, reason ${hexByte(result.reason)} ${result.name}`
        : `refused, ${result.name}`,
    evidence: [...stepEvidence(result.steps), ...dumpedEvidence(fault)],
    unit,
    walk: { request, result },
  };
  const checks: Check[] = [
    READABLE,
    sameKernel(fault, context),
    { text: 'the walk ends with what the hardware reported', passed: agrees },
    ...domainCheck(fault, walked),
  ];
  const unmapped = /^(?:not-mapped|permission-missing|entry-absent)$/.test(verdict);
  const region = unmapped
    ? regionAt(context.regions ?? [], unit.facts.segment, request.id, request.address)
    : undefined;
  if (region)
    return {
      ...common,
      verdict: 'rmrr-not-mapped',
      text: `${hex(request.address)} lies in the firmware region ${hex(region.start)} to ${hex(region.end)} (${region.kind}), which ${region.devices ? 'this device needs mapped to itself' : 'some device needs mapped to itself'}; ${at(last)} does not let the ${request.access} through.`,
      checks: [
        ...checks,
        { text: `the ${region.kind} names this device`, passed: region.devices && true },
      ],
      evidence: [...common.evidence, { what: region.from, meaning: regionText(region) }],
    };
  const across = refusedAcrossKernels(walked, verdict);
  if (across)
    return {
      ...common,
      ...across,
      checks: [...checks, ...across.checks],
      evidence: [...common.evidence, ...(across.evidence ?? [])],
    };
  return {
    ...common,
    verdict,
    text:
      describe(verdict, result, last, request) +
      (agrees === false ? disagreement(fault, result) : '') +
      otherWay(walked),
    checks,
  };
}

/** Whether the tables give what the hardware reported. */
function agreement(
  fault: FaultRecord,
  result: Extract<WalkResult, { result: 'fault' }>,
): boolean | undefined {
  if (fault.vendor === 'intel')
    return fault.reason === undefined ? undefined : fault.reason === result.reason;
  if (fault.event === undefined) return undefined;
  if (fault.event !== result.name) return false;
  if (fault.flags === undefined || result.flags === undefined) return true;
  return (Number(fault.flags & 0xfffn) & TABLE_FLAGS) === (result.flags & TABLE_FLAGS);
}

function disagreement(
  fault: FaultRecord,
  result: Extract<WalkResult, { result: 'fault' }>,
): string {
  const intel = fault.vendor === 'intel';
  const said = intel ? `reason ${hexByte(fault.reason!)}` : (meaningOf(fault) ?? fault.event!);
  const given = intel ? hexByte(result.reason) : result.name;
  return ` The hardware reported ${said}, the tables give ${given === fault.event ? 'another cause' : given}: they changed since, or the unit had an older entry cached.`;
}

/** An AMD-Vi event names the domain that the unit used: the entry's own, unless it changed since. */
function domainCheck(fault: FaultRecord, walked: Walked): Check[] {
  if (fault.vendor !== 'amd' || fault.domain === undefined) return [];
  const entry = walked.result.steps.find(({ entry: each }) => each?.layout.name === 'DTE')?.entry;
  if (!entry) return [];
  const domain = Number((entry.words[1] ?? 0n) & 0xffffn);
  return [
    {
      text: 'the event names the domain of the device table entry',
      passed: fault.domain === domain,
    },
  ];
}

const regionText = (region: { kind: string; start: bigint; end: bigint }): string =>
  `${region.kind} ${hex(region.start)} to ${hex(region.end)}`;

function at(step: WalkStep | undefined): string {
  return step?.entry ? `the ${step.what} at ${hex(step.entry.address)}` : 'the walk';
}

function describe(
  verdict: VerdictId,
  result: Extract<WalkResult, { result: 'fault' }>,
  last: WalkStep | undefined,
  request: WalkRequest,
): string {
  const where = at(last);
  const Where = where[0].toUpperCase() + where.slice(1);
  switch (verdict) {
    case 'not-mapped':
      return `The device's tables hold no translation for ${hex(request.address)}: ${where} is not present. The driver never mapped this page, or had unmapped it.`;
    case 'permission-missing':
      return `The page is mapped, but ${where} does not grant a ${request.access}.`;
    case 'entry-absent':
      return `The requester has no translation at all: ${where} ${last && !absent(last) ? 'translates nothing' : 'is not present'}.`;
    case 'reserved-bits':
      return `${Where} has bits set that must be 0, so the unit refuses everything below it.`;
    case 'beyond-width':
      return `${hex(request.address)} lies beyond the width that the domain's levels cover.`;
    case 'request-blocked':
      return `${Where} does not allow this kind of request.`;
    case 'damaged-table':
      return `${Where} does not lead to a sound table.`;
    default:
      return result.name;
  }
}

function stepEvidence(steps: readonly WalkStep[]): Evidence[] {
  return steps.flatMap(({ entry, what, text, outcome }) =>
    entry
      ? [
          {
            what,
            address: entry.address,
            words: entry.words,
            ...(outcome === 'stop' ? decidingField(entry.layout.byName) : {}),
            meaning: text,
          },
        ]
      : [],
  );
}

/** The present bit's name of an entry that ended a walk, where its layout has one. */
function decidingField(fields: ReadonlyMap<string, unknown>): { field?: string } {
  const name = ['P', 'PR', 'R', 'TV'].find((each) => fields.has(each));
  return name === undefined ? {} : { field: name };
}
