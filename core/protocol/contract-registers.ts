import { z } from 'zod';
import { MachineEvent, RegisterItem } from './items-machine.ts';
import { SessionInfo, UnitInfo } from './items-session.ts';
import { Access, BdfText, Hex, Id, Nothing } from './schema.ts';

/** Registers of units, and the simulated machines that stand behind some of them. */
export const registerCalls = {
  'registers.get': {
    request: z.object({
      unit: z.string(),
      /** The state whose values are put beside; without it the reading before this one. */
      against: Id.optional(),
    }),
    answer: z.object({
      unit: UnitInfo,
      registers: z.array(RegisterItem),
      note: z.string().optional(),
      /** The state put beside, and why it has nothing to tell. */
      beside: z.object({ state: Id, name: z.string(), note: z.string().optional() }).optional(),
    }),
  },
  /** Simulated units only: a write with the effect that hardware gives it. */
  'registers.write': {
    request: z.object({
      unit: z.string(),
      offset: Hex,
      width: z.union([z.literal(32), z.literal(64)]),
      value: Hex,
    }),
    answer: z.object({ registers: z.array(RegisterItem), events: z.array(MachineEvent) }),
  },
  'registers.decode': {
    request: z.object({ vendor: z.enum(['intel', 'amd']), name: z.string().max(64), value: Hex }),
    answer: z.object({ register: RegisterItem }),
  },
  /** Puts a simulated machine beside what is open. */
  'machine.add': { request: Nothing, answer: SessionInfo },
  'machine.dma': {
    request: z.object({
      unit: z.string(),
      bdf: BdfText,
      address: Hex,
      length: z
        .number()
        .int()
        .min(1)
        .max(1 << 20),
      access: Access,
    }),
    answer: z.object({ outcome: z.string(), ok: z.boolean(), events: z.array(MachineEvent) }),
  },
} as const;
