import { audit } from '../../core/explain/audit/audit.ts';
import type { AuditFacts } from '../../core/explain/audit/state.ts';
import { auditSteps } from '../../core/explain/audit/sweep.ts';
import { worstSeverity, type Severity } from '../../core/format/severity.ts';
import type { Steps } from '../../core/memory/steps.ts';
import type { LogStory } from '../../core/explain/story.ts';
import type { AuditHit, AuditRule } from '../../core/protocol/contract-audit.ts';
import { auditFacts } from '../../core/session/audit-document.ts';
import { entryPlace } from '../../core/session/entry-place.ts';
import { evidenceItem } from '../../core/session/view-fields.ts';
import type { State } from './states.ts';

/** What an audit answers. */
export interface AuditAnswer {
  readonly name: string;
  readonly rules: AuditRule[];
  readonly incomplete: string[];
}

/** What the session's log tells. */
interface TheLog {
  readonly story: LogStory | undefined;
  /** Drivers by device that speak in the crash kernel's part of it. */
  readonly crashDrivers: ReadonlyMap<string, string> | undefined;
}

/** Gaps and missing pages that are told one by one. */
const MAX_GAPS = 64;

/** Checks one state against every rule, step by step. */
export function* auditOf(state: State, { story, crashDrivers }: TheLog): Steps<AuditAnswer> {
  const { investigation } = state;
  const facts: AuditFacts = investigation
    ? { ...auditFacts(investigation, story), ...(crashDrivers && { crashDrivers }) }
    : { map: {} };
  const units = state.units.map((unit) => unit.facts);
  const looked = yield* auditSteps(units, state.memory, facts, {
    unitsOver: investigation && ((memory) => investigation.makeUnits(memory)),
  });
  const incomplete = [...(state.investigation?.incomplete() ?? []), ...looked.incomplete];
  return {
    name: state.name,
    rules: audit(looked).map(({ rule, outcome }): AuditRule => {
      const { id, title, why, source, severity } = rule;
      const head = { id, title, why, source, severity };
      if (outcome.outcome === 'skipped')
        return {
          ...head,
          outcome: 'skipped',
          hits: [],
          more: 0,
          skipped: `needs ${outcome.reason}`,
          gaps: [],
        };
      return {
        ...head,
        outcome: outcome.outcome,
        hits: outcome.hits.map((hit): AuditHit => ({
          ...hit,
          at: entryPlace(state.units, hit.at),
          evidence: hit.evidence.map(evidenceItem),
        })),
        more: outcome.more,
        gaps: outcome.gaps.slice(0, MAX_GAPS),
      };
    }),
    incomplete: [...new Set(incomplete.map(({ text }) => text))].slice(0, MAX_GAPS),
  };
}

/** How many hits an audit had, and how bad they are. */
export interface AuditHits {
  readonly count: number;
  readonly worst: Severity | undefined;
}

/** Hits of all rules, those that are not listed with them. */
export function hitsOf({ rules }: AuditAnswer): AuditHits {
  const severities = rules.flatMap(({ hits }) => hits.map(({ severity }) => severity));
  return {
    count: rules.reduce((sum, { hits, more }) => sum + hits.length + more, 0),
    worst: worstSeverity(severities),
  };
}
