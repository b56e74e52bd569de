import type { TextTable } from '../../../core/format/table-text.ts';
import type { AuditRule } from '../../../core/protocol/contract-audit.ts';
import type { CopyForm } from '../../ui/table-export.ts';
import type { AuditRow } from './model.ts';

/** Every rule, and every hit of it, as a row of plain values. */
export function auditTable(rules: readonly AuditRule[]): TextTable {
  return {
    name: 'Audit',
    columns: ['rule', 'outcome', 'severity', 'where', 'text', 'section'],
    rows: rules.flatMap(({ title, outcome, hits, more, skipped, source }) => [
      ...hits.map(({ severity, at, text }) => [title, outcome, severity, at, text, source]),
      ...(more > 0 || hits.length === 0
        ? [
            [
              title,
              outcome,
              undefined,
              undefined,
              skipped ?? (more > 0 ? `${more} more` : undefined),
              source,
            ],
          ]
        : []),
    ]),
  };
}

/** Forms of the selected row for `Copy as…`. */
export function auditForms(row: AuditRow | undefined): readonly CopyForm[] {
  if (row?.kind === 'hit')
    return [
      { title: 'Where', text: row.hit.at },
      { title: 'Hit', text: `${row.hit.severity}: ${row.hit.text} (${row.hit.at})` },
      { title: 'JSON', text: JSON.stringify(row.hit, undefined, 2) },
    ];
  if (row?.kind === 'rule')
    return [{ title: 'Rule', text: `${row.rule.title}. ${row.rule.why} [${row.rule.source}]` }];
  return [];
}
