import { z } from 'zod';
import { SessionInfo } from './items-session.ts';
import { Count, FindingItem, Id, Nothing } from './schema.ts';

/** The session itself: what is open, files of the host, the window's own state. */
export const sessionCalls = {
  'session.get': { request: Nothing, answer: SessionInfo },
  /** Opens files of the host; what each is, is found from its content. */
  'session.open': {
    request: z.object({
      paths: z.array(z.string().min(1).max(4096)).min(1).max(64),
      add: z.boolean(),
      /** They are raw memory, whatever they look like: nothing in such a file says so. */
      as: z.literal('raw').optional(),
    }),
    answer: SessionInfo,
  },
  /** The bundled crash: its dump, and its console as a replay that plays or stands at its end. */
  'session.openSample': {
    request: z.object({ replay: z.enum(['start', 'fault', 'end']) }),
    answer: SessionInfo,
  },
  /** Text pasted by a person: a log, a register file. */
  'session.openText': {
    request: z.object({
      name: z.string().max(200),
      text: z.string().max(32 << 20),
      add: z.boolean(),
    }),
    answer: SessionInfo,
  },
  /**
   * What a story of the hand-off lab leaves behind, as an investigation of its own: its console, the
   * memory and registers at its end, and those of the first kernel as a second state.
   */
  'session.openStory': {
    request: z.object({ scenario: Id, strategy: Id, seed: Count }),
    answer: SessionInfo,
  },
  'session.close': { request: z.object({ source: Id.optional() }), answer: SessionInfo },
  /** A folder of the host, for browser mode's open dialog. */
  'files.list': {
    request: z.object({ path: z.string().max(4096).optional() }),
    answer: z.object({
      path: z.string(),
      parent: z.string().optional(),
      entries: z.array(
        z.object({ name: z.string(), kind: z.enum(['folder', 'file']), bytes: Count.optional() }),
      ),
    }),
  },
  inspect: {
    request: Nothing,
    answer: z.object({
      groups: z.array(
        z.object({
          title: z.string(),
          rows: z.array(z.object({ name: z.string(), value: z.string() })),
        }),
      ),
      findings: z.array(FindingItem),
    }),
  },
  /** The view's own state (layout, widths, theme), kept with the session; opaque to the engine. */
  'view.load': {
    request: Nothing,
    answer: z.object({
      state: z
        .string()
        .max(1 << 20)
        .optional(),
    }),
  },
  'view.save': { request: z.object({ state: z.string().max(1 << 20) }), answer: Nothing },
} as const;

export const sessionFeeds = {
  /** The session whenever something of it changed; coalesced to the newest. */
  'session.changes': { request: Nothing, item: SessionInfo, coalesce: true },
} as const;
