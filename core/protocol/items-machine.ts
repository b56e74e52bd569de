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
  source: z.enum(['kernel copy', 'file', 'target', 'simulated', 'console log']).optional(),
  /** What it read before it changed; or what it reads in the state beside, the same or not. */
  was: Hex.optional(),
  decoded: z.string(),
  fields: z.array(FieldItem),
  spec: z.string(),
  /** Kinds of access that its fields have. */
  access: z.array(z.enum(['RW', 'RW1C', 'WO', 'RO'])),
});
export type RegisterItem = z.infer<typeof RegisterItem>;

export const MachineEvent = z.object({
  n: Count,
  kind: z.string(),
  text: z.string(),
});
export type MachineEvent = z.infer<typeof MachineEvent>;
