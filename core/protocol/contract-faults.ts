import { z } from 'zod';
import { ExplainAnswer, FaultGrouping, FaultsAnswer } from './items-faults.ts';
import { Count, Nothing, Window } from './schema.ts';

/** Fields of the filter language of which the values can be listed. */
export const FilterValueField = z.enum([
  'bdf',
  'bus',
  'unit',
  'driver',
  'kind',
  'access',
  'reason',
  'event',
  'addr',
  'did',
  'pasid',
  'phase',
  'verdict',
]);
export type FilterValueField = z.infer<typeof FilterValueField>;

/** The question of which the rows are those of the list. */
const FaultsQuery = z.object({
  filter: z.string().max(2000),
  group: FaultGrouping,
  sort: z.enum(['order', 'worst', 'count', 'address', 'reason', 'device']),
  /** The last of that order first. */
  reverse: z.boolean().optional(),
  /** Keys of groups that are folded. */
  folded: z.array(z.string()).max(10_000),
  /** Faults of a group that have rows; one row stands for the others. Absent: all have. */
  few: z.number().int().min(1).optional(),
  /** Keys of groups of which, and below which, all faults have rows. */
  whole: z.array(z.string()).max(10_000).optional(),
});

/** The list of faults, and what explains one. */
export const faultCalls = {
  'faults.rows': {
    request: FaultsQuery.extend(Window),
    answer: FaultsAnswer,
  },
  /** The row of a fault, or the first row of the device after or before the one in a row. */
  'faults.place': {
    request: z.object({
      query: FaultsQuery,
      of: z.union([
        z.object({ fault: Count }),
        z.object({ row: Count, direction: z.union([z.literal(1), z.literal(-1)]) }),
      ]),
    }),
    /** Absent: the fault passes no filter, or there is no further device. */
    answer: z.object({ row: Count.optional() }),
  },
  /** Faults per bin over the log's time, for the rate chart. */
  'faults.rate': {
    request: z.object({
      filter: z.string().max(2000),
      bins: z.number().int().min(1).max(2000),
      /** The stretch that is asked for; absent: from the first fault that passes to the last. */
      range: z.object({ from: z.number(), to: z.number() }).optional(),
    }),
    answer: z.object({
      /** Seconds; a later kernel's clock begins where the one before it was seen last. */
      start: z.number(),
      end: z.number(),
      /** The first and the last fault that pass, wherever the stretch is. */
      first: z.number(),
      last: z.number(),
      /** Faults that pass and whose lines have no time stamp: they stand in no bin. */
      untimed: Count,
      read: z.array(Count),
      write: z.array(Count),
      interrupt: z.array(Count),
    }),
  },
  explain: { request: z.object({ fault: Count }), answer: ExplainAnswer },
  /** The values that a field has among the session's faults, the most frequent first. */
  'faults.values': {
    request: z.object({ field: FilterValueField }),
    answer: z.object({
      values: z.array(z.object({ text: z.string(), count: Count })),
      /** Values that are not in the list. */
      left: Count,
    }),
  },
} as const;

export const faultFeeds = {
  /** The fault count whenever it changed; coalesced. */
  'faults.changes': { request: Nothing, item: z.object({ all: Count }), coalesce: true },
} as const;
