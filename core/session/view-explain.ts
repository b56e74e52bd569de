import type { Device, Unit } from '../iommu/unit.ts';
import type { Explanation } from '../explain/explain.ts';
import { VERDICTS } from '../explain/verdicts.ts';
import type { VerdictId } from '../explain/verdicts.ts';
import { hex } from '../format/hex.ts';
import { SCENARIOS } from '../handoff/registry.ts';
import type { Evidence } from '../iommu/finding.ts';
import type { ExplainAnswer } from '../protocol/contract.ts';
import { faultItem, type SessionFault, type Verdict } from './view-fault.ts';
import { evidenceItem } from './view-fields.ts';
import { walkAnswer } from './view-walk.ts';

/** The verdict of an explanation as lists show it. */
export function verdictOf(explanation: Explanation): Verdict {
  const { title, severity } = VERDICTS[explanation.verdict];
  return { id: explanation.verdict, title, severity };
}

/** An explanation as the window shows it. */
export function explainAnswer(
  fault: SessionFault,
  explanation: Explanation,
  about: {
    readonly driver: string | undefined;
    readonly device: (unit: Unit, id: number, pasid: number | undefined) => Device | undefined;
  },
): ExplainAnswer {
  const { walk, unit } = explanation;
  const verdict = verdictOf(explanation);
  const links = new Map(
    walk?.result.steps.flatMap(({ entry }) =>
      entry ? [[entry.address, entry.path] as const] : [],
    ),
  );
  return {
    fault: faultItem(fault, { driver: about.driver, unit: unit?.facts.name, verdict }),
    sentence: explanation.sentence,
    unit: unit?.facts.name,
    verdict: {
      ...verdict,
      text: explanation.text,
      confidence: explanation.confidence,
      checks: explanation.checks.map(({ text, passed }) => ({ text, passed })),
      disprove: VERDICTS[explanation.verdict].disprove,
    },
    tablesSay: explanation.tablesSay,
    hardwareSaid: explanation.hardwareSaid,
    walk:
      unit &&
      walk &&
      walkAnswer(
        unit,
        walk.request,
        walk.result,
        about.device(unit, walk.request.id, walk.request.pasid),
      ),
    evidence: [
      { what: `console line ${fault.record.line}`, link: `L${fault.record.line}` },
      ...explanation.evidence.map((each) => ({
        ...evidenceItem(each),
        link: linkOf(each, links),
      })),
    ],
    fixes: explanation.fixes.map(({ id, text, source, when: { releases } }) => ({
      id,
      text,
      source,
      versions: releases && versionsText(releases),
    })),
    lab: labCell(explanation.verdict),
    notes: [...explanation.notes],
    story: explanation.story === '' ? undefined : explanation.story,
  };
}

/** Where evidence can be seen: the entry of the walk, the console's line, else the memory. */
function linkOf(
  { what, address }: Evidence,
  entries: ReadonlyMap<bigint, string>,
): string | undefined {
  const line = /^console line (\d+)$/.exec(what);
  if (line) return `L${line[1]}`;
  return address === undefined ? undefined : (entries.get(address) ?? hex(address));
}

/** The kernels that a known cause is about. */
function versionsText({ from, before }: { from?: string; before?: string }): string {
  if (from === undefined) return `Linux before ${before}`;
  return before === undefined ? `Linux ${from} and later` : `Linux ${from} up to before ${before}`;
}

/** The cell of the hand-off lab in which faults of a verdict can be watched as they come about. */
function labCell(verdict: VerdictId): ExplainAnswer['lab'] {
  const scenario = SCENARIOS.find(({ shows }) => shows.verdict === verdict);
  return scenario && { scenario: scenario.id, strategy: scenario.shows.strategy };
}
