import { z } from 'zod';
import { SEVERITIES } from '../format/severity.ts';

/**
 * The words that the contract's messages are made of. Addresses, register values and raw words
 * are always hexadecimal strings (`0x`, lower case, no padding): never JSON numbers.
 */
export const Hex = z.string().regex(/^0x[0-9a-f]{1,32}$/);
export const BdfText = z.string().regex(/^(?:[0-9a-f]{4}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/);
/** A path to an entry: see core/iommu/path.ts. */
export const Path = z.string().min(1).max(400);
export const Count = z.number().int().nonnegative();
export const Id = z.string().min(1).max(64);
export const Severity = z.enum(SEVERITIES);
export const Access = z.enum(['read', 'write']);
export const RightsText = z.enum(['', 'r', 'w', 'rw']);
/** Bytes on the wire: one character (U+0000 to U+00FF) a byte. */
export const Latin1 = z.string().max(1 << 20);
export const Base64 = z.string().max(1 << 23);

/** Of a call that needs nothing, or answers nothing. */
export const Nothing = z.object({});

/** A window of rows: `from` included, `to` excluded. */
export const Window = { from: Count, to: Count };

export const EvidenceItem = z.object({
  what: z.string(),
  address: Hex.optional(),
  raw: z.array(Hex).optional(),
  field: z.string().optional(),
  meaning: z.string().optional(),
  /** Where a click leads: a path, `L123` for a console line, `#7` for a fault. */
  link: z.string().optional(),
});
export type EvidenceItem = z.infer<typeof EvidenceItem>;

export const FindingItem = z.object({
  severity: Severity,
  id: z.string(),
  at: z.string(),
  text: z.string(),
  evidence: z.array(EvidenceItem),
});
export type FindingItem = z.infer<typeof FindingItem>;

/** One field of an entry or register, decoded. */
export const FieldItem = z.object({
  name: z.string(),
  pieces: z.array(z.object({ high: z.number().int(), low: z.number().int() })),
  kind: z.enum(['flag', 'number', 'address', 'index', 'enum', 'bdf', 'reserved', 'ignored']),
  /** Raw value of the field. */
  value: Hex,
  /** The value as a person reads it: `Domain 10`, `48-bit, 4-level walk`, `0x13f1c4000`. */
  text: z.string(),
  meaning: z.string(),
  spec: z.string(),
  access: z.enum(['RW', 'RO', 'RW1C', 'WO']).optional(),
  /** A reserved field that is not zero. */
  violated: z.boolean(),
  /** The value before the changes made here, or in the state beside it, when it differs. */
  was: Hex.optional(),
  /** The same as a person reads it. */
  wasText: z.string().optional(),
});
export type FieldItem = z.infer<typeof FieldItem>;

export const WalkStepItem = z.object({
  what: z.string(),
  index: Count,
  table: Hex,
  path: Path.optional(),
  address: Hex.optional(),
  words: z.array(Hex),
  /** Why the entry can't be read, in the words of the missing-data table. */
  missing: z.string().optional(),
  text: z.string(),
  rights: RightsText.optional(),
  outcome: z.enum(['next', 'leaf', 'stop', 'unknown']),
});
export type WalkStepItem = z.infer<typeof WalkStepItem>;

export const WalkOutcome = z.discriminatedUnion('result', [
  z.object({
    result: z.literal('translated'),
    pa: Hex,
    size: Hex,
    rights: RightsText,
    untranslated: z.boolean(),
  }),
  z.object({
    result: z.literal('fault'),
    reason: Count,
    name: z.string(),
    flags: Hex.optional(),
  }),
  z.object({ result: z.literal('unknown'), why: z.string(), address: Hex.optional() }),
]);
export type WalkOutcome = z.infer<typeof WalkOutcome>;

export const WalkAnswer = z.object({
  unit: z.string(),
  bdf: BdfText,
  pasid: Count.optional(),
  /** The PASID of the fault record, which stands for a request that carried none (RID_PASID). */
  standsForNone: Count.optional(),
  address: Hex,
  access: Access,
  /** `second-stage, 48-bit, 4 levels`. */
  title: z.string(),
  /** The address split by level, high part first: `{name: 'L4', bits: '47:39', value: 3}`. */
  split: z.array(z.object({ name: z.string(), bits: z.string(), value: Count })),
  steps: z.array(WalkStepItem),
  outcome: WalkOutcome,
});
export type WalkAnswer = z.infer<typeof WalkAnswer>;

/** A fault as the list shows it; `n` counts the session's faults from 1 (`#n`). */
export const FaultItem = z.object({
  n: Count,
  /** Console line that tells it, and which console. */
  line: Count,
  console: Id.optional(),
  time: z.number().optional(),
  /** Which kernel's clock: 0 is the first kernel of the log. */
  kernel: Count,
  vendor: z.enum(['intel', 'amd']),
  type: z.enum(['dma', 'interrupt', 'event']),
  access: Access.optional(),
  bdf: BdfText.optional(),
  driver: z.string().optional(),
  /** The unit that serves the device. */
  unit: z.string().optional(),
  pasid: Count.optional(),
  address: Hex.optional(),
  reason: Count.optional(),
  reasonName: z.string().optional(),
  event: z.string().optional(),
  domain: Count.optional(),
  flags: Hex.optional(),
  flagNames: z.array(z.string()).optional(),
  index: Count.optional(),
  /** Verdict of explain, when it was made. */
  verdict: z.object({ id: z.string(), title: z.string(), severity: Severity }).optional(),
});
export type FaultItem = z.infer<typeof FaultItem>;
