import { formatCount } from '../format/size.ts';
import { escapeMarkdown, listMarkdown, tableMarkdown } from '../format/table-text.ts';
import type { ReportPart } from '../protocol/contract-notes.ts';
import { walkOutcome } from './report-walk.ts';
import { PART_TITLES, sourcesTable, type Report, type ReportFaults } from './report.ts';

/** The report as Markdown, for a bug report: the same content, shorter where a list is long. */
export function reportMarkdown(report: Report): string {
  const text = escapeMarkdown;
  const parts: string[] = [
    `# ${text(report.title)}`,
    `Faultline ${text(report.program)}, ${report.made}`,
    ...report.summary.map(text),
  ];
  const section = (title: string, ...body: readonly string[]): void => {
    if (body.length > 0) parts.push(`## ${title}`, ...body);
  };
  const part = (name: ReportPart, title: string, ...body: readonly string[]): void => {
    if (!report.without.has(name)) section(title, ...body);
  };
  section(
    'Notes',
    ...report.notes.map(
      ({ label, text: note }) => `**${text(label || 'Note')}**\n\n${quoted(note)}`,
    ),
  );
  part(
    'faults',
    `${PART_TITLES.faults} (${formatCount(report.faults.total)})`,
    ...(report.faults.filter === ''
      ? []
      : [`Only those that pass \`${plain(report.faults.filter)}\`.`]),
    ...report.faults.lowerBounds.map(text),
    ...report.faults.groups.map(faultText),
    tableMarkdown(report.faults.table),
  );
  for (const { title, rows } of report.groups)
    part(
      'units',
      text(title),
      tableMarkdown({
        name: title,
        columns: ['', ''],
        rows: rows.map(({ name, value }) => [name, value]),
      }),
    );
  if (report.devices.rows.length > 0) part('units', 'Devices', tableMarkdown(report.devices));
  part(
    'findings',
    PART_TITLES.findings,
    ...(report.findings.length === 0
      ? ['None.']
      : [
          listMarkdown(
            report.findings.map(
              (each) => `${each.severity}: \`${plain(each.at)}\` ${text(each.text)}`,
            ),
          ),
        ]),
  );
  if (report.audit)
    part(
      'audit',
      PART_TITLES.audit,
      report.audit
        .map(
          (rule) =>
            `- ${rule.outcome}: ${text(rule.title)}${rule.outcome === 'found' ? ` (${rule.hits.length + rule.more})` : ''}`,
        )
        .join('\n'),
    );
  if (report.phases.length > 0)
    part(
      'phases',
      PART_TITLES.phases,
      tableMarkdown({
        name: PART_TITLES.phases,
        columns: ['line', 'kernel', 'time, s', 'phase', 'text'],
        rows: report.phases.map(({ line, kernel, time, phase, text: said }) => [
          line,
          kernel,
          time?.toFixed(6),
          phase,
          said,
        ]),
      }),
    );
  if (report.changes.length > 0)
    part(
      'changes',
      PART_TITLES.changes,
      listMarkdown(
        report.changes.map(
          (each) =>
            `\`${plain(each.path ?? '')}\` ${text(each.text)} (${each.before} → ${each.after})`,
        ),
      ),
    );
  if (report.writes.length > 0)
    part(
      'writes',
      PART_TITLES.writes,
      listMarkdown(
        report.writes.map(({ time, console, bytes }) => `${time}: ${bytes} B to ${text(console)}`),
      ),
    );
  if (report.gaps.length > 0) section('What is not known', listMarkdown(report.gaps.map(text)));
  section('Sources', tableMarkdown(sourcesTable(report)));
  return `${parts.join('\n\n')}\n`;
}

function faultText({ count, answer, why }: ReportFaults): string {
  if (!answer) return escapeMarkdown(why ?? '');
  const { verdict, walk } = answer;
  const text = escapeMarkdown;
  return [
    `### ${text(answer.sentence)}`,
    `Fault #${answer.fault.n}, console line ${answer.fault.line}${count > 1 ? `, the first of ${formatCount(count)} like it` : ''}.`,
    `**${text(verdict.title)}** (confidence ${verdict.confidence}). ${text(verdict.text)}`,
    `- Tables say: ${text(answer.tablesSay)}\n- Hardware said: ${text(answer.hardwareSaid)}`,
    ...(walk
      ? [
          tableMarkdown({
            name: 'Walk',
            columns: ['step', 'index', 'at', 'words', 'says'],
            rows: walk.steps.map((step) => [
              step.what,
              step.index,
              step.address,
              step.words.join(' ') || step.missing,
              step.text,
            ]),
          }),
          text(walkOutcome(walk)),
        ]
      : []),
    ...answer.fixes.map((fix) => `Known fix: ${text(fix.text)} (${text(fix.source)})`),
  ].join('\n\n');
}

/** A note as it was written, in a quotation: what it holds of Markdown stays, HTML does not. */
function quoted(note: string): string {
  return note
    .split('\n')
    .map((line) => `> ${line.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}`)
    .join('\n');
}

const plain = (value: string): string => value.replaceAll('`', "'");
