import { z } from 'zod';
import { consoleCalls } from './contract-console.ts';
import { faultListCalls } from './contract-faults.ts';
import { mapCalls } from './contract-map.ts';
import { memoryCalls } from './contract-memory.ts';
import { notesCalls } from './contract-notes.ts';
import { sessionsCalls } from './contract-sessions.ts';
import { timelineCalls } from './contract-timeline.ts';
import { auditCalls } from './contract-audit.ts';
import { compareCalls } from './contract-compare.ts';
import { scanCalls } from './contract-scan.ts';
import { stateCalls } from './contract-states.ts';
import {
  Access,
  Base64,
  BdfText,
  Count,
  FindingItem,
  Hex,
  Id,
  Latin1,
  Path,
  RightsText,
  WalkAnswer,
  Window,
} from './schema.ts';
import { ConsoleInfo, SessionInfo, UnitInfo } from './items-session.ts';
import { ChangeItem, DeviceItem, EntryInfo, Journal, TreeRow } from './items-tables.ts';
import { ExplainAnswer, FaultGrouping, FaultsAnswer } from './items-faults.ts';
import { ConsoleChunk, LineMark, PhaseItem } from './items-console.ts';
import { MachineEvent, RegisterItem } from './items-machine.ts';
import { HandoffStory } from './items-handoff.ts';
import { ScriptOutput } from './items-script.ts';

export * from './items-session.ts';
export * from './items-tables.ts';
export * from './items-faults.ts';
export * from './items-console.ts';
export * from './items-machine.ts';
export * from './items-handoff.ts';
export * from './items-script.ts';

/**
 * The one contract between the engine and every view of it: *calls* (request, answer, cancel) and
 * *feeds* (a subscription with credit: the engine sends only as many items as the view granted,
 * and coalesces what it may). Both ends check every message against these schemas.
 */

// ---- the tables of calls and feeds -----------------------------------------------------------

const Nothing = z.object({});

