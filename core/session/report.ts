/**
 * The report of an investigation: everything that a reader needs who has neither the dump nor the
 * program. This is its content; `report-html.ts` and `report-markdown.ts` put it on a page. Every
 * text in it may come from a console or a file's name and is text, never markup.
 */
import type { TextTable } from '../format/table-text.ts';
import type { NoteItem, ReportPart, TargetWrite } from '../protocol/contract-notes.ts';
import type { ChangeItem, ExplainAnswer, PhaseItem } from '../protocol/contract.ts';
import type { FindingItem } from '../protocol/schema.ts';
import type { AuditRuleJson } from './audit-document.ts';
import type { InspectGroup } from './inspect-document.ts';

/** Where a part of the evidence came from. */
export interface ReportSource {
  readonly name: string;
  readonly path: string;
  readonly detail: string;
  readonly bytes: number | undefined;
  /** `sha256:…`; `sha256-samples:…` for a part of a file that is too large. */
  readonly digest: string | undefined;
}

/** Faults that are alike, and why the first of them happened. */
export interface ReportFaults {
  readonly count: number;
  /** Undefined when it could not be explained; then `why` says so. */
  readonly answer: ExplainAnswer | undefined;
  readonly why?: string;
}

export interface Report {
  readonly title: string;
  /** ISO 8601. */
  readonly made: string;
  readonly program: string;
  /** One sentence a line: what happened, as far as it is known. */
  readonly summary: readonly string[];
  readonly sources: readonly ReportSource[];
  readonly groups: readonly InspectGroup[];
  readonly devices: TextTable;
  readonly faults: {
    readonly total: number;
    /** The filter that these passed; empty for all. */
    readonly filter: string;
    readonly groups: readonly ReportFaults[];
    readonly table: TextTable;
    /** Why there were more faults than the logs tell. */
    readonly lowerBounds: readonly string[];
  };
  readonly findings: readonly FindingItem[];
  /** Undefined when there is no table to audit. */
  readonly audit: readonly AuditRuleJson[] | undefined;
  readonly phases: readonly PhaseItem[];
  readonly changes: readonly ChangeItem[];
  readonly notes: readonly NoteItem[];
  readonly writes: readonly TargetWrite[];
  /** Parts that whoever made it left out. */
  readonly without: ReadonlySet<ReportPart>;
  /** What the answers lack: pages that are missing, rows that were left out. */
  readonly gaps: readonly string[];
}

/** The sources as a table. */
export function sourcesTable({ sources }: Report): TextTable {
  return {
    name: 'Sources',
    columns: ['name', 'what', 'bytes', 'digest', 'path'],
    rows: sources.map(({ name, detail, bytes, digest, path }) => [
      name,
      detail,
      bytes,
      digest,
      path,
    ]),
  };
}

/** What the parts are called, on the page and where they are chosen. */
export const PART_TITLES: Readonly<Record<ReportPart, string>> = {
  faults: 'Faults',
  units: 'Machine and units',
  findings: 'Findings',
  audit: 'Audit',
  phases: 'Phases',
  changes: 'Changes made here',
  writes: 'Written to targets',
};

/** The same report without the names of machines: each becomes `host-1`, `host-2`. */
export function withoutHosts(report: Report, hosts: readonly string[]): Report {
  const known = hosts.filter((host) => host.length > 1);
  if (known.length === 0) return report;
  const pattern = new RegExp(
    known
      .toSorted((a, b) => b.length - a.length)
      .map((host) => `(?<![\\w.-])${host.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\w-])`)
      .join('|'),
    'gi',
  );
  const names = new Map<string, string>();
  const replaced = (text: string): string =>
    text.replace(pattern, (host) => {
      const key = host.toLowerCase();
      if (!names.has(key)) names.set(key, `host-${names.size + 1}`);
      return names.get(key)!;
    });
  return deep(report, replaced) as Report;
}

function deep(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (value instanceof Set) return value;
  if (Array.isArray(value)) return value.map((each) => deep(each, change));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value).map(([name, each]) => [name, deep(each, change)]),
    );
  return value;
}

/** Names of machines that syslog put in front of a console's lines. */
export function syslogHosts(lines: readonly string[]): string[] {
  const hosts = new Set<string>();
  for (const line of lines) {
    const match =
      /^(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT[\d:.+Z-]+) ([A-Za-z][\w.-]{1,62}) kernel:/.exec(
        line,
      );
    if (match) hosts.add(match[1]);
  }
  return [...hosts];
}
