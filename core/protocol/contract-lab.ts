import { z } from 'zod';
import { HandoffStory } from './items-handoff.ts';
import { ScriptOutput } from './items-script.ts';
import { Count, Id, Nothing } from './schema.ts';

/** The lab: hand-off stories, and scripts. */
export const labCalls = {
  'handoff.list': {
    request: Nothing,
    answer: z.object({
      scenarios: z.array(
        z.object({ id: z.string(), title: z.string(), text: z.string(), source: z.string() }),
      ),
      strategies: z.array(
        z.object({ id: z.string(), title: z.string(), text: z.string(), source: z.string() }),
      ),
    }),
  },
  'handoff.run': {
    request: z.object({ scenario: z.string(), strategy: z.string(), seed: Count }),
    answer: HandoffStory,
  },
  'script.stop': { request: z.object({ run: Id }), answer: Nothing },
  /** TypeScript declarations of the script API, for the editor. */
  'script.types': { request: Nothing, answer: z.object({ declarations: z.string() }) },
  'script.samples': {
    request: Nothing,
    answer: z.object({ scripts: z.array(z.object({ name: z.string(), source: z.string() })) }),
  },
} as const;

export const labFeeds = {
  /** Runs a script; its output until `done`. Cancelling the feed stops the script. */
  'script.run': {
    request: z.object({
      /** Names the run, for `script.stop`. */
      run: Id,
      source: z.string().max(1 << 20),
      /** A line of the REPL: its value is shown, and what it declares stays. */
      repl: z.boolean(),
    }),
    item: ScriptOutput,
    coalesce: false,
  },
} as const;
