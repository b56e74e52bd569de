import type { Explanation } from '../../../core/explain/explain.ts';
import { VERDICTS } from '../../../core/explain/verdicts.ts';
import { hex } from '../../../core/format/hex.ts';
import type { FaultRecord } from '../../../core/iommu/fault.ts';
import { paint, printable, type Io } from '../io.ts';

const MARKS = { passed: '✓', failed: '✗', open: '?' } as const;

/** An explanation as a person reads it: sentence, verdict, both sides, evidence, fixes. */
export function printExplanation(fault: FaultRecord, explanation: Explanation, io: Io): void {
  const { verdict, checks } = explanation;
  const { title, disprove } = VERDICTS[verdict];
  const line = (text: string): void => io.out(`${printable(text)}\n`);
  const where = fault.line > 0 ? ` (line ${fault.line})` : '';
  line(`${explanation.sentence}${where}`);
  io.out(
    `${paint(io, verdict === 'undecided' ? 'yellow' : 'red', title)}, ${explanation.confidence}: ${checks.filter(({ passed }) => passed).length} of ${checks.length} checks passed\n`,
  );
  line(`  ${explanation.text}`);
  line(`  Tables say     ${explanation.tablesSay}`);
  line(`  Hardware said  ${explanation.hardwareSaid}`);
  if (explanation.story) line(`  Log            ${explanation.story}`);
  for (const { text, passed } of checks) {
    const mark = passed === undefined ? MARKS.open : passed ? MARKS.passed : MARKS.failed;
    line(`  ${mark} ${text}`);
  }
  for (const each of explanation.evidence) {
    const at = each.address === undefined ? '' : ` at ${hex(each.address)}`;
    const words = each.words ? ` ${each.words.map(hex).join(' ')}` : '';
    line(`  · ${each.what}${at}${words}${each.meaning ? `: ${each.meaning}` : ''}`);
  }
  line(`  Would disprove it: ${disprove}`);
  for (const note of explanation.notes) line(`  Note: ${note}`);
  for (const { text, source } of explanation.fixes) line(`  Known: ${text} [${source}]`);
  io.out('\n');
}
