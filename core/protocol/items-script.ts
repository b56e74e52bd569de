// A script's output.
import { z } from 'zod';
import { Count } from './schema.ts';

/** One piece of a script's output. Addresses are hexadecimal text. */
export const ScriptOutput = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('print'), text: z.string() }),
  z.object({
    kind: z.literal('table'),
    columns: z.array(z.string()),
    rows: z.array(z.array(z.string())),
    /** Rows that were produced and not sent. */
    dropped: Count,
  }),
  /** Points of a chart, in the order in which they are joined. */
  z.object({
    kind: z.literal('chart'),
    title: z.string(),
    x: z.array(z.number()),
    y: z.array(z.number()),
    dropped: Count,
  }),
  z.object({ kind: z.literal('value'), text: z.string() }),
  z.object({
    kind: z.literal('error'),
    text: z.string(),
    /** Line and column of the TypeScript, 1-based. */
    line: Count.optional(),
    column: Count.optional(),
  }),
  z.object({
    kind: z.literal('done'),
    state: z.enum(['finished', 'failed', 'stopped', 'limit']),
    seconds: z.number(),
  }),
]);
export type ScriptOutput = z.infer<typeof ScriptOutput>;
