import { z } from 'zod';

/** From a text to the places that it names. */
export const jumpCalls = {
  /** Places that a text names: BDFs, addresses, registers, units, #faults, console lines. */
  jump: {
    request: z.object({ text: z.string().max(400) }),
    answer: z.object({
      places: z.array(
        z.object({
          kind: z.enum(['device', 'entry', 'address', 'register', 'unit', 'fault', 'line']),
          label: z.string(),
          detail: z.string(),
          panel: z.string(),
          /** A path, `#n`, `L123`, or an address. */
          target: z.string(),
        }),
      ),
    }),
  },
} as const;
