/** How bad something is; the worst first. */
export const SEVERITIES = ['error', 'warning', 'note'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** What sorts by severity; lower is worse. */
export const SEVERITY_RANK: Readonly<Record<Severity, number>> = { error: 0, warning: 1, note: 2 };

/** The worst of some; undefined of none. */
export function worstSeverity(of: Iterable<Severity>): Severity | undefined {
  let worst: Severity | undefined;
  for (const each of of)
    if (worst === undefined || SEVERITY_RANK[each] < SEVERITY_RANK[worst]) worst = each;
  return worst;
}
