// What a console says, and what was found in it.
import { z } from 'zod';
import { Count, Id, Latin1 } from './schema.ts';

export const MarkSeverity = z.enum(['error', 'warning', 'note', 'ok']);

/** A marked line of a console. */
export const LineMark = z.object({
  /** 1-based. */
  line: Count,
  kind: z.enum(['fault', 'status', 'phase', 'panic', 'bring-up', 'hand-off', 'note']),
  severity: MarkSeverity,
  /** Decoded meaning for the tip. */
  text: z.string(),
  fault: Count.optional(),
});
export type LineMark = z.infer<typeof LineMark>;

const LineTime = z.object({ line: Count, at: z.number(), kernelTime: z.number().optional() });

export const ConsoleChunk = z.object({
  /** Byte offset of the first byte of `data` in the console's record. */
  offset: Count,
  data: Latin1,
  /** Lines of the whole record that have begun by now. */
  total: Count,
  /** Lines that start in this chunk: 1-based number, and seconds since the console's start. */
  lines: z.array(LineTime),
  /** The line that began before this chunk, when its stamp may have been cut in two. */
  begun: LineTime.optional(),
  /** Marks of its lines, and those of lines before it that were found since. */
  marks: z.array(LineMark),
});
export type ConsoleChunk = z.infer<typeof ConsoleChunk>;

export const PhaseItem = z.object({
  line: Count,
  time: z.number().optional(),
  /** Seconds on the one axis of `faults.rate`, where a later kernel follows the one before it. */
  at: z.number().optional(),
  kernel: Count,
  phase: z.string(),
  /** The stage of the boot that begins here: `take-over`; absent where none does. */
  stage: z.string().optional(),
  text: z.string(),
});
export type PhaseItem = z.infer<typeof PhaseItem>;

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
