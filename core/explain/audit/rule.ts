import type { Severity } from '../../format/severity.ts';
import type { Evidence } from '../../iommu/finding.ts';
import type { AuditState } from './state.ts';

/** One place that breaks a rule. */
export interface Hit {
  /** Path of the entry, or of the nearest parent. */
  readonly at: string;
  readonly severity: Severity;
  readonly text: string;
  readonly evidence: readonly Evidence[];
}

export type Outcome =
  | {
      readonly outcome: 'found' | 'passed';
      readonly hits: readonly Hit[];
      /** Hits that are not listed one by one. */
      readonly more: number;
      /** What could not be looked at, so that it may hold more. */
      readonly gaps: readonly string[];
    }
  | { readonly outcome: 'skipped'; readonly reason: string };

/** A rule that sound tables obey. One file each, so that each can be read by itself. */
export interface Rule {
  /** Stable, for filters and notes. */
  readonly id: string;
  /** What is asked, as a statement that a sound state fulfils. */
  readonly title: string;
  /** What happens where it is broken. */
  readonly why: string;
  /** Section of the specification, or place in the kernel's sources. */
  readonly source: string;
  readonly severity: Severity;
  check(state: AuditState): Outcome;
}

/** Hits that a rule lists one by one. */
const MAX_HITS = 64;

/** The outcome of a rule that was run. */
export function outcomeOf(hits: readonly Hit[], gaps: readonly string[] = []): Outcome {
  return {
    outcome: hits.length > 0 ? 'found' : 'passed',
    hits: hits.slice(0, MAX_HITS),
    more: Math.max(0, hits.length - MAX_HITS),
    gaps,
  };
}

/** A rule can't be checked. @param reason what it needs and did not get */
export function skipped(reason: string): Outcome {
  return { outcome: 'skipped', reason };
}
