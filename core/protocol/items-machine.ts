// Registers, and what happened in a simulated machine.
import { z } from 'zod';
import { Count, FieldItem, Hex } from './schema.ts';

export const RegisterItem = z.object({
  name: z.string(),
  title: z.string(),
  offset: Hex,
  width: Count,
  /** Absent: nobody read it. */
  value: Hex.optional(),
  source: z.enum(['kernel copy', 'file', 'target', 'simulated']).optional(),
  was: Hex.optional(),
  decoded: z.string(),
  fields: z.array(FieldItem),
  spec: z.string(),
});
export type RegisterItem = z.infer<typeof RegisterItem>;

export const MachineEvent = z.object({
  n: Count,
  kind: z.string(),
  text: z.string(),
});
export type MachineEvent = z.infer<typeof MachineEvent>;
