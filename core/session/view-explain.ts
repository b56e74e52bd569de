import type { Device, Unit } from '../iommu/unit.ts';
import type { Explanation } from '../explain/explain.ts';
import { VERDICTS } from '../explain/verdicts.ts';
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
    fault: faultItem(fault, { driver: about.driver, verdict }),
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
        link: each.address === undefined ? undefined : links.get(each.address),
      })),
    ],
    fixes: explanation.fixes.map(({ id, text, source }) => ({ id, text, source })),
    notes: [...explanation.notes],
    story: explanation.story === '' ? undefined : explanation.story,
  };
}
