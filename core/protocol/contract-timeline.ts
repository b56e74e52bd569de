import { z } from 'zod';
import { Access, BdfText, Count, Hex, Id } from './schema.ts';

/**
 * Calls of the timeline: one console's story on one axis. Places on the axis are seconds (of a log
 * without time stamps: lines); every kernel has its own clock, and `base` says where its 0 lies.
 */

/** How the clocks of two kernels are put on one axis. */
export const TimelineClocks = z.enum([
  /** The best that is known: received times, else apart. */
  'best',
  /** One after the other, with a gap: how long the way between them took is not known. */
  'apart',
  /** A kernel's 0 is where the one before it said that it panicked. */
  'panic',
  /** By the times at which the console's lines were received. */
  'received',
]);
export type TimelineClocks = z.infer<typeof TimelineClocks>;

export const TimelineKernel = z.object({
  /** Counts the kernels of the log from 0. */
  kernel: Count,
  /** The line where it begins. */
  line: Count,
  /** Where its clock's 0 is on the axis. */
  base: z.number(),
  /** The part of the axis that its lines cover. */
  start: z.number(),
  end: z.number(),
});
export type TimelineKernel = z.infer<typeof TimelineKernel>;

/** One thing on the axis: a phase, a fault, a marked line, a write to the target. */
export const TimelineItem = z.object({
  at: z.number(),
  /** Its lane. */
  lane: Id,
  kernel: Count,
  /** Seconds of the kernel's own clock; absent where it printed none. */
  time: z.number().optional(),
  line: Count,
  text: z.string(),
  severity: z.enum(['error', 'warning', 'note', 'ok']),
  fault: Count.optional(),
  /** Of a fault: who asked for what. */
  bdf: BdfText.optional(),
  pasid: Count.optional(),
  address: Hex.optional(),
  access: Access.optional(),
});
export type TimelineItem = z.infer<typeof TimelineItem>;

const TimelineSpan = z.object({
  from: z.number(),
  to: z.number(),
  text: z.string(),
  line: Count,
  kind: z.enum(['phase', 'gap', 'domain']),
});
type TimelineSpan = z.infer<typeof TimelineSpan>;

export const TimelineLane = z.object({
  id: Id,
  name: z.string(),
  /** Things in it, over the whole axis. */
  count: Count,
  /** Stretches of the axis. */
  spans: z.array(TimelineSpan),
  /** Stacked counts, one each bin. */
  bars: z.array(
    z.object({
      tone: z.enum(['read', 'write', 'interrupt', 'line', 'warning', 'error']),
      values: z.array(Count),
    }),
  ),
  /** Single things; where many share a bin, the worst of them. */
  marks: z.array(TimelineItem),
});
export type TimelineLane = z.infer<typeof TimelineLane>;

export const TimelineAnswer = z.object({
  /** Absent: there is no console. */
  console: Id.optional(),
  /** False: the log has no time stamps, and places are lines. */
  stamped: z.boolean(),
  clocks: TimelineClocks,
  /** The ways that are possible here. */
  possible: z.array(TimelineClocks),
  kernels: z.array(TimelineKernel),
  /** The whole axis, and the part that the lanes show. */
  start: z.number(),
  end: z.number(),
  from: z.number(),
  to: z.number(),
  lanes: z.array(TimelineLane),
  /** Everything that happened, over the whole axis. */
  overview: z.object({
    /** Faults and lines, counted into the same bins. */
    faults: z.array(Count),
    lines: z.array(Count),
    /** The phases, and what was done to the target or read from it. */
    phases: z.array(z.object({ from: z.number(), to: z.number() })),
    probes: z.array(z.number()),
  }),
});
export type TimelineAnswer = z.infer<typeof TimelineAnswer>;

const About = { console: Id.optional(), clocks: TimelineClocks };

/** Bins of one answer: more than a 4K screen has pixels is of no use. */
const Bins = z.number().int().min(1).max(4096);

export const timelineCalls = {
  /** The lanes over a part of the axis, counted into bins; without a part, over all of it. */
  'timeline.get': {
    request: z.object({
      ...About,
      from: z.number().optional(),
      to: z.number().optional(),
      bins: Bins,
      overviewBins: Bins,
      /** The device of which the domains are shown. */
      device: BdfText.optional(),
    }),
    answer: TimelineAnswer,
  },
  /** What a part of the axis holds, and what lies at its ends. */
  'timeline.select': {
    request: z.object({ ...About, from: z.number(), to: z.number() }),
    answer: z.object({
      first: TimelineItem.optional(),
      last: TimelineItem.optional(),
      /** The ends in the clocks of the kernels that they lie in. */
      from: z.object({ kernel: Count, time: z.number() }),
      to: z.object({ kernel: Count, time: z.number() }),
      faults: Count,
      items: Count,
    }),
  },
  /** The next thing of a lane before or after a line; its first or last without a line. */
  'timeline.step': {
    request: z.object({
      ...About,
      lane: Id,
      line: Count.optional(),
      direction: z.enum(['next', 'previous']),
      device: BdfText.optional(),
    }),
    answer: z.object({ item: TimelineItem.optional() }),
  },
  /** The thing of a lane that is nearest to a place, no farther from it than `within`. */
  'timeline.near': {
    request: z.object({
      ...About,
      lane: Id,
      at: z.number(),
      within: z.number().nonnegative(),
      device: BdfText.optional(),
    }),
    answer: z.object({ item: TimelineItem.optional() }),
  },
  /** Everything on the axis as a list, in the order of the log. */
  'timeline.items': {
    request: z.object({ ...About, from: Count, to: Count }),
    answer: z.object({ total: Count, from: Count, items: z.array(TimelineItem) }),
  },
  /** Where a line stands on the axis, and in which row of the list. */
  'timeline.place': {
    request: z.object({ ...About, line: Count }),
    answer: z.object({ at: z.number(), kernel: Count, time: z.number().optional(), row: Count }),
  },
} as const;
