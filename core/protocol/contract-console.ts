import { z } from 'zod';
import { Count, Id } from './schema.ts';

/**
 * Calls that drive a target over its console. Nothing reaches a target unless its writes are armed
 * or typing was allowed when it was connected; every write is written down with the notes.
 */

/** The console of which writes are armed. */
export const Armed = z.object({
  console: Id,
  /** The target's name, as the dialog asks for it. */
  target: z.string(),
  /** Seconds until writes are disarmed. */
  seconds: Count,
});
export type Armed = z.infer<typeof Armed>;

/** A file of the host that everything a console says is written to. */
export const ConsoleLog = z.object({
  path: z.string(),
  name: z.string(),
  bytes: Count,
  /** Why it is not written to any more. */
  failed: z.string().optional(),
});
export type ConsoleLog = z.infer<typeof ConsoleLog>;

const Nothing = z.object({});
const One = z.object({ console: Id });

export const consoleCalls = {
  /** Arms writes for five minutes. The target's name has to be given as a person typed it. */
  'console.arm': {
    request: z.object({ console: Id, target: z.string().max(400) }),
    answer: Armed,
  },
  'console.disarm': { request: Nothing, answer: Nothing },
  'console.break': { request: One, answer: Nothing },
  /** A break and a letter; one that destroys needs the target's name as well. */
  'console.sysrq': {
    request: z.object({
      console: Id,
      letter: z.string().length(1),
      target: z.string().max(400).optional(),
    }),
    answer: Nothing,
  },
  /** A name for a log file that is not taken yet. */
  'console.logPath': { request: One, answer: z.object({ path: z.string() }) },
  /** Writes everything that comes from now on to a new file, or ends that. */
  'console.log': {
    request: z.discriminatedUnion('action', [
      z.object({
        action: z.literal('start'),
        console: Id,
        path: z.string().min(1).max(4096),
        /** What the console has said so far comes first. */
        all: z.boolean(),
      }),
      z.object({ action: z.literal('stop'), console: Id }),
    ]),
    answer: z.object({ log: ConsoleLog.optional() }),
  },
  /** Opens a port that was lost, now. */
  'console.reconnect': { request: One, answer: Nothing },
  /** Tries no more to open it. */
  'console.stopRetry': { request: One, answer: Nothing },
} as const;
