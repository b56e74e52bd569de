import { z } from 'zod';
import { Count, Id, Nothing, Severity } from './schema.ts';

/** One state of the tables that can be looked at by itself and compared with another. */
export const StateInfo = z.object({
  /** `captured`, `original`, `second0`, `sim0`. */
  id: Id,
  /** Its file's name, or what it is. */
  name: z.string(),
  kind: z.enum(['captured', 'original', 'second', 'simulated']),
  /** `ELF, with register values`, `without the 2 changes made here`. */
  detail: z.string(),
  /** Names of its units. */
  units: z.array(z.string()),
});
export type StateInfo = z.infer<typeof StateInfo>;

export const stateCalls = {
  /** Every state of the session, the captured one first. */
  'states.list': { request: Nothing, answer: z.object({ states: z.array(StateInfo) }) },
  /** Opens files as a further state beside what is open; `session.close` closes it by its id. */
  'states.open': {
    request: z.object({ paths: z.array(z.string().min(1).max(4096)).min(1).max(64) }),
    answer: z.object({ state: Id, states: z.array(StateInfo) }),
  },
} as const;

/** Counts of findings by what was looked for, where somebody looked. */
export const LookedFor = z.object({
  /** Hits of the audit's rules, what the decoders found among them. */
  audit: Count.optional(),
  /** The worst of them. */
  auditWorst: Severity.optional(),
  /** Entries that differ between the two states that were compared last. */
  compare: Count.optional(),
});
export type LookedFor = z.infer<typeof LookedFor>;
