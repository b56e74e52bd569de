import { SEVERITY_RANK, worstSeverity } from '../../../core/format/severity.ts';
import { formatCount, plural } from '../../../core/format/size.ts';
import type { AuditHit, AuditRule } from '../../../core/protocol/contract-audit.ts';
import type { Sort } from '../../ui/columns.ts';
import { sortedBy } from '../../ui/columns.ts';
import { rulesPassed } from '../../wording.ts';

/** A row of the audit: a rule, a place that breaks it, or a fold of rules. */
export type AuditRow =
  | {
      readonly kind: 'rule';
      readonly rule: AuditRule;
      readonly level: number;
      readonly open: boolean;
    }
  | { readonly kind: 'hit'; readonly rule: AuditRule; readonly hit: AuditHit; readonly n: number }
  /** What the rule says beside its hits: those that are not listed, what was not looked at. */
  | { readonly kind: 'note'; readonly rule: AuditRule; readonly text: string }
  | {
      readonly kind: 'fold';
      readonly count: number;
      readonly partly: boolean;
      readonly open: boolean;
    };

/** The fold of the rules that passed. */
export const PASSED = 'passed';

/** Worst severity of what a rule found; a rule without hits has its own. */
export function worstOf(rule: AuditRule): AuditRule['severity'] {
  return worstSeverity(rule.hits.map(({ severity }) => severity)) ?? rule.severity;
}

/** Hits of a rule, those that are not listed with them. */
export function hitCount(rule: AuditRule): number {
  return rule.hits.length + rule.more;
}

/** What a rule says beside its hits: `2 hits more are not listed`. */
function notesOf({ more, gaps }: AuditRule): string[] {
  const notes: string[] = [];
  if (more > 0)
    notes.push(`${formatCount(more)} ${more === 1 ? 'hit more is' : 'hits more are'} not listed`);
  if (gaps.length > 0)
    notes.push(
      `Not looked at: ${gaps[0]}${gaps.length > 1 ? ` (and ${gaps.length - 1} more)` : ''}`,
    );
  return notes;
}

/**
 * The rows: rules that found something, the worst first, open; then what passed, folded; then what
 * was not run.
 * @param flipped folds that are not as they are at first, by rule or PASSED
 * @param sort the order of the rules within each of the three; absent: the worst first
 */
export function auditRows(
  rules: readonly AuditRule[],
  flipped: ReadonlySet<string>,
  sort?: Sort,
): readonly AuditRow[] {
  const rows: AuditRow[] = [];
  const of = (outcome: AuditRule['outcome']): readonly AuditRule[] => {
    const those = rules.filter((rule) => rule.outcome === outcome);
    const key = sort && SORT_KEYS[sort.column];
    if (key) return sortedBy(those, key, sort.descending);
    if (outcome !== 'found') return those;
    return those.sort(
      (a, b) => SEVERITY_RANK[worstOf(a)] - SEVERITY_RANK[worstOf(b)] || hitCount(b) - hitCount(a),
    );
  };
  const below = (rule: AuditRule): void => {
    for (const [n, hit] of rule.hits.entries()) rows.push({ kind: 'hit', rule, hit, n });
    for (const text of notesOf(rule)) rows.push({ kind: 'note', rule, text });
  };
  for (const rule of of('found')) {
    const open = !flipped.has(rule.id);
    rows.push({ kind: 'rule', rule, level: 1, open });
    if (open) below(rule);
  }
  const passed = of('passed');
  if (passed.length > 0) {
    const open = flipped.has(PASSED);
    rows.push({
      kind: 'fold',
      count: passed.length,
      partly: passed.some(({ gaps }) => gaps.length > 0),
      open,
    });
    if (open)
      for (const rule of passed) {
        const unfolded = flipped.has(rule.id);
        rows.push({ kind: 'rule', rule, level: 2, open: unfolded });
        if (unfolded) below(rule);
      }
  }
  for (const rule of of('skipped')) rows.push({ kind: 'rule', rule, level: 1, open: false });
  return rows;
}

/** What rules are sorted by, by the columns' ids; severities rise from note to error. */
const SORT_KEYS: Readonly<Record<string, ((rule: AuditRule) => string | number) | undefined>> = {
  rule: (rule) => rule.title.toLowerCase(),
  severity: (rule) => -SEVERITY_RANK[worstOf(rule)],
  hits: hitCount,
};

/** What a row is known by when it stands elsewhere. */
export function rowId(row: AuditRow): string {
  if (row.kind === 'fold') return PASSED;
  if (row.kind === 'hit') return `${row.rule.id} ${row.n}`;
  return row.kind === 'note' ? `${row.rule.id} ${row.text}` : row.rule.id;
}

/** What a row is found by when its name is typed. */
export function rowName(row: AuditRow): string {
  if (row.kind === 'rule') return row.rule.title;
  if (row.kind === 'fold') return rulesPassed(row.count, row.partly);
  return row.kind === 'hit' ? `${row.hit.at} ${row.hit.text}` : row.text;
}

/** Whether a row can be folded. */
export function foldKey(row: AuditRow): string | undefined {
  if (row.kind === 'fold') return PASSED;
  if (row.kind !== 'rule') return undefined;
  return row.rule.hits.length > 0 || notesOf(row.rule).length > 0 ? row.rule.id : undefined;
}

/** The folds with a row open, and everything below it. */
export function openedBelow(
  rules: readonly AuditRule[],
  flipped: ReadonlySet<string>,
  row: AuditRow,
): ReadonlySet<string> {
  const next = new Set(flipped);
  if (row.kind === 'rule') {
    if (!row.open && foldKey(row) !== undefined && !next.delete(row.rule.id)) next.add(row.rule.id);
  } else if (row.kind === 'fold') {
    next.add(PASSED);
    for (const { id, outcome } of rules) if (outcome === 'passed') next.add(id);
  }
  return next;
}

/** ARIA level of a row, from 1. */
export function levelOf(row: AuditRow): number {
  if (row.kind === 'fold') return 1;
  if (row.kind === 'rule') return row.level;
  return row.rule.outcome === 'passed' ? 3 : 2;
}

/** The words of the whole audit: `3 of 17 rules found something, 12 hits`. */
export function summaryOf(rules: readonly AuditRule[]): string {
  const found = rules.filter(({ outcome }) => outcome === 'found');
  const run = rules.filter(({ outcome }) => outcome !== 'skipped').length;
  if (run === 0) return 'No rule could be checked';
  if (found.length === 0) return `${run} ${run === 1 ? 'rule' : 'rules'} checked, nothing found`;
  const hits = found.reduce((sum, rule) => sum + hitCount(rule), 0);
  return `${found.length} of ${run} rules found something, ${plural(hits, 'hit')}`;
}
