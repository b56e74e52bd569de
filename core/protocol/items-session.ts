// The session: what is open, in which state.
import { z } from 'zod';
import { Armed, ConsoleLog } from './items-console.ts';
import { LookedFor } from './contract-states.ts';
import { JobItem } from './contract-jobs.ts';
import { Count, Hex, Id, Severity } from './schema.ts';

export const SourceInfo = z.object({
  id: Id,
  /** File name or port, as text: never markup. */
  name: z.string(),
  kind: z.enum(['dump', 'log', 'console', 'registers', 'simulated', 'other']),
  /** `ELF, filtered`, `replay`, `connected`. */
  detail: z.string(),
  state: z.enum(['ready', 'partial', 'failed', 'live', 'ended']),
  bytes: Count.optional(),
  /** Where the file was when the session had it, and is not now: see `session.locate`. */
  missing: z.string().optional(),
  /** The file that is not opened by itself any more, since the engine ended with it open. */
  blamed: z.string().optional(),
});
export type SourceInfo = z.infer<typeof SourceInfo>;

export const UnitInfo = z.object({
  /** `dmar0`, `ivhd0`, `sim0`; unique in the session and the first part of its paths. */
  name: z.string(),
  vendor: z.enum(['intel', 'amd']),
  mode: z.string(),
  segment: Count,
  base: Hex.optional(),
  /** Where register values come from: kernel, file, target, simulated, none. */
  from: z.enum(['kernel', 'file', 'target', 'simulated', 'none']),
  translationEnabled: z.boolean().optional(),
});
export type UnitInfo = z.infer<typeof UnitInfo>;

export const ConsoleInfo = z.object({
  id: Id,
  name: z.string(),
  kind: z.enum(['replay', 'serial', 'tcp', 'log']),
  /** The words of the status: `replay, ended`, `connected`, `disconnected: <reason>`. */
  status: z.string(),
  state: z.enum(['connecting', 'live', 'paused', 'ended', 'failed']),
  lines: Count,
  bytes: Count,
  /** How often its record was emptied: lines of before are others than those of now. */
  emptied: Count,
  /** Settings for the bar: `115200 8n1`. */
  settings: z.string(),
  /** Whether what is typed reaches the target now. */
  canWrite: z.boolean(),
  /** Whether it would when writes were armed. */
  canArm: z.boolean().optional(),
  /** Seconds until a lost port is tried again. */
  retry: Count.optional(),
  /** The file that it is logged to. */
  log: ConsoleLog.optional(),
  replay: z
    .object({ position: z.number(), duration: z.number(), speed: z.number(), playing: z.boolean() })
    .optional(),
});
export type ConsoleInfo = z.infer<typeof ConsoleInfo>;

export const SessionInfo = z.object({
  /** Which session it is: another one has another id. */
  id: Id,
  title: z.string(),
  /** Name of the machine that the engine runs on. */
  host: z.string(),
  shell: z.enum(['electron', 'browser', 'direct']),
  empty: z.boolean(),
  /** What is open is the bundled sample: something else takes its place. */
  sample: z.boolean(),
  sources: z.array(SourceInfo),
  units: z.array(UnitInfo),
  consoles: z.array(ConsoleInfo),
  counts: z.object({
    faults: Count,
    findings: Count,
    changes: Count,
    notes: Count,
    ...LookedFor.shape,
  }),
  /** What was not as the session remembers it, in sentences. */
  problems: z.array(z.string()),
  worstFinding: Severity.optional(),
  /** Grows whenever tables, registers or memory changed: views ask again. */
  generation: Count,
  /** Whether the dump says where its kernel is; absent without a dump. */
  vmcoreinfo: z.boolean().optional(),
  /** Width of physical addresses, bits, for padded columns. */
  addressBits: Count,
  canUndo: z.boolean(),
  canRedo: z.boolean(),
  /** The target of which writes are armed. */
  armed: Armed.optional(),
  jobs: z.array(JobItem),
});
export type SessionInfo = z.infer<typeof SessionInfo>;
