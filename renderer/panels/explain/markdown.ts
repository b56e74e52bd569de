import { hexByte } from '../../../core/format/hex.ts';
import {
  escapeMarkdown,
  listMarkdown,
  tableMarkdown,
  tableText,
} from '../../../core/format/table-text.ts';
import type { ExplainAnswer } from '../../../core/protocol/contract.ts';
import { kernelName } from '../../format/time.ts';
import type { CopyForm } from '../../ui/table-export.ts';
import { walkTable } from '../translate/model.ts';

export { walkTable };

/** The explanation as Markdown, for a bug report. Addresses plain; texts of a log stay texts. */
export function explainMarkdown(answer: ExplainAnswer): string {
  const { verdict, walk, evidence, fixes } = answer;
  const text = escapeMarkdown;
  const parts = [
    `## ${text(answer.sentence)}`,
    text(whereTold(answer)),
    `**${text(verdict.title)}** (${verdict.id}, confidence ${verdict.confidence}, ${checksText(verdict.checks)}). ${text(verdict.text)}`,
    listMarkdown([
      `Tables say: ${text(answer.tablesSay)}`,
      `Hardware said: ${text(answer.hardwareSaid)}`,
      `What would disprove this: ${text(verdict.disprove)}`,
    ]),
  ];
  if (verdict.checks.length > 0)
    parts.push(
      '### Checks',
      listMarkdown(
        verdict.checks.map((check) => `${checkWord(check.passed)}: ${text(check.text)}`),
      ),
    );
  if (walk)
    parts.push(
      `### Walk of ${walk.address}, ${text(walk.title)}`,
      tableMarkdown({
        name: 'Walk',
        columns: ['step', 'index', 'at', 'value', 'says'],
        rows: walk.steps.map((step) => [
          step.what,
          step.index,
          step.address,
          step.words.join(' ') || step.missing,
          step.text,
        ]),
      }),
    );
  const told = [...(answer.story === undefined ? [] : [answer.story]), ...(answer.notes ?? [])];
  parts.push(
    '### Evidence',
    listMarkdown(
      [
        ...evidence.map(({ what, meaning }) => [what, meaning].filter(Boolean).join(': ')),
        ...told,
      ].map(text),
    ),
  );
  if (fixes.length > 0)
    parts.push('### Known fix', listMarkdown(fixes.map((fix) => text(fixText(fix)))));
  return `${parts.join('\n\n')}\n`;
}

/** The same in plain sentences. */
function explainText(answer: ExplainAnswer): string {
  const { verdict, fixes } = answer;
  return [
    `${answer.sentence}.`,
    whereTold(answer),
    `${verdict.title}: ${verdict.text}`,
    `Tables say: ${answer.tablesSay}`,
    `Hardware said: ${answer.hardwareSaid}`,
    `What would disprove this: ${verdict.disprove}`,
    ...fixes.map((fix) => `Known fix: ${fixText(fix)}`),
    '',
  ].join('\n');
}

/** The forms of `Copy as…`; the walk's table follows them. */
export function explainForms(answer: ExplainAnswer): readonly CopyForm[] {
  return [
    { title: 'Markdown for a bug report', text: explainMarkdown(answer) },
    { title: 'Text', text: explainText(answer) },
    { title: 'JSON', text: `${JSON.stringify(answer, undefined, 2)}\n` },
    ...(answer.walk
      ? [{ title: 'Walk as text', text: tableText(walkTable(answer.walk), 'text') }]
      : []),
  ];
}

/** `Fault #1, console line 512, 16.113870 s, first kernel, dmar0, reason 0x06 PTE Read access is not set.` */
function whereTold({ fault, unit }: ExplainAnswer): string {
  const reason =
    fault.reason === undefined
      ? fault.event
      : `reason ${hexByte(fault.reason)} ${fault.reasonName ?? ''}`.trim();
  const time =
    fault.time === undefined ? [] : [`${fault.time.toFixed(6)} s`, kernelName(fault.kernel)];
  const parts = [`Fault #${fault.n}`, `console line ${fault.line}`, ...time, unit, reason];
  return `${parts.filter((part) => part !== undefined).join(', ')}.`;
}

function fixText({ text, source, versions }: ExplainAnswer['fixes'][number]): string {
  return `${versions === undefined ? '' : `${versions}: `}${text} (${source})`;
}

function checkWord(passed: boolean | undefined): string {
  if (passed === undefined) return 'not made';
  return passed ? 'passed' : 'failed';
}

/** `4 of 4 checks`; checks that could not be made are said apart. */
export function checksText(checks: readonly { readonly passed?: boolean }[]): string {
  if (checks.length === 0) return 'no check could be made';
  const passed = checks.filter((check) => check.passed === true).length;
  const open = checks.filter((check) => check.passed === undefined).length;
  const text = `${passed} of ${checks.length} ${checks.length === 1 ? 'check' : 'checks'}`;
  return open === 0 ? text : `${text}, ${open} could not be made`;
}
