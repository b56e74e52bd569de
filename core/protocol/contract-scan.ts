import { z } from 'zod';
import { Count, Hex, Nothing } from './schema.ts';

/** Tables that a unit's registers can point to. */
export const RootKind = z.enum(['root-table', 'scalable-root-table', 'device-table']);
export type RootKind = z.infer<typeof RootKind>;

/** Tables that were found by their form alone. */
export const FoundTable = z.object({
  kind: z.string(),
  vendor: z.enum(['intel', 'amd']),
  address: Hex,
  /** 0 to 1: how sure it is that a unit used this. */
  score: z.number(),
  /** What speaks for and against it. */
  why: z.array(z.string()),
  /** Devices that it describes. */
  devices: Count,
  /** Entries, where their number is not fixed. */
  entries: Count.optional(),
  /** Names of the units that it serves, where that can be told. */
  units: z.array(z.string()),
});
export type FoundTable = z.infer<typeof FoundTable>;

const Given = z.object({ units: z.array(z.string()) });

export const scanCalls = {
  /** Looks at every page of the dump for tables; the best come first. */
  'scan.run': {
    request: Nothing,
    answer: z.object({
      tables: z.array(FoundTable),
      /** Tables that were found and are not listed. */
      more: Count,
      /** Pages with content that were looked at. */
      pages: Count,
      notes: z.array(z.string()),
      /** Some of them are sure enough to be used together. */
      usable: z.boolean(),
    }),
  },
  /** Takes the best tables of the scan as those of the units, with their interrupt tables. */
  'scan.use': { request: Nothing, answer: Given },
  /** Takes a table at an address as a unit's root table or device table. */
  'tables.give': {
    request: z.object({
      kind: RootKind,
      address: Hex,
      /** Of a device table. */
      entries: z.number().int().min(1).max(65_536).optional(),
    }),
    answer: Given,
  },
} as const;
