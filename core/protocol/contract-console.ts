import { z } from 'zod';
import {
  Armed,
  ConsoleChunk,
  ConsoleLog,
  LineMark,
  MarkSeverity,
  PhaseItem,
} from './items-console.ts';
import { ConsoleInfo } from './items-session.ts';
import { BdfText, Count, Id, Latin1, Nothing, Window } from './schema.ts';

/** A console behind a socket: a terminal server, QEMU, a bridge to a management controller. */
const TcpConnection = z.object({
  kind: z.literal('tcp'),
  /** `host:port`, or the absolute path of a socket of the host. */
  address: z.string().min(1).max(400),
  /** Whether the other end speaks Telnet; `auto`: once it begins to negotiate. */
  telnet: z.enum(['auto', 'always', 'never']),
  typing: z.boolean(),
});

const One = z.object({ console: Id });

/**
 * Consoles: connecting them, what they said, and driving a target over one. Nothing reaches a
 * target unless its writes are armed or typing was allowed when it was connected; every write is
 * written down with the notes.
 */
export const consoleCalls = {
  'serial.ports': {
    request: Nothing,
    answer: z.object({
      ports: z.array(z.object({ path: z.string(), name: z.string() })),
      /** Why the list may be short. */
      note: z.string().optional(),
    }),
  },
  'console.connect': {
    request: z.discriminatedUnion('kind', [
      z.object({
        kind: z.literal('serial'),
        path: z.string().min(1).max(4096),
        baud: z.number().int().min(50).max(4_000_000),
        dataBits: z.union([z.literal(5), z.literal(6), z.literal(7), z.literal(8)]),
        parity: z.enum(['none', 'even', 'odd']),
        stopBits: z.union([z.literal(1), z.literal(2)]),
        /** Whether typing reaches the target without arming writes. */
        typing: z.boolean(),
      }),
      TcpConnection,
      z.object({ kind: z.literal('replay'), path: z.string().min(1).max(4096), speed: z.number() }),
    ]),
    answer: z.object({ console: Id }),
  },
  'console.disconnect': { request: z.object({ console: Id }), answer: Nothing },
  'console.write': { request: z.object({ console: Id, data: Latin1 }), answer: Nothing },
  'console.replay': {
    request: z.object({
      console: Id,
      action: z.enum(['play', 'pause', 'restart', 'end', 'speed']),
      speed: z.number().positive().max(1e6).optional(),
    }),
    answer: ConsoleInfo,
  },
  /** Lines of a console's record, for search results and marked lines. */
  'console.lines': {
    request: z.object({ console: Id, ...Window }),
    answer: z.object({
      total: Count,
      from: Count,
      lines: z.array(z.object({ line: Count, text: z.string(), mark: LineMark.optional() })),
    }),
  },
  /**
   * Where to read a record from, so that a line is among what is read: its start, or that of a
   * line so many before it. What is not there yet is the newest line.
   */
  'console.place': {
    request: z.object({
      console: Id,
      /** Absent: the newest. */
      line: Count.optional(),
      before: Count,
    }),
    answer: z.object({
      /** The line that starts at the offset, and all that have begun. */
      line: Count,
      offset: Count,
      lines: Count,
    }),
  },
  /** Where in a whole record marked lines stand, and where its kernels start. */
  'console.overview': {
    request: z.object({
      console: Id,
      /** Parts of equal numbers of lines that the record is cut into. */
      parts: z.number().int().min(1).max(4096),
    }),
    answer: z.object({
      lines: Count,
      /** Parts, ascending, by severity; a severity that nothing has is absent. */
      marks: z.array(z.object({ severity: MarkSeverity, parts: z.array(Count) })),
      /** Lines at which its kernels start, ascending; the first thousands of them. */
      starts: z.array(Count),
    }),
  },
  /** The next line of the whole record that holds a text, gone round once; absent when none does. */
  'console.find': {
    request: z.object({
      console: Id,
      text: z.string().min(1).max(400),
      /** The line behind which it begins, or before which when it goes backwards. */
      from: Count,
      backwards: z.boolean(),
    }),
    answer: z.object({ line: Count.optional() }),
  },
  /** Lines of all consoles that name a device. */
  'console.mentions': {
    request: z.object({ bdf: BdfText }),
    answer: z.object({
      lines: Count,
      /** The first of them, console by console. */
      first: z.array(z.object({ console: Id, line: Count })),
    }),
  },
  'phases.list': {
    request: Nothing,
    /** The last ones of a log of very many boots; `more` came before them. */
    answer: z.object({ phases: z.array(PhaseItem), more: Count }),
  },
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

export const consoleFeeds = {
  /** A console's bytes from an offset on; nothing is dropped. */
  'console.data': {
    request: z.object({ console: Id, from: Count }),
    item: ConsoleChunk,
    coalesce: false,
  },
} as const;
