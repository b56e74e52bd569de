import { z } from 'zod';
import { Count, Id, Nothing, Severity } from './schema.ts';

/** Sessions that can be taken up again, copies of them, and files that are not where they were. */

/** A session on this machine's disk. */
export const SessionItem = z.object({
  /** Its file: `session.open` takes it up. */
  path: z.string(),
  title: z.string(),
  /** ISO 8601: when it was written last. */
  saved: z.string(),
  /** Names of what it is made of. */
  sources: z.array(z.string()),
  /** Its files that are not where they were. */
  missing: z.array(z.string()),
  faults: Count,
  findings: Count,
  notes: Count,
  changes: Count,
  worst: Severity.optional(),
  /** Bytes of consoles that are recorded in it and nowhere else. */
  recorded: Count,
  /** It was not closed in order: the engine or the machine ended. */
  interrupted: z.boolean(),
  /** Another process has it open. */
  elsewhere: z.boolean(),
});
export type SessionItem = z.infer<typeof SessionItem>;

export const sessionsCalls = {
  'sessions.list': {
    request: Nothing,
    answer: z.object({
      sessions: z.array(SessionItem),
      /** Sessions that can't be read, with the reason. */
      unreadable: z.array(z.object({ path: z.string(), why: z.string() })),
      /** Old ones that are kept for their recordings, in a sentence. */
      note: z.string().optional(),
    }),
  },
  /** Removes a session from the disk, recordings included; not the one that is open. */
  'sessions.remove': { request: z.object({ path: z.string().max(4096) }), answer: Nothing },
  /** The session as one file that can be taken elsewhere. */
  'session.copy': {
    request: Nothing,
    answer: z.object({
      name: z.string(),
      text: z.string(),
      /** What did not fit into it. */
      left: z.array(z.string()),
    }),
  },
  'session.rename': {
    request: z.object({ title: z.string().min(1).max(200) }),
    answer: Nothing,
  },
  /** A file of the session was found elsewhere; another file's content is refused. */
  'session.locate': {
    request: z.object({ source: Id, path: z.string().min(1).max(4096) }),
    answer: Nothing,
  },
} as const;
