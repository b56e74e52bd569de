import { formatCount } from '../format/size.ts';
import { markup, Markup, type Inset } from '../format/markup.ts';
import { readNote, type NoteSpan } from '../format/note-text.ts';
import type { TextTable } from '../format/table-text.ts';
import type { NoteItem, ReportPart } from '../protocol/contract-notes.ts';
import type { ExplainAnswer } from '../protocol/contract.ts';
import type { AuditRuleJson } from './audit-document.ts';
import { REPORT_STYLE } from './report-style.ts';
import { walkPicture } from './report-walk.ts';
import { PART_TITLES, sourcesTable, type Report, type ReportFaults } from './report.ts';

/** What the page may do: nothing but show itself. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/** Hits of one audit rule that are listed. */
const MAX_HITS = 50;

/** The report as one page: no script, nothing from elsewhere, light or dark as the reader has it. */
export function reportHtml(report: Report): string {
  const parts = sections(report).filter(
    ({ id, body }) => body !== undefined && !report.without.has(id as ReportPart),
  );
  return markup`${new Markup('<!doctype html>')}
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="Faultline ${report.program}">
<title>${report.title}: Faultline report</title>
<style>${new Markup(REPORT_STYLE)}</style>
</head>
<body>
<header>
<h1>${report.title}</h1>
<p class="muted">Faultline ${report.program} · made <time datetime="${report.made}">${report.made}</time></p>
<nav aria-label="Contents"><ul>${parts.map(({ id, title }) => markup`<li><a href="#${id}">${title}</a></li>`)}</ul></nav>
</header>
<main>
${parts.map(
  ({
    id,
    title,
    body,
  }) => markup`<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2>
${body}</section>
`,
)}</main>
</body>
</html>
`.text;
}

interface Section {
  readonly id: string;
  readonly title: string;
  /** Undefined when there is nothing to say. */
  readonly body: Inset;
}

