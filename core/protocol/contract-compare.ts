import { z } from 'zod';
import { Count, Id, Path, Window } from './schema.ts';

/** What became of an entry from A to B; `unknown` where one of them does not hold it. */
const Sign = z.enum(['added', 'removed', 'changed', 'unknown']);
type Sign = z.infer<typeof Sign>;

const Counts = z.object({ added: Count, removed: Count, changed: Count, unknown: Count });

/** Where an entry stands in each state; absent where a state has none. */
const Places = { inA: Path.optional(), inB: Path.optional() };

export const CompareRow = z.object({
  /** What a view remembers of its folds. */
  key: z.string(),
  depth: Count,
  kind: z.enum(['unit', 'group', 'entry', 'field', 'list', 'range', 'note']),
  label: z.string(),
  /** Driver that follows a device. */
  note: z.string().optional(),
  sign: Sign,
  /** What A and B say; absent is what a state does not hold. */
  a: z.string().optional(),
  b: z.string().optional(),
  /** Entries that differ, here and below; of a list of ranges, the ranges. */
  counts: Counts,
  expandable: z.boolean(),
  expanded: z.boolean(),
  /** For ARIA: 1-based. */
  setSize: Count,
  position: Count,
  ...Places,
});
export type CompareRow = z.infer<typeof CompareRow>;

/** An entry that differs. */
export const ChangedEntry = z.object({ label: z.string(), sign: Sign, ...Places });
export type ChangedEntry = z.infer<typeof ChangedEntry>;

const Pair = { a: Id, b: Id };
/** Keys of rows that are not folded or open as they are at first. */
const Flipped = z.array(z.string().max(500)).max(10_000);

export const compareCalls = {
  /** What differs between two states, as rows of a tree; a view keeps which folds it flipped. */
  'compare.rows': {
    request: z.object({
      ...Pair,
      flipped: Flipped,
      ...Window,
    }),
    answer: z.object({
      total: Count,
      from: Count,
      rows: z.array(CompareRow),
      equal: z.boolean(),
      counts: Counts,
      /** What was compared, equal or not. */
      compared: z.object({ units: Count, devices: Count, leaves: Count }),
      /** Parts that one state does not hold. */
      missing: Count,
      /** Pages that were needed and are not known. */
      incomplete: z.array(z.string()),
    }),
  },
  /** The folds that show a row and everything below it, up to a bound of rows. */
  'compare.expand': {
    request: z.object({ ...Pair, flipped: Flipped, key: z.string().max(500) }),
    answer: z.object({
      flipped: Flipped,
      /** The bound left rows folded. */
      cut: z.boolean(),
    }),
  },
  /** The entries of tables that differ, without their fields; registers are not among them. */
  'compare.entries': {
    request: z.object({ ...Pair, ...Window }),
    answer: z.object({ total: Count, from: Count, rows: z.array(ChangedEntry) }),
  },
} as const;
