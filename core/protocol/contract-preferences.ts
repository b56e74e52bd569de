import { z } from 'zod';

/** What a person set for all sessions of this machine. */

/** Bindings that may be named: more than the window has. */
const MAX_BINDINGS = 500;

/** Keys by the binding's identity: `global G T` to `G B`. The engine knows no keys: they are text. */
export const KeyChoices = z
  .record(z.string().min(1).max(80), z.string().min(1).max(60))
  .refine((keys) => Object.keys(keys).length <= MAX_BINDINGS, 'too many keys');
export type KeyChoices = z.infer<typeof KeyChoices>;

export const preferencesCalls = {
  'preferences.load': { request: z.object({}), answer: z.object({ keys: KeyChoices }) },
  'preferences.save': { request: z.object({ keys: KeyChoices }), answer: z.object({}) },
} as const;
