import { z } from 'zod';
import { Count, EvidenceItem, Id, Severity } from './schema.ts';

/** One place that breaks a rule. */
export const AuditHit = z.object({
  /** Path of the entry, or of the nearest parent. */
  at: z.string(),
  severity: Severity,
  text: z.string(),
  evidence: z.array(EvidenceItem),
});
export type AuditHit = z.infer<typeof AuditHit>;

/** One rule and what came of it. */
export const AuditRule = z.object({
  id: z.string(),
  /** What is asked, as a statement that a sound state fulfils. */
  title: z.string(),
  /** What happens where it is broken. */
  why: z.string(),
  /** Section of the specification, or place in the kernel's sources. */
  source: z.string(),
  severity: Severity,
  outcome: z.enum(['found', 'passed', 'skipped']),
  /** The first hits; `more` are not listed. */
  hits: z.array(AuditHit),
  more: Count,
  /** `needs …`: why it was not run. */
  skipped: z.string().optional(),
  /** What could not be looked at, so that it may hold more. */
  gaps: z.array(z.string()),
});
export type AuditRule = z.infer<typeof AuditRule>;

export const auditCalls = {
  /** Checks a state (`states.list`) against every rule; without one the session's captured state. */
  'audit.get': {
    request: z.object({ state: Id.optional() }),
    answer: z.object({
      /** The state that was checked, by its name. */
      name: z.string(),
      rules: z.array(AuditRule),
      /** Pages that the tables need and that are not known. */
      incomplete: z.array(z.string()),
    }),
  },
} as const;
