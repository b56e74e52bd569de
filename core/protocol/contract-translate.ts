import { z } from 'zod';
import { Access, BdfText, Count, Hex, WalkOutcome } from './schema.ts';

/** What stands beside a walk: the same request elsewhere, and what its page is used for. */
export const translateCalls = {
  /** The same request in the other states of the session, those that were opened first. */
  'translate.states': {
    request: z.object({
      unit: z.string(),
      bdf: BdfText,
      pasid: Count.optional(),
      address: Hex,
      access: Access,
    }),
    answer: z.object({
      /** Whose tables the session's own capture holds; absent where nothing tells. */
      own: z.enum(['first', 'second']).optional(),
      states: z.array(
        z.object({
          id: z.string(),
          name: z.string(),
          /** Absent where the state has no such unit. */
          outcome: WalkOutcome.optional(),
          domain: Count.optional(),
        }),
      ),
    }),
  },
  /** What a physical page is, as far as the firmware, the kernel and the dump tell. */
  'page.about': {
    request: z.object({
      /** The unit whose memory is meant; the capture's without it. */
      unit: z.string().optional(),
      address: Hex,
    }),
    answer: z.object({
      /** `System RAM`, `System RAM, Crash kernel`; absent where nothing tells. */
      region: z.string().optional(),
      /** The kernel's own record of the page. */
      record: z
        .object({
          address: Hex,
          use: z.string(),
          references: z.number().int(),
          poisoned: z.boolean(),
        })
        .optional(),
      provenance: z.enum(['present', 'zero', 'excluded', 'absent', 'failed', 'pending']),
    }),
  },
} as const;
