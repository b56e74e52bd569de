/**
 * The session's file, `.faultline`: a JSON document that names everything an investigation is
 * made of, so that it can be taken up again. Dumps and logs are named by path, size and digest and
 * never held; what nobody else keeps (a serial console's recording, a pasted text) stands beside
 * the file while the session is open, and inside it in a copy.
 *
 * Version 2. Version 1 named its sources by path alone, and kept the window's state in a file of
 * its own.
 */
import { z } from 'zod';
import { Failure } from '../memory/failure.ts';
import { Note, TargetWrite } from '../protocol/contract-notes.ts';
import { BdfText, Count, Hex, Severity } from '../protocol/schema.ts';
import { VERSION } from './version.ts';

const SESSION_FORMAT = 'faultline.session';
export const SESSION_VERSION = 2;
/** Longest text that is read as a session: recordings of a long day are part of a copy. */
export const MAX_SESSION_TEXT = 512 * 2 ** 20;
/** Acts on a simulated machine that are kept; more would be slower to repeat than to do again. */
export const MAX_ACTS = 20_000;
const MAX_CHANGES = 100_000;

/** A file that a session was made with. */
export const KeptSource = z.object({
  path: z.string().min(1).max(4096),
  bytes: Count.optional(),
  /** `sha256:…` of the whole file, or `sha256-samples:…` of a large one's samples. */
  digest: z.string().max(200).optional(),
  /** A person said what it is: nothing in it does. */
  as: z.literal('raw').optional(),
});
export type KeptSource = z.infer<typeof KeptSource>;

/** Files that were opened as a further state, to compare it with the session's own. */
export const KeptState = z.object({
  id: z.string().regex(/^[\w-]{1,64}$/),
  files: z.array(KeptSource).min(1).max(64),
});
export type KeptState = z.infer<typeof KeptState>;

/** Bytes as a copy holds them. */
const Packed = z.object({
  encoding: z.literal('zstd+base64'),
  /** When unpacked. */
  bytes: Count,
  data: z.string(),
});
export type Packed = z.infer<typeof Packed>;

/** A console, so that it can be taken up again. */
export const KeptConsole = z.object({
  /** Part of its record's name on disk. */
  id: z.string().regex(/^[\w-]{1,64}$/),
  name: z.string().max(4096),
  kind: z.enum(['replay', 'serial', 'tcp', 'log']),
  /** Recording, log or port that it came from. */
  path: z.string().max(4096),
  settings: z.string().max(400),
  speed: z.number().optional(),
  /** What a person types goes to the port. */
  typing: z.boolean().optional(),
  bytes: Count.optional(),
  digest: z.string().max(200).optional(),
  /** The file that it is logged to, and where in its record that began. */
  log: z.object({ path: z.string().max(4096), from: Count }).optional(),
  /** In a copy: what it said, where no file holds that. */
  recording: Packed.optional(),
});
export type KeptConsole = z.infer<typeof KeptConsole>;

/** One act on a simulated machine; repeated in order they make it what it was. */
export const KeptAct = z.discriminatedUnion('act', [
  z.object({
    act: z.literal('register'),
    offset: Hex,
    width: z.union([z.literal(32), z.literal(64)]),
    value: Hex,
  }),
  z.object({
    act: z.literal('dma'),
    bdf: BdfText,
    address: Hex,
    length: z
      .number()
      .int()
      .min(1)
      .max(1 << 20),
    access: z.enum(['read', 'write']),
  }),
  /** A change of its memory: bytes as hexadecimal digits. */
  z.object({
    act: z.literal('store'),
    address: Hex,
    bytes: z.string().regex(/^(?:[0-9a-f]{2})*$/),
  }),
]);
export type KeptAct = z.infer<typeof KeptAct>;

export const KeptMachine = z.object({
  name: z.string().regex(/^[\w-]{1,64}$/),
  acts: z.array(KeptAct).max(MAX_ACTS),
  /** More was done to it than is kept. */
  more: z.boolean().optional(),
});
export type KeptMachine = z.infer<typeof KeptMachine>;

/** A change of memory made here: what stood there tells whether it can be made again. */
export const KeptChange = z.object({
  world: z.string().max(64),
  path: z.string().max(400).optional(),
  text: z.string().max(4000),
  address: Hex,
  /** Bytes as hexadecimal digits. */
  before: z.string().regex(/^(?:[0-9a-f]{2})*$/),
  after: z.string().regex(/^(?:[0-9a-f]{2})*$/),
});
export type KeptChange = z.infer<typeof KeptChange>;

