import { z } from 'zod';
import { Count } from './schema.ts';

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
  'did',
  'pasid',
  'phase',
  'verdict',
]);
export type FilterValueField = z.infer<typeof FilterValueField>;

export const faultListCalls = {
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
