// Faults, their groups, and why one happened.
import { z } from 'zod';
import { Count, EvidenceItem, FaultItem, Id, Severity, WalkAnswer } from './schema.ts';

export const FaultGrouping = z.enum(['none', 'device-reason', 'device', 'reason', 'page']);
export type FaultGrouping = z.infer<typeof FaultGrouping>;

export const FaultRow = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('group'),
    key: z.string(),
    expanded: z.boolean(),
    count: Count,
    /** 1 for a reason's group inside a device's. */
    depth: Count.optional(),
    /** The group's first fault; its verdict is the worst of the group's. */
    first: FaultItem,
    /** Distinct reasons, where it is more than one. */
    reasons: Count.optional(),
    accesses: z.array(z.enum(['read', 'write', 'interrupt'])),
    /** Distinct pages. */
    pages: Count,
    /** Distinct devices. */
    devices: Count,
  }),
  z.object({
    kind: z.literal('fault'),
    inGroup: z.boolean(),
    /** Its verdict is the one that its group's row shows. */
    sameVerdict: z.boolean().optional(),
    /** Groups that it stands in. */
    depth: Count.optional(),
    fault: FaultItem,
  }),
  z.object({
    /** The faults of a group that have no rows of their own. */
    kind: z.literal('more'),
    /** The group that they are of. */
    key: z.string(),
    depth: Count,
    count: Count,
    first: FaultItem,
    /** Distinct pages of the whole group. */
    pages: Count,
  }),
]);
export type FaultRow = z.infer<typeof FaultRow>;

export const FaultsAnswer = z.object({
  /** All faults, those that pass the filter, and rows in this view (groups included). */
  all: Count,
  passed: Count,
  total: Count,
  from: Count,
  rows: z.array(FaultRow),
  /** Faults looked at so far, where the filter asks for verdicts and not all are made yet. */
  looked: Count.optional(),
  /** The reason a filter text is not understood, with the character it is about. */
  filterError: z.object({ text: z.string(), at: Count }).optional(),
  logLines: Count,
  /** Why counts are lower bounds (faults were dropped, lines are missing), and where it shows. */
  lowerBounds: z.array(z.object({ text: z.string(), console: Id, line: Count })),
});
export type FaultsAnswer = z.infer<typeof FaultsAnswer>;

export const ExplainAnswer = z.object({
  fault: FaultItem,
  /** Who, what, where: `00:06.0 (edu) was refused a DMA read at 0x1f00000`. */
  sentence: z.string(),
  unit: z.string().optional(),
  verdict: z.object({
    id: z.string(),
    title: z.string(),
    severity: Severity,
    text: z.string(),
    confidence: z.enum(['strong', 'fair', 'weak']),
    /** Checks behind the confidence. */
    checks: z.array(z.object({ text: z.string(), passed: z.boolean().optional() })),
    disprove: z.string(),
  }),
  tablesSay: z.string(),
  hardwareSaid: z.string(),
  walk: WalkAnswer.optional(),
  evidence: z.array(EvidenceItem),
  fixes: z.array(
    z.object({
      id: z.string(),
      text: z.string(),
      source: z.string(),
      /** The kernels that it is about, when the knowledge base says: `Linux 4.2 up to before 4.10`. */
      versions: z.string().optional(),
    }),
  ),
  /** The cell of the hand-off lab that shows how such a fault comes about. */
  lab: z.object({ scenario: z.string(), strategy: z.string() }).optional(),
  /** Where the kernel's words mislead. */
  notes: z.array(z.string()).optional(),
  /** What the log says of the hand-off before the fault, in one sentence. */
  story: z.string().optional(),
});
export type ExplainAnswer = z.infer<typeof ExplainAnswer>;
