import { z } from 'zod';
import { Count, Id, Nothing, Path } from './schema.ts';

/**
 * Notes and the report: what a person wrote down about an investigation, where each note is
 * pinned, what was written to a target, and everything together as one page.
 */

/** What a note is pinned to. */
export const NotePin = z.discriminatedUnion('kind', [
  /** A table's entry, by its path. */
  z.object({ kind: z.literal('entry'), path: Path }),
  /** A console's line, 1-based. */
  z.object({ kind: z.literal('line'), console: Id, line: Count }),
  /** A fault, by the line that tells it: numbers may differ after the logs were read again. */
  z.object({
    kind: z.literal('fault'),
    console: Id.optional(),
    line: Count,
    fault: Count.optional(),
  }),
  /** A physical address. */
  z.object({ kind: z.literal('address'), address: z.string().regex(/^0x[0-9a-f]{1,16}$/) }),
  /** A moment of a kernel's clock, s. */
  z.object({ kind: z.literal('time'), time: z.number(), kernel: Count }),
]);
export type NotePin = z.infer<typeof NotePin>;

/** Longest note. */
const MAX_NOTE = 100_000;
export const MAX_NOTES = 10_000;

export const Note = z.object({
  id: Id,
  pin: NotePin.optional(),
  /** What it is pinned to, as it was called when the note was made: `#1 00:06.0 read 0x1f00000`. */
  label: z.string().max(400),
  /** Plain text with a little Markdown. Never markup. */
  text: z.string().max(MAX_NOTE),
  /** ISO 8601. */
  created: z.string(),
  changed: z.string(),
});
export type Note = z.infer<typeof Note>;

/** A note with the place that it leads to now: a path, `#7`, `L12`, an address. */
export const NoteItem = Note.extend({ target: z.string().optional() });
export type NoteItem = z.infer<typeof NoteItem>;

/** Bytes that a person sent to a target, gathered by line. */
export const TargetWrite = z.object({
  /** ISO 8601. */
  time: z.string(),
  console: z.string(),
  /** The console's id, and its line that had begun then. */
  source: Id.optional(),
  line: Count.optional(),
  bytes: Count,
  /** What was sent, control characters written as escapes; cut. */
  text: z.string().max(400),
});
export type TargetWrite = z.infer<typeof TargetWrite>;

const Notes = z.object({ notes: z.array(NoteItem), writes: z.array(TargetWrite) });

export const ReportFormat = z.enum(['html', 'markdown']);
export type ReportFormat = z.infer<typeof ReportFormat>;

/** Parts of the report that can be left out; what is not known is always in it. */
export const ReportPart = z.enum([
  'faults',
  'units',
  'findings',
  'audit',
  'phases',
  'changes',
  'writes',
]);
export type ReportPart = z.infer<typeof ReportPart>;

export const noteCalls = {
  'notes.list': { request: Nothing, answer: Notes },
  /** A new note, pinned or not. */
  'notes.add': {
    request: z.object({ pin: NotePin.optional(), text: z.string().max(MAX_NOTE) }),
    answer: z.object({ note: NoteItem }),
  },
  'notes.edit': {
    request: z.object({ id: Id, text: z.string().max(MAX_NOTE) }),
    answer: z.object({ note: NoteItem }),
  },
  'notes.remove': { request: z.object({ id: Id }), answer: Notes },
  /** The whole investigation as one self-contained page: no script, nothing from elsewhere. */
  'report.make': {
    request: z.object({
      format: ReportFormat,
      /** Notes that are part of it; all without. */
      notes: z.array(Id).max(MAX_NOTES).optional(),
      /** Parts that are in it; all without. */
      parts: z.array(ReportPart).max(16).optional(),
      /** Filter of the faults, as the Faults panel has it. */
      filter: z.string().max(2000).optional(),
      /** Host names are replaced by a placeholder. */
      hideHosts: z.boolean().optional(),
    }),
    answer: z.object({ name: z.string(), text: z.string() }),
  },
} as const;
