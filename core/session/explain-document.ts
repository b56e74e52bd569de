import { formatBdf } from '../format/bdf.ts';
import { hex } from '../format/hex.ts';
import type { Explanation } from '../explain/explain.ts';
import type { KnownFunction } from '../explain/functions.ts';
import type { ExplainContext } from '../explain/judgement.ts';
import type { KnowledgeEntry } from '../explain/knowledge.ts';
import { captureKernel, crashedKernel, reservedFor, type LogStory } from '../explain/story.ts';
import { VERDICTS } from '../explain/verdicts.ts';
import type { FaultRecord } from '../iommu/fault.ts';
import type { Unit } from '../iommu/unit.ts';
import { faultJson } from '../log/json.ts';
import { firmwareRegions } from './firmware-tables.ts';
import type { Investigation } from './investigation.ts';
import { evidenceJson } from './json.ts';
import { walkDocument } from './walk-document.ts';

/** What explain needs beside the fault: gathered once for all faults of a log. */
export function explainContext(
  investigation: Investigation,
  units: readonly Unit[],
  about: { readonly knowledge: readonly KnowledgeEntry[]; readonly story: LogStory | undefined },
): ExplainContext {
  const { story, knowledge } = about;
  const functions = knownFunctions(investigation);
  const drivers = new Map(
    functions.flatMap(({ id, segment, driver }) =>
      driver === undefined ? [] : [[formatBdf(id, segment), driver] as const],
    ),
  );
  return {
    units,
    tablesOf: tablesOf(investigation, units, story),
    driverOf: (bdf) => drivers.get(bdf),
    knowledge,
    story,
    functions,
    regions: firmwareRegions(investigation, story),
    reserved: reservedRanges(investigation, story),
  };
}

/** The PCI functions that the dump's kernel knows, or else those that lspci lists. */
export function knownFunctions(investigation: Investigation): readonly KnownFunction[] {
  const known = investigation.kernel()?.devices() ?? [];
  if (known.length > 0) return known;
  return investigation.pciDevices().map(({ bdf, vendor, device, classCode, driver }) => ({
    ...bdf,
    vendor,
    device,
    // lspci writes base class and subclass; the programming interface is not told.
    class: classCode === undefined ? undefined : classCode << 8,
    driver,
  }));
}

/** Memory set aside for the crash kernel, as the kernel, /proc/iomem or else the log tells it. */
export function reservedRanges(
  investigation: Investigation,
  story: LogStory | undefined,
): { readonly start: bigint; readonly end: bigint }[] {
  const reservation = investigation.kernel()?.crashReservation();
  if (reservation) return [reservation, ...(reservation.low ? [reservation.low] : [])];
  const listed = (investigation.iomem?.ranges ?? []).filter(({ name }) => name === 'Crash kernel');
  if (listed.length > 0) return listed;
  return story ? reservedFor(story, Number.POSITIVE_INFINITY) : [];
}

/**
 * Which kernel of the log the tables belong to: the one in whose memory they stand. A device table
 * that the crash kernel goes on using belongs to both, so that nobody can say.
 */
function tablesOf(
  investigation: Investigation,
  units: readonly Unit[],
  story: LogStory | undefined,
): number | undefined {
  // A line by itself does not say which kernel printed it.
  if (!story || units.length === 0) return undefined;
  const capture = captureKernel(story);
  const crashed = crashedKernel(story);
  if (!investigation.registers)
    return investigation.kernel()?.isCrashKernel() ? (capture ?? 0) : crashed;
  if (capture === undefined) return story.kernels.length <= 1 ? crashed : undefined;
  const reserved = reservedRanges(investigation, story);
  const roots = units.flatMap(({ facts }) => {
    const root = facts.vendor === 'intel' ? facts.rootTable : facts.deviceTable;
    return root === undefined ? [] : [root];
  });
  if (roots.length === 0 || reserved.length === 0) return undefined;
  const own = roots.every((root) =>
    reserved.some(({ start, end }) => root >= start && root <= end),
  );
  if (own) return capture;
  return story.phases.some(({ event }) => event === 'tables-reused') ? undefined : crashed;
}

/** One explained fault as the command line's contract writes it. */
export function explanationJson(
  fault: FaultRecord,
  explanation: Explanation,
  segments = false,
): Record<string, unknown> {
  const { walk, unit } = explanation;
  return {
    fault: faultJson(fault, segments),
    sentence: explanation.sentence,
    verdict: explanation.verdict,
    title: VERDICTS[explanation.verdict].title,
    confidence: explanation.confidence,
    text: explanation.text,
    tablesSay: explanation.tablesSay,
    hardwareSaid: explanation.hardwareSaid,
    checks: explanation.checks.map(({ text, passed }) => ({ text, passed: passed ?? null })),
    disprove: VERDICTS[explanation.verdict].disprove,
    evidence: explanation.evidence.map(evidenceJson),
    fixes: explanation.fixes.map(({ id, text, source }) => ({ id, text, source })),
    notes: explanation.notes,
    story: explanation.story,
    unit: unit?.facts.name ?? null,
    walk: unit && walk ? withoutSchema(walkDocument(unit, walk.request, walk.result)) : null,
  };
}

function withoutSchema(document: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(document).filter(([name]) => name !== 'schema'));
}

/** Why a verdict could not be had in full; undefined when it could. */
export function explanationGap(explanation: Explanation): string | undefined {
  if (explanation.verdict !== 'undecided') return undefined;
  const result = explanation.walk?.result;
  if (result?.result === 'unknown' && result.address !== undefined)
    return `the page at ${hex(result.address)} is needed for the walk`;
  return explanation.text;
}
