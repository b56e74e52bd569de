import { z } from 'zod';
import { Id, Nothing } from './schema.ts';

/** Long work of the engine, as the status bar shows it. */
export const JobItem = z.object({
  id: Id,
  name: z.string(),
  /** Whole percents that are done; absent while nobody knows how much there is. */
  percent: z.number().optional(),
  detail: z.string(),
  /** How long it ran so far; the time that it was stopped does not count. */
  seconds: z.number(),
  /** A person stopped it: it keeps what it has, and goes on from there. */
  stopped: z.boolean(),
});
export type JobItem = z.infer<typeof JobItem>;

const One = z.object({ job: Id });

export const jobCalls = {
  'jobs.stop': { request: One, answer: Nothing },
  'jobs.resume': { request: One, answer: Nothing },
} as const;