function sections(report: Report): Section[] {
  const { faults, findings, audit, phases, changes, notes, writes, gaps } = report;
  return [
    { id: 'summary', title: 'Summary', body: report.summary.map((line) => markup`<p>${line}</p>`) },
    { id: 'notes', title: 'Notes', body: notes.length > 0 ? notes.map(noteCard) : undefined },
    {
      id: 'faults',
      title: `${PART_TITLES.faults} (${formatCount(faults.total)})`,
      body: faultsBody(report),
    },
    {
      id: 'units',
      title: PART_TITLES.units,
      body: [
        ...report.groups.map(
          ({ title, rows }) =>
            markup`<h3>${title}</h3><dl class="facts">${rows.map(({ name, value }) => markup`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`,
        ),
        report.devices.rows.length > 0 ? [markup`<h3>Devices</h3>`, table(report.devices)] : '',
      ],
    },
    {
      id: 'findings',
      title: `${PART_TITLES.findings} (${formatCount(findings.length)})`,
      body:
        findings.length > 0
          ? table({
              name: 'Findings',
              columns: ['severity', 'at', 'text'],
              rows: findings.map(({ severity, at, text }) => [severity, at, text]),
            })
          : markup`<p>None.</p>`,
    },
    { id: 'audit', title: PART_TITLES.audit, body: audit && auditBody(audit) },
    {
      id: 'phases',
      title: PART_TITLES.phases,
      body:
        phases.length > 0
          ? table({
              name: 'Phases',
              columns: ['line', 'kernel', 'time, s', 'phase', 'text'],
              rows: phases.map(({ line, kernel, time, phase, text }) => [
                line,
                kernel,
                time?.toFixed(6),
                phase,
                text,
              ]),
            })
          : undefined,
    },
    {
      id: 'changes',
      title: PART_TITLES.changes,
      body:
        changes.length > 0
          ? [
              markup`<p>Made in a copy: neither the dump nor a target was written. What is said above follows from the memory with these changes.</p>`,
              table({
                name: 'Changes',
                columns: ['in', 'entry', 'change', 'address', 'before', 'after'],
                rows: changes.map(({ world, path, text, address, before, after }) => [
                  world,
                  path,
                  text,
                  address,
                  before,
                  after,
                ]),
              }),
            ]
          : undefined,
    },
    {
      id: 'writes',
      title: PART_TITLES.writes,
      body:
        writes.length > 0
          ? table({
              name: 'Writes',
              columns: ['time', 'console', 'bytes'],
              rows: writes.map(({ time, console, bytes }) => [time, console, bytes]),
            })
          : undefined,
    },
    {
      id: 'gaps',
      title: 'What is not known',
      body:
        gaps.length > 0
          ? markup`<ul>${gaps.map((gap) => markup`<li>${gap}</li>`)}</ul>`
          : undefined,
    },
    {
      id: 'sources',
      title: 'Sources',
      body: table(sourcesTable(report)),
    },
  ];
}

function faultsBody({ faults }: Report): Inset {
  if (faults.total === 0) return markup`<p>No fault was told.</p>`;
  return [
    faults.filter === '' ? '' : markup`<p>Only those that pass <code>${faults.filter}</code>.</p>`,
    ...faults.lowerBounds.map((text) => markup`<p class="warning">${text}</p>`),
    ...faults.groups.map(groupCard),
    markup`<h3>All faults</h3>`,
    table(faults.table),
  ];
}

function groupCard({ count, answer, why }: ReportFaults): Markup {
  if (!answer) return markup`<article class="card"><p>${why}</p></article>`;
  const { verdict, walk } = answer;
  return markup`<article class="card is-${verdict.severity}">
<h3>${answer.sentence}</h3>
<p class="muted">Fault #${answer.fault.n} on console line ${answer.fault.line}${count > 1 ? `, the first of ${formatCount(count)} like it` : ''}${answer.fault.time === undefined ? '' : `, ${answer.fault.time.toFixed(6)} s`}</p>
<p><strong class="${verdict.severity}">${verdict.title}</strong> (confidence: ${verdict.confidence}). ${verdict.text}</p>
<dl class="facts"><dt>Tables say</dt><dd>${answer.tablesSay}</dd><dt>Hardware said</dt><dd>${answer.hardwareSaid}</dd><dt>What would disprove this</dt><dd>${verdict.disprove}</dd></dl>
${walk ? [markup`<h4>Walk, ${walk.title}</h4>`, walkPicture(walk), walkTable(walk)] : ''}
${verdict.checks.length > 0 ? markup`<h4>Checks</h4><ul>${verdict.checks.map(({ text, passed }) => markup`<li>${passed === undefined ? 'could not be made' : passed ? 'passed' : 'failed'}: ${text}</li>`)}</ul>` : ''}
${answer.evidence.length > 0 ? markup`<h4>Evidence</h4><ul>${answer.evidence.map(evidence)}</ul>` : ''}
${answer.fixes.length > 0 ? markup`<h4>Known fix</h4><ul>${answer.fixes.map(({ text, source }) => markup`<li>${text} <span class="muted">${source}</span></li>`)}</ul>` : ''}
${answer.story === undefined ? '' : markup`<p>${answer.story}</p>`}
</article>
`;
}

function evidence(each: ExplainAnswer['evidence'][number]): Markup {
  const details = [each.meaning, each.address, each.raw?.join(' ')].filter(Boolean).join(', ');
  return markup`<li>${each.what}${details === '' ? '' : `: ${details}`}</li>`;
}

function walkTable(walk: NonNullable<ExplainAnswer['walk']>): Markup {
  return markup`<div class="scroll">${table({
    name: 'Walk',
    columns: ['step', 'index', 'table', 'entry at', 'words', 'says', 'path'],
    rows: walk.steps.map((step) => [
      step.what,
      step.index,
      step.table,
      step.address,
      step.words.join(' ') || (step.missing ?? undefined),
      step.text,
      step.path,
    ]),
  })}</div>`;
}

function auditBody(rules: readonly AuditRuleJson[]): Inset {
  const found = rules.filter(({ outcome }) => outcome === 'found');
  const passed = rules.filter(({ outcome }) => outcome === 'passed');
  const skipped = rules.filter(({ outcome }) => outcome === 'skipped');
  return [
    ...found.map(
      (
        rule,
      ) => markup`<article class="card is-${rule.severity}"><h3>${rule.title} <span class="muted">${rule.hits.length + rule.more}</span></h3>
<p>${rule.why} <span class="muted">${rule.source}</span></p>
<ul>${rule.hits.slice(0, MAX_HITS).map((hit) => markup`<li><code>${hit.at}</code> ${hit.text}</li>`)}</ul>
${rule.hits.length + rule.more > MAX_HITS ? markup`<p class="muted">${formatCount(rule.hits.length + rule.more - MAX_HITS)} more are not listed.</p>` : ''}</article>
`,
    ),
    markup`<p>${formatCount(passed.length)} rules passed: ${passed.map(({ title }) => title).join(' · ') || '–'}.</p>`,
    skipped.length > 0
      ? markup`<p>Skipped:</p><ul>${skipped.map(({ title, skipped: why }) => markup`<li>${title}: ${why ?? ''}</li>`)}</ul>`
      : '',
  ];
}

function noteCard(note: NoteItem): Markup {
  return markup`<article class="card"><h3>${note.label || 'Note'}</h3>
${readNote(note.text).map((block) => {
  if (block.kind === 'code') return markup`<pre>${block.text}</pre>`;
  if (block.kind === 'list')
    return markup`<ul>${block.items.map((item) => markup`<li>${item.map(span)}</li>`)}</ul>`;
  return block.kind === 'heading'
    ? markup`<h4>${block.spans.map(span)}</h4>`
    : markup`<p>${block.spans.map(span)}</p>`;
})}
<p class="muted"><time datetime="${note.changed}">${note.changed}</time></p></article>
`;
}

function span({ kind, text }: NoteSpan): Markup {
  switch (kind) {
    case 'strong':
      return markup`<strong>${text}</strong>`;
    case 'stress':
      return markup`<em>${text}</em>`;
    case 'code':
    case 'place':
      return markup`<code>${text}</code>`;
    case 'text':
      return markup`${text}`;
  }
}

function table({ columns, rows, cut }: TextTable): Markup {
  return markup`<div class="scroll"><table><thead><tr>${columns.map((name) => markup`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${rows.map(
    (
      row,
    ) => markup`<tr>${columns.map((_, at) => markup`<td>${row[at] === undefined ? '–' : String(row[at])}</td>`)}</tr>
`,
  )}</tbody></table></div>${cut === undefined ? '' : markup`<p class="muted">Listed: ${cut}.</p>`}`;
}