/** Every call: what goes in and what comes back. */
export const calls = {
  ...auditCalls,
  ...compareCalls,
  ...scanCalls,
  ...stateCalls,
  'session.get': { request: Nothing, answer: SessionInfo },
  /** Opens files of the host; what each is, is found from its content. */
  'session.open': {
    request: z.object({
      paths: z.array(z.string().min(1).max(4096)).min(1).max(64),
      add: z.boolean(),
    }),
    answer: SessionInfo,
  },
  /** The bundled crash: its dump, and its console as a replay that plays or stands at its end. */
  'session.openSample': {
    request: z.object({ replay: z.enum(['play', 'end']).optional() }),
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
  'session.close': { request: z.object({ source: Id.optional() }), answer: SessionInfo },
  ...notesCalls,
  ...sessionsCalls,
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
  /** A view of the tables with its own expansion; lives until `tree.close` or the view's end. */
  'tree.open': {
    request: z.object({ all: z.boolean() }),
    answer: z.object({ tree: Id, total: Count }),
  },
  'tree.close': { request: z.object({ tree: Id }), answer: Nothing },
  'tree.rows': {
    request: z.object({ tree: Id, ...Window }),
    answer: z.object({ total: Count, from: Count, generation: Count, rows: z.array(TreeRow) }),
  },
  'tree.expand': {
    request: z.object({ tree: Id, path: Path, open: z.boolean(), subtree: z.boolean().optional() }),
    answer: z.object({ total: Count, index: Count }),
  },
  /** Opens all parents of a path; answers its row, or -1 when it names nothing. */
  'tree.reveal': {
    request: z.object({ tree: Id, path: Path }),
    answer: z.object({ total: Count, index: z.number().int().min(-1) }),
  },
  /** Puts another state beside the tree: rows say what differs there. Without one it goes. */
  'tree.against': {
    request: z.object({ tree: Id, state: Id.optional() }),
    answer: z.object({ total: Count }),
  },
  'tree.all': {
    request: z.object({ tree: Id, all: z.boolean() }),
    answer: z.object({ total: Count }),
  },
  /** Entries whose words differ from what they were when this view showed them first. */
  'tree.changes': {
    request: z.object({ tree: Id }),
    answer: z.object({
      total: Count,
      changes: z.array(z.object({ path: Path, was: z.string(), now: z.string() })),
    }),
  },
  /** What is there now counts as looked at. */
  'tree.seen': { request: z.object({ tree: Id }), answer: Nothing },
  /** An entry, of another state than the session's own too, beside what a further state has there. */
  'entry.get': {
    request: z.object({ path: Path, state: Id.optional(), against: Id.optional() }),
    answer: EntryInfo,
  },
  /** Changes one field in the overlay of captured memory, or in simulated memory. */
  'entry.poke': {
    request: z.object({ path: Path, field: z.string().max(64), value: Hex }),
    answer: z.object({ change: ChangeItem, entry: EntryInfo }),
  },
  'changes.list': { request: Nothing, answer: Journal },
  'changes.undo': { request: Nothing, answer: Journal },
  'changes.redo': { request: Nothing, answer: Journal },
  'findings.list': {
    request: z.object({ path: Path.optional() }),
    answer: z.object({ findings: z.array(FindingItem), incomplete: z.array(z.string()) }),
  },
  /** The walk of an address; `text` may be a whole kernel line instead of the other fields. */
  walk: {
    request: z.object({
      unit: z.string().optional(),
      bdf: BdfText.optional(),
      address: Hex.optional(),
      access: Access.optional(),
      pasid: Count.optional(),
      text: z.string().max(4096).optional(),
    }),
    answer: WalkAnswer,
  },
  'faults.rows': {
    request: z.object({
      filter: z.string().max(2000),
      group: FaultGrouping,
      /** Keys of groups that are folded. */
      folded: z.array(z.string()).max(10_000),
      sort: z.enum(['order', 'worst', 'count', 'address', 'reason', 'device']),
      ...Window,
    }),
    answer: FaultsAnswer,
  },
  /** Faults per bin over the log's time, for the rate chart. */
  'faults.rate': {
    request: z.object({ filter: z.string().max(2000), bins: z.number().int().min(1).max(2000) }),
    answer: z.object({
      /** Seconds; a later kernel's clock begins where the one before it was seen last. */
      start: z.number(),
      end: z.number(),
      read: z.array(Count),
      write: z.array(Count),
      interrupt: z.array(Count),
    }),
  },
  explain: { request: z.object({ fault: Count }), answer: ExplainAnswer },
  'phases.list': { request: Nothing, answer: z.object({ phases: z.array(PhaseItem) }) },
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
  'registers.get': {
    request: z.object({ unit: z.string() }),
    answer: z.object({
      unit: UnitInfo,
      registers: z.array(RegisterItem),
      note: z.string().optional(),
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
  /** Physical memory as hex view and structure overlay. */
  'memory.read': {
    request: z.object({
      unit: z.string().optional(),
      address: Hex,
      length: z.number().int().min(1).max(65_536),
    }),
    answer: z.object({
      pages: z.array(
        z.object({
          address: Hex,
          provenance: z.enum(['present', 'zero', 'excluded', 'absent', 'failed', 'pending']),
          note: z.string(),
          bytes: Base64.optional(),
        }),
      ),
    }),
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
  'handoff.list': {
    request: Nothing,
    answer: z.object({
      scenarios: z.array(
        z.object({ id: z.string(), title: z.string(), text: z.string(), source: z.string() }),
      ),
      strategies: z.array(
        z.object({ id: z.string(), title: z.string(), text: z.string(), source: z.string() }),
      ),
    }),
  },
  'handoff.run': {
    request: z.object({ scenario: z.string(), strategy: z.string(), seed: Count }),
    answer: HandoffStory,
  },
  /** Every device row of every unit, or of one. */
  'devices.list': {
    request: z.object({ unit: z.string().optional() }),
    answer: z.object({ devices: z.array(DeviceItem) }),
  },
  /**
   * A device's leaves from an input address on, so that a reader can go through millions of them
   * in pieces: `next` is where to go on, absent after the last.
   */
  'mappings.read': {
    request: z.object({
      unit: z.string(),
      bdf: BdfText,
      pasid: Count.optional(),
      from: Hex,
      count: z.number().int().min(1).max(65_536),
    }),
    answer: z.object({
      /** `[iova, pa, size, rights]` each. */
      leaves: z.array(z.tuple([Hex, Hex, Hex, RightsText])),
      next: Hex.optional(),
      incomplete: z.array(z.string()),
    }),
  },
  'script.stop': { request: z.object({ run: Id }), answer: Nothing },
  /** TypeScript declarations of the script API, for the editor. */
  'script.types': { request: Nothing, answer: z.object({ declarations: z.string() }) },
  'script.samples': {
    request: Nothing,
    answer: z.object({ scripts: z.array(z.object({ name: z.string(), source: z.string() })) }),
  },
  /** Places that a text names: BDFs, addresses, registers, units, #faults, console lines. */
  jump: {
    request: z.object({ text: z.string().max(400) }),
    answer: z.object({
      places: z.array(
        z.object({
          kind: z.enum(['device', 'entry', 'address', 'register', 'unit', 'fault', 'line']),
          label: z.string(),
          detail: z.string(),
          panel: z.string(),
          /** A path, `#n`, `L123`, or an address. */
          target: z.string(),
        }),
      ),
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
  ...mapCalls,
  ...memoryCalls,
  ...consoleCalls,
  ...faultListCalls,
  ...timelineCalls,
} as const;

/** Every feed: what is asked for, and one item of it. */
export const feeds = {
  /** The session whenever something of it changed; coalesced to the newest. */
  'session.changes': { request: Nothing, item: SessionInfo, coalesce: true },
  /** The fault count whenever it changed; coalesced. */
  'faults.changes': { request: Nothing, item: z.object({ all: Count }), coalesce: true },
  /** A console's bytes from an offset on; nothing is dropped. */
  'console.data': {
    request: z.object({ console: Id, from: Count }),
    item: ConsoleChunk,
    coalesce: false,
  },
  /** Runs a script; its output until `done`. Cancelling the feed stops the script. */
  'script.run': {
    request: z.object({
      /** Names the run, for `script.stop`. */
      run: Id,
      source: z.string().max(1 << 20),
      /** A line of the REPL: its value is shown, and what it declares stays. */
      repl: z.boolean(),
    }),
    item: ScriptOutput,
    coalesce: false,
  },
} as const;

export type Calls = typeof calls;
export type CallName = keyof Calls;
export type CallRequest<N extends CallName> = z.input<Calls[N]['request']>;
export type CallAnswer<N extends CallName> = z.output<Calls[N]['answer']>;

export type Feeds = typeof feeds;
export type FeedName = keyof Feeds;
export type FeedRequest<N extends FeedName> = z.input<Feeds[N]['request']>;
export type FeedItem<N extends FeedName> = z.output<Feeds[N]['item']>;
