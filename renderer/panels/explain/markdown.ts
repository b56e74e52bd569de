import type { ExplainAnswer } from '../../../core/protocol/contract.ts';
import type { WalkAnswer } from '../../../core/protocol/schema.ts';

/** The explanation as Markdown, for a bug report. Addresses plain. */
export function explainMarkdown(answer: ExplainAnswer): string {
  const { fault, verdict, walk, evidence, fixes } = answer;
  const parts = [
    `## ${answer.sentence}`,
    '',
    `Fault #${fault.n}, console line ${fault.line}${fault.time === undefined ? '' : `, ${fault.time.toFixed(6)} s`}.`,
    '',
    `**${verdict.title}** (${verdict.id}, confidence ${verdict.confidence}). ${verdict.text}`,
    '',
    `- Tables say: ${answer.tablesSay}`,
    `- Hardware said: ${answer.hardwareSaid}`,
    `- What would disprove this: ${verdict.disprove}`,
  ];
  if (walk) parts.push('', ...walkLines(walk));
  if (evidence.length > 0)
    parts.push(
      '',
      '### Evidence',
      '',
      ...evidence.map((each) => `- ${[each.what, each.meaning].filter(Boolean).join(': ')}`),
    );
  if (fixes.length > 0)
    parts.push('', '### Known fix', '', ...fixes.map((fix) => `- ${fix.text} (${fix.source})`));
  return `${parts.join('\n')}\n`;
}

function walkLines(walk: WalkAnswer): string[] {
  return [
    `### Walk of ${walk.address}, ${walk.title}`,
    '',
    '| step | index | at | value | |',
    '|---|---|---|---|---|',
    ...walk.steps.map(
      (step) =>
        `| ${step.what} | ${step.index} | ${step.address ?? '–'} | ${step.words.join(' ') || (step.missing ?? '–')} | ${step.text} |`,
    ),
  ];
}

/** `4 of 4 checks`; checks that could not be made are said apart. */
export function checksText(checks: readonly { readonly passed?: boolean }[]): string {
  const passed = checks.filter((check) => check.passed === true).length;
  const open = checks.filter((check) => check.passed === undefined).length;
  const text = `${passed} of ${checks.length} ${checks.length === 1 ? 'check' : 'checks'}`;
  return open === 0 ? text : `${text}, ${open} could not be made`;
}
