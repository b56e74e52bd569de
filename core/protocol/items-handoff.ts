// Stories of the hand-off lab.
import { z } from 'zod';
import { MachineEvent } from './items-machine.ts';
import { Count } from './schema.ts';

const HandoffOutcome = z.enum(['dump saved', 'dump damaged', 'device lost', 'faults', 'nothing']);

export const HandoffStep = z.object({
  n: Count,
  lane: z.enum(['old kernel', 'device', 'iommu', 'tables', 'kdump kernel']),
  title: z.string(),
  text: z.string(),
  events: z.array(MachineEvent),
  /** Console lines printed up to and including this step. */
  consoleLines: Count,
  /** What stands in memory and what the unit holds, row by row. */
  state: z.array(
    z.object({ what: z.string(), memory: z.string(), cached: z.string(), differs: z.boolean() }),
  ),
  deciding: z.boolean(),
});
export type HandoffStep = z.infer<typeof HandoffStep>;

export const HandoffStory = z.object({
  scenario: z.string(),
  strategy: z.string(),
  seed: Count,
  outcome: HandoffOutcome,
  verdict: z.string(),
  faults: Count,
  console: z.array(z.string()),
  steps: z.array(HandoffStep),
  whatWouldChange: z.array(z.string()),
});
export type HandoffStory = z.infer<typeof HandoffStory>;