export const SessionFile = z.object({
  format: z.literal(SESSION_FORMAT),
  version: z.literal(SESSION_VERSION),
  /** The program that wrote it. */
  program: z.string().max(40),
  title: z.string().max(400),
  /** ISO 8601: when it was written last. */
  saved: z.string().max(40),
  sources: z.array(KeptSource).max(4096),
  states: z.array(KeptState).max(64).default([]),
  consoles: z.array(KeptConsole).max(4096),
  machines: z.array(KeptMachine).max(64),
  changes: z.object({
    done: z.array(KeptChange).max(MAX_CHANGES),
    undone: z.array(KeptChange).max(MAX_CHANGES),
  }),
  notes: z.array(Note).max(10_000),
  writes: z.array(TargetWrite).max(10_000),
  /** Files that are being read right now: when the engine ends here, they are to blame. */
  reading: z.array(z.string()),
  /** Files that ended the engine; they are not opened again without being asked. */
  blamed: z.array(z.string()),
  /** What a list of sessions says of it. */
  summary: z.object({ faults: Count, findings: Count, worst: Severity.optional() }).optional(),
  /** The window's own state: layout, filters, widths, theme, selection. Opaque here. */
  view: z
    .string()
    .max(1 << 20)
    .optional(),
  /** In a copy: texts that were pasted, by the path that sources and consoles name. */
  pasted: z
    .array(z.object({ path: z.string().max(4096), text: Packed }))
    .max(4096)
    .optional(),
});
export type SessionFile = z.infer<typeof SessionFile>;

export const EMPTY_SESSION: SessionFile = {
  format: SESSION_FORMAT,
  version: SESSION_VERSION,
  program: VERSION,
  title: '',
  saved: '',
  sources: [],
  states: [],
  consoles: [],
  machines: [],
  changes: { done: [], undone: [] },
  notes: [],
  writes: [],
  reading: [],
  blamed: [],
};

/** Version 1, as `session.json` of a session's folder. */
const Version1 = z.object({
  version: z.literal(1),
  title: z.string(),
  sources: z.array(z.string()),
  consoles: z.array(KeptConsole),
  reading: z.array(z.string()),
  blamed: z.array(z.string()),
});

/** Whether a text's beginning is that of a session's file: its format stands first. */
export function isSessionText(head: string): boolean {
  return /^\s*\{\s*"format"\s*:\s*"faultline\.session"/.test(head);
}

/** The document as text; the format stands first, so that the file is known by its beginning. */
export function sessionText(session: SessionFile): string {
  const { format, version, ...rest } = session;
  return `${JSON.stringify({ format, version, ...rest }, null, 1)}\n`;
}

/**
 * Reads a session's file of this version or of one before it.
 * @param name the file's path, for the failure
 * @param view version 1 only: the window's state, which stood in a file of its own
 * @throws Failure when it is no session, is damaged, or was written by a newer program
 */
export function parseSession(text: string, name: string, view?: string): SessionFile {
  if (text.length > MAX_SESSION_TEXT)
    throw new Failure(
      'limit',
      `${name} has ${text.length} characters.`,
      `A session is read up to ${MAX_SESSION_TEXT} characters; nothing was opened.`,
      'Open the dump and the log themselves.',
    );
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw damaged(name, error instanceof Error ? error.message : 'it is no JSON');
  }
  const { format, version } = (json ?? {}) as { format?: unknown; version?: unknown };
  if (format === undefined && version === 1) {
    const old = Version1.safeParse(json);
    if (!old.success) throw damaged(name, issueOf(old.error));
    return fromVersion1(old.data, view);
  }
  if (format !== SESSION_FORMAT) throw damaged(name, 'it does not say that it is a session');
  if (typeof version === 'number' && version > SESSION_VERSION) {
    const { program } = json as { program?: unknown };
    throw new Failure(
      'unreadable',
      `${name} is a session of version ${version}${typeof program === 'string' ? `, written by Faultline ${program.slice(0, 40)}` : ''}.`,
      `This Faultline (${VERSION}) reads sessions up to version ${SESSION_VERSION}; nothing was opened and the file was not changed.`,
      'Open it with the newer Faultline, or open the dump and the log themselves.',
    );
  }
  const parsed = SessionFile.safeParse(json);
  if (!parsed.success) throw damaged(name, issueOf(parsed.error));
  return parsed.data;
}

function fromVersion1(old: z.infer<typeof Version1>, view: string | undefined): SessionFile {
  return {
    ...EMPTY_SESSION,
    title: old.title.slice(0, 400),
    sources: old.sources.map((path) => ({ path })),
    consoles: old.consoles,
    reading: old.reading,
    blamed: old.blamed,
    ...(view === undefined ? {} : { view }),
  };
}

/** The first place that is not as it should be: `notes.3.text: Too big`. */
function issueOf(error: z.ZodError): string {
  const [issue] = error.issues;
  return issue ? `${issue.path.join('.') || 'the document'}: ${issue.message}` : 'no field fits';
}

function damaged(name: string, why: string): Failure {
  return new Failure(
    'unreadable',
    `${name} is damaged: ${why}.`,
    'It can not be read as a session; nothing was opened and the file was not changed.',
    'Open a copy of it if there is one, or open the dump and the log themselves.',
  );
}
